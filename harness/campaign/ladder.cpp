// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/ladder.hpp"

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "document/errors.hpp"
#include "document/schema.hpp"

namespace relapse::campaign {
namespace {

struct Amount {
  std::uint64_t number = 0;
  std::string_view unit;
};

std::optional<Amount> amountIn(std::string_view text) {
  Amount amount;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), amount.number);
  if (error != std::errc{}) return std::nullopt;
  amount.unit = text.substr(static_cast<std::size_t>(rest - text.data()));
  return amount;
}

// 0: it is no unit of size.
std::uint64_t bytesIn(std::string_view unit) {
  if (unit.empty() || unit == "B") return 1;
  if (unit.size() != 1 && unit.substr(1) != "iB") return 0;
  switch (unit.front()) {
    case 'k':
    case 'K':
      return 1ull << 10;
    case 'm':
    case 'M':
      return 1ull << 20;
    case 'g':
    case 'G':
      return 1ull << 30;
    default:
      return 0;
  }
}

std::optional<std::uint64_t> sizeIn(const Amount& amount) {
  const std::uint64_t unit = bytesIn(amount.unit);
  if (unit == 0 || amount.number > std::numeric_limits<std::uint64_t>::max() / 2 / unit) return std::nullopt;
  return amount.number * unit;
}

// A letter alone is no unit of a scenario's, so that it can only be short for a size.
bool isShortSize(std::string_view unit) {
  return unit.size() == 1 && bytesIn(unit) > 1;
}

std::string written(std::uint64_t bytes, Notation notation) {
  return notation == Notation::PlainBytes ? std::to_string(bytes) : document::describeSize(bytes);
}

std::vector<std::uint64_t> doubling(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> steps;
  for (std::uint64_t step = from; step < to; step = step == 0 ? 1 : step * 2) {
    steps.push_back(step);
    if (step > to / 2) break;
  }
  steps.push_back(to);
  return steps;
}

tl::unexpected<Failure> refuse(std::string_view expected, std::string_view text) {
  return fail(FailureKind::BadInput, fmt::format("expected {}, found {}", expected, document::quote(text)));
}

}  // namespace

Result<std::vector<std::string>> ladder(std::string_view text, Notation notation) {
  const auto dots = text.find("..");
  const auto from = amountIn(text.substr(0, dots));
  const auto to = dots == std::string_view::npos ? std::nullopt : amountIn(text.substr(dots + 2));
  if (!from || !to) return refuse("two numbers such as 1..64 or 4k..64k", text);
  std::vector<std::string> values;
  if (notation == Notation::AsWritten && from->unit == to->unit && !isShortSize(from->unit)) {
    if (from->number > to->number) return refuse("the smaller end first", text);
    for (const auto step : doubling(from->number, to->number)) values.push_back(fmt::format("{}{}", step, to->unit));
    return values;
  }
  const auto least = sizeIn(*from);
  const auto most = sizeIn(*to);
  if (!least || !most) return refuse("two ends with the same unit, or sizes such as 4k..1M", text);
  if (*least > *most) return refuse("the smaller end first", text);
  for (const auto step : doubling(*least, *most)) values.push_back(written(step, notation));
  return values;
}

std::string inNotation(std::string_view text, Notation notation) {
  const auto amount = amountIn(text);
  if (!amount || (notation == Notation::AsWritten && !isShortSize(amount->unit))) return std::string(text);
  const auto bytes = sizeIn(*amount);
  return bytes ? written(*bytes, notation) : std::string(text);
}

}  // namespace relapse::campaign
