// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/mail.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "document/errors.hpp"
#include "kernel/mail_text.hpp"

namespace relapse::kernel {

namespace {

constexpr int kDeepestPart = 8;

struct Header {
  std::string name;   // in small letters
  std::string value;  // unfolded, still encoded
};
using Headers = std::vector<Header>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool areDigits(std::string_view text) {
  return std::ranges::all_of(text, [](char letter) { return letter >= '0' && letter <= '9'; });
}

// Takes a line off the front, with its end.
std::string_view takeLine(std::string_view& text) {
  const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
  text.remove_prefix(line.size());
  return line;
}

// "12:34:56 1970" and more behind it.
bool isTimeAndYear(std::string_view text) {
  if (text.size() < 13 || text[2] != ':' || text[5] != ':') return false;
  return areDigits(text.substr(0, 2)) && areDigits(text.substr(3, 2)) && areDigits(text.substr(6, 2)) &&
         areDigits(text.substr(9, 4));
}

// "From user@host Thu Jan  1 00:00:00 1970"; prose that begins so has no time and year.
bool isSeparator(std::string_view line) {
  if (!line.starts_with("From ")) return false;
  for (std::size_t colon = line.find(':', 7); colon != std::string_view::npos; colon = line.find(':', colon + 1))
    if (isTimeAndYear(line.substr(colon - 2))) return true;
  return false;
}

// The size of "Name" of "Name: value"; 0 when the line is no header.
std::size_t headerName(std::string_view line) {
  const std::size_t colon = line.substr(0, 80).find(':');
  if (colon == std::string_view::npos) return 0;
  const auto fits = [](unsigned char c) { return c > ' ' && c < 0x7f; };
  return std::ranges::all_of(line.substr(0, colon), fits) ? colon : 0;
}

// Takes the headers and the blank line behind them off the front.
Headers takeHeaders(std::string_view& text) {
  Headers headers;
  while (!text.empty()) {
    std::string_view rest = text;
    const std::string_view line = takeLine(rest);
    const std::string_view value = trimmed(line);
    const bool folded = !headers.empty() && !value.empty() && (line.front() == ' ' || line.front() == '\t');
    const std::size_t name = folded ? 0 : headerName(line);
    if (!folded && name == 0) {
      if (value.empty()) text = rest;
      break;
    }
    if (folded)
      headers.back().value.append(" ").append(value);
    else
      headers.push_back({lower(line.substr(0, name)), std::string(trimmed(line.substr(name + 1)))});
    text = rest;
  }
  return headers;
}

// The first of that name.
std::string valueOf(const Headers& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &Header::name);
  return found == headers.end() ? std::string() : found->value;
}

// ">From " and ">>From " have one ">" less.
std::string withoutQuotedFrom(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::string_view line = takeLine(text);
    const std::size_t mark = std::min(line.find_first_not_of('>'), line.size());
    result += line.substr(mark > 0 && line.substr(mark).starts_with("From ") ? 1 : 0);
  }
  return result;
}

// The value of `boundary` in a Content-Type; empty when it has none.
std::string boundaryOf(std::string_view type) {
  constexpr std::string_view kName = "boundary=";
  const std::size_t at = lower(type).find(kName);
  if (at == std::string::npos) return {};
  std::string_view value = type.substr(at + kName.size());
  if (value.starts_with('"')) return std::string(value.substr(1, std::min(value.find('"', 1), value.size()) - 1));
  return std::string(trimmed(value.substr(0, value.find(';'))));
}

// What is between the lines "--BOUNDARY", the last of which may be missing.
std::vector<std::string_view> partsOf(std::string_view body, const std::string& boundary) {
  const std::string mark = "--" + boundary;
  std::vector<std::string_view> parts;
  const char* begin = nullptr;
  while (!body.empty()) {
    const std::string_view line = takeLine(body);
    const std::string_view behind = line.starts_with(mark) ? trimmed(line.substr(mark.size())) : "text";
    if (!behind.empty() && behind != "--") continue;
    if (begin != nullptr) parts.emplace_back(begin, static_cast<std::size_t>(line.data() - begin));
    begin = behind.empty() ? body.data() : nullptr;
  }
  if (begin != nullptr) parts.emplace_back(begin, static_cast<std::size_t>(body.data() - begin));
  return parts;
}

Result<std::string> decodedBody(const Headers& headers, std::string_view body, int depth);

// Of several parts those that are text, one after the other.
Result<std::string> textParts(const std::string& type, std::string_view body, int depth) {
  const std::string boundary = boundaryOf(type);
  if (boundary.empty()) return fail(FailureKind::BadInput, "it has several parts and no mark between them");
  if (depth == kDeepestPart) return fail(FailureKind::BadInput, "its parts are in each other too deep");
  std::string text;
  for (std::string_view part : partsOf(body, boundary)) {
    const Headers headers = takeHeaders(part);
    const std::string kind = lower(valueOf(headers, "content-type"));
    const bool isText =
        kind.empty() || kind.starts_with("multipart/") || (kind.starts_with("text/") && !kind.starts_with("text/html"));
    if (!isText) continue;
    auto decoded = decodedBody(headers, part, depth + 1);
    if (!decoded) return decoded;
    text += *decoded;
    if (!text.ends_with('\n')) text += '\n';
  }
  return text;
}

bool isPlain(const std::string& encoding) {
  return encoding.empty() || encoding == "7bit" || encoding == "8bit" || encoding == "binary";
}

bool isMultipart(const std::string& type) {
  return lower(type).starts_with("multipart/");
}

Result<std::string> decodedBody(const Headers& headers, std::string_view body, int depth) {
  const std::string type = valueOf(headers, "content-type");
  if (isMultipart(type)) return textParts(type, body, depth);
  const std::string encoding = lower(valueOf(headers, "content-transfer-encoding"));
  if (isPlain(encoding)) return withUnixLineEnds(body);
  if (encoding == "quoted-printable") return withUnixLineEnds(fromQuotedPrintable(body));
  if (encoding != "base64")
    return fail(FailureKind::BadInput, fmt::format("expected a body in quoted-printable, base64 or as it is, found {}",
                                                   document::quote(encoding)));
  const auto bytes = fromBase64(body);
  if (!bytes) return fail(FailureKind::BadInput, "its base64 is cut or damaged");
  return withUnixLineEnds(*bytes);
}

std::string commitOf(std::string_view separator) {
  const std::string_view id =
      separator.substr(0, separator.find(' ', 5)).substr(std::min<std::size_t>(5, separator.size()));
  const bool isId = id.size() == 40 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return isId && id.find_first_not_of('0') != std::string_view::npos ? std::string(id) : std::string();
}

// "Doe, J." <j@x> is written without the quotes.
std::string authorOf(std::string_view value) {
  std::string author = oneLine(fromEncodedWords(value));
  const std::size_t end = author.find("\" <");
  if (!author.starts_with('"') || end == std::string::npos) return author;
  author.erase(end, 1).erase(0, 1);
  std::erase(author, '\\');
  return author;
}

std::string authorInBody(std::string_view body) {
  while (!body.empty()) {
    const std::string_view line = takeLine(body);
    if (trimmed(line).empty()) continue;
    return line.starts_with("From: ") ? authorOf(line.substr(6)) : std::string();
  }
  return {};
}

// The mbox's own, before the next message.
std::string_view withoutBlankLine(std::string_view message) {
  for (const std::string_view end : {"\n\n", "\n\r\n"})
    if (message.ends_with(end)) return message.substr(0, message.size() - end.size() + 1);
  return message;
}

std::string withoutBrackets(std::string id) {
  if (id.starts_with('<')) id.erase(0, 1);
  return id.substr(0, id.find('>'));
}

}  // namespace

std::vector<std::string_view> messagesOf(std::string_view mbox) {
  std::vector<std::string_view> messages;
  const char* begin = mbox.data();
  std::string_view rest = mbox;
  const auto upTo = [&](const char* end) {
    const std::string_view message(begin, static_cast<std::size_t>(end - begin));
    begin = end;
    return message;
  };
  const auto add = [&](std::string_view message) {
    if (!trimmed(message).empty()) messages.push_back(message);
  };
  while (!rest.empty()) {
    const std::string_view line = takeLine(rest);
    if (isSeparator(line)) add(withoutBlankLine(upTo(line.data())));
  }
  add(upTo(mbox.data() + mbox.size()));
  if (messages.empty() || isSeparator(messages.front())) return messages;
  std::string_view first = messages.front();
  const bool isMessage = !valueOf(takeHeaders(first), "subject").empty();
  return isMessage ? messages : std::vector<std::string_view>();
}

Mail readMail(std::string_view message) {
  std::string_view rest = message;
  const std::string_view line = takeLine(rest);
  const std::string_view separator = isSeparator(line) ? line : std::string_view();
  if (separator.empty()) rest = message;
  const std::string plain = withoutQuotedFrom(withUnixLineEnds(rest));
  std::string_view body = plain;
  const Headers headers = takeHeaders(body);
  Mail mail{.commit = commitOf(separator),
            .subject = oneLine(fromEncodedWords(valueOf(headers, "subject"))),
            .author = authorOf(valueOf(headers, "from")),
            .messageId = oneLine(withoutBrackets(valueOf(headers, "message-id"))),
            .text = decodedBody(headers, body, 0)};
  if (!mail.text) return mail;
  if (std::string author = authorInBody(*mail.text); !author.empty()) mail.author = std::move(author);
  const bool asSent =
      isPlain(lower(valueOf(headers, "content-transfer-encoding"))) && !isMultipart(valueOf(headers, "content-type"));
  mail.text = asSent ? withUnixLineEnds(separator) + plain
                     : fmt::format("From: {}\nSubject: {}\n\n{}", mail.author, mail.subject, *mail.text);
  return mail;
}

}  // namespace relapse::kernel
