// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "scenario/scenario.hpp"

namespace relapse::scenario {

namespace fs = std::filesystem;

// What a scenario needs, each on its line, so that a case replaces one.
struct Text {
  std::string name = "name: a-name";
  std::string summary = "summary: what goes wrong";
  std::string kernel = "kernel: {source: [debian-6.1], config: [base, nfs]}";
  std::string nfs = "nfs: {}";
  std::string steps = "steps: [{fault: {fill-export: true}}]";
  std::string expect = "expect: {survived: true}";
  std::string more = "";  // from line 7 on

  std::string text() const {
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n", name, summary, kernel, nfs, steps, expect, more);
  }
};

class ScenarioFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scenarioXXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    outside_ = fs::canonical(pattern);
    folder_ = outside_ / "scenarios";
    fs::create_directories(folder_ / "series/a/6.1");
    fs::create_directories(outside_ / "elsewhere");
    fs::create_directory_symlink(outside_ / "elsewhere", folder_ / "link-out");
    std::ofstream(folder_ / "series/file") << "x";
  }
  void TearDown() override { fs::remove_all(outside_); }

  Result<Scenario> loaded(const Text& text, const std::vector<std::string>& overrides = {}) {
    return loadedText(text.text(), overrides);
  }
  Result<Scenario> loadedText(const std::string& text, const std::vector<std::string>& overrides = {}) {
    std::ofstream(folder_ / "f.yaml", std::ios::binary) << text;
    return load(folder_ / "f.yaml", overrides);
  }

  // The message without the temporary folder.
  std::string errorOf(const Text& text, const std::vector<std::string>& overrides = {}) {
    const Result<Scenario> scenario = loaded(text, overrides);
    return scenario ? "" : shortened(scenario.error().message);
  }
  std::string shortened(std::string message) const {
    const std::string folder = folder_.string() + "/";
    for (std::size_t at = message.find(folder); at != std::string::npos; at = message.find(folder)) {
      message.erase(at, folder.size());
    }
    return message;
  }

  fs::path outside_;
  fs::path folder_;
};

struct ErrorCase {
  Text text;
  std::string expected;
};

}  // namespace relapse::scenario
