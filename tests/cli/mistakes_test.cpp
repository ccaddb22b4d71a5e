// SPDX-License-Identifier: GPL-2.0-or-later
// What build/relapse says of a user's mistakes: what happened, where, and what to do.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "process/process.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Mistake {
  const char* arguments;
  int status;
  const char* said;
  const char* advice;
};

class Mistakes : public testing::TestWithParam<Mistake> {
 protected:
  Mistakes() {
    std::string pattern = (fs::temp_directory_path() / "relapse-mistakes-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    fs::create_directory(folder_ / "tree");
    std::ofstream(folder_ / "file") << "x";
  }
  ~Mistakes() override { fs::remove_all(folder_); }

  std::string said(const std::string& arguments, int status) const {
    std::vector<std::string> argv{RELAPSE_BINARY_DIR "/relapse", "--quiet", "--state-dir",
                                  (folder_ / "state").string()};
    std::istringstream words(arguments);
    for (std::string word; words >> word;) argv.push_back(word);
    const auto ran = process::run({.argv = argv, .directory = folder_});
    if (!ran) return ran.error().message;
    const auto* exited = std::get_if<process::Exited>(&ran->end);
    EXPECT_TRUE(exited != nullptr && exited->status == status) << arguments << "\n" << ran->standardError;
    return ran->standardError;
  }

 private:
  fs::path folder_;
};

TEST_P(Mistakes, AreExplained) {
  const std::string text = said(GetParam().arguments, GetParam().status);
  EXPECT_THAT(text, HasSubstr(GetParam().said));
  EXPECT_THAT(text, HasSubstr(fmt::format("  try: {}", GetParam().advice)));
}

INSTANTIATE_TEST_SUITE_P(
    , Mistakes,
    testing::Values(
        Mistake{"run nfs-wb-page-soft-lokup", 64,
                "found \"nfs-wb-page-soft-lokup\"; did you mean \"nfs-wb-page-soft-lockup\"?", "relapse list"},
        Mistake{"run gone.yaml", 64, "gone.yaml: expected a scenario's file, found no such file", "relapse list"},
        Mistake{"run tree/", 64, "tree/ is a folder; expected a scenario's file", "relapse list"},
        Mistake{"run --patch gone.patch", 64, "--patch: expected a file, found \"gone.patch\", which does not exist",
                "relapse run --help"},
        Mistake{"run --as-bisect-step --no-such", 128, "run: unknown option \"--no-such\"", "relapse run --help"},
        Mistake{"shell nfs-wb-page-soft-lockup --node server", 64, "--node: expected client, found \"server\"",
                "relapse shell --help"},
        Mistake{"bisect --resume", 64, "--resume: there is no bisect that is not over in ", "relapse bisect status"},
        Mistake{"bisect status", 64, "there is no bisect yet in ", "relapse bisect --help"},
        Mistake{"replay latest", 64, "state/state/runs or latest, found \"latest\"", "relapse history"},
        Mistake{"report tree", 64, "tree/result.json: expected a run's result there, found none that can be read",
                "relapse history"},
        Mistake{"manual rnu", 64, "unknown command \"rnu\"; did you mean \"run\"?", "relapse --help"}));

}  // namespace
}  // namespace relapse::cli
