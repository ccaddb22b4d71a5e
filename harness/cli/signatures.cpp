// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/signatures.hpp"

namespace relapse::cli {
namespace {

std::size_t bytesOf(const console::ConsoleEvent& event) {
  std::size_t bytes = 512 + 2 * event.title.size();
  for (const auto& frame : event.frames) bytes += sizeof(std::string) + frame.symbol.size();
  return bytes;
}

}  // namespace

Signatures::Bug Signatures::add(const console::ConsoleEvent& event) {
  if (bytes_ > kMostBytes) return {.text = console::signature({event})};
  const std::size_t number = book_.add(event);
  if (number >= bugs_) {
    bugs_ = number + 1;
    bytes_ += bytesOf(event);
  }
  return {.number = number, .mayChange = console::isSpin(event.kind)};
}

std::string Signatures::of(const Bug& bug) const {
  return bug.number ? book_.signature(*bug.number) : bug.text;
}

}  // namespace relapse::cli
