// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/doctor.hpp"
#include "cli/places.hpp"

namespace relapse::cli {
namespace {

using testing::HasSubstr;

TEST(Doctor, EveryPackageItNamesIsInstalledByTheScripts) {
  std::ifstream file(RELAPSE_SOURCE_DIR "/.ci/install");
  std::set<std::string> words{std::istream_iterator<std::string>(file), {}};
  ASSERT_TRUE(words.contains("qemu-system-arm"));
  for (const auto& wanted : requirements()) EXPECT_TRUE(words.contains(std::string(wanted.package))) << wanted.package;
}

TEST(Doctor, NamesTheCommandThatMends) {
  const std::vector<Finding> findings = {{true, "make", "/usr/bin/make", ""},
                                         {false, "bc", "missing", "apt-get install --no-install-recommends bc"},
                                         {false, "flex", "missing", "apt-get install --no-install-recommends flex"}};
  const std::string text = doctorText(findings, false);
  EXPECT_THAT(text, HasSubstr("lacks  bc"));
  EXPECT_THAT(text, HasSubstr("mend: apt-get install --no-install-recommends bc"));
  EXPECT_THAT(text, HasSubstr("all at once: apt-get install --no-install-recommends bc flex"));
}

TEST(Doctor, SeesAnEmptyPath) {
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nonexistent", 1);
  const auto findings = examine(places("/tmp"));
  setenv("PATH", path.c_str(), 1);
  const auto lacks = [&](const std::string& what) {
    for (const auto& finding : findings)
      if (finding.what == what) return !finding.good;
    return false;
  };
  EXPECT_TRUE(lacks("qemu-system-aarch64"));
  EXPECT_TRUE(lacks("make"));
}

TEST(Places, TheEnvironmentComesBeforeTheAccount) {
  setenv("XDG_CACHE_HOME", "/tmp/c", 1);
  setenv("XDG_STATE_HOME", "/tmp/s", 1);
  EXPECT_EQ(places("").cache, "/tmp/c/relapse");
  EXPECT_EQ(places("").state, "/tmp/s/relapse");
  EXPECT_EQ(places("/tmp/x").cache, "/tmp/x/cache");
  EXPECT_EQ(places("/tmp/x").state, "/tmp/x/state");
  unsetenv("XDG_CACHE_HOME");
  unsetenv("XDG_STATE_HOME");
}

TEST(FindScenario, TakesANameOrAPathAndNamesWhatThereIs) {
  EXPECT_TRUE(findScenario("nfs-wb-page-soft-lockup"));
  EXPECT_TRUE(findScenario(RELAPSE_SOURCE_DIR "/scenarios/nfs-wb-page-soft-lockup.yaml"));
  const auto missing = findScenario("nfs-wb-page");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, FailureKind::BadInput);
  EXPECT_THAT(missing.error().message, HasSubstr("nfs-wb-page-soft-lockup"));
}

TEST(Places, WhatIsNotInstalledReadsItsSourceAndItsBuild) {
  unsetenv("RELAPSE_DATA_DIR");
  EXPECT_EQ(scenariosFolder(), RELAPSE_SOURCE_DIR "/scenarios");
  EXPECT_EQ(places("").guestOverlay, RELAPSE_BINARY_DIR "/guest");
  EXPECT_TRUE(std::filesystem::is_regular_file(inspectionScript()));
  setenv("RELAPSE_DATA_DIR", "/tmp/other", 1);
  EXPECT_EQ(scenariosFolder(), "/tmp/other/scenarios");
  unsetenv("RELAPSE_DATA_DIR");
}

TEST(ExitStatus, OfEachKindOfFailure) {
  EXPECT_EQ(exitStatusOf(FailureKind::BadInput), 64);
  EXPECT_EQ(exitStatusOf(FailureKind::HostLacks), 69);
  EXPECT_EQ(exitStatusOf(FailureKind::Cancelled), 130);
  EXPECT_EQ(exitStatusOf(FailureKind::GuestFailed), 125);
  EXPECT_EQ(exitStatusOf(FailureKind::Exhausted), 125);
  EXPECT_EQ(exitStatusOf(FailureKind::BuildFailed), 125);
}

}  // namespace
}  // namespace relapse::cli
