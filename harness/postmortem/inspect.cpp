// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/inspect.hpp"

#include <charconv>
#include <fstream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "postmortem/findings_json.hpp"
#include "postmortem/vmcore.hpp"
#include "process/process.hpp"
#include "process/scratch.hpp"
#include "stacktrace/decoder.hpp"

namespace relapse::postmortem {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kOtherKernel = 3;  // exit status of the script: vmlinux is not the dump's
constexpr std::size_t kMostOutput = 256u << 20;

Result<process::ScratchFolder> makeScratch() {
  std::error_code error;
  auto scratch = process::ScratchFolder::make(fs::temp_directory_path(error), "relapse-inspect-");
  if (!scratch)
    return fail(FailureKind::HostLacks, "no scratch folder can be made: " + scratch.error().message,
                "set TMPDIR to a writable folder");
  return scratch;
}

std::optional<std::uint64_t> hexadecimal(std::string_view text) {
  std::uint64_t value = 0;
  if (text.starts_with("0x")) text.remove_prefix(2);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000080"
std::optional<std::uint64_t> faultAddress(std::string_view message) {
  constexpr std::string_view kBefore = "at virtual address ";
  const std::size_t at = message.find(kBefore);
  if (at == std::string_view::npos) return std::nullopt;
  message.remove_prefix(at + kBefore.size());
  return hexadecimal(message.substr(0, message.find_first_not_of("0123456789abcdef")));
}

json crashAsked(const console::ConsoleEvent& event) {
  json crash = {{"address", nullptr},
                {"comm", event.task},
                {"pid", event.pid.value_or(0)},
                {"registers", json::object()},
                {"trace", json::array()}};
  if (const auto fault = faultAddress(event.message)) crash["address"] = *fault;
  for (const auto& one : event.registers)
    if (const auto value = hexadecimal(one.value)) crash["registers"][one.name] = *value;
  for (const auto& frame : event.frames)
    if (frame.offset) crash["trace"].push_back(fmt::format("{}+0x{:x}", frame.symbol, *frame.offset));
  return crash;
}

// The dump as drgn can open it: itself, or a copy in `scratch`.
Result<fs::path> openable(const InspectRequest& request, const fs::path& scratch) {
  const auto kind = identify(request.vmcore);
  if (!kind) return passOn(kind.error());
  if (kind->form == VmcoreForm::FlattenedKdump)
    return fail(FailureKind::BadInput, fmt::format("{}: a flattened kdump", request.vmcore.string()),
                fmt::format("makedumpfile -R dump < {}", request.vmcore.string()));
  if (kind->missing > 0 || kind->incomplete)
    return fail(FailureKind::BadInput, fmt::format("{}: {}", request.vmcore.string(), describe(*kind)));
  if (kind->form != VmcoreForm::PhysicalElf) return fs::absolute(request.vmcore);
  const fs::path copy = scratch / "vmcore";
  const auto facts = withVirtualAddresses(request.vmcore, copy, request.vmlinux);
  if (facts) return copy;
  Failure failure = facts.error();
  if (const std::size_t at = failure.message.find(copy.string()); at != std::string::npos)
    failure.message.replace(at, copy.string().size(), request.vmcore.string());
  return passOn(std::move(failure));
}

json asked(const InspectRequest& request, const stacktrace::Decoder& decoder, const fs::path& vmcore,
           const fs::path& scratch) {
  json whole = {{"vmcore", vmcore.string()},
                {"vmlinux", fs::absolute(request.vmlinux).string()},
                {"scratch", scratch.string()},
                {"banner", decoder.banner()},
                {"build_id", decoder.buildId()}};
  if (!request.modules.empty()) whole["modules"] = fs::absolute(request.modules).string();
  if (!request.task.empty()) whole["task"] = request.task;
  if (request.crash) whole["crash"] = crashAsked(*request.crash);
  return whole;
}

std::string lastLine(const std::string& text) {
  const std::size_t past = text.find_last_not_of('\n');
  if (past == std::string::npos) return "it said nothing";
  const std::size_t before = text.find_last_of('\n', past);
  return text.substr(before == std::string::npos ? 0 : before + 1,
                     past - (before == std::string::npos ? 0 : before + 1) + 1);
}

Failure failureOf(const process::Output& output, const InspectRequest& request) {
  const std::string file = request.vmcore.string();
  if (std::holds_alternative<process::DeadlinePassed>(output.end))
    return {FailureKind::Exhausted, fmt::format("{}: drgn took longer than {} s", file, request.deadline.count())};
  const auto* exited = std::get_if<process::Exited>(&output.end);
  const std::string said = lastLine(output.standardError);
  if (exited == nullptr)
    return {FailureKind::Internal, fmt::format("{}: drgn was killed by signal {}: {}", file,
                                               std::get<process::Killed>(output.end).signal, said)};
  if (exited->status == kOtherKernel)
    return {FailureKind::BadInput, fmt::format("{}: not the kernel of {}: {}", request.vmlinux.string(), file, said)};
  return {FailureKind::BadInput, fmt::format("{}: drgn cannot read it: {}", file, said)};
}

Result<void> checkFiles(const InspectRequest& request) {
  if (!process::findProgram("drgn"))
    return fail(FailureKind::HostLacks, "drgn is missing", "apt-get install python3-drgn");
  std::error_code error;
  if (!fs::is_regular_file(request.script, error))
    return fail(FailureKind::HostLacks, fmt::format("{}: the post-mortem script is missing", request.script.string()));
  if (!request.modules.empty() && !fs::is_directory(request.modules, error))
    return fail(FailureKind::BadInput,
                fmt::format("--modules: expected a folder, found \"{}\"", request.modules.string()));
  return {};
}

}  // namespace

Result<Findings> inspect(const InspectRequest& request) {
  if (const auto good = checkFiles(request); !good) return passOn(good.error());
  const auto decoder = stacktrace::Decoder::open({.vmlinux = request.vmlinux});
  if (!decoder) return passOn(decoder.error());
  const auto scratch = makeScratch();
  if (!scratch) return passOn(scratch.error());
  const auto vmcore = openable(request, scratch->path());
  if (!vmcore) return passOn(vmcore.error());
  const fs::path wanted = scratch->path() / "request.json";
  std::ofstream(wanted)
      << asked(request, *decoder, *vmcore, scratch->path()).dump(-1, ' ', false, json::error_handler_t::replace);
  const auto output = process::run({.argv = {"drgn", "-q", "-c", vmcore->string(), "-s", request.vmlinux.string(),
                                             request.script.string(), wanted.string()},
                                    .environment = {{"PYTHONDONTWRITEBYTECODE", "1"}}},
                                   {.deadline = request.deadline, .stop = request.stop, .keepBytes = kMostOutput});
  if (!output) return passOn(output.error());
  if (!output->succeeded()) return passOn(failureOf(*output, request));
  return parseFindings(output->standardOutput);
}

}  // namespace relapse::postmortem
