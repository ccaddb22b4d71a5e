// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <set>

#include "cli/commands.hpp"
#include "cli/decode_log.hpp"
#include "cli/decode_source.hpp"
#include "cli/output.hpp"
#include "report/decoded.hpp"
#include "report/terminal.hpp"
#include "stacktrace/boots.hpp"
#include "stacktrace/decoder.hpp"
#include "stacktrace/mentions.hpp"

namespace relapse::cli {
namespace {

constexpr std::size_t kIndent = 4;
constexpr std::size_t kMostColumns = 60;  // of a prefix that decoded lines stand behind

// One log with one vmlinux: prints it decoded.
class LogDecoding {
 public:
  LogDecoding(std::string name, stacktrace::Decoder& decoder, SourceTree* tree, bool json)
      : name_(std::move(name)), decoder_(decoder), json_(json) {
    if (tree != nullptr) source_ = [tree](const stacktrace::SourcePlace& place) { return tree->line(place); };
  }

  // Reads the log for what it tells of its kernel, then again to print it. Its failure, when it cannot be read to
  // its end: what could be read is printed.
  Result<void> run(TwiceReadLog& log);

  bool complete() const { return frames_ > 0 && undecoded_ == 0; }
  void tell() const;  // what was not decoded, and what is in doubt: on standard error

  Output& output() { return output_; }

 private:
  template <class Each>
  Result<void> forEachLine(TwiceReadLog& log, Each&& each);
  void identify(const stacktrace::BootReader& reader);
  void print(std::string_view line, stacktrace::BootReader& reader);
  void print(const stacktrace::Frame& frame, const stacktrace::LogLine& line);

  const std::string name_;
  stacktrace::Decoder& decoder_;
  const bool json_;
  report::SourceLine source_;
  Output output_;
  std::vector<stacktrace::Identity> identities_;  // of the boots
  std::uint64_t lines_ = 0;
  std::uint64_t frames_ = 0;
  std::uint64_t undecoded_ = 0;
  std::string reason_;  // of the last frame that was not decoded
};

template <class Each>
Result<void> LogDecoding::forEachLine(TwiceReadLog& log, Each&& each) {
  LineCutter lines;
  Result<std::string_view> piece;
  for (piece = log.read(); piece && !piece->empty() && !output_.broken(); piece = log.read()) lines.feed(*piece, each);
  lines.finish(each);
  if (!piece) return passOn(piece.error());
  return {};
}

Result<void> LogDecoding::run(TwiceReadLog& log) {
  stacktrace::BootReader first;
  auto read = forEachLine(log, [&](std::string_view text) {
    const auto line = first.read(text);
    if (stacktrace::mayMention(line.text)) first.note(line, stacktrace::mentionsIn(line.text));
  });
  if (!read && read.error().kind == FailureKind::Exhausted) return read;
  identify(first);
  if (auto again = log.rewind(); !again) return again;
  stacktrace::BootReader second;
  return forEachLine(log, [&](std::string_view text) { print(text, second); });
}

void LogDecoding::identify(const stacktrace::BootReader& reader) {
  for (const auto& boot : reader.boots()) identities_.push_back(stacktrace::identify(boot, decoder_));
  if (reader.overflowed())
    identities_.back().problem = fmt::format("expected at most {} boots in one log, found more", identities_.size());
}

void LogDecoding::print(std::string_view text, stacktrace::BootReader& reader) {
  ++lines_;
  if (!json_) output_.write(report::plain(text) + '\n');
  const auto line = reader.read(text);
  if (!stacktrace::mayMention(line.text)) return;
  const auto mentions = stacktrace::mentionsIn(line.text);
  reader.note(line, mentions);
  static const stacktrace::Identity kGrown{.problem = "expected a log that is whole, found one that grows"};
  const auto& identity = line.boot < identities_.size() ? identities_[line.boot] : kGrown;
  for (const auto& mention : mentions) print(stacktrace::decode(mention, identity, decoder_), line);
}

void LogDecoding::print(const stacktrace::Frame& frame, const stacktrace::LogLine& line) {
  ++frames_;
  const bool told = !json_ && !frame.undecoded.empty() && frame.undecoded == reason_;
  reason_ = frame.undecoded;
  if (frame.calls.empty()) ++undecoded_;
  if (told) return;
  if (json_)
    output_.write(report::dumped(report::decodedJson(frame, lines_, line.time, source_)) + '\n');
  else
    output_.write(report::decodedText(frame, std::min(line.column, kMostColumns) + kIndent, source_));
}

void LogDecoding::tell() const {
  const std::string name = report::plain(name_);
  std::set<std::string> told;
  for (const auto& identity : identities_) {
    const auto& text = identity.problem.empty() ? identity.doubt : identity.problem;
    if (frames_ > 0 && !text.empty() && told.size() < 10 && told.insert(text).second)
      fmt::print(stderr, "relapse: {}: {}\n", name, report::plain(text));
  }
  if (frames_ == 0)
    fmt::print(stderr, "relapse: {}: no frame in it\n", name);
  else if (undecoded_ > 0)
    fmt::print(stderr, "relapse: {}: {} of {} frames not decoded\n", name, undecoded_, frames_);
}

int failed(const Failure& failure) {
  printFailure(failure);
  return exitStatusOf(failure.kind);
}

}  // namespace

int decodeCommand(const DecodeArguments& arguments, const Common& common) {
  if (arguments.source && arguments.tree.empty())
    return failed({FailureKind::BadInput, "-v: expected --tree DIR, the kernel's source, found none"});
  auto log = TwiceReadLog::open(arguments.log);
  if (!log) return failed(log.error());
  auto decoder = stacktrace::Decoder::open({arguments.vmlinux, arguments.modules});
  if (!decoder) return failed(decoder.error());
  std::optional<SourceTree> tree;
  if (arguments.source) {
    auto opened = SourceTree::open(arguments.tree, decoder->release());
    if (!opened) return failed(opened.error());
    tree = std::move(*opened);
  }
  LogDecoding decoding(logfile::shownName(arguments.log), *decoder, tree ? &*tree : nullptr, common.json);
  const auto ran = decoding.run(*log);
  decoding.output().flush();
  if (decoding.output().broken()) return decoding.output().end(0);
  decoding.tell();
  if (!ran) return failed(ran.error());
  return decoding.complete() ? 0 : 1;
}

}  // namespace relapse::cli
