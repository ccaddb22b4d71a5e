// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/collection.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <thread>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "report/samples.hpp"

namespace relapse::run {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::size_t kSamples = 50;
constexpr auto kBetween = 2ms;  // so that a spin goes on between two samples
constexpr auto kAtMost = 2s;
// A disk that is slower than this would keep a run of a large guest for days.
constexpr auto kSlowestDump = 1u << 20;  // bytes of the guest's memory per second
constexpr auto kDumpBegins = 60s;

void noteOnce(const std::string& note, Collected& collected) {
  if (std::ranges::find(collected.notes, note) == collected.notes.end()) collected.notes.push_back(note);
}

Result<void> sampleVcpus(Experiment& experiment, Node& node, Evidence& evidence, Collected& collected) {
  const auto until = Experiment::Clock::now() + kAtMost;
  while (collected.samples.size() < kSamples && Experiment::Clock::now() < until) {
    const auto at = experiment.now();
    auto sample = node.guest()->sample();
    if (!sample) {
      noteOnce(sample.error().message, collected);
      break;  // what there is by now is evidence
    }
    sample->at = at;
    collected.samples.push_back(std::move(*sample));
    std::this_thread::sleep_for(kBetween);
  }
  if (collected.samples.empty()) return {};
  return evidence.write("registers.json", report::samplesJson(collected.samples));
}

Result<void> dumpMemory(Node& node, Evidence& evidence, const std::stop_token& stop, Collected& collected) {
  const auto memory = node.spec().hardware.memory.value;
  const auto needed = memory + (64u << 20);
  struct statvfs room {};
  if (statvfs(evidence.folder().c_str(), &room) == 0 && room.f_bavail * room.f_frsize < needed)
    return fail(FailureKind::Exhausted,
                fmt::format("{}: {} MiB are free, the memory dump needs {}", evidence.folder().string(),
                            (room.f_bavail * room.f_frsize) >> 20, needed >> 20));
  const fs::path file = evidence.folder() / "vmcore";
  const fs::path part = evidence.folder() / "vmcore.part";
  std::error_code error;
  const auto until = Experiment::Clock::now() + kDumpBegins + std::chrono::seconds(memory / kSlowestDump);
  if (auto dumped = node.guest()->dumpMemory(part, {stop, until}); !dumped) {
    fs::remove(part, error);
    return passOn(dumped.error());
  }
  fs::rename(part, file, error);
  if (error) return fail(FailureKind::Exhausted, fmt::format("{}: {}", file.string(), error.message()));
  collected.vmcore = true;
  return {};
}

}  // namespace

Collected collect(const scenario::Scenario& scenario, Experiment& experiment, Evidence& evidence,
                  const std::stop_token& stop) {
  Collected collected;
  const auto& events = experiment.seen().events;
  if (std::ranges::none_of(events, [](const auto& event) { return console::isFailing(event.kind); })) return collected;
  Node& node = experiment.failingNode();
  collected.node = node.name();
  if (!node.alive()) {
    collected.notes.push_back("the guest was gone before its registers and memory could be read");
    return collected;
  }
  for (const auto artefact : scenario.collect) {
    const bool registers = artefact == scenario::Artefact::Registers;
    auto done =
        registers ? sampleVcpus(experiment, node, evidence, collected) : dumpMemory(node, evidence, stop, collected);
    if (!done) noteOnce(done.error().message, collected);
    spdlog::debug("artefact collected kind={} at_ms={}", registers ? "registers" : "vmcore", experiment.now().count());
  }
  return collected;
}

}  // namespace relapse::run
