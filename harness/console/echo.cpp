// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/echo.hpp"

#include <algorithm>

#include "console/printk.hpp"

namespace relapse::console {

void EchoRecording::take(const BodyLine& body, std::string_view text) {
  EchoTemplate::Piece piece{static_cast<std::uint32_t>(lines_.text.size()), static_cast<std::uint32_t>(text.size()),
                            body.index()};
  piece.begins = std::holds_alternative<TraceStart>(body);
  piece.varies = std::holds_alternative<Detail>(body) || std::holds_alternative<Registers>(body) ||
                 std::holds_alternative<UserSide>(body);
  const bool fits = piece.varies || (piece.begins && !traced_) || (std::holds_alternative<FrameLine>(body) && traced_);
  traced_ = traced_ || piece.begins;
  whole_ = whole_ && fits && lines_.pieces.size() < kMostLines && lines_.text.size() + text.size() < kMostBytes;
  if (!whole_) return;
  lines_.pieces.push_back(piece);
  lines_.text.append(text).push_back('\n');
}

void Echo::learn(EchoTemplate&& lines) {
  const auto known = [&](const EchoTemplate& row) { return row.text == lines.text && row.path == lines.path; };
  if (std::any_of(templates_.begin(), templates_.end(), known)) return;
  if (templates_.size() < kMostTemplates) {
    templates_.push_back(std::move(lines));
    return;
  }
  while (oldest_ == template_ || oldest_ == previousTemplate_) oldest_ = (oldest_ + 1) % kMostTemplates;  // in use
  templates_[oldest_] = std::move(lines);
  oldest_ = (oldest_ + 1) % kMostTemplates;
}

void Echo::begin(const std::optional<KernelLine>& message, const KernelLine& cpuLine) {
  second_ = 0;
  told_.reset();
  if (message) {
    message_ = message->text;
    messageCaller_ = message->caller;
    told_ = message;
    told_->text = message_;
    told_->caller = messageCaller_;
  }
  start(message ? &*message : nullptr, cpuLine);
}

void Echo::start(const KernelLine* message, const KernelLine& cpuLine) {
  noteOwn(Entry::Is::CpuLine, cpuLine);
  const KernelLine& first = message != nullptr ? *message : cpuLine;
  next_ = 0;
  last_ = 0;
  between_ = 0;
  now_.path = 0;
  now_.place = {first.arrival, first.time, {first.span.first, cpuLine.span.past}};
  now_.seen = cpuLine.seen;
  now_.caller = cpuLine.caller;
  await();
}

bool Echo::matches(const KernelLine& line) {
  if (next_ == current().pieces.size() || line.caller != now_.caller || entries_.size() >= kMostEntries) return false;
  if (current().line(next_) == line.text || change(line.text)) {
    noteMatched(line);
  } else if (current().pieces[next_].varies && !tables_->headlines().read(line.text, false) &&
             tables_->body().read(line.text).index() == current().pieces[next_].is) {
    noteOwn(Entry::Is::Own, line);  // registers differ from task to task
  } else {
    return false;
  }
  took(line.span.past, line.seen);
  return true;
}

// Another template may have the same lines up to here.
bool Echo::change(std::string_view text) {
  const std::string_view sofar = std::string_view(current().text).substr(0, current().pieces[next_].first);
  for (std::size_t other = 0; other < templates_.size(); ++other) {
    const EchoTemplate& row = templates_[other];
    if (other == template_ || row.pieces.size() <= next_ || row.line(next_) != text) continue;
    if (row.pieces[next_].first != sofar.size() || !row.text.starts_with(sofar)) continue;
    template_ = other;
    return true;
  }
  return false;
}

// The report is whole, and another one begins.
bool Echo::beginNext(const KernelLine& cpuLine) {
  if (next_ != current().pieces.size() || second_ != 0 || entries_.size() >= kMostEntries) return false;
  if (!readCpuLine(cpuLine.text)) return false;
  std::swap(previous_, now_);
  previousTemplate_ = template_;
  previous_.path = current().path;
  previous_.cutShort = current().cutShort;
  toldSecond_ = 0;
  KernelLine message;
  if (last_ != 0) {
    message = held(last_, {});
    if (message.caller == cpuLine.caller) toldSecond_ = last_;
  }
  const bool told = toldSecond_ != 0;
  second_ = entries_.size();
  // noteOwn() may move texts_, which the message lies in; only its place is wanted from here on
  start(told ? &message : nullptr, cpuLine);
  return true;
}

Echo::Step Echo::pass() {
  if (++between_ > kMostBetween || entries_.size() >= kMostEntries) return Step::Broken;
  entries_.push_back({});
  entries_.back().is = Entry::Is::User;
  return Step::Taken;
}

bool Echo::noteBetween(const KernelLine& line) {
  if (entries_.size() >= kMostEntries) return false;
  ++between_;
  last_ = entries_.size();
  noteOwn(Entry::Is::Own, line);
  return true;
}

void Echo::noteOwn(Entry::Is is, const KernelLine& line) {
  Entry entry{is,
              static_cast<std::uint32_t>(texts_.size()),
              static_cast<std::uint32_t>(line.text.size()),
              static_cast<std::uint32_t>(line.caller.size()),
              line.time ? microsOf(*line.time) : kNoTime,
              line.span,
              line.arrival,
              line.seen};
  texts_.append(line.text).append(line.caller);
  entries_.push_back(entry);
}

void Echo::noteMatched(const KernelLine& line) {
  entries_.push_back({Entry::Is::Matched, static_cast<std::uint32_t>(next_), 0, 0,
                      line.time ? microsOf(*line.time) : kNoTime, line.span, line.arrival, line.seen});
}

// `caller`: of a Matched line, which has none of its own.
KernelLine Echo::held(std::size_t index, std::string_view caller) const {
  const Entry& entry = entries_[index];
  KernelLine line{{}, caller, {}, entry.span, entry.arrival, entry.seen};
  if (entry.micros != kNoTime) line.time = secondsOf(entry.micros);
  if (entry.is == Entry::Is::Matched) {
    line.text = templates_[index < second_ ? previousTemplate_ : template_].line(entry.text);
  } else {
    line.text = std::string_view(texts_).substr(entry.text, entry.size);
    line.caller = std::string_view(texts_).substr(entry.text + entry.size, entry.callerSize);
  }
  return line;
}

void Echo::forgetPrevious() {
  told_.reset();
  if (toldSecond_ != 0) {
    const KernelLine message = held(toldSecond_, {});
    message_ = message.text;
    messageCaller_ = message.caller;
    told_ = message;
    told_->text = message_;
    told_->caller = messageCaller_;
  }
  const std::uint32_t kept = entries_[second_].text;
  texts_.erase(0, kept);
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(second_));
  for (Entry& entry : entries_) {
    if (entry.is == Entry::Is::Own || entry.is == Entry::Is::CpuLine) entry.text -= kept;
  }
  second_ = 0;
}

}  // namespace relapse::console
