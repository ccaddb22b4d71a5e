// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/run_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr std::array<std::pair<FailureKind, std::string_view>, 7> kKinds{{
    {FailureKind::BadInput, "bad-input"},
    {FailureKind::HostLacks, "host-lacks"},
    {FailureKind::BuildFailed, "build-failed"},
    {FailureKind::Exhausted, "exhausted"},
    {FailureKind::Cancelled, "cancelled"},
    {FailureKind::GuestFailed, "guest-failed"},
    {FailureKind::Internal, "internal"},
}};

std::string_view wordOf(FailureKind kind) {
  const auto row = std::ranges::find(kKinds, kind, &std::pair<FailureKind, std::string_view>::first);
  return row == kKinds.end() ? "internal" : row->second;
}

FailureKind kindOf(std::string_view word) {
  const auto row = std::ranges::find(kKinds, word, &std::pair<FailureKind, std::string_view>::second);
  return row == kKinds.end() ? FailureKind::Internal : row->first;
}

// Each text of a row by its name: written and read by the same list.
template <class RunType, class See>
void eachText(RunType& run, const See& see) {
  see("id", run.id);
  see("started_at", run.startedAt);
  see("scenario", run.scenario);
  see("cell", run.cell);
  see("kernel", run.kernel);
  see("release", run.release);
  see("build_id", run.buildId);
  see("line", run.line);
  see("verdict", run.verdict);
  see("expected", run.expected);
  see("signature", run.signature);
  see("title", run.title);
  see("reason", run.reason);
}

Json jsonOf(const history::Run& run) {
  Json out = Json::object();
  eachText(run, [&](const char* key, const std::string& text) { out[key] = text; });
  out["directory"] = run.directory.string();
  out["seed"] = run.seed;
  out["held"] = run.held;
  if (run.toEvent) out["to_event_ms"] = run.toEvent->count();
  out["took_ms"] = run.took.count();
  out["watched_ms"] = run.watched.count();
  out["evidence"] = run.evidence;
  return out;
}

// Throws what nlohmann::json does when a key is not there or of another type.
history::Run runOf(const Json& json) {
  history::Run run;
  eachText(run, [&](const char* key, std::string& text) { text = json.at(key).get<std::string>(); });
  run.directory = json.at("directory").get<std::string>();
  run.seed = json.at("seed").get<std::uint64_t>();
  run.held = json.at("held").get<bool>();
  if (json.contains("to_event_ms")) run.toEvent = milliseconds(json.at("to_event_ms").get<long>());
  run.took = milliseconds(json.at("took_ms").get<long>());
  run.watched = milliseconds(json.at("watched_ms").get<long>());
  run.evidence = json.at("evidence").get<bool>();
  return run;
}

Failure failureOf(const Json& json) {
  return {kindOf(json.at("kind").get<std::string>()), json.at("message").get<std::string>(),
          json.at("advice").get<std::string>()};
}

BuiltKernel kernelOf(const Json& json) {
  return {json.at("kernel").get<std::string>(), json.at("release").get<std::string>(),
          json.at("build_id").get<std::string>(), json.at("code_sha256").get<std::string>(),
          json.at("from_cache").get<bool>()};
}

struct ToJson {
  Json operator()(const history::Run& run) const { return {{"run", jsonOf(run)}}; }
  Json operator()(const BuiltKernel& built) const {
    return {{"built",
             {{"kernel", built.kernel},
              {"release", built.release},
              {"build_id", built.buildId},
              {"code_sha256", built.codeSum},
              {"from_cache", built.fromCache}}}};
  }
  Json operator()(const Failure& failure) const {
    return {{"failure", {{"kind", wordOf(failure.kind)}, {"message", failure.message}, {"advice", failure.advice}}}};
  }
};

tl::unexpected<Failure> notWritten(const fs::path& path) {
  return fail(FailureKind::Exhausted, fmt::format("{}: not written: {}", path.string(), std::strerror(errno)));
}

Outcome outcomeOf(std::string_view verdict) {
  if (verdict == "reproduced") return Outcome::Reproduced;
  if (verdict == "survived") return Outcome::Survived;
  if (verdict == "other-failure") return Outcome::OtherFailure;
  return Outcome::Inconclusive;
}

}  // namespace

std::string runFileText(const RunFile& file) {
  return std::visit(ToJson{}, file).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<RunFile> parseRunFile(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    if (json.contains("failure")) return RunFile(failureOf(json.at("failure")));
    if (json.contains("built")) return RunFile(kernelOf(json.at("built")));
    return RunFile(runOf(json.at("run")));
  } catch (const Json::exception& error) {
    return fail(FailureKind::BadInput, fmt::format("expected a run's result, found something else: {}", error.what()));
  }
}

Result<void> writeRunFile(const fs::path& path, const RunFile& file) {
  const fs::path part = path.string() + ".part";
  const std::string text = runFileText(file);
  const int descriptor = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return notWritten(path);
  const bool written = ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool safe = written && ::fsync(descriptor) == 0;  // a shared folder's other machines are to see it whole
  const int error = errno;
  ::close(descriptor);
  errno = error;
  if (!safe || ::rename(part.c_str(), path.c_str()) != 0) {
    const auto failure = notWritten(path);
    ::unlink(part.c_str());
    return failure;
  }
  return {};
}

Result<RunFile> readRunFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(FailureKind::BadInput, fmt::format("{}: cannot be read", path.string()));
  auto file = parseRunFile(std::string(std::istreambuf_iterator<char>(in), {}));
  if (!file) return fail(FailureKind::BadInput, fmt::format("{}: {}", path.string(), file.error().message));
  return file;
}

TryResult resultOf(const history::Run& run) {
  TryResult result;
  result.outcome = outcomeOf(run.verdict);
  result.held = run.held;
  result.signature = run.signature;
  result.reason = run.reason;
  result.time = run.took;
  result.toEvent = run.toEvent;
  result.run = run.directory;
  return result;
}

}  // namespace relapse::campaign
