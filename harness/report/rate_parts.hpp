// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "report/night.hpp"

namespace relapse::report {

// A rate with its interval as a bar of SVG, from 0 to 100 %. `label` is foreign text.
std::string rateBar(const Rate& rate);
std::string rangeBar(double low, double middle, double high, std::string_view label);

// The rate in words, its bar, and its time-to-event curve where there is one to draw; what cannot be plotted is told.
std::string rateMarkup(const Rate& rate);

// A plot with what it shows, or why there is none.
std::string figure(const Result<std::string>& plot, const std::string& caption);

}  // namespace relapse::report
