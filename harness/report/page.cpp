// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/page.hpp"

#include <fmt/format.h>

#include "report/markup.hpp"
#include "report/style.hpp"

namespace relapse::report {
namespace {

std::string links(const std::vector<Section>& sections) {
  std::string out;
  for (const auto& section : sections)
    if (!section.inner.empty()) out += fmt::format("<a href=\"#{}\">{}</a>\n", section.id, escaped(section.heading));
  return out;
}

std::string bodies(const std::vector<Section>& sections) {
  std::string out;
  for (const auto& section : sections)
    if (!section.inner.empty())
      out += fmt::format("<section id=\"{0}\" aria-labelledby=\"{0}-h\">\n<h2 id=\"{0}-h\">{1}</h2>\n{2}</section>\n",
                         section.id, escaped(section.heading), section.inner);
  return out;
}

}  // namespace

std::string page(const PageParts& parts) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to content</a>\n"
      "<header>\n{}</header>\n<nav aria-label=\"Sections\">{}</nav>\n<main id=\"main\">\n{}</main>\n"
      "<footer>{}</footer>\n</body>\n</html>\n",
      escaped(parts.title), kStyle, parts.header, links(parts.sections), bodies(parts.sections), parts.footer);
}

std::string details(std::string_view summary, const std::string& inner, bool open) {
  if (inner.empty()) return {};
  return fmt::format("<details{}><summary>{}</summary>\n{}</details>\n", open ? " open" : "", escaped(summary), inner);
}

std::string wide(std::string_view label, const std::string& inner) {
  if (inner.empty()) return {};
  return fmt::format("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">\n{}</div>\n",
                     escaped(label), inner);
}

std::string code(std::string_view text) {
  return fmt::format("<code>{}</code>", escaped(text));
}

std::string preformatted(std::string_view text) {
  return text.empty() ? std::string() : fmt::format("<pre tabindex=\"0\">{}</pre>\n", escaped(text));
}

std::string list(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += fmt::format("<li>{}</li>\n", escaped(text));
  return out.empty() ? out : fmt::format("<ul>\n{}</ul>\n", out);
}

std::string runLink(const std::string& directory, std::string_view words) {
  if (directory.empty()) return escaped(words);
  return fmt::format("<a href=\"{}\">{}</a>", linkTo(directory + "/report.html"), escaped(words));
}

std::string facts(const std::vector<Fact>& all) {
  std::string out;
  for (const auto& fact : all)
    if (!fact.value.empty()) out += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(fact.name), fact.value);
  return out.empty() ? out : fmt::format("<dl class=\"facts\">\n{}</dl>\n", out);
}

std::string table(const std::vector<std::string_view>& headings, const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return {};
  std::string out = "<table>\n<thead><tr>";
  for (const auto heading : headings) {
    const bool number = heading.starts_with('#');
    out += fmt::format("<th scope=\"col\"{}>{}</th>", number ? " class=\"n\"" : "",
                       escaped(heading.substr(number ? 1 : 0)));
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i)
      out += fmt::format("<td{}>{}</td>", i < headings.size() && headings[i].starts_with('#') ? " class=\"n\"" : "",
                         row[i]);
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table>\n";
}

std::string_view toneClass(Tone tone) {
  constexpr std::string_view kClasses[] = {"good", "bad", "warn", "calm"};
  return kClasses[static_cast<std::size_t>(tone)];
}

std::string_view toneGlyph(Tone tone) {
  constexpr std::string_view kGlyphs[] = {"\u2713", "\u2717", "?", "\u2013"};
  return kGlyphs[static_cast<std::size_t>(tone)];
}

std::string badge(Tone tone, std::string_view text) {
  return fmt::format("<span class=\"badge {}\"><span aria-hidden=\"true\">{} </span>{}</span>", toneClass(tone),
                     toneGlyph(tone), escaped(text));
}

std::string bytesWords(double bytes) {
  constexpr std::string_view kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < std::size(kUnits); ++unit) bytes /= 1000;
  return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, kUnits[unit]);
}

}  // namespace relapse::report
