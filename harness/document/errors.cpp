// SPDX-License-Identifier: GPL-2.0-or-later
#include "document/errors.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "document/input.hpp"

namespace relapse::document {
namespace {

constexpr std::size_t kMostErrors = 100;
constexpr std::size_t kMostQuoted = 60;

// A byte that is no UTF-8 counts as a character.
std::string cut(std::string_view text) {
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); at += std::max<std::size_t>(1, utf8Length(text, at)))
    if (characters++ == kMostQuoted) return std::string(text.substr(0, at)) + "...";
  return std::string(text);
}

std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// Insertions, deletions, substitutions and swaps of neighbours.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, substitution});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

}  // namespace

void Errors::add(const Place& place, std::string_view key, std::string_view problem) {
  errors_.push_back({place, std::string(key), std::string(problem)});
}

bool Errors::holds(const Error& error) const {
  return std::any_of(errors_.begin(), errors_.end(), [&](const Error& other) {
    return other.place.line == error.place.line && other.place.column == error.place.column &&
           other.place.file == error.place.file && other.key == error.key && other.problem == error.problem;
  });
}

std::string Errors::text() const {
  std::vector<const Error*> sorted;
  sorted.reserve(errors_.size());
  for (const Error& error : errors_) sorted.push_back(&error);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Error* a, const Error* b) {
    const auto rank = [](const Place& place) {
      return std::tuple(place.file.starts_with("--set"), place.line, place.column);
    };
    return rank(a->place) < rank(b->place);
  });
  std::string result;
  for (std::size_t i = 0; i < std::min(sorted.size(), kMostErrors); ++i) {
    const Error& error = *sorted[i];
    if (i > 0) result += '\n';
    result += describe(error.place) + ": ";
    // "--set KEY" names the key already.
    if (!error.key.empty() && !error.place.file.ends_with(" " + error.key)) result += error.key + ": ";
    result += error.problem;
  }
  if (sorted.size() > kMostErrors) result += fmt::format("\nand {} more", sorted.size() - kMostErrors);
  return result;
}

tl::unexpected<Failure> Errors::failure(std::string advice) const {
  return fail(FailureKind::BadInput, text(), std::move(advice));
}

std::string describe(const Place& place) {
  if (place.line == 0) return place.file;
  return fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

std::string quote(std::string_view text) {
  std::string result = "\"";
  const std::string shown = cut(text);
  for (std::size_t at = 0; at < shown.size(); ++at) {
    const char c = shown[at];
    const bool wideControl = c == '\xC2' && at + 1 < shown.size() && static_cast<unsigned char>(shown[at + 1]) < 0xA0;
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (wideControl || static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(wideControl ? shown[++at] : c));
    } else if (const std::size_t length = utf8Length(shown, at); length > 0) {
      result += shown.substr(at, length);
      at += length - 1;
    } else {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return result + '"';
}

std::string describe(const Value& value) {
  if (value.isEmpty()) return "nothing";
  if (const std::string* text = value.text()) return quote(*text);
  return value.list() != nullptr ? "a list" : "a map";
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.size() > 100) return {};
  std::string_view best;
  std::size_t bestDistance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t apart = distance(lowered(word), lowered(candidate));
    if (apart >= bestDistance || apart >= std::min(word.size(), candidate.size())) continue;
    best = candidate;
    bestDistance = apart;
  }
  return best;
}

std::string didYouMean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view near = nearest(word, candidates);
  return near.empty() ? std::string{} : fmt::format("; did you mean \"{}\"?", near);
}

}  // namespace relapse::document
