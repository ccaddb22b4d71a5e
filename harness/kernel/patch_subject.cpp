// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/patch_subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace relapse::kernel {

namespace {

// What mail programs put before the subject of an answer or of what they pass on.
constexpr std::array<std::string_view, 14> kReplies = {"re:",   "fwd:",   "fw:",   "aw:",    "sv:",   "antw:",  "wg:",
                                                       "回复:", "回复：", "答复:", "答复：", "转发:", "转发：", "re："};
constexpr std::size_t kLongestName = 57;  // git format-patch: 64 with ".patch" and a null byte

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

void skipBlanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  return whole && text.front() != '-' ? std::optional(value) : std::nullopt;
}

bool takeReply(std::string_view& subject) {
  const std::string start = lower(subject.substr(0, 16));
  for (const std::string_view reply : kReplies) {
    if (!start.starts_with(reply)) continue;
    subject.remove_prefix(reply.size());
    skipBlanks(subject);
    return true;
  }
  return false;
}

// "v2" and "PATCHv2"; "v2.1", of which one part was sent again, is of v2.
std::optional<int> versionOf(std::string_view word) {
  if (word.starts_with("patch")) word.remove_prefix(5);
  if (!word.starts_with('v')) return std::nullopt;
  return number(word.substr(1, word.find('.') - 1));
}

// Notes a word of a bracket, in small letters; false when it is none of a patch's mail.
bool note(std::string_view word, PatchSubject& found) {
  const std::size_t slash = word.find('/');
  const auto part = number(word.substr(0, slash));
  const auto total = slash == std::string_view::npos ? std::nullopt : number(word.substr(slash + 1));
  if (part && total) {
    found.number = part;
    found.total = *total;
  } else if (const auto version = versionOf(word)) {
    found.version = *version;
  } else {
    return word == "patch" || word == "patches" || word == "rfc" || word == "resend";
  }
  return true;
}

// Notes what is in a bracket; false when nothing there is of a patch's mail.
bool noteAll(std::string_view inside, PatchSubject& found) {
  const std::string words = lower(inside);
  bool any = false;
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find_first_of(" ,", at), words.size());
    any = note(std::string_view(words).substr(at, end - at), found) || any;
    at = end + 1;
  }
  return any;
}

bool takeBracket(std::string_view& subject, PatchSubject& found) {
  const std::size_t end = subject.find(']');
  if (!subject.starts_with('[') || end == std::string_view::npos) return false;
  if (!noteAll(subject.substr(1, end - 1), found)) return false;
  found.marked = true;
  subject.remove_prefix(end + 1);
  skipBlanks(subject);
  return true;
}

bool isOfTitle(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
         letter == '.' || letter == '_';
}

// Each run of other characters is one '-', each run of dots one dot.
std::string slugOf(std::string_view subject) {
  std::string slug;
  bool gap = false;
  for (const char letter : subject) {
    if (!isOfTitle(letter)) {
      gap = true;
    } else if (letter != '.' || gap || !slug.ends_with('.')) {
      if (gap && !slug.empty()) slug += '-';
      slug += letter;
      gap = false;
    }
  }
  while (slug.ends_with('.') || slug.ends_with('-')) slug.pop_back();
  return slug;
}

}  // namespace

PatchSubject patchSubject(std::string_view subject) {
  PatchSubject found;
  skipBlanks(subject);
  while (takeReply(subject)) found.reply = true;
  while (takeBracket(subject, found)) {
  }
  found.text = subject;
  return found;
}

std::string fileNameOf(int number, std::string_view subject) {
  const std::string slug = slugOf(subject);
  const std::string name = fmt::format("{:04}{}{}", number, slug.empty() ? "" : "-", slug);
  return name.substr(0, kLongestName);
}

bool isNameOfCoverLetter(std::string_view name) {
  return numberOfName(name) == 0 && name.ends_with("cover-letter");
}

std::optional<int> numberOfName(std::string_view name) {
  if (name.starts_with('v')) {
    const std::size_t dash = std::min(name.find('-'), name.size());
    if (!versionOf(name.substr(0, dash))) return std::nullopt;
    name.remove_prefix(std::min(dash + 1, name.size()));
  }
  const std::size_t dash = name.find('-');
  return dash == std::string_view::npos ? std::nullopt : number(name.substr(0, dash));
}

}  // namespace relapse::kernel
