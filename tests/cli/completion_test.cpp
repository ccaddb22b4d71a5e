// SPDX-License-Identifier: GPL-2.0-or-later
// What bash, fish and zsh themselves offer, with the scripts of build/relapse.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.hpp"
#include "command_line.hpp"
#include "process/process.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::IsSubsetOf;
using testing::IsSupersetOf;
using testing::Not;
using Words = std::vector<std::string>;

const std::string kProgram = RELAPSE_BINARY_DIR "/relapse";

class Shell : public testing::Test {
 protected:
  Shell() {
    std::string pattern = (fs::temp_directory_path() / "relapse-shell-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    fs::create_directory(folder_ / "tree");
    std::ofstream(folder_ / "mine.yaml") << "\n";
  }
  ~Shell() override { fs::remove_all(folder_); }

  // The lines that `shell` prints for `script`, in a folder with mine.yaml and tree/.
  Words lines(const std::string& shell, const std::string& script) const {
    std::ofstream(folder_ / ".script") << script;
    const auto ran = process::run(
        {.argv = {"env", "HOME=" + folder_.string(), shell, (folder_ / ".script").string()}, .directory = folder_});
    if (!ran) return {ran.error().message};
    EXPECT_EQ(ran->standardError, "");
    Words all;
    std::istringstream in(ran->standardOutput);
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

  const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

// ---- bash

class Bash : public Shell {
 protected:
  // What is offered for the last of `words`, as bash has split them.
  Words offered(const Words& words) const {
    return lines("bash",
                 fmt::format("source <('{0}' completion bash)\nCOMP_WORDS=('{0}'{1})\nCOMP_CWORD={2}\n_relapse\n"
                             "(( ${{#COMPREPLY[@]}} == 0 )) || printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
                             kProgram, quoted(words), words.size()));
  }

 private:
  static std::string quoted(const Words& words) {
    std::string out;
    for (const auto& word : words) out += " '" + word + "'";
    return out;
  }
};

TEST_F(Bash, OffersTheOptionsOfEveryCommand) {
  const CommandLine line;
  for (const auto& walked : everyCommand(line)) {
    auto words = CLI::detail::split(walked.path, ' ');
    words.erase(words.begin());
    words.push_back("-");
    const auto found = offered(words);
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), walked.all) << walked.path;
  }
}

TEST_F(Bash, OffersCommandsByTheirBeginning) {
  EXPECT_THAT(offered({"ru"}), ElementsAre("run"));
  EXPECT_THAT(offered({"re"}), ElementsAre("replay", "report"));
  EXPECT_THAT(offered({"--json", "history", "pr"}), ElementsAre("prune"));
}

TEST_F(Bash, OffersValuesByTheirKind) {
  EXPECT_THAT(offered({"run", "--engine", ""}), ElementsAre("local", "slurm"));
  EXPECT_THAT(offered({"run", "--engine", "="}), ElementsAre("local", "slurm"));
  EXPECT_THAT(offered({"run", "--engine", "=", "s"}), ElementsAre("slurm"));
  EXPECT_THAT(offered({"run", "nfs-wb-page-soft"}), ElementsAre("nfs-wb-page-soft-lockup"));
  EXPECT_THAT(offered({"run", "mine"}), ElementsAre("mine.yaml"));
  EXPECT_THAT(offered({"run", "--kernel", "debian-"}), Contains("debian-6.1"));
  EXPECT_THAT(offered({"run", "--kernel", "tr"}), ElementsAre("tree"));
  EXPECT_THAT(offered({"run", "--patch", "m"}), ElementsAre("mine.yaml"));
  EXPECT_THAT(offered({"decode", "--modules", ""}), ElementsAre("tree"));
  EXPECT_THAT(offered({"scan", "--only", "oops,soft"}), ElementsAre("oops,soft-lockup"));
  EXPECT_THAT(offered({"report", "lat"}), ElementsAre("latest"));
  EXPECT_THAT(offered({"report", "--format", "k"}), ElementsAre("ktap"));
  EXPECT_THAT(offered({"run", "--set", ""}), ElementsAre());
}

// ---- fish

class Fish : public Shell {
 protected:
  void SetUp() override {
    if (!process::findProgram("fish")) GTEST_SKIP() << "skipped: fish is missing (apt-get install fish)";
  }

  // What is offered at the end of each line, without the meanings; a line "." after each.
  std::vector<Words> offered(const Words& typed) const {
    std::string script = fmt::format("'{}' completion fish | source\n", kProgram);
    script += fmt::format("set -x PATH '{}' $PATH\n", RELAPSE_BINARY_DIR);
    for (const auto& line : typed) script += fmt::format("complete -C '{}'\necho .\n", line);
    std::vector<Words> all(1);
    for (const auto& line : lines("fish", script)) {
      if (line == ".") {
        all.emplace_back();
      } else {
        all.back().push_back(line.substr(0, line.find('\t')));
      }
    }
    all.pop_back();
    return all;
  }
};

TEST_F(Fish, TakesTheScript) {
  std::ofstream(folder() / "relapse.fish") << fishCompletion(viewOf(CommandLine().app));
  EXPECT_THAT(lines("fish", "fish -n '" + (folder() / "relapse.fish").string() + "'"), ElementsAre());
}

TEST_F(Fish, OffersTheOptionsOfEveryCommand) {
  const CommandLine line;
  const auto commands = everyCommand(line);
  Words typed;
  for (const auto& walked : commands) typed.push_back(walked.path + " --");
  const auto found = offered(typed);
  ASSERT_EQ(found.size(), commands.size());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    std::set<std::string> longNames;
    for (const auto& name : commands[i].all)
      if (name.starts_with("--")) longNames.insert(name);
    EXPECT_EQ(std::set<std::string>(found[i].begin(), found[i].end()), longNames) << commands[i].path;
  }
}

TEST_F(Fish, OffersCommandsAndValues) {
  const auto found = offered({"relapse ru", "relapse run --engine ", "relapse run nfs-wb-page-soft", "relapse run mine",
                              "relapse run --kernel debian-6", "relapse history pr", "relapse scan --only soft",
                              "relapse report --format k"});
  ASSERT_EQ(found.size(), 8u);
  EXPECT_THAT(found[0], ElementsAre("run"));
  EXPECT_THAT(found[1], ElementsAre("local", "slurm"));
  EXPECT_THAT(found[2], Contains("nfs-wb-page-soft-lockup"));
  EXPECT_THAT(found[3], Contains("mine.yaml"));
  EXPECT_THAT(found[4], Contains("debian-6.1"));
  EXPECT_THAT(found[5], ElementsAre("prune"));
  EXPECT_THAT(found[6], Contains("soft-lockup"));
  EXPECT_THAT(found[7], ElementsAre("ktap"));
}

// ---- zsh

class Zsh : public Shell {
 protected:
  void SetUp() override {
    if (!process::findProgram("zsh")) GTEST_SKIP() << "skipped: zsh is missing (apt-get install zsh)";
    std::ofstream(folder() / "_relapse") << zshCompletion(viewOf(CommandLine().app));
  }

  // What a zsh on a terminal shows when a tab is typed after `typed`.
  std::string shown(const std::string& typed) const {
    const std::string script = fmt::format(R"(zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1= PROMPT= TERM=dumb; unsetopt zle_bracketed_paste; PATH={}:$PATH; fpath=({} $fpath); autoload -U compinit; compinit -u -D; LISTMAX=1000; zstyle ":completion:*" list-prompt ""; echo rea""dy'
zpty -r -m z line '*ready*'
zpty -w -n z '{}'$'\t\t'
repeat 40; do sleep 0.05; zpty -r -t z line && print -rn -- $line; done
zpty -d z
)",
                                           RELAPSE_BINARY_DIR, folder().string(), typed);
    return fmt::format("{}", fmt::join(lines("zsh", script), "\n"));
  }
};

TEST_F(Zsh, TakesTheScript) {
  EXPECT_THAT(lines("zsh", "zsh -n '" + (folder() / "_relapse").string() + "'"), ElementsAre());
}

TEST_F(Zsh, NamesEveryOption) {
  const CommandLine line;
  const std::string script = zshCompletion(viewOf(line.app));
  for (const auto& walked : everyCommand(line)) {
    const auto place = walked.path == "relapse" ? "" : walked.path.substr(8);
    const auto begin = script.find(fmt::format("\n    '{}')\n", place));
    ASSERT_NE(begin, std::string::npos) << walked.path;
    const std::string part = script.substr(begin, script.find(";;", begin) - begin);
    for (const auto& name : walked.all)
      EXPECT_THAT(part, testing::ContainsRegex("[)*]" + name + "[=[]")) << walked.path;
  }
}

TEST_F(Zsh, OffersCommandsAndValues) {
  EXPECT_THAT(shown("relapse re"), testing::AllOf(testing::HasSubstr("replay"), testing::HasSubstr("report")));
  EXPECT_THAT(shown("relapse run --engine="), testing::AllOf(testing::HasSubstr("local"), testing::HasSubstr("slurm")));
  EXPECT_THAT(shown("relapse run nfs-wb-page-soft"), testing::HasSubstr("nfs-wb-page-soft-lockup"));
  EXPECT_THAT(shown("relapse history prune --keep-per"), testing::HasSubstr("--keep-per-signature"));
}

}  // namespace
}  // namespace relapse::cli
