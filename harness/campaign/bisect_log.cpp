// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/bisect_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr int kVersion = 1;
constexpr std::string_view kSaws[] = {"bad", "good", "other", "inconclusive"};

struct ToJson {
  Json operator()(const BisectBegun& begun) const {
    return {{"event", "begun"},
            {"version", kVersion},
            {"id", begun.id},
            {"relapse", begun.relapse},
            {"started_at", begun.startedAt},
            {"scenario", begun.scenario},
            {"scenario_sha256", begun.scenarioSum},
            {"arguments", begun.arguments},
            {"confidence", begun.question.confidence},
            {"fixed_by", begun.question.fixedBy},
            {"target", begun.target},
            {"learn", begun.learn},
            {"subset", begun.subset},
            {"plan", jsonOf(begun.plan)}};
  }
  Json operator()(const TargetLearnt& learnt) const { return {{"event", "target"}, {"signature", learnt.signature}}; }
  Json operator()(const KernelBuilt& built) const {
    return {{"event", "built"}, {"kernel", built.kernel},   {"ms", built.took.count()},     {"source", built.source},
            {"sum", built.sum}, {"release", built.release}, {"from_cache", built.fromCache}};
  }
  Json operator()(const KernelSkipped& skipped) const {
    return {{"event", "skipped"}, {"kernel", skipped.kernel}, {"why", skipped.why}};
  }
  Json operator()(const TryStarted& started) const {
    return {{"event", "started"}, {"try", started.number}, {"kernel", started.kernel}, {"settles", started.settles}};
  }
  Json operator()(const TryEnded& ended) const {
    Json json{{"event", "tried"},
              {"try", ended.number},
              {"kernel", ended.kernel},
              {"settles", ended.settles},
              {"saw", word(ended.saw)},
              {"ms", ended.took.count()},
              {"elapsed_ms", ended.elapsed.count()}};
    if (!ended.signature.empty()) json["signature"] = ended.signature;
    if (!ended.reason.empty()) json["reason"] = ended.reason;
    if (!ended.run.empty()) json["run"] = ended.run.string();
    return json;
  }
  Json operator()(const BisectResumed& resumed) const { return {{"event", "resumed"}, {"at", resumed.at}}; }
  Json operator()(const BisectEnded& ended) const {
    return {{"event", "ended"}, {"ending", ended.ending}, {"at", ended.at}, {"ms", ended.took.count()}};
  }
};

// Throws what nlohmann::json does when a key is not there or of another type.
BisectBegun begunOf(const Json& json, BisectPlan plan) {
  BisectBegun begun;
  begun.plan = std::move(plan);
  json.at("id").get_to(begun.id);
  json.at("relapse").get_to(begun.relapse);
  json.at("started_at").get_to(begun.startedAt);
  json.at("scenario").get_to(begun.scenario);
  json.at("scenario_sha256").get_to(begun.scenarioSum);
  json.at("arguments").get_to(begun.arguments);
  json.at("confidence").get_to(begun.question.confidence);
  json.at("fixed_by").get_to(begun.question.fixedBy);
  json.at("target").get_to(begun.target);
  json.at("learn").get_to(begun.learn);
  json.at("subset").get_to(begun.subset);
  return begun;
}

Result<BisectEvent> triedOf(const Json& json) {
  TryEnded ended;
  json.at("try").get_to(ended.number);
  json.at("kernel").get_to(ended.kernel);
  json.at("settles").get_to(ended.settles);
  const auto saw = std::ranges::find(kSaws, json.at("saw").get<std::string>());
  if (saw == std::end(kSaws)) return fail(FailureKind::BadInput, "expected what a try saw, found something else");
  ended.saw = static_cast<bisect::Saw>(saw - std::begin(kSaws));
  ended.took = milliseconds(json.at("ms").get<long>());
  ended.elapsed = milliseconds(json.value("elapsed_ms", 0L));
  ended.signature = json.value("signature", "");
  ended.reason = json.value("reason", "");
  ended.run = json.value("run", "");
  return BisectEvent(ended);
}

KernelBuilt builtOf(const Json& json) {
  return {json.at("kernel").get<std::string>(),  milliseconds(json.at("ms").get<long>()),
          json.at("source").get<std::string>(),  json.at("sum").get<std::string>(),
          json.at("release").get<std::string>(), json.at("from_cache").get<bool>()};
}

Result<BisectEvent> eventOf(const Json& json) {
  const std::string event = json.at("event").get<std::string>();
  if (event == "begun") {
    if (json.at("version").get<int>() > kVersion)
      return fail(FailureKind::BadInput, "it was written by a newer relapse");
    auto plan = planOf(json.at("plan"));
    if (!plan) return passOn(plan.error());
    auto begun = begunOf(json, std::move(*plan));
    const double confidence = begun.question.confidence;
    if (confidence > 0.5 && confidence < 1) return BisectEvent(std::move(begun));
    return fail(FailureKind::BadInput, fmt::format("expected a confidence from 0.5 to 1, found {}", confidence));
  }
  if (event == "target") return BisectEvent(TargetLearnt{json.at("signature").get<std::string>()});
  if (event == "built") return BisectEvent(builtOf(json));
  if (event == "skipped")
    return BisectEvent(KernelSkipped{json.at("kernel").get<std::string>(), json.at("why").get<std::string>()});
  if (event == "started")
    return BisectEvent(
        TryStarted{json.at("try").get<int>(), json.at("kernel").get<std::string>(), json.at("settles").get<bool>()});
  if (event == "tried") return triedOf(json);
  if (event == "resumed") return BisectEvent(BisectResumed{json.at("at").get<std::string>()});
  if (event == "ended")
    return BisectEvent(BisectEnded{json.at("ending").get<std::string>(), json.at("at").get<std::string>(),
                                   milliseconds(json.at("ms").get<long>())});
  return fail(FailureKind::BadInput, fmt::format("expected an event of a bisect, found \"{}\"", event.substr(0, 40)));
}

// The kernel that an event is about; null: none.
const std::string* kernelOf(const BisectEvent& event) {
  return std::visit(
      [](const auto& one) -> const std::string* {
        if constexpr (requires { one.kernel; }) return &one.kernel;
        return nullptr;
      },
      event);
}

// Whether the plan has what the event is about.
bool fits(const BisectEvent& event, const BisectPlan& plan) {
  const std::string* kernel = kernelOf(event);
  if (kernel == nullptr) return true;
  const auto mix = mixOf(*kernel);
  if (!mix) return false;
  const auto inside = [&](std::size_t number) { return number >= 1 && number <= plan.size(); };
  return mix->upTo <= plan.size() && std::ranges::all_of(mix->plus, inside) && std::ranges::all_of(mix->minus, inside);
}

}  // namespace

std::string_view word(bisect::Saw saw) {
  return kSaws[static_cast<std::size_t>(saw)];
}

std::string lineOf(const BisectEvent& event) {
  return std::visit(ToJson{}, event).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<BisectEvent> eventOf(std::string_view line) {
  try {
    return eventOf(Json::parse(line));
  } catch (const Json::exception&) {
    return fail(FailureKind::BadInput, "expected an event of a bisect's log, found something else");
  }
}

Result<std::vector<BisectEvent>> eventsOf(std::string_view text, const std::string& file) {
  std::vector<BisectEvent> events;
  int number = 0;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    ++number;
    if (line.empty() || line.front() == '#') continue;
    auto event = eventOf(line);
    const auto refuse = [&](const std::string& why) {
      return fail(FailureKind::BadInput, fmt::format("{}:{}: {}", file, number, why));
    };
    if (!event) return refuse(event.error().message);
    const bool begins = std::holds_alternative<BisectBegun>(*event);
    if (begins != events.empty()) return refuse("expected one beginning, at the begin");
    if (!begins && !fits(*event, std::get<BisectBegun>(events.front()).plan))
      return refuse("it is about a kernel that there is not");
    events.push_back(std::move(*event));
  }
  if (events.empty())
    return fail(FailureKind::BadInput, fmt::format("{}: expected the log of a bisect, found none", file));
  return events;
}

Result<BisectLog> BisectLog::open(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return fail(FailureKind::Exhausted, fmt::format("{}: {}", file.string(), std::strerror(errno)));
  BisectLog log(file, descriptor);
  std::ifstream in(file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto whole = text.rfind('\n');
  const off_t size = whole == std::string::npos ? 0 : static_cast<off_t>(whole) + 1;
  if (::ftruncate(descriptor, size) != 0 || ::lseek(descriptor, 0, SEEK_END) < 0)
    return fail(FailureKind::Exhausted, fmt::format("{}: {}", file.string(), std::strerror(errno)));
  return log;
}

BisectLog::BisectLog(BisectLog&& other) noexcept
    : file_(std::move(other.file_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

BisectLog::~BisectLog() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> BisectLog::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return notWritten();
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fdatasync(descriptor_) == 0 ? Result<void>() : notWritten();
}

Result<void> BisectLog::notWritten() const {
  return fail(FailureKind::Exhausted, fmt::format("{}: not written: {}", file_.string(), std::strerror(errno)));
}

Result<void> BisectLog::add(const BisectEvent& event) {
  return write(lineOf(event) + "\n");
}

Result<void> BisectLog::tell(std::string_view story) {
  std::string text = "# ";
  for (const char c : story) {
    text += c;
    if (c == '\n') text += "# ";
  }
  return write(text + "\n");
}

}  // namespace relapse::campaign
