// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/remember.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "cli/places.hpp"
#include "history/history.hpp"

namespace relapse::cli {
namespace {

Result<void> add(const history::Run& run, const std::filesystem::path& file) {
  auto history = history::History::open(file);
  if (!history) return passOn(history.error());
  const auto added = history->add(run);
  if (!added) return passOn(added.error());
  return {};
}

}  // namespace

void remember(const history::Run& run, const std::filesystem::path& state) {
  const auto done = add(run, historyFile(state));
  if (done) return;
  fmt::print(stderr, "relapse: warning: the run is not in the history: {}\n", done.error().message);
  if (!done.error().advice.empty()) fmt::print(stderr, "  try: {}\n", done.error().advice);
}

}  // namespace relapse::cli
