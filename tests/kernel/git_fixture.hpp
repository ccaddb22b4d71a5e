// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "process/process.hpp"

namespace relapse::kernel {

// A git repository of the test's own, in root()/tree.
class GitTest : public FolderTest {
 protected:
  GitTest() {
    std::filesystem::create_directories(tree());
    git({"init", "-q", "-b", "main"});
  }

  std::filesystem::path tree() const { return root() / "tree"; }

  // What it prints.
  std::string git(std::vector<std::string> words) const {
    words.insert(words.begin(), {"git", "-C", tree().string(), "-c", "user.name=a", "-c", "user.email=a@b", "-c",
                                 "protocol.file.allow=always"});
    auto done = process::runChecked({.argv = words});
    EXPECT_TRUE(done) << done.error().message;
    return done ? done->standardOutput : std::string();
  }

  void commit(const std::string& message) const {
    git({"add", "-A"});
    git({"commit", "-q", "--allow-empty", "-m", message});
  }

  std::string id(const std::string& ref) const { return withoutEnd(git({"rev-parse", ref})); }

  static std::string withoutEnd(std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }
};

}  // namespace relapse::kernel
