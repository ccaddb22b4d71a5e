// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a console log: whole, in pieces, and in pieces with time that passes between them.
#include <cstdint>
#include <iterator>

#include "console_laws.hpp"

namespace relapse::console {
namespace {

struct Parsed {
  std::vector<ConsoleEvent> events;
  ParserCounts counts;
};

// Piece lengths and pauses, made of the log's last bytes: the fuzzer chooses them with it.
class Choices {
 public:
  explicit Choices(std::string_view log) {
    for (const char byte : log.substr(log.size() - std::min<std::size_t>(8, log.size())))
      state_ = (state_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
    mostly_ = 1u + next() % 3u;
  }

  std::size_t length() {
    const std::uint64_t number = next();
    return mostly_ == 1 ? 1 + number % 8 : mostly_ == 2 ? 1 + number % 200 : 1 + number % 6000;
  }
  Instant pause() { return Instant(next() % 8 == 0 ? next() % 1500 : 0); }

 private:
  std::uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ >> 11;
  }

  std::uint64_t state_ = 0xcbf29ce484222325u;
  std::uint64_t mostly_ = 1;
};

void keep(Parsed& parsed, std::vector<ConsoleEvent> more) {
  std::move(more.begin(), more.end(), std::back_inserter(parsed.events));
}

Parsed inPieces(std::string_view log, bool withTime) {
  ConsoleParser parser;
  Parsed parsed;
  Choices choices(log);
  Instant now{0};
  while (!log.empty()) {
    const std::string piece(log.substr(0, choices.length()));  // a copy: reading beyond it is seen
    keep(parsed, parser.feed({piece, now}));
    log.remove_prefix(piece.size());
    if (withTime) {
      now += choices.pause();
      keep(parsed, parser.tick(now));
    }
  }
  keep(parsed, parser.finish());
  parsed.counts = parser.counts();
  return parsed;
}

Parsed whole(std::string_view log) {
  ConsoleParser parser;
  Parsed parsed;
  keep(parsed, parser.feed({log, Instant{0}}));
  keep(parsed, parser.finish());
  parsed.counts = parser.counts();
  return parsed;
}

#ifdef RELAPSE_PLANTED_BUG
// For the test that findings are found: no log of the corpus has a task of such a name.
void plantedBug(const std::vector<ConsoleEvent>& events) {
  for (const ConsoleEvent& event : events)
    if (event.kind == EventKind::HungTask)
      require(event.task.find_first_of("!\"#$%&'*+,;=?@\\^`{|}~") == std::string::npos, "the planted bug", event.task);
}
#endif

void check(std::string_view log) {
  const Parsed once = whole(log);
  requireEventLaws(once.events, log.size());
  require(once.counts.events == once.events.size(), "counts tell the events");
  const Parsed pieces = inPieces(log, false);
  require(described(once.events) == described(pieces.events), "the same events in any pieces",
          described(once.events) + "<- whole, pieces ->\n" + described(pieces.events));
  require(described(once.counts) == described(pieces.counts), "the same counts in any pieces",
          described(once.counts) + described(pieces.counts));
  requireEventLaws(inPieces(log, true).events, log.size());
  for (const ConsoleEvent& event : once.events)
    require(isCleanText(signature({event})), "a signature is clean text", event.title);
#ifdef RELAPSE_PLANTED_BUG
  plantedBug(once.events);
#endif
}

}  // namespace
}  // namespace relapse::console

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  relapse::console::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
