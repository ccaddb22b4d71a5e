// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/parser.hpp"

#include <cstdlib>
#include <cstring>
#include <utility>

#include "console/cursor.hpp"
#include "console/parser_state.hpp"

namespace relapse::console {
namespace {

std::string silenceTitle(Instant silence) {
  const auto count = silence.count();
  return "console silent for " +
         (count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms");
}

}  // namespace

std::vector<ConsoleEvent> ConsoleParser::State::feed(const ConsoleChunk& chunk) {
  now_ = chunk.arrival;
  if (!chunk.bytes.empty()) {
    lastBytes_ = now_;
    silent_ = false;
  }
  floods_.expire(now_, ready_);
  for (std::string_view rest = chunk.bytes; !rest.empty();) {
    const std::string_view piece = rest.substr(0, LineSplitter::kMostBytes);
    splitter_.feed(
        {piece, chunk.arrival}, [this](const Line& line) { onLine(line); },
        [this](std::string_view start, std::uint64_t first) { return repeats(start, first); });
    before_.keep();
    rest.remove_prefix(piece.size());
  }
  return collect();
}

std::vector<ConsoleEvent> ConsoleParser::State::tick(Instant now) {
  replay();
  if (strays_.quietSince(now)) endStrays();
  open_.endQuiet(now);
  flush();
  floods_.tick(now, ready_);
  if (options_.silence && !silent_ && now - lastBytes_ >= *options_.silence) {
    silent_ = true;
    ConsoleEvent event;
    event.kind = EventKind::Silence;
    event.title = silenceTitle(*options_.silence);
    event.at = lastBytes_;
    event.span = {splitter_.bytes(), splitter_.bytes()};
    endStrays();
    queue(std::move(event));
  }
  return collect();
}

std::vector<ConsoleEvent> ConsoleParser::State::finish() {
  splitter_.finish([this](const Line& line) { onLine(line); });
  replay();
  cut_ = true;
  endBoot();
  return collect();
}

ParserCounts ConsoleParser::State::counts() const {
  ParserCounts counts = counts_;
  counts.droppedBytes = splitter_.droppedBytes();
  counts.ambiguousLines += open_.ambiguousLines();
  return counts;
}

void ConsoleParser::State::onLine(const Line& line) {
  ++counts_.lines;
  if (echo_.active() ? follows(line) : skim(line)) return;
  const std::string_view text = line.plain ? line.text : cleaned(line.text, scratch_);
  const auto read = text.empty() ? std::nullopt : source_.read(text);
  if (!read) return onUserLine();
  const KernelLine kernel{read->text, read->caller, read->time, line.span, line.arrival, now_};
  if (trimmed(kernel.text).empty()) return;
  onKernelLine(kernel, line.cut);
  if (!line.plain) before_.keep();  // scratch_ is for the next line
}

// The shortest way through a flood: the very line that comes next in it, known before its end is looked for.
std::size_t ConsoleParser::State::repeats(std::string_view rest, std::uint64_t first) {
  if (!echo_.active() || echo_.awaited().empty() || !patterns_.empty()) return 0;
  const std::string_view awaited = echo_.awaited();
  const Stamp stamp = readStamp(rest);
  const std::size_t length = stamp.length + 1 + awaited.size();
  if (stamp.length == 0 || rest.size() <= length || rest[stamp.length] != ' ') return 0;
  if ((rest[length] != '\n' && rest[length] != '\r') || length > LineSplitter::kLongestLine) return 0;
  if (std::memcmp(rest.data() + stamp.length + 1, awaited.data(), awaited.size()) != 0) return 0;
  if (!echo_.take(stamp.micros, {first, first + length}, now_, now_)) return 0;
  ++counts_.lines;
  source_.stamped(stamp);
  return length;
}

// Another line while a flood goes on.
bool ConsoleParser::State::follows(const Line& line) {
  if (!line.plain || line.cut || !patterns_.empty()) return false;
  const Stamp stamp = readStamp(line.text);
  if (stamp.length == 0 || stamp.length + 1 >= line.text.size() || line.text[stamp.length] != ' ') return false;
  const std::string_view text = line.text.substr(stamp.length + 1);
  if (hasKernelTag(text) || trimmed(text).empty()) return false;
  source_.stamped(stamp);
  onKernelLine({text, {}, stamp.time(), line.span, line.arrival, now_}, false);
  return true;
}

// The short way for most lines of a log: nothing is open, and this one begins nothing. False: it has to be read.
bool ConsoleParser::State::skim(const Line& line) {
  if (!open_.empty() || !strays_.empty() || !patterns_.empty()) return false;
  if (!line.plain) return skimOdd(line);
  const Stamp stamp = readStamp(line.text);
  std::string_view text = line.text.substr(stamp.length);
  if (stamp.length > 0) {
    std::string_view caller;
    if (text.starts_with(' ')) {
      text.remove_prefix(1);
    } else {
      const PrintkLine read = readPrintk(line.text);
      text = read.text;
      caller = read.caller;
    }
    if (text.empty() || matters(text) || hasKernelTag(text)) return false;
    source_.stamped(stamp);
    before_.set(line, text, caller, &stamp, now_, true);
    return true;
  }
  if (mayBeMarked(text)) return false;
  if (source_.marked()) return !beginsBoot(text);
  if (matters(text)) return false;
  before_.set(line, text, {}, nullptr, now_, true);
  return true;
}

// A line with odd bytes, without a look at all of them.
bool ConsoleParser::State::skimOdd(const Line& line) {
  constexpr std::size_t kEnough = 48;
  const std::string_view start = cleaned(line.text.substr(0, kEnough), scratch_);
  if (start.size() < 8 || mayBeMarked(start) || matters(start)) return false;
  for (std::size_t at = line.text.find('['); at != std::string_view::npos; at = line.text.find('[', at + 1)) {
    const auto next = static_cast<unsigned char>(at + 1 < line.text.size() ? line.text[at + 1] : '\0');
    if (next <= ' ' || next == 0x7f || (next >= '0' && next <= '9')) return false;
  }
  if (source_.marked()) return true;
  before_.set(line, line.text, {}, nullptr, now_, false);
  return true;
}

// Could a line of the kernel begin an event, or be of a report? Errs on yes.
bool ConsoleParser::State::matters(std::string_view text) const {
  return mayBeBody(text) || tables_.headlines().mayBegin(text);
}

// Could it be a line that is read though no report is open? Errs on yes.
bool ConsoleParser::State::mayBeBody(std::string_view text) const {
  switch (text.front()) {
    case ' ':
    case '\t':
    case '=':  // the self test
    case '[':  // a caller, an old frame's address
      return true;
    case 'B':
      return beginsBoot(text);
    case 'C':
      return text.starts_with("CPU: ") || text.starts_with("Call ");
    default:
      return false;
  }
}

void ConsoleParser::State::onUserLine() {
  if (echo_.active() && echo_.pass() == Echo::Step::Taken) return;
  replay();
  open_.pass(nullptr);
  flush();
}

void ConsoleParser::State::onKernelLine(const KernelLine& line, bool cut) {
  if (echoes(line, cut)) {
    matchPatterns(line);
    return;
  }
  replay();
  place(line, cut);
  matchPatterns(line);
  flush();
}

void ConsoleParser::State::matchPatterns(const KernelLine& line) {
  if (patterns_.empty()) return;
  const auto found = patterns_.firstIn(line.text);
  if (!found) return;
  replay();
  endStrays();
  flush();
  ConsoleEvent event;
  event.kind = EventKind::Pattern;
  event.title = "pattern \"" + patterns_.text(*found) + "\"";
  event.message = trimmed(line.text);
  event.at = line.arrival;
  event.kernelTime = line.time;
  event.release = release_;
  event.span = line.span;
  queue(std::move(event));
}

ConsoleParser::ConsoleParser(std::unique_ptr<State> state) : state_(std::move(state)) {}

ConsoleParser::ConsoleParser(ParserOptions options) {
  auto patterns = PatternSet::make(options.patterns);
  if (!patterns) std::abort();
  state_ = std::make_unique<State>(std::move(options), std::move(*patterns));
}

Result<ConsoleParser> ConsoleParser::make(ParserOptions options) {
  auto patterns = PatternSet::make(options.patterns);
  if (!patterns) return tl::unexpected(patterns.error());
  return ConsoleParser(std::make_unique<State>(std::move(options), std::move(*patterns)));
}

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
