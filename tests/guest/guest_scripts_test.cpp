// SPDX-License-Identifier: GPL-2.0-or-later
//
// What can be told of the guest's scripts and of its root's parts without a guest.
#include <gmock/gmock.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

#include "archive_listing.hpp"
#include "process/process.hpp"
#include "scenario/vocabulary.hpp"

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const fs::path kScripts = fs::path(RELAPSE_SOURCE_DIR) / "guest-scripts";

std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Without comments and empty lines.
std::vector<std::string> entries(const fs::path& list) {
  std::vector<std::string> found;
  for (std::string line : linesOf(bytesOf(list))) {
    line.erase(std::min(line.find('#'), line.size()));
    line.erase(line.find_last_not_of(' ') + 1);
    if (!line.empty()) found.push_back(line);
  }
  return found;
}

// The shell scripts, by what their first lines say.
std::vector<fs::path> shellScripts() {
  std::vector<fs::path> scripts;
  for (const auto& entry : fs::directory_iterator(kScripts))
    if (entry.is_regular_file() &&
        (entry.path().extension() == ".sh" || bytesOf(entry.path()).starts_with("#!/bin/busybox sh")))
      scripts.push_back(entry.path());
  return scripts;
}

// The words of the case patterns in `fault` that call something: "  fill-export) fill_export ;;".
std::set<std::string> faultsThatAreDone() {
  std::set<std::string> names;
  static const std::regex row(R"(^  ([a-z][a-z |-]*)\) [a-z_]+ ;;$)");
  for (const std::string& line : linesOf(bytesOf(kScripts / "fault"))) {
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    std::istringstream words(match[1].str());
    for (std::string word; words >> word;)
      if (word != "|") names.insert(word);
  }
  return names;
}

std::vector<std::string> parts() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kScripts / "parts"))
    if (entry.path().extension() == ".packages") names.push_back(entry.path().stem());
  return names;
}

TEST(GuestScripts, AreAllOfValidSyntax) {
  std::vector<std::string> shell = {"busybox", "sh"};
  if (!process::findProgram("busybox")) shell = {"dash"};
  if (!process::findProgram(shell.front())) GTEST_SKIP() << "skipped: neither busybox nor dash here";
  ASSERT_GE(shellScripts().size(), 10u);
  for (const fs::path& script : shellScripts()) {
    std::vector<std::string> command = shell;
    command.insert(command.end(), {"-n", script.string()});
    const auto checked = process::run({.argv = command});
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_TRUE(checked->succeeded()) << script << ": " << checked->standardError;
  }
}

TEST(GuestScripts, AndWhatTheySourceAreCopiedToTheGuest) {
  const std::string rules = bytesOf(kScripts / "CMakeLists.txt");
  static const std::regex sourced(R"(^\. /relapse/([a-z.-]+)$)");
  for (const fs::path& script : shellScripts()) {
    EXPECT_TRUE(std::regex_search(rules, std::regex("[ (]" + script.filename().string() + "[ )]"))) << script;
    for (const std::string& line : linesOf(bytesOf(script))) {
      std::smatch match;
      if (std::regex_match(line, match, sourced)) {
        EXPECT_TRUE(fs::exists(kScripts / match[1].str())) << line;
      }
    }
  }
}

TEST(GuestFaults, AreAllThatTheGuestHasToDo) {
  std::set<std::string> wanted;
  for (const scenario::FaultKind& kind : scenario::kFaults)
    if (!kind.onHost) wanted.insert(std::string(kind.name));
  EXPECT_EQ(faultsThatAreDone(), wanted);
}

TEST(GuestFaults, AreAllNamedByTheHelp) {
  const std::string script = bytesOf(kScripts / "fault");
  const std::string help = script.substr(0, script.find("\" \"$@\""));
  for (const std::string& name : faultsThatAreDone())
    EXPECT_TRUE(std::regex_search(help, std::regex("[ \n]" + name + "[ ,\n]"))) << name;
}

TEST(GuestFaults, ThatCannotBeUndoneSayIt) {
  const std::string scripts = bytesOf(kScripts / "fault-export.sh") + bytesOf(kScripts / "fault-node.sh");
  for (const scenario::FaultKind& kind : scenario::kFaults) {
    std::string function(kind.name);
    std::ranges::replace(function, '-', '_');
    const std::size_t body = scripts.find("\n" + function + "() {\n");
    if (kind.onHost || body == std::string::npos) continue;  // of several faults together
    const std::string text = scripts.substr(body, scripts.find("\n}\n", body) - body);
    // free-export undoes fill-export, by its own name or the other's.
    if (kind.name == "free-export") continue;
    EXPECT_EQ(text.find("never_undone") == std::string::npos, kind.canBeUndone) << kind.name;
  }
}

TEST(RootParts, AreWhatTheScenariosWordsNeed) {
  for (const char* part : {"ext4", "xfs", "btrfs", "traffic", "fio"}) EXPECT_THAT(parts(), Contains(part));
}

TEST(RootParts, NamePackagesOnePerLine) {
  static const std::regex package("[a-z0-9][a-z0-9+.-]+");
  for (const std::string& part : parts()) {
    const auto names = entries(kScripts / "parts" / (part + ".packages"));
    EXPECT_THAT(names, Not(IsEmpty())) << part;
    for (const std::string& name : names) EXPECT_TRUE(std::regex_match(name, package)) << part << ": " << name;
    EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size()) << part << ": a package twice";
  }
}

TEST(RootParts, HoldProgramsAndWhatTheRootLacks) {
  const auto root = entries(kScripts / "root-files.txt");
  static const std::regex line(R"(/[^ ]+( -> /(relapse|usr/sbin)/[a-z0-9.-]+)?)");
  for (const std::string& part : parts()) {
    const auto files = entries(kScripts / "parts" / (part + ".files"));
    EXPECT_TRUE(std::ranges::any_of(files, [](const std::string& file) { return file.find("bin/") < 6; })) << part;
    for (const std::string& file : files) {
      EXPECT_TRUE(std::regex_match(file, line)) << part << ": " << file;
      EXPECT_THAT(root, Not(Contains(file))) << part << ": the root has it already";
    }
  }
}

TEST(RootParts, LinkOnlyToWhatTheGuestHas) {
  const std::string rules = bytesOf(kScripts / "CMakeLists.txt");
  for (const std::string& part : parts()) {
    const auto files = entries(kScripts / "parts" / (part + ".files"));
    for (const std::string& file : files) {
      const std::size_t arrow = file.find("-> /");
      if (arrow == std::string::npos) continue;
      const std::string target = file.substr(arrow + 4);
      const bool ofThePart = target.starts_with("usr/") && std::ranges::find(files, target.substr(3)) != files.end();
      EXPECT_TRUE(ofThePart || rules.find("guest_file(" + target + " ") != std::string::npos) << part << ": " << file;
    }
  }
}

}  // namespace
}  // namespace relapse::guest
