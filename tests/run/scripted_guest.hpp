// SPDX-License-Identifier: GPL-2.0-or-later
// A guest that is a few lines of a test: real ones are in tests/end-to-end.
#pragma once

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "run/experiment.hpp"

namespace relapse::run {

// What a guest does when it is told something: `console` and `agent` say what then comes from it.
using Script = std::function<void(const std::string& told, const std::function<void(std::string)>& console,
                                  const std::function<void(std::string)>& agent)>;

using Posted = decltype(guest::Post::what);

class ScriptedGuest : public guest::Guest {
 public:
  ScriptedGuest(std::string node, guest::Mailbox& box, Script script, std::vector<std::string>& done, bool hangs)
      : node_(std::move(node)), box_(box), script_(std::move(script)), done_(done), hangs_(hangs) {}

  Result<void> tellAgent(const std::string& bytes) override {
    done_.push_back(node_ + " told " + bytes.substr(bytes.find('\t', 4) + 1));
    if (script_)
      script_(
          bytes, [this](std::string text) { post(guest::ConsoleBytes{std::move(text)}); },
          [this](std::string text) { post(guest::AgentBytes{std::move(text)}); });
    return {};
  }
  Result<void> tellTerminal(const std::string&) override { return {}; }
  Result<guest::Sample> sample() override { return guest::Sample{}; }
  std::vector<std::chrono::nanoseconds> vcpuTimes() override { return {}; }
  Result<void> dumpMemory(const std::filesystem::path&, const guest::DumpLimits&) override {
    return fail(FailureKind::GuestFailed, "none");
  }
  Result<void> answers() override {
    return hangs_ ? fail(FailureKind::GuestFailed, node_ + " does not answer") : Result<void>();
  }
  Result<void> pause() override { return note("pauses"); }
  Result<void> resume() override { return note("goes on"); }
  Result<void> setLinks(bool up) override { return note(up ? "link up" : "link down"); }
  int gdbPort() const override { return 0; }
  std::string versions() override { return "none"; }
  void end() override { done_.push_back(node_ + " ends"); }
  const std::string& domainXml() const override { return xml_; }

 private:
  void post(Posted what) { box_.put({std::chrono::steady_clock::now(), node_, std::move(what)}); }
  Result<void> note(const char* what) {
    done_.push_back(node_ + " " + what);
    return {};
  }
  std::string node_;
  guest::Mailbox& box_;
  Script script_;
  std::vector<std::string>& done_;
  bool hangs_;
  std::string xml_;
};

// Posts `atStart` when a guest starts, and answers commands by `script`. `done` is all that was done to its guests.
class ScriptedHost : public guest::GuestHost {
 public:
  explicit ScriptedHost(std::vector<Posted> atStart, Script script = {})
      : atStart_(std::move(atStart)), script_(std::move(script)) {}
  Result<std::unique_ptr<guest::Guest>> start(const guest::GuestSpec& spec, guest::Mailbox& box) override {
    done.push_back(spec.node + " starts");
    for (const auto& what : atStart_) box.put({std::chrono::steady_clock::now(), spec.node, what});
    return std::unique_ptr<guest::Guest>(
        std::make_unique<ScriptedGuest>(spec.node, box, script_, done, spec.node == hung));
  }
  std::vector<std::string> done;
  std::string hung;  // the node whose QEMU answers nobody

 private:
  std::vector<Posted> atStart_;
  Script script_;
};

inline const guest::AgentBytes kReady{"{\"event\":\"ready\",\"release\":\"6.1\",\"cpus\":2}\n"};

// The agent's id of what it was told to run.
inline std::string idIn(const std::string& told) {
  return told.substr(4, told.find('\t', 4) - 4);
}

// Every program ends with status 0 at once.
inline const Script kObeys = [](const auto& told, const auto&, const auto& agent) {
  agent("{\"event\":\"exited\",\"id\":" + idIn(told) + ",\"status\":0}\n");
};

inline std::vector<guest::GuestSpec> specsOf(const scenario::Scenario& scenario) {
  std::vector<guest::GuestSpec> specs;
  for (const auto& [name, node] : scenario.nodes) {
    guest::GuestSpec spec;
    spec.node = name;
    specs.push_back(spec);
  }
  return specs;
}

// A scenario of one client, and a folder for its evidence.
class ScriptedRun : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "experiment-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    scenario_.name = "x";
    scenario_.nodes["client"] = {};
    scenario_.expect = scenario::ExpectSurvived{};
    scenario_.deadlines.boot = std::chrono::seconds(1);
    evidence_.emplace(*Evidence::begin(folder_, "x"));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  scenario::Scenario scenario_;
  std::optional<Evidence> evidence_;
};

}  // namespace relapse::run
