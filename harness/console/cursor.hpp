// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace relapse::console {

// Reads a text from left to right. A read that fails takes nothing.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  bool take(char expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skipBlanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }

  std::optional<int> decimal() { return number<int>(10); }
  std::optional<std::uint64_t> hexadecimal() { return number<std::uint64_t>(16); }

  // What stands before the next `end`, which is taken, too; nothing when there is no `end`.
  std::optional<std::string_view> before(std::string_view end) {
    const std::size_t at = rest_.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view found = rest_.substr(0, at);
    rest_.remove_prefix(at + end.size());
    return found;
  }

  std::string_view rest() const { return rest_; }
  bool atEnd() const { return rest_.empty(); }

 private:
  template <class Number>
  std::optional<Number> number(int base) {
    if (rest_.starts_with('-')) return std::nullopt;
    Number value{};
    const auto [past, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value, base);
    if (error != std::errc{}) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(past - rest_.data()));
    return value;
  }

  std::string_view rest_;
};

inline std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace relapse::console
