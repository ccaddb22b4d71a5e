// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/explanation.hpp"

#include <algorithm>
#include <future>

#include <spdlog/spdlog.h>

#include "checksum/checksum.hpp"
#include "postmortem/inspect.hpp"
#include "postmortem/spin_profile.hpp"
#include "postmortem/stuck_code.hpp"
#include "postmortem/vmcore.hpp"
#include "report/disassembly.hpp"
#include "report/findings.hpp"
#include "report/samples.hpp"
#include "report/terminal.hpp"
#include "stacktrace/decoder.hpp"

namespace relapse::run {
namespace {

stacktrace::Layout layoutOf(const Node& node, stacktrace::Decoder& decoder) {
  const auto& places = node.places;
  const auto text = decoder.addressOf("_text");
  if (!places || !text) return {};
  return {places->text - *text, places->modules};
}

// The traces of the failing events of those nodes that run this decoder's kernel.
void decodeTraces(stacktrace::Decoder& decoder, const kernel::KernelImage& kernel, report::RunRecord& record) {
  const auto& events = record.seen.events;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!console::isFailing(events[i].kind) || &report::kernelOf(record, events[i].node) != &kernel) continue;
    for (const auto& frame : events[i].frames) record.decoded[i].push_back(decoder.decode(frame));
  }
}

Result<void> profileSpin(const Collected& collected, const stacktrace::Layout& layout, stacktrace::Decoder& decoder,
                         Evidence& evidence, report::RunRecord& record) {
  if (collected.samples.empty()) return {};
  record.spin = postmortem::spinProfile(collected.samples,
                                        [&](std::uint64_t address) { return decoder.symbolAt(address, layout); });
  for (const auto& vcpu : record.spin->vcpus)
    if (vcpu.spins()) record.seen.sampled[vcpu.vcpu] = vcpu.common;
  return evidence.write("spin.folded", report::foldedText(*record.spin));
}

// Where a frame of vmlinux or of a module runs; 0: not known.
std::uint64_t addressOf(const console::RawFrame& frame, const stacktrace::Layout& layout,
                        stacktrace::Decoder& decoder) {
  const auto code = decoder.codeOf(frame);
  if (!code || !frame.offset) return 0;
  if (frame.module.empty()) return code->address + layout.slide + *frame.offset;
  const auto module = std::ranges::find(layout.modules, frame.module, &stacktrace::ModulePlace::name);
  return module == layout.modules.end() ? 0 : module->text + code->address + *frame.offset;
}

// The code that the first failing event with a trace was at.
Result<void> disassembleEvent(const stacktrace::Layout& layout, stacktrace::Decoder& decoder, Evidence& evidence,
                              report::RunRecord& record) {
  const auto event = std::ranges::find_if(record.seen.events, [&](const auto& seen) {
    return console::isFailing(seen.kind) && seen.node == record.failingNode && seen.pc && !seen.pc->symbol.empty();
  });
  if (event == record.seen.events.end()) return {};
  const auto pc = addressOf(*event->pc, layout, decoder);
  auto code = postmortem::disassembleFrame(*event->pc, pc, event->registers, decoder);
  if (!code) return fail(code.error().kind, "the code at its pc: " + code.error().message);
  record.code = std::move(*code);
  return evidence.write("disassembly.txt", report::disassemblyText(*record.code));
}

Result<void> decodeAndProfile(const Collected& collected, const Experiment& experiment, Evidence& evidence,
                              report::RunRecord& record) {
  const auto& kernel = report::kernelOf(record, record.failingNode);
  auto decoder = stacktrace::Decoder::open({kernel.vmlinux, kernel.modules});
  if (!decoder) return passOn(decoder.error());
  decodeTraces(*decoder, kernel, record);
  const auto layout = layoutOf(experiment.nodes().at(record.failingNode), *decoder);
  if (auto done = disassembleEvent(layout, *decoder, evidence, record); !done)
    record.notes.push_back(done.error().message);
  return profileSpin(collected, layout, *decoder, evidence, record);
}

// A failure of a node with another kernel than the one whose guest was looked into.
Result<void> decodeOthers(report::RunRecord& record) {
  const auto& looked = report::kernelOf(record, record.failingNode);
  const auto other = std::ranges::find_if(record.seen.events, [&](const auto& event) {
    return console::isFailing(event.kind) && &report::kernelOf(record, event.node) != &looked;
  });
  if (other == record.seen.events.end()) return {};
  const auto& kernel = report::kernelOf(record, other->node);
  auto decoder = stacktrace::Decoder::open({kernel.vmlinux, kernel.modules});
  if (!decoder) return passOn(decoder.error());
  decodeTraces(*decoder, kernel, record);
  return {};
}

// The dump's own log may have lost the registers of a crash.
std::optional<console::ConsoleEvent> crashOf(const report::RunRecord& record) {
  const auto& events = record.seen.events;
  const auto found = std::ranges::find_if(events, [&](const auto& event) {
    return event.kind == console::EventKind::Oops && event.node == record.failingNode && !event.registers.empty();
  });
  return found == events.end() ? std::nullopt : std::optional(*found);
}

postmortem::InspectRequest inspectionOf(const RunRequest& request, const Evidence& evidence,
                                        const report::RunRecord& record) {
  postmortem::InspectRequest wanted;
  wanted.vmcore = evidence.folder() / "vmcore";
  wanted.vmlinux = report::kernelOf(record, record.failingNode).vmlinux;
  wanted.modules = report::kernelOf(record, record.failingNode).modules;
  wanted.script = request.places.inspection;
  wanted.crash = crashOf(record);
  wanted.stop = request.stop;
  return wanted;
}

Result<void> keep(Result<postmortem::Findings> findings, Evidence& evidence, report::RunRecord& record) {
  if (!findings)
    return fail(findings.error().kind, "the memory dump: " + findings.error().message, findings.error().advice);
  record.findings = std::move(*findings);
  if (auto done = evidence.write("postmortem.json", record.findings->json); !done) return done;
  return evidence.write("postmortem.txt", report::findingsText(*record.findings));
}

// QEMU's dump has physical addresses alone: drgn and gdb want the kernel's.
void giveAddresses(const Evidence& evidence, report::RunRecord& record) {
  const auto facts = postmortem::addVirtualAddresses(evidence.folder() / "vmcore",
                                                     report::kernelOf(record, record.failingNode).vmlinux);
  if (!facts) record.notes.push_back("vmcore: " + facts.error().message);
  if (!facts) return;
  for (const auto& note : facts->notes) {
    spdlog::debug("vmcore note=\"{}\"", report::plain(note));
    if (!facts->vmalloc) record.notes.push_back("vmcore: " + note);
  }
}

}  // namespace

std::map<std::string, std::string> explain(const RunRequest& request, const Collected& collected,
                                           const Experiment& experiment, Evidence& evidence,
                                           report::RunRecord& record) {
  std::future<Result<postmortem::Findings>> findings;  // these two take most of the time
  std::future<Result<std::string>> sum;
  if (collected.vmcore) {
    giveAddresses(evidence, record);
    sum = std::async(std::launch::async, checksum::ofFile, evidence.folder() / "vmcore");
    findings = std::async(std::launch::async, postmortem::inspect, inspectionOf(request, evidence, record));
  }
  auto done = decodeAndProfile(collected, experiment, evidence, record);
  if (done) done = decodeOthers(record);
  if (findings.valid()) {
    auto found = findings.get();
    if (done) done = keep(std::move(found), evidence, record);  // of two reasons the first is enough
  }
  if (!done) record.notes.push_back(done.error().message);
  if (!done && !done.error().advice.empty()) record.notes.push_back("try: " + done.error().advice);
  if (!sum.valid()) return {};
  auto summed = sum.get();
  if (summed) return {{"vmcore", *summed}};
  record.notes.push_back(summed.error().message);
  return {};
}

}  // namespace relapse::run
