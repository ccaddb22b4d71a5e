// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/diff.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace relapse::kernel {

namespace {

constexpr std::string_view kGitHead = "diff --git ";
constexpr std::string_view kNoFile = "/dev/null";

// Takes a number off the front.
template <class T>
bool takeNumber(std::string_view& text, T& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || number < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view start) {
  if (!text.starts_with(start)) return false;
  text.remove_prefix(start.size());
  return true;
}

char unescaped(char letter) {
  constexpr std::string_view kLetters = "abtnvfr";
  constexpr std::string_view kMeant = "\a\b\t\n\v\f\r";
  const std::size_t at = kLetters.find(letter);
  return at == std::string_view::npos ? letter : kMeant[at];
}

bool isOctal(char letter) {
  return letter >= '0' && letter <= '7';
}

// git's "b/\303\274.c", from behind its first quote to the next.
std::string unquoted(std::string_view text) {
  std::string path;
  for (std::size_t at = 0; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      path += text[at];
    } else if (at + 3 < text.size() && std::all_of(text.data() + at + 1, text.data() + at + 4, isOctal)) {
      path += static_cast<char>((text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 + (text[at + 3] - '0'));
      at += 3;
    } else {
      path += unescaped(text[++at]);
    }
  }
  return path;
}

std::string withoutFirstFolder(std::string path) {
  const std::size_t slash = path.find('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// The path of "diff --git a/PATH b/PATH"; empty when the two are not alike: a rename then names them apart.
std::string pathOfGitHead(std::string_view names) {
  if (names.starts_with('"')) return withoutFirstFolder(unquoted(names.substr(1)));
  const std::size_t middle = names.size() / 2;
  if (names.size() < 3 || names[middle] != ' ') return {};
  std::string path = withoutFirstFolder(std::string(names.substr(middle + 1)));
  return withoutFirstFolder(std::string(names.substr(0, middle))) == path ? path : std::string();
}

// A diff, line by line.
class Outliner {
 public:
  void take(std::string_view line, std::size_t at) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (inHunk() && takeOfHunk(line)) return;
    const bool oldNamed = std::exchange(oldNamed_, false);
    if (line.starts_with(kGitHead)) return beginFile(line.substr(kGitHead.size()), at);
    if (line.starts_with("--- ")) return nameOld(line, at);
    if (line.starts_with("+++ ") && oldNamed) return nameNew(line);
    if (const auto hunk = hunkHeader(line); hunk && named_) return beginHunk(*hunk);
    for (const std::string_view start : {"rename from ", "rename to "})
      if (inGitHead_ && line.starts_with(start)) addRenamed(line.substr(start.size()));
  }

  DiffOutline finish() {
    closeFile();
    outline_.cut = outline_.cut || inHunk();
    if (outline_.files.empty()) outline_.begin = std::string_view::npos;
    return std::move(outline_);
  }

 private:
  bool inHunk() const { return oldLeft_ > 0 || newLeft_ > 0; }

  // An empty line is one of context whose blank a mailer took.
  bool takeOfHunk(std::string_view line) {
    const char sign = line.empty() ? ' ' : line.front();
    const bool known = sign == ' ' || sign == '+' || sign == '-' || sign == '\\';
    if (sign == ' ' || sign == '-') --oldLeft_;
    if (sign == ' ' || sign == '+') --newLeft_;
    if (known && oldLeft_ >= 0 && newLeft_ >= 0) return true;
    outline_.cut = true;
    oldLeft_ = newLeft_ = 0;
    return false;
  }

  void beginFile(std::string_view names, std::size_t at) {
    closeFile();
    pending_ = pathOfGitHead(names);
    inGitHead_ = !pending_.empty() || names.find(' ') != std::string_view::npos;
    if (inGitHead_) markBegin(at);
  }

  void nameOld(std::string_view line, std::size_t at) {
    old_ = pathOfHeader(line);
    oldNamed_ = true;
    if (!inGitHead_) candidate_ = at;
  }

  void nameNew(std::string_view line) {
    if (!inGitHead_) markBegin(candidate_);
    const std::string path = pathOfHeader(line);
    add(path == kNoFile ? old_ : path);
    named_ = true;
    inGitHead_ = false;
    pending_.clear();
  }

  void addRenamed(std::string_view path) {
    add(path.starts_with('"') ? unquoted(path.substr(1)) : std::string(path));
    pending_.clear();
  }

  void beginHunk(const HunkHeader& hunk) {
    oldLeft_ = hunk.oldLines;
    newLeft_ = hunk.newLines;
  }

  // Of a file of which only the mode changes, or that is binary, there is no more than its head.
  void closeFile() {
    if (!pending_.empty()) add(pending_);
    pending_.clear();
    named_ = inGitHead_ = false;
  }

  void add(const std::string& path) {
    if (seen_.insert(path).second) outline_.files.push_back(path);
  }

  void markBegin(std::size_t at) { outline_.begin = std::min(outline_.begin, at); }

  DiffOutline outline_;
  std::set<std::string> seen_;
  std::string pending_, old_;
  std::size_t candidate_ = 0;
  long oldLeft_ = 0, newLeft_ = 0;
  bool oldNamed_ = false, named_ = false, inGitHead_ = false;
};

}  // namespace

std::optional<HunkHeader> hunkHeader(std::string_view line) {
  HunkHeader hunk;
  long newStart = 0;
  if (!take(line, "@@ -") || !takeNumber(line, hunk.oldStart)) return std::nullopt;
  if (take(line, ",") && !takeNumber(line, hunk.oldLines)) return std::nullopt;
  if (!take(line, " +") || !takeNumber(line, newStart)) return std::nullopt;
  if (take(line, ",") && !takeNumber(line, hunk.newLines)) return std::nullopt;
  return line.starts_with(" @@") ? std::optional(hunk) : std::nullopt;
}

std::string pathOfHeader(std::string_view line) {
  std::string_view path = line.substr(4);
  if (path.starts_with('"')) return withoutFirstFolder(unquoted(path.substr(1)));
  path = path.substr(0, path.find('\t'));
  while (path.ends_with(' ') || path.ends_with('\r')) path.remove_suffix(1);
  return path == kNoFile ? std::string(path) : withoutFirstFolder(std::string(path));
}

DiffOutline outlineOf(std::string_view text) {
  Outliner outliner;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    outliner.take(text.substr(at, end - at), at);
    at = end + 1;
  }
  return outliner.finish();
}

bool leadsOut(std::string_view path) {
  if (path.empty() || path.starts_with('/') || path.find('\0') != std::string_view::npos) return true;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (path.substr(at, end - at) == "..") return true;
    at = end + 1;
  }
  return false;
}

}  // namespace relapse::kernel
