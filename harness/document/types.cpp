// SPDX-License-Identifier: GPL-2.0-or-later
#include "document/types.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace relapse::document {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
// The largest first: the largest that divides is the one that is printed.
constexpr std::array kSizeUnits{Unit{"TiB", 1ull << 40}, Unit{"GiB", 1ull << 30}, Unit{"MiB", 1ull << 20},
                                Unit{"KiB", 1ull << 10}, Unit{"B", 1}};
constexpr std::array kTimeUnits{Unit{"h", 3600}, Unit{"min", 60}, Unit{"s", 1}};

constexpr std::array kShortUnits{Unit{"h", 3'600'000}, Unit{"min", 60'000}, Unit{"s", 1000}, Unit{"ms", 1}};

constexpr std::size_t kMostWordsListed = 8;

template <class Number>
std::optional<Number> wholeNumber(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <class Units>
std::optional<std::uint64_t> numberWithUnit(std::string_view text, const Units& units) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = wholeNumber<std::uint64_t>(text.substr(0, digits));
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == text.substr(digits); });
  if (!number || unit == units.end()) return std::nullopt;
  if (*number > std::numeric_limits<std::uint64_t>::max() / unit->factor) return std::nullopt;
  return *number * unit->factor;
}

template <class Units>
std::string withUnit(std::uint64_t number, const Units& units) {
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) {
    return u.factor == 1 || (number != 0 && number % u.factor == 0);
  });
  return fmt::format("{}{}", number / unit->factor, unit->name);
}

std::string describeItem(const std::variant<Text, Word, const Table*>& item) {
  if (const auto* text = std::get_if<Text>(&item)) return describe(*text);
  if (const auto* word = std::get_if<Word>(&item)) return describe(*word);
  return std::string(std::get<const Table*>(item)->name);
}

struct Describe {
  std::string operator()(const Text& type) const { return std::string(type.expected); }
  std::string operator()(const Integer& type) const {
    return fmt::format("an integer from {} to {}", type.least, type.most);
  }
  std::string operator()(const Size& type) const {
    return fmt::format("a size from {} to {}", describeSize(type.least), describeSize(type.most));
  }
  std::string operator()(const Duration& type) const {
    const std::string range = fmt::format("a duration from {} to {}", describe(type.least), describe(type.most));
    return type.step.count() == 1 ? range : fmt::format("{} in steps of {}", range, describe(type.step));
  }
  std::string operator()(const ShortDuration& type) const {
    return fmt::format("a duration from {} to {}", describe(type.least), describe(type.most));
  }
  std::string operator()(const TimeShift& type) const {
    return fmt::format("a time such as 90s or -90s, up to {} either way", describe(type.most));
  }
  std::string operator()(const Percent&) const { return "a percentage from 1% to 100%"; }
  std::string operator()(const Boolean&) const { return "true or false"; }
  std::string operator()(const Flag&) const { return "true"; }
  std::string operator()(const Word& type) const {
    if (type.words.size() == 1) return std::string(type.words.front());
    if (type.words.size() <= kMostWordsListed) return fmt::format("one of {}", fmt::join(type.words, ", "));
    return fmt::format("{} such as {} or {}", type.label, type.words[0], type.words[1]);
  }
  std::string operator()(const Fraction& type) const {
    return fmt::format("K/N such as 1/3, with K from 1 to N and N up to {}", type.most);
  }
  std::string operator()(const ListOf& type) const {
    const std::string item = describeItem(type.item);
    if (type.alone) return fmt::format("{}, or a list of such", item);
    return fmt::format("a list{}, each {}", type.least > 0 ? " of one or more" : "", item);
  }
  std::string operator()(const Section&) const { return "a map"; }
  std::string operator()(const Anything& type) const { return std::string(type.expected); }
};

// Each gives the value of a text, or nothing.
struct ParseText {
  std::string_view text;

  std::optional<Parsed> operator()(const Text& type) const {
    const bool accepted = type.accepts == nullptr ? !text.empty() : type.accepts(text);
    return accepted ? std::optional<Parsed>(std::string(text)) : std::nullopt;
  }
  std::optional<Parsed> operator()(const Integer& type) const {
    const auto number = parseInteger(text);
    if (!number || *number < type.least || *number > type.most) return std::nullopt;
    return *number;
  }
  std::optional<Parsed> operator()(const Size& type) const {
    const auto size = parseSize(text);
    if (!size || *size < type.least || *size > type.most) return std::nullopt;
    return *size;
  }
  std::optional<Parsed> operator()(const Duration& type) const {
    const auto duration = parseDuration(text);
    if (!duration || *duration < type.least || *duration > type.most) return std::nullopt;
    if ((*duration - type.least) % type.step != std::chrono::seconds{0}) return std::nullopt;
    return *duration;
  }
  std::optional<Parsed> operator()(const ShortDuration& type) const {
    const auto duration = parseShortDuration(text);
    if (!duration || *duration < type.least || *duration > type.most) return std::nullopt;
    return *duration;
  }
  std::optional<Parsed> operator()(const TimeShift& type) const {
    const auto shift = parseTimeShift(text);
    if (!shift || shift->count() == 0 || *shift > type.most || *shift < -type.most) return std::nullopt;
    return *shift;
  }
  std::optional<Parsed> operator()(const Percent&) const {
    const auto percent = parsePercent(text);
    if (!percent || *percent < 1 || *percent > 100) return std::nullopt;
    return *percent;
  }
  std::optional<Parsed> operator()(const Boolean&) const {
    if (text != "true" && text != "false") return std::nullopt;
    return text == "true";
  }
  std::optional<Parsed> operator()(const Flag&) const {
    return text == "true" ? std::optional<Parsed>(true) : std::nullopt;
  }
  std::optional<Parsed> operator()(const Word& type) const {
    const bool known = std::find(type.words.begin(), type.words.end(), text) != type.words.end();
    return known ? std::optional<Parsed>(std::string(text)) : std::nullopt;
  }
  std::optional<Parsed> operator()(const Fraction& type) const {
    const auto ratio = parseFraction(text, type.most);
    return ratio ? std::optional<Parsed>(*ratio) : std::nullopt;
  }
  std::optional<Parsed> operator()(const ListOf&) const { return std::nullopt; }
  std::optional<Parsed> operator()(const Section&) const { return std::nullopt; }
  std::optional<Parsed> operator()(const Anything&) const { return std::nullopt; }
};

}  // namespace

std::optional<std::int64_t> parseInteger(std::string_view text) {
  return wholeNumber<std::int64_t>(text);
}

std::optional<std::uint64_t> parseSize(std::string_view text) {
  return numberWithUnit(text, kSizeUnits);
}

std::optional<std::chrono::seconds> parseDuration(std::string_view text) {
  const auto number = numberWithUnit(text, kTimeUnits);
  const auto most = static_cast<std::uint64_t>(std::chrono::seconds::max().count());
  if (!number || *number > most) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(*number));
}

std::optional<std::chrono::milliseconds> parseShortDuration(std::string_view text) {
  const auto number = numberWithUnit(text, kShortUnits);
  const auto most = static_cast<std::uint64_t>(std::chrono::milliseconds::max().count());
  if (!number || *number > most) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*number));
}

std::optional<std::chrono::seconds> parseTimeShift(std::string_view text) {
  const bool back = text.starts_with('-');
  const auto duration = parseDuration(back ? text.substr(1) : text);
  return duration && back ? std::optional(-*duration) : duration;
}

std::optional<std::int64_t> parsePercent(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  return wholeNumber<std::int64_t>(text.substr(0, text.size() - 1));
}

std::optional<Ratio> parseFraction(std::string_view text, int most) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto part = wholeNumber<int>(text.substr(0, slash));
  const auto whole = wholeNumber<int>(text.substr(slash + 1));
  const bool fits = part && whole && *part >= 1 && *part <= *whole && *whole <= most;
  return fits ? std::optional(Ratio{*part, *whole}) : std::nullopt;
}

std::optional<Parsed> parseScalar(const Type& type, const Value& value, std::string_view key, Errors& errors) {
  const bool emptyMap = value.map() != nullptr && value.map()->empty();
  if (emptyMap && std::holds_alternative<Flag>(type)) return true;
  const std::string* text = value.text();
  std::optional<Parsed> parsed = text == nullptr ? std::nullopt : std::visit(ParseText{*text}, type);
  if (parsed) return parsed;
  const auto* word = std::get_if<Word>(&type);
  const std::string slip = word != nullptr && text != nullptr ? didYouMean(*text, word->words) : "";
  errors.add(value.place, key, fmt::format("expected {}, found {}{}", describe(type), describe(value), slip));
  return std::nullopt;
}

std::string describe(const Type& type) {
  return std::visit(Describe{}, type);
}

std::string describe(std::chrono::seconds duration) {
  return withUnit(static_cast<std::uint64_t>(duration.count()), kTimeUnits);
}

std::string describe(std::chrono::milliseconds duration) {
  if (duration.count() == 0) return "0s";
  return withUnit(static_cast<std::uint64_t>(duration.count()), kShortUnits);
}

std::string describeSize(std::uint64_t bytes) {
  return withUnit(bytes, kSizeUnits);
}

}  // namespace relapse::document
