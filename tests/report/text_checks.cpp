// SPDX-License-Identifier: GPL-2.0-or-later
#include "text_checks.hpp"

#include <gmock/gmock.h>

#include <regex>
#include <sstream>

namespace relapse::report {
namespace {

using testing::HasSubstr;
using testing::Not;

// Every tag of a page; attributes' values are quoted, and hold no '<' or '>' when they are escaped.
std::vector<std::string> tagsOf(const std::string& page) {
  std::vector<std::string> tags;
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1))
    tags.push_back(page.substr(at, page.find('>', at) + 1 - at));
  return tags;
}

}  // namespace

std::vector<std::string> linesOf(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

void expectTame(const std::string& page) {
  static const std::regex kQuoted("\"[^\"]*\"|'[^']*'");
  for (const auto& tag : tagsOf(page)) {
    const std::string bare = std::regex_replace(tag, kQuoted, "\"\"");
    for (const char* live : {"<script", "<img", "<iframe", " on", "pwned", "javascript:"})
      EXPECT_THAT(bare, Not(HasSubstr(live))) << tag;
    EXPECT_THAT(tag, Not(HasSubstr("://"))) << "leads out";
    EXPECT_THAT(tag, Not(HasSubstr("href=\"javascript:")));
  }
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy\" content=\"default-src 'none';"));
  for (const char byte : page) EXPECT_TRUE(static_cast<unsigned char>(byte) >= ' ' || byte == '\n' || byte == '\t');
}

}  // namespace relapse::report
