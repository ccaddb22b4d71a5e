// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/parser.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "console/body.hpp"
#include "console/cursor.hpp"
#include "console/frames.hpp"
#include "console/headlines.hpp"
#include "console/lines.hpp"
#include "console/printk.hpp"
#include "console/report.hpp"

namespace relapse::console {
namespace {

constexpr std::size_t kMostOpen = 16;  // reports at a time; one more closes the oldest
constexpr std::string_view kFirstLine = "Booting Linux on physical CPU";  // arch/arm64/kernel/setup.c

}  // namespace

class ConsoleParser::State {
 public:
  explicit State(ParserOptions options) : options_(std::move(options)) {}

  std::vector<ConsoleEvent> feed(const ConsoleChunk& chunk) {
    now_ = chunk.arrival;
    splitter_.feed(chunk, [this](const Line& line) { onLine(line); });
    return collect();
  }

  std::vector<ConsoleEvent> tick(Instant now) {
    for (auto& report : open_) {
      if (report->quietSince(now)) report->end();
    }
    return collect();
  }

  std::vector<ConsoleEvent> finish() {
    splitter_.finish([this](const Line& line) { onLine(line); });
    endAll();
    return collect();
  }

  ParserCounts counts() const {
    ParserCounts counts = counts_;
    counts.droppedBytes = splitter_.droppedBytes();
    return counts;
  }

 private:
  using Owned = std::unique_ptr<Report>;

  void onLine(const Line& line);
  std::optional<KernelLine> kernelLine(const Line& line);
  void onHeadline(const Headline& headline, const KernelLine& line);
  void onBody(const BodyLine& body, const KernelLine& line);
  void noteBoot(const KernelLine& line);

  Report* ownerOf(const BodyLine& body, const KernelLine& line);
  Report* ownerOfFrame(const RawFrame& frame, const KernelLine& line);
  Report* startTrace(const KernelLine& line);
  Report* onCpuLine(const CpuLine& cpu, const KernelLine& line);
  template <class Fits>
  Report* newest(const KernelLine& line, Fits fits);

  void add(Owned report);
  void passBy(const Report* owner, const KernelLine* line);
  void endAll();
  void flush();
  std::vector<ConsoleEvent> collect() {
    flush();
    return std::exchange(ready_, {});
  }

  ParserOptions options_;
  LineSplitter splitter_;
  std::deque<Owned> open_;            // in the order in which they began; over ones wait for those before
  Report* current_ = nullptr;         // took a line last
  std::optional<KernelLine> before_;  // the line before, when it belongs to no report
  std::vector<ConsoleEvent> ready_;
  std::string release_;
  bool stamped_ = false;
  double lastStamp_ = 0;
  Instant now_{0};
  ParserCounts counts_;
};

void ConsoleParser::State::onLine(const Line& line) {
  ++counts_.lines;
  const auto kernel = kernelLine(line);
  if (!kernel) return passBy(nullptr, nullptr);
  if (trimmed(kernel->text).empty()) return;
  if (const auto headline = readHeadline(kernel->text, line.cut)) {
    onHeadline(*headline, *kernel);
  } else if (!open_.empty() || trimmed(kernel->text).starts_with("CPU: ")) {
    onBody(readBody(kernel->text), *kernel);
  } else {
    noteBoot(*kernel);
    if (kernel->text.starts_with(' ') && readFrame(kernel->text)) ++counts_.strayFrames;
    before_ = *kernel;
  }
  flush();
}

// The line as the kernel printed it; nothing for a line of user space.
std::optional<KernelLine> ConsoleParser::State::kernelLine(const Line& line) {
  PrintkLine read = readPrintk(line.text);
  if (!read.time) {
    if (const auto embedded = readEmbeddedPrintk(line.text, lastStamp_)) read = *embedded;
  }
  if (read.time) {
    stamped_ = true;
    lastStamp_ = *read.time;
  } else if (read.text.starts_with(kFirstLine)) {
    stamped_ = false;  // this boot may print without stamps
  }
  if (stamped_ && !read.time) return std::nullopt;
  return KernelLine{std::string(read.text), std::string(read.caller), read.time, line.span, line.arrival, now_};
}

void ConsoleParser::State::noteBoot(const KernelLine& line) {
  if (line.text.starts_with(kFirstLine)) endAll();
}

void ConsoleParser::State::onHeadline(const Headline& headline, const KernelLine& line) {
  before_.reset();
  if (!headline.release.empty()) {
    endAll();  // a new boot
    release_ = headline.release;
  }
  const auto goesOn = std::find_if(open_.begin(), open_.end(), [&](const Owned& report) {
    return !report->isOver() && report->mayOwn(line) && report->continuedBy(headline);
  });
  if (goesOn != open_.end()) {
    current_ = goesOn->get();
    current_->take(headline, line);
  } else {
    add(std::make_unique<Report>(headline, line));
  }
  passBy(open_.empty() ? nullptr : current_, &line);
}

void ConsoleParser::State::onBody(const BodyLine& body, const KernelLine& line) {
  if (std::holds_alternative<Plain>(body)) {
    noteBoot(line);
    passBy(nullptr, &line);
    before_ = line;
    return;
  }
  const Report* last = current_;
  Report* owner = ownerOf(body, line);
  if (owner != nullptr) {
    owner->take(body, line);
    current_ = owner;
  } else if (current_ != last) {
    owner = current_;  // a report that this line began
  } else if (std::holds_alternative<FrameLine>(body)) {
    ++counts_.strayFrames;
  }
  passBy(owner, &line);
  before_.reset();
}

Report* ConsoleParser::State::ownerOf(const BodyLine& body, const KernelLine& line) {
  if (const auto* cpu = std::get_if<CpuLine>(&body)) return onCpuLine(*cpu, line);
  if (const auto* frame = std::get_if<FrameLine>(&body)) return ownerOfFrame(frame->frame, line);
  if (std::holds_alternative<TraceStart>(body)) return startTrace(line);
  if (std::holds_alternative<ProgramCounter>(body)) {
    Report* waiting = newest(line, [](const Report& report) { return report.awaitsProgramCounter(); });
    return waiting != nullptr ? waiting : newest(line, [](const Report& report) { return report.awaitsFrame(); });
  }
  if (std::holds_alternative<LinkRegister>(body)) {
    return newest(line, [](const Report& report) { return report.awaitsLinkRegister(); });
  }
  if (std::holds_alternative<TraceEnd>(body)) {
    return newest(line, [](const Report& report) { return report.endsWithMark(); });
  }
  if (std::holds_alternative<Ruler>(body)) {
    return newest(line, [](const Report& report) { return report.kind() == EventKind::Sanitizer; });
  }
  if (std::holds_alternative<PanicEnd>(body)) {
    return newest(line, [](const Report& report) { return report.kind() == EventKind::Panic; });
  }
  return newest(line, [](const Report&) { return true; });
}

// The report that took a line last, else the newest one, of those that fit.
template <class Fits>
Report* ConsoleParser::State::newest(const KernelLine& line, Fits fits) {
  const auto suits = [&](const Report& report) { return !report.isOver() && report.mayOwn(line) && fits(report); };
  if (current_ != nullptr && suits(*current_)) return current_;
  const auto found = std::find_if(open_.rbegin(), open_.rend(), [&](const Owned& report) { return suits(*report); });
  return found == open_.rend() ? nullptr : found->get();
}

// A frame that is the pc of a report whose trace has just begun is certainly its.
Report* ConsoleParser::State::ownerOfFrame(const RawFrame& frame, const KernelLine& line) {
  Report* begins = newest(line, [&](const Report& report) { return report.beginsWith(frame); });
  return begins != nullptr ? begins : newest(line, [](const Report& report) { return report.awaitsFrame(); });
}

// A new trace ends those of the same caller. One that is cut short goes on, perhaps, in the new one.
Report* ConsoleParser::State::startTrace(const KernelLine& line) {
  Report* owner = newest(line, [](const Report& report) { return report.awaitsTrace(); });
  for (auto& report : open_) {
    if (report.get() == owner || report->isOver() || !report->mayOwn(line)) continue;
    if (report->awaitsFrame() && report->cutShort()) ++counts_.ambiguousLines;
    if (report->traced()) report->end();
  }
  return owner;
}

Report* ConsoleParser::State::onCpuLine(const CpuLine& cpu, const KernelLine& line) {
  Report* owner = newest(line, [&](const Report& report) { return report.awaitsCpuLine(cpu); });
  if (owner != nullptr) return owner;
  const bool told = before_ && before_->caller == line.caller && std::holds_alternative<Plain>(readBody(before_->text));
  KernelLine message = told ? *before_ : line;
  if (!told) message.text.clear();
  add(std::make_unique<Report>(Report::dumpStack(message, cpu, line)));
  return nullptr;  // it took the line
}

void ConsoleParser::State::add(Owned report) {
  if (open_.size() >= kMostOpen) {
    for (auto& oldest : open_) {
      if (oldest->isOver()) continue;
      oldest->end();
      break;
    }
    flush();
  }
  open_.push_back(std::move(report));
  current_ = open_.back().get();
}

void ConsoleParser::State::passBy(const Report* owner, const KernelLine* line) {
  for (auto& report : open_) {
    if (report.get() != owner && !report->isOver()) report->pass(line);
  }
}

void ConsoleParser::State::endAll() {
  for (auto& report : open_) report->end();
  flush();
}

// Events leave in the order in which they began.
void ConsoleParser::State::flush() {
  while (!open_.empty() && open_.front()->isOver()) {
    if (auto event = open_.front()->event(release_)) {
      event->node = options_.node;
      ready_.push_back(std::move(*event));
      ++counts_.events;
    }
    if (current_ == open_.front().get()) current_ = nullptr;
    open_.pop_front();
  }
}

ConsoleParser::ConsoleParser(ParserOptions options) : state_(std::make_unique<State>(std::move(options))) {}
ConsoleParser::~ConsoleParser() = default;
ConsoleParser::ConsoleParser(ConsoleParser&&) noexcept = default;
ConsoleParser& ConsoleParser::operator=(ConsoleParser&&) noexcept = default;

std::vector<ConsoleEvent> ConsoleParser::feed(const ConsoleChunk& chunk) {
  return state_->feed(chunk);
}
std::vector<ConsoleEvent> ConsoleParser::tick(Instant now) {
  return state_->tick(now);
}
std::vector<ConsoleEvent> ConsoleParser::finish() {
  return state_->finish();
}
ParserCounts ConsoleParser::counts() const {
  return state_->counts();
}

}  // namespace relapse::console
