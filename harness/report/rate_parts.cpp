// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/rate_parts.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "report/markup.hpp"
#include "report/plot.hpp"
#include "report/run_files.hpp"

namespace relapse::report {

std::string rangeBar(double low, double middle, double high, std::string_view label) {
  const auto x = [](double part) { return 4 + 392 * std::clamp(part, 0.0, 1.0); };
  return fmt::format(
      "<svg class=\"bar\" viewBox=\"0 0 400 24\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\"><rect "
      "class=\"axis\" x=\"4\" y=\"9\" width=\"392\" height=\"6\"/><rect class=\"range\" x=\"{:.1f}\" y=\"7\" "
      "width=\"{:.1f}\" height=\"10\"/><rect class=\"mark\" x=\"{:.1f}\" y=\"3\" width=\"4\" height=\"18\"/></svg>\n",
      escaped(label), x(low), std::max(x(high) - x(low), 1.0), x(middle) - 2);
}

std::string rateBar(const Rate& rate) {
  if (rate.runs == 0) return {};
  return rangeBar(rate.low, static_cast<double>(rate.hits) / rate.runs, rate.high, rateWords(rate));
}

std::string figure(const Result<std::string>& plot, const std::string& caption) {
  if (plot) return fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n", *plot, escaped(caption));
  const std::string advice = plot.error().advice.empty() ? "" : "; try: " + plot.error().advice;
  return fmt::format("<p class=\"muted small\">No plot ({}): {}{}</p>\n", escaped(caption),
                     escaped(plot.error().message), escaped(advice));
}

std::string rateMarkup(const Rate& rate) {
  std::string out = fmt::format("<p>{}</p>\n{}", escaped(rateWords(rate)), rateBar(rate));
  if (!rate.toEvent.empty())
    out += "<div class=\"plots\">" +
           figure(timeToEventPlot(rate), "Time to the event (Kaplan-Meier); a tick is a run that ended without it") +
           "</div>\n";
  return out;
}

}  // namespace relapse::report
