// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/libvirt_guest.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <memory>

#include <fmt/format.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>

#include "guest/monitor_answers.hpp"
#include "guest/patience.hpp"
#include "guest/sampling.hpp"
#include "guest/sparse_sink.hpp"
#include "guest/supervisor.hpp"

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int kMostVcpus = 512;
constexpr auto kPatienceAfterStop = 5s;

}  // namespace

std::string libvirtSays() {
  const char* message = virGetLastErrorMessage();
  return message != nullptr ? message : "no reason given";
}

void GuestStreams::resume() const {
  for (const auto& stream : {console, agent, terminal})
    if (stream) stream->resume();
}

void GuestStreams::close() const {
  for (const auto& stream : {console, agent, terminal})
    if (stream) stream->close();
}

LibvirtGuest::LibvirtGuest(OwnedDomain domain, GuestParts parts)
    : domain_(std::move(domain)), parts_(std::move(parts)) {
  parts_.mailbox->whenRoom(parts_.node, [streams = parts_.streams] { streams.resume(); });
}

Result<void> LibvirtGuest::listenForGdb() {
  // The monitor tells mistakes in its text; no text is success.
  const auto said = hmp("gdbserver tcp:127.0.0.1:0");
  if (!said) return passOn(said.error());
  const auto devices = hmp("info chardev");
  if (!devices) return passOn(devices.error());
  const auto port = readGdbPort(*devices);
  if (!port) return fail(FailureKind::GuestFailed, fmt::format("QEMU opens no port for gdb: {}", *said));
  gdbPort_ = *port;
  return {};
}

Result<void> LibvirtGuest::tellAgent(const std::string& bytes) {
  return parts_.streams.agent->write(bytes);
}

Result<void> LibvirtGuest::tellTerminal(const std::string& bytes) {
  if (!parts_.streams.terminal) return fail(FailureKind::Internal, parts_.node + " was started without a terminal");
  return parts_.streams.terminal->write(bytes);
}

Result<Sample> LibvirtGuest::sample() {
  const auto running = isRunning();
  if (!running) return passOn(running.error());
  if (!*running) return sampleStopped();
  if (auto stopped = qmp(R"({"execute":"stop"})"); !stopped) return passOn(stopped.error());
  auto sample = sampleStopped();
  // Whatever came of it, the guest must go on.
  if (auto gone = qmp(R"({"execute":"cont"})"); !gone && sample) return passOn(gone.error());
  return sample;
}

std::vector<std::chrono::nanoseconds> LibvirtGuest::vcpuTimes() {
  std::vector<virVcpuInfo> vcpus(kMostVcpus);
  const int count = virDomainGetVcpus(domain_.get(), vcpus.data(), kMostVcpus, nullptr, 0);
  std::vector<std::chrono::nanoseconds> times;
  for (int i = 0; i < count; ++i) times.emplace_back(vcpus[static_cast<std::size_t>(i)].cpuTime);
  return times;
}

Result<void> LibvirtGuest::dumpMemory(const fs::path& file, const DumpLimits& limits) {
  if (lost_) return passOn(*lost_);
  auto sink = SparseSink::open(parts_.folder / "dump", file, limits);
  if (!sink) return passOn(sink.error());
  const auto latest = Patience::Clock::time_point::max() - kPatience;
  const Patience patience(std::min(limits.until, latest) + kPatience, limits.stop, kPatienceAfterStop,
                          [this] { endQemu(); });
  // libvirt stops a guest for it, and lets it go on only if it ran. It cannot abort a dump; that the sink closes
  // its end can.
  const bool dumped = virDomainCoreDumpWithFormat(domain_.get(), (parts_.folder / "dump").c_str(),
                                                  VIR_DOMAIN_CORE_DUMP_FORMAT_RAW, VIR_DUMP_MEMORY_ONLY) >= 0;
  const std::string said = dumped ? "" : libvirtSays();
  const auto written = (*sink)->finish();
  if (!written && written.error().kind != FailureKind::GuestFailed) return passOn(written.error());
  if (!dumped) return fail(FailureKind::GuestFailed, "the memory dump: " + said);
  if (!written) return passOn(written.error());
  return {};
}

Result<void> LibvirtGuest::answers() {
  if (auto running = isRunning(); !running) return passOn(running.error());
  return {};
}

Result<void> LibvirtGuest::pause() {
  return setRunning(false);
}

Result<void> LibvirtGuest::resume() {
  return setRunning(true);
}

Result<void> LibvirtGuest::setLinks(bool up) {
  if (parts_.cards.empty())
    return fail(FailureKind::BadInput, fmt::format("{}: this guest has no network card", parts_.node));
  for (const auto& card : parts_.cards) {
    auto set = qmp(fmt::format(R"({{"execute":"set_link","arguments":{{"name":"{}","up":{}}}}})", card, up));
    if (!set) return passOn(set.error());
  }
  return {};
}

std::string libvirtVersion() {
  unsigned long version = 0;
  virGetVersion(&version, nullptr, nullptr);
  return fmt::format("{}.{}.{}", version / 1000000, version / 1000 % 1000, version % 1000);
}

std::string LibvirtGuest::versions() {
  std::string qemu = hmp("info version").value_or("of an unknown version");
  qemu.erase(qemu.find_last_not_of("\r\n") + 1);
  return fmt::format("libvirt {}, QEMU {}, {}", libvirtVersion(), qemu, parts_.kvm ? "KVM" : "TCG");
}

void LibvirtGuest::end() {
  if (!domain_) return;
  parts_.ends->forget(parts_.name);
  parts_.mailbox->whenRoom(parts_.node, nullptr);
  parts_.streams.close();
  killGuestsOf(parts_.folder);  // nothing is worth the seconds that libvirt gives QEMU to leave politely
  domain_.reset();
  std::error_code ignored;
  fs::remove_all(parts_.folder, ignored);  // a campaign starts hundreds of guests
  fs::remove(parts_.log, ignored);
}

// On a thread of its own, while a call of libvirt waits.
void LibvirtGuest::endQemu() {
  if (killGuestsOf(parts_.folder) == 0) virDomainDestroy(domain_.get());  // of a libvirtd, which may what we may not
}

Result<bool> LibvirtGuest::isRunning() {
  const auto answer = qmp(R"({"execute":"query-status"})");
  if (!answer) return passOn(answer.error());
  const auto running = readRunning(*answer);
  if (!running) return fail(FailureKind::GuestFailed, "query-status: QEMU does not say whether the guest runs");
  return *running;
}

Result<void> LibvirtGuest::setRunning(bool running) {
  const auto done = qmp(running ? R"({"execute":"cont"})" : R"({"execute":"stop"})");
  if (!done) return passOn(done.error());
  const auto now = isRunning();
  if (!now) return passOn(now.error());
  if (*now != running)
    return fail(FailureKind::GuestFailed,
                fmt::format("{}: QEMU does not {} the guest's CPUs", parts_.node, running ? "continue" : "stop"));
  return {};
}

Result<Sample> LibvirtGuest::sampleStopped() {
  auto text = hmp("info registers -a");
  if (!text) return passOn(text.error());
  Sample sample;
  sample.vcpus = readRegisters(*text);
  if (sample.vcpus.empty())
    return fail(FailureKind::GuestFailed, "info registers: QEMU's answer has no registers of an aarch64 CPU");
  for (const auto& vcpu : sample.vcpus) {
    if (!vcpu.inKernel()) continue;
    auto blocks = readStack(vcpu, [&](std::uint64_t address, std::size_t words) {
      return readMemory(memory(vcpu.vcpu, address, words).value_or(""), words);
    });
    std::move(blocks.begin(), blocks.end(), std::back_inserter(sample.stacks));
  }
  return sample;
}

// As the vCPU sees it: QEMU translates with its page tables and its privilege.
Result<std::string> LibvirtGuest::memory(int vcpu, std::uint64_t address, std::size_t words) {
  return qmp(fmt::format(
      R"({{"execute":"human-monitor-command","arguments":{{"command-line":"x /{}gx {:#x}","cpu-index":{}}}}})", words,
      address, vcpu));
}

Result<std::string> LibvirtGuest::qmp(const std::string& command) {
  return ask(command, 0);
}

Result<std::string> LibvirtGuest::hmp(const std::string& command) {
  return ask(command, VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP);
}

Result<std::string> LibvirtGuest::ask(const std::string& command, unsigned int form) {
  if (lost_) return passOn(*lost_);
  char* text = nullptr;
  const Patience patience(Patience::Clock::now() + kPatience, [this] { endQemu(); });
  const int status = virDomainQemuMonitorCommand(domain_.get(), command.c_str(), &text, form);
  const std::unique_ptr<char, decltype(&std::free)> owned(text, &std::free);
  if (patience.gaveUp())
    lost_ = Failure{FailureKind::GuestFailed,
                    fmt::format("QEMU was ended: it did not answer its monitor for {} s", kPatience.count())};
  if (lost_) return passOn(*lost_);
  if (status < 0) return fail(FailureKind::GuestFailed, fmt::format("{}: {}", command, libvirtSays()));
  return std::string(text);
}

}  // namespace relapse::guest
