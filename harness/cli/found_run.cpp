// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/found_run.hpp"

#include <fmt/format.h>

namespace relapse::cli {

namespace fs = std::filesystem;

Result<fs::path> findKept(const std::string& word, const fs::path& state, const std::vector<std::string>& kinds,
                          const std::string& expected) {
  std::error_code error;
  if (fs::exists(word, error)) return fs::path(word);
  for (const auto& kind : kinds)
    if (word.find('/') == std::string::npos && fs::exists(state / kind / word, error)) return state / kind / word;
  return fail(
      FailureKind::BadInput,
      fmt::format("expected {} in {} or latest, found \"{}\"", expected, (state / kinds.front()).string(), word),
      kinds.front() == "bisects" ? "relapse bisect status" : "relapse history");
}

}  // namespace relapse::cli
