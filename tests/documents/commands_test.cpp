// SPDX-License-Identifier: GPL-2.0-or-later
// Every command `relapse ...` that a document quotes is one that the program knows: its subcommand is there, and its
// options are in that subcommand's help. Quoted is a line of a code block, and a span between backquotes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace relapse {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

struct Quoted {
  std::string place;  // "docs/tutorial.md:12"
  std::string text;
};

bool isBlock(const std::string& line) {
  return line.starts_with("    ");
}

// A comment behind two blanks and a #, and what a prompt has printed, are no part of a command.
std::string withoutComment(const std::string& line) {
  return line.substr(0, line.find(" # "));
}

std::vector<Quoted> quotedIn(std::istream& document, const std::string& name) {
  static const std::regex kSpan("`([^`]+)`");
  std::vector<Quoted> all;
  bool fenced = false;
  int number = 0;
  for (std::string line; std::getline(document, line);) {
    const std::string place = name + ":" + std::to_string(++number);
    if (line.starts_with("```")) {
      fenced = !fenced;
    } else if (fenced || isBlock(line)) {
      all.push_back({place, withoutComment(line)});
    } else {
      for (std::sregex_iterator span(line.begin(), line.end(), kSpan), end; span != end; ++span)
        all.push_back({place, (*span)[1]});
    }
  }
  return all;
}

// The words behind "relapse", up to what ends a shell's command; none: the text has no such command. It begins the
// text, or stands behind a path, a prompt, a summary's "next" or "git bisect run"; ./reproduce is `relapse run`.
Words commandIn(const std::string& text) {
  static const std::regex kStart(R"((?:^[ $]*|next +|run +|/)(relapse|reproduce)( |$))");
  std::smatch start;
  if (!std::regex_search(text, start, kStart)) return {};
  std::istringstream rest(start.suffix().str());
  Words words;
  if (start[1] == "reproduce") words.emplace_back("run");
  for (std::string word; rest >> word;) {
    if (word == "|" || word == "||" || word == "&&" || word == ";" || word.starts_with(">")) break;
    words.push_back(word);
  }
  return words;
}

std::string helpOf(const std::string& subcommands) {
  static std::map<std::string, std::string> known;
  auto [entry, isNew] = known.try_emplace(subcommands);
  if (!isNew) return entry->second;
  const std::string command = std::string(RELAPSE_BINARY_DIR "/relapse ") + subcommands +
                              (subcommands.empty() ? " --help" : " --help-all") + " 2>/dev/null";
  FILE* program = popen(command.c_str(), "r");
  if (program == nullptr) return "";
  for (int c = std::fgetc(program); c != EOF; c = std::fgetc(program)) entry->second += static_cast<char>(c);
  pclose(program);
  return entry->second;
}

bool hasWord(const std::string& help, const std::string& start, const std::string& word) {
  return std::regex_search(help, std::regex(start + word + "([ ,\n=]|$)"));
}

bool isSubcommand(const std::string& word, const std::string& of) {
  static const std::regex kName("[a-z]+");
  static const std::set<std::string> kNotInTheHelp{"reference", "patterns", "words", "manual", "completion"};
  if (of.empty() && kNotInTheHelp.contains(word)) return true;  // for programs, and those who work on Relapse
  const std::string help = helpOf(of);
  const auto list = help.find("\nCommands:\n");
  return std::regex_match(word, kName) && list != std::string::npos && hasWord(help.substr(list), "\n  ", word);
}

// What is wrong with a command; empty: nothing.
std::string faultOf(const Words& words) {
  std::string subcommands;
  std::size_t at = 0;
  while (at < words.size() && isSubcommand(words[at], subcommands)) subcommands += " " + words[at++];
  if (subcommands.empty() && at < words.size() && !words[at].starts_with("-") && words[at].size() > 2)
    return "no subcommand " + words[at];
  const std::string help = helpOf(subcommands) + helpOf("");
  for (const std::string& word : words) {
    static const std::regex kOption("(--?[a-z][a-z-]*)");
    std::smatch option;
    const std::string name = word.substr(0, word.find('='));
    if (std::regex_match(name, option, kOption) && !hasWord(help, "[ ,]", name)) return "no option " + name;
  }
  return "";
}

std::vector<fs::path> documents() {
  const fs::path source = RELAPSE_SOURCE_DIR;
  std::vector<fs::path> all{source / "README.md", source / "CONTRIBUTING.md"};
  for (const auto& entry : fs::recursive_directory_iterator(source / "docs"))
    if (entry.path().extension() == ".md") all.push_back(entry.path());
  std::sort(all.begin(), all.end());
  return all;
}

class EachDocument : public testing::TestWithParam<fs::path> {};

TEST_P(EachDocument, QuotesCommandsThatTheProgramKnows) {
  ASSERT_NE(helpOf(""), "") << "build/relapse does not run";
  std::ifstream file(GetParam());
  for (const Quoted& quoted : quotedIn(file, GetParam().lexically_relative(RELAPSE_SOURCE_DIR).string())) {
    const std::string fault = faultOf(commandIn(quoted.text));
    EXPECT_EQ(fault, "") << quoted.place << ": " << quoted.text;
  }
}

std::string testName(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.stem().string();
  std::erase(name, '-');
  return name + std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(Of, EachDocument, testing::ValuesIn(documents()), testName);

TEST(Documents, WhatIsNoCommandOfTheProgramsIsFound) {
  const auto faultIn = [](const std::string& document) {
    std::istringstream text(document);
    std::string faults;
    for (const Quoted& quoted : quotedIn(text, "d")) faults += faultOf(commandIn(quoted.text));
    return faults;
  };
  EXPECT_EQ(faultIn("    build/relapse run nfs --repaet 3\n"), "no option --repaet");
  EXPECT_EQ(faultIn("text `relapse rnu nfs` text\n"), "no subcommand rnu");
  EXPECT_EQ(faultIn("```\n$ ./reproduce --kernle debian-6.1\n```\n"), "no option --kernle");
  EXPECT_EQ(faultIn("    git bisect run .../build/relapse run a --as-bisect-spet\n"), "no option --as-bisect-spet");
  EXPECT_EQ(faultIn("    relapse run a --kernel b --set c=--d --repeat=3  # and --this\n"), "");
  EXPECT_EQ(faultIn("    relapse bisect status\n    relapse list | grep --nothing\n"), "");
  EXPECT_EQ(faultIn("relapse rnu in plain text, and `relapse`\n    packages 5 s, relapse built in 0 s\n"), "");
  EXPECT_EQ(faultIn("  next      relapse rnu a\n"), "") << "in plain text";
  EXPECT_EQ(faultIn("```\n  next      relapse rnu a\n```\n"), "no subcommand rnu");
}

TEST(Documents, TheTutorialQuotesTheCommandsOfItsHour) {
  std::ifstream file(fs::path(RELAPSE_SOURCE_DIR) / "docs/tutorial.md");
  std::set<std::string> quoted;
  for (const Quoted& one : quotedIn(file, "docs/tutorial.md"))
    if (const Words words = commandIn(one.text); !words.empty()) quoted.insert(words.front());
  for (const char* subcommand : {"run", "validate", "bisect", "report", "history", "doctor"})
    EXPECT_TRUE(quoted.contains(subcommand)) << subcommand;
}

}  // namespace
}  // namespace relapse
