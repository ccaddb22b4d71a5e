// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/mail_parts.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "report/lines.hpp"
#include "report/markup.hpp"

namespace relapse::report {
namespace {

// A path may begin at the text's start, and behind one of these.
constexpr std::string_view kBefore = " \t\n'\"`=:(<[{,;|@";
constexpr std::string_view kBehind = " \t\n'\"`)>]},;|";

bool beginsPath(std::string_view text, std::size_t at) {
  if (at > 0 && kBefore.find(text[at - 1]) == std::string_view::npos) return false;
  const std::string_view rest = text.substr(at);
  return rest.starts_with("/") || rest.starts_with("./") || rest.starts_with("../") || rest.starts_with("~");
}

// Between quotes a path may have blanks in it.
std::size_t endOfPath(std::string_view text, std::size_t at) {
  const char quote = at > 0 && (text[at - 1] == '\'' || text[at - 1] == '"') ? text[at - 1] : '\0';
  const std::size_t end = quote != '\0' ? text.find(quote, at) : std::string_view::npos;
  return std::min(end != std::string_view::npos ? end : text.find_first_of(kBehind, at), text.size());
}

std::string_view lastPart(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

}  // namespace

std::string wrapped(std::string_view text, std::string_view first, std::string_view rest) {
  return wrapped(asciiLine(text), first, rest, kMailWidth);
}

std::string named(std::string_view name, std::string_view text) {
  return text.empty() ? "" : wrapped(text, fmt::format("{:<10}", name), "          ");
}

std::string heading(std::string_view words) {
  return fmt::format("\n{}\n{}\n\n", words, std::string(words.size(), '-'));
}

std::string withoutFolders(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = beginsPath(text, at) ? endOfPath(text, at) : at;
    const std::string_view path = text.substr(at, end - at);
    if (path.starts_with("//") && !out.ends_with("file:")) {  // the rest of an address
      out += path;
    } else if (path.find('/') != std::string_view::npos && path.size() > 1) {
      out += lastPart(path);
    } else {
      out += text.substr(at, std::max<std::size_t>(path.size(), 1));
    }
    at = std::max(end, at + 1);
  }
  return out;
}

}  // namespace relapse::report
