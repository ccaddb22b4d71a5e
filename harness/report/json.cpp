// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/json.hpp"

#include "report/decoded.hpp"
#include "report/event_json.hpp"
#include "verdict/judge.hpp"

namespace relapse::report {
namespace {

Json last(const console::LastReport& report) {
  Json out{{"at_ms", report.at.count()}, {"span", spanJson(report.span)}};
  if (report.kernelTime) out["time"] = *report.kernelTime;
  return out;
}

Json event(const console::ConsoleEvent& seen) {
  Json out{{"event", std::string(console::name(seen.kind))},
           {"title", seen.title},
           {"node", seen.node},
           {"at_ms", seen.at.count()},
           {"message", seen.message}};
  if (seen.kernelTime) out["time"] = *seen.kernelTime;
  if (seen.cpu) out["cpu"] = *seen.cpu;
  if (!seen.task.empty()) out["task"] = seen.task;
  if (seen.pid) out["pid"] = *seen.pid;
  if (!seen.taint.empty()) out["taint"] = seen.taint;
  if (!seen.release.empty()) out["release"] = seen.release;
  if (seen.pc) out["pc"] = frameJson(*seen.pc);
  if (seen.lr) out["lr"] = frameJson(*seen.lr);
  if (!seen.registers.empty()) out["registers"] = registersJson(seen);
  out["frames"] = framesJson(seen);
  out["span"] = spanJson(seen.span);
  out["artefact"] = artefactJson(seen);
  out["count"] = seen.count;
  if (seen.count > 1) out["last"] = last(seen.last);
  return out;
}

// A frame as printed, with what it means.
Json explainedFrame(const stacktrace::Frame& frame) {
  Json out = frameJson(frame.raw);
  if (!frame.undecoded.empty()) out["undecoded"] = frame.undecoded;
  if (!frame.calls.empty()) out["calls"] = callsJson(frame);
  return out;
}

// An event with what the run found out about it afterwards.
Json explained(const RunRecord& record, std::size_t place) {
  Json out = event(record.seen.events[place]);
  if (const auto decoded = record.decoded.find(place); decoded != record.decoded.end()) {
    out["frames"] = Json::array();
    for (const auto& frame : decoded->second) out["frames"].push_back(explainedFrame(frame));
  }
  if (const auto stall = record.stalls.find(place); stall != record.stalls.end())
    out["host"] = {{"vcpu_share", stall->second.share}, {"load", stall->second.load}};
  return out;
}

Json spin(const postmortem::SpinProfile& profile) {
  Json out{{"samples", profile.samples}, {"span_ms", profile.span.count()}, {"vcpus", Json::array()}};
  for (const auto& vcpu : profile.vcpus) {
    Json innermost = Json::array();
    for (const auto& share : vcpu.innermost)
      innermost.push_back({{"function", share.what}, {"samples", share.samples}});
    out["vcpus"].push_back({{"vcpu", vcpu.vcpu},
                            {"samples", vcpu.samples},
                            {"idle", vcpu.idle},
                            {"user", vcpu.user},
                            {"spins", vcpu.spins()},
                            {"innermost", innermost},
                            {"common", vcpu.common}});
  }
  return out;
}

Json kernel(const kernel::KernelImage& image) {
  Json patches = Json::array();
  for (const auto& patch : image.patches)
    patches.push_back(
        {{"file", patch.file.string()}, {"sha256", patch.sha256}, {"already_in_source", patch.alreadyInSource}});
  return {{"source", image.source},
          {"line", image.line},
          {"release", image.release},
          {"build_id", image.buildId},
          {"image_sha256", image.imageSha256},
          {"vmlinux_sha256", image.vmlinuxSha256},
          {"modules_sha256", image.modulesSha256},
          {"key", image.key},
          {"from_cache", image.fromCache},
          {"patches", patches},
          {"sources_not_had", image.notHad}};
}

struct EndJson {
  Json operator()(const guest::Exited& end) const { return {{"how", "exited"}, {"status", end.status}}; }
  Json operator()(const guest::Killed& end) const { return {{"how", "killed"}, {"signal", end.signal}}; }
  Json operator()(const guest::NotStarted& end) const { return {{"how", "not-started"}, {"error", end.error}}; }
  Json operator()(const guest::DeadlinePassed&) const { return {{"how", "deadline-passed"}}; }
  Json operator()(const guest::GuestDied&) const { return {{"how", "guest-died"}}; }
};

Json works(const RunRecord& record) {
  Json out = Json::array();
  for (std::size_t i = 0; i < record.seen.works.size(); ++i) {
    const auto& work = record.seen.works[i];
    Json one{{"program", work.program}, {"node", work.node}, {"end", std::visit(EndJson{}, work.end)}};
    if (i < record.works.size()) {
      one["started_ms"] = record.works[i].started.count();
      if (record.works[i].ended.count() > 0) one["ended_ms"] = record.works[i].ended.count();
    }
    if (work.report) {
      one["result"] = work.report->result;
      one["errno"] = work.report->error ? Json(*work.report->error) : Json(nullptr);
    }
    out.push_back(std::move(one));
  }
  return out;
}

Json nodes(const RunRecord& record) {
  Json out = Json::object();
  for (const auto& [name, node] : record.nodes) {
    out[name] = {{"release", node.release}, {"boots", node.boots}, {"ended", node.ended}};
    if (node.clockOffset) out[name]["clock_offset_ms"] = node.clockOffset->count();
  }
  return out;
}

std::string guestEnd(const guest::GuestEnd& end) {
  if (std::holds_alternative<guest::Alive>(end)) return "alive";
  if (std::holds_alternative<guest::PoweredOff>(end)) return "powered-off";
  if (std::holds_alternative<guest::Reset>(end)) return "reset";
  return "qemu-died";
}

Json verdictJson(const RunRecord& record) {
  Json out{{"word", std::string(verdict::word(record.verdict))},
           {"expected",
            std::holds_alternative<scenario::ExpectSurvived>(record.scenario.expect) ? "survived" : "reproduced"},
           {"held", verdict::held(record.scenario.expect, record.verdict)},
           {"exit_status", verdict::exitStatus(record.scenario.expect, record.verdict)}};
  if (const auto* reproduced = std::get_if<verdict::Reproduced>(&record.verdict)) {
    out["signature"] = reproduced->signature;
    out["events"] = reproduced->events;
  } else if (const auto* other = std::get_if<verdict::OtherFailure>(&record.verdict)) {
    out["signature"] = other->signature;
    out["events"] = {other->event};
  } else if (const auto* inconclusive = std::get_if<verdict::Inconclusive>(&record.verdict)) {
    out["reason"] = inconclusive->reason;
  }
  return out;
}

Json proofs(const verdict::Proofs& seen) {
  return {{"watch_read_back", seen.watchReadBack},
          {"marker_seen", seen.markerSeen},
          {"write_and_read", seen.writeAndRead},
          {"window_passed", seen.windowPassed},
          {"steps_taken", seen.stepsTaken}};
}

}  // namespace

std::string eventJson(const console::ConsoleEvent& seen) {
  return dumped(event(seen));
}

std::string resultJson(const RunRecord& record) {
  Json out{{"version", kResultVersion},
           {"id", record.id},
           {"started_at", record.startedAt},
           {"relapse", record.relapseVersion},
           {"tools", record.toolVersions},
           {"scenario",
            {{"name", record.scenario.name},
             {"file", record.scenario.file.string()},
             {"overrides", record.overrides},
             {"cell", record.scenario.cell},
             {"seed", record.scenario.seed}}},
           {"verdict", verdictJson(record)},
           {"kernel", kernel(record.kernel)},
           {"guest", guestEnd(record.seen.guest)},
           {"nodes", nodes(record)},
           {"proofs", proofs(record.seen.proofs)},
           {"works", works(record)}};
  if (record.serverKernel) out["server_kernel"] = kernel(*record.serverKernel);
  out["events"] = Json::array();
  for (std::size_t i = 0; i < record.seen.events.size(); ++i) out["events"].push_back(explained(record, i));
  if (record.spin) out["spin"] = spin(*record.spin);
  if (record.findings) out["postmortem"] = {{"file", "postmortem.json"}, {"sentence", record.findings->sentence}};
  out["stages"] = Json::array();
  for (const auto& stage : record.stages) out["stages"].push_back({{"stage", stage.stage}, {"ms", stage.took.count()}});
  out["artefacts"] = Json::array();
  for (const auto& file : record.artefacts) {
    Json one{{"name", file.name}, {"bytes", file.bytes}};
    if (!file.sha256.empty()) one["sha256"] = file.sha256;
    out["artefacts"].push_back(std::move(one));
  }
  out["notes"] = record.notes;
  return dumped(out, 2) + "\n";
}

}  // namespace relapse::report
