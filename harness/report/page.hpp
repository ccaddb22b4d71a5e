// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace relapse::report {

// A part of a page with a heading, to which the list of links at the head leads. `inner` is markup; one without is left
// out.
struct Section {
  std::string_view id;
  std::string_view heading;
  std::string inner;
};

// A whole HTML page that needs nothing but itself: its style is inline, it has no script, and its policy allows neither
// a script nor the network. `title` is foreign text; the parts are markup already.
struct PageParts {
  std::string title;
  std::string header;
  std::vector<Section> sections;
  std::string footer;
};
std::string page(const PageParts& parts);

// Pieces of pages. `text` and `label` are foreign text, `inner` is markup.
std::string details(std::string_view summary, const std::string& inner, bool open = false);
std::string wide(std::string_view label, const std::string& inner);  // scrolls in itself, by keyboard too
std::string code(std::string_view text);
std::string preformatted(std::string_view text);
std::string list(const std::vector<std::string>& texts);

// A link to the page of a run in `directory`, which is relative to this page or whole; the words alone where there is
// none.
std::string runLink(const std::string& directory, std::string_view words);

// A list of names and what they are; an empty value is left out. `value` is markup.
struct Fact {
  std::string name;
  std::string value;
};
std::string facts(const std::vector<Fact>& all);

// The cells are markup. A column whose heading starts with '#' holds numbers.
std::string table(const std::vector<std::string_view>& headings, const std::vector<std::vector<std::string>>& rows);

enum class Tone { Good, Bad, Warn, Calm };
std::string_view toneClass(Tone tone);
std::string_view toneGlyph(Tone tone);  // told by its shape, too
std::string badge(Tone tone, std::string_view text);

// "12.3 MB"
std::string bytesWords(double bytes);

}  // namespace relapse::report
