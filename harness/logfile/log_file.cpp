// SPDX-License-Identifier: GPL-2.0-or-later
#include "logfile/log_file.hpp"

#include <fmt/format.h>

#include <utility>

namespace relapse::logfile {

LogFile::LogFile(RawBytes raw, PackingFound packing)
    : raw_(std::move(raw)), packing_(packing), decoder_(makeDecoder(packing.packing)) {
  if (decoder_) out_.resize(kPiece);
}

Result<LogFile> LogFile::open(const std::string& name) {
  auto descriptor = openLog(name);
  if (!descriptor) return passOn(std::move(descriptor).error());
  RawBytes raw(shownName(name), std::move(*descriptor));
  const auto packing = raw.packing();
  if (!packing) return passOn(packing.error());
  if (packing->packing == Packing::Unsupported) return unsupported(shownName(name), *packing);
  return LogFile(std::move(raw), *packing);
}

Result<std::string_view> LogFile::read() {
  return decoder_ ? readPacked() : raw_.next();
}

Result<std::string_view> LogFile::readPacked() {
  std::size_t made = 0;
  while (!failure_ && made < out_.size() && unpackSome(made)) continue;
  if (made == 0 && failure_) return passOn(*failure_);
  return std::string_view(out_.data(), made);
}

// One step of the decoder; false: the packed log has ended, or is broken off.
bool LogFile::unpackSome(std::size_t& made) {
  if (!inMember_) {
    skipPadding();
    if (in_.empty()) return fetch();
    decoder_->beginMember();
    inMember_ = true;
  }
  const auto step = decoder_->step(in_, {out_.data() + made, out_.size() - made});
  in_.remove_prefix(step.taken);
  made += step.made;
  unpacked_ += step.made;
  if (!step.damage.empty()) {
    breakOff(step.damage);
    return false;
  }
  if (step.memberEnded) inMember_ = false;
  if (step.taken > 0 || step.made > 0 || step.memberEnded) return true;
  if (in_.empty() && fetch()) return true;
  if (!failure_) breakOff("it ends in the middle");
  return false;
}

// More packed bytes; false: there are none.
bool LogFile::fetch() {
  if (inputEnded_) return false;
  auto piece = raw_.next();
  if (!piece) failure_ = std::move(piece).error();
  inputEnded_ = !piece || piece->empty();
  in_ = inputEnded_ ? std::string_view{} : *piece;
  return !inputEnded_;
}

// Zero bytes may follow a member: tapes and xz fill up with them.
void LogFile::skipPadding() {
  const std::size_t zeros = in_.find_first_not_of('\0');
  in_.remove_prefix(zeros == std::string_view::npos ? in_.size() : zeros);
}

void LogFile::breakOff(const std::string& why) {
  failure_ = Failure{FailureKind::BadInput,
                     fmt::format("{}: expected a whole {} file, it is damaged after {} bytes of the log: {}",
                                 raw_.name(), packing_.name, unpacked_, why)};
}

}  // namespace relapse::logfile
