// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/plot.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "process/descriptor.hpp"
#include "process/process.hpp"
#include "report/markup.hpp"
#include "report/survival.hpp"
#include "statistics/rates.hpp"

namespace relapse::report {
namespace {

using namespace std::chrono_literals;

// Of a colour that can be seen on white and on black.
constexpr std::string_view kHead = R"(set terminal svg size 560,280 dynamic font "sans,13" background "#ffffff00"
set border 3
set tics nomirror out
set grid ytics lc rgb "#808080" lw 0.4
unset key
set style line 1 lw 2 lc rgb "#3a86c8"
)";

// A file in memory, which another program can open by its path.
Result<process::Descriptor> inMemory(const std::string& text) {
  process::Descriptor file(memfd_create("relapse-plot", MFD_CLOEXEC));
  if (!file.isOpen()) return fail(FailureKind::Internal, "no file in memory for gnuplot");
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t done = ::write(file.get(), text.data() + at, text.size() - at);
    if (done <= 0) return fail(FailureKind::Exhausted, "no memory for gnuplot's script");
    at += static_cast<std::size_t>(done);
  }
  return file;
}

Result<std::string> plotted(const std::string& script, std::string_view label) {
  if (!process::findProgram("gnuplot"))
    return fail(FailureKind::HostLacks, "gnuplot is missing", "apt-get install gnuplot-nox");
  auto file = inMemory(script);
  if (!file) return passOn(file.error());
  const auto output =
      process::runChecked({.argv = {"gnuplot", "-d", fmt::format("/proc/{}/fd/{}", getpid(), file->get())}},
                          {.deadline = 20s, .keepBytes = 4u << 20}, FailureKind::Internal);
  if (!output) return passOn(output.error());
  return adapted(output->standardOutput, label);
}

std::string points(std::string_view name, std::span<const SurvivalStep> steps) {
  std::string out = fmt::format("${} << EOD\n", name);
  for (const auto& step : steps) out += fmt::format("{:.3f} {:.5f}\n", step.seconds, step.without);
  return out + "EOD\n";
}

void replaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

void cut(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    const std::size_t end = text.find(to, at + from.size());
    text.erase(at, end == std::string::npos ? std::string::npos : end + to.size() - at);
  }
}

}  // namespace

std::string adapted(std::string_view svg, std::string_view label) {
  const std::size_t first = svg.find("<g ");
  const std::size_t past = svg.rfind("</svg>");
  const std::size_t box = svg.find("viewBox=\"");
  if (first == std::string_view::npos || past == std::string_view::npos || past < first || box > first) return {};
  const std::string_view size = svg.substr(box, svg.find('"', box + 9) + 1 - box);
  std::string inner(svg.substr(first, past - first));
  cut(inner, "<defs>", "</defs>");
  cut(inner, "<script", "</script>");
  cut(inner, "<title>", "</title>");
  cut(inner, " id=\"", "\"");
  for (const auto black : {"'black'", "\"black\"", "'rgb(  0,   0,   0)'", "\"rgb(0,0,0)\""})
    replaceAll(inner, black, "\"currentColor\"");
  replaceAll(inner, " font-family=\"sans\"", "");
  return fmt::format("<svg class=\"plot\" {} role=\"img\" aria-label=\"{}\">\n{}</svg>\n", size, escaped(label), inner);
}

Result<std::string> timeToEventPlot(const Rate& rate) {
  auto curve = timeToEvent(rate);
  const double end = curve.end > 0 ? curve.end * 1.04 : 1;
  curve.steps.push_back({curve.end, curve.steps.back().without});
  std::string script(kHead);
  script += fmt::format("set xrange [0:{:.3f}]\nset yrange [0:1.03]\nset ytics 0.25\n", end);
  script += "set xlabel \"seconds from the guest's start\"\nset ylabel \"runs without the event\"\n";
  script += points("curve", curve.steps);
  script += "plot ";
  const std::string censored = curve.censored.empty() ? std::string() : points("ended", curve.censored);
  if (!censored.empty()) {
    script.insert(script.size() - 5, censored);
    script += "$ended using 1:($2-0.025):(0):(0.05) with vectors nohead lc rgb \"black\", ";
  }
  script += "$curve using 1:2 with steps ls 1\n";
  return plotted(script, fmt::format("Time to the event: of {} runs, {} without it after {:.1f} s",
                                     rate.toEvent.size() + rate.without.size(), rate.without.size(), curve.end));
}

Result<std::string> ratePlot(std::span<const PastCell> nights) {
  std::string script(kHead);
  script += fmt::format("set xrange [{}:0.7]\nset yrange [0:103]\nset ytics 25\nset xtics 5\n",
                        -static_cast<double>(nights.size()) + 0.3);
  script += "set xlabel \"nights ago\"\nset ylabel \"rate, %\"\n$rate << EOD\n";
  std::size_t drawn = 0;
  for (std::size_t i = 0; i < nights.size(); ++i) {
    if (nights[i].runs <= 0) continue;
    const statistics::Count count{std::clamp(nights[i].hits, 0, nights[i].runs), nights[i].runs};
    const auto range = statistics::clopperPearson(count);
    script += fmt::format("{} {:.2f} {:.2f} {:.2f}\n", static_cast<double>(i + 1) - static_cast<double>(nights.size()),
                          100 * count.rate(), 100 * range.low, 100 * range.high);
    ++drawn;
  }
  script += "EOD\n";
  if (drawn == 0) return fail(FailureKind::BadInput, "no night had a run");
  script +=
      "plot $rate using 1:3:(0):($4-$3) with vectors nohead ls 1 lw 1.5, "
      "$rate using ($1-0.22):2:(0.44):(0) with vectors nohead ls 1 lw 4\n";
  return plotted(script, fmt::format("Rate with its 95 % interval over {} nights", drawn));
}

}  // namespace relapse::report
