// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "statistics/values.hpp"

namespace relapse::statistics {

// What tries made one after the other say of a rate: it is `high` or more, it is `low` or less, or not enough yet.
enum class Finding { Open, High, Low };

struct Question {
  double high = 1;          // both in 0 to 1, high above low
  double low = 0.5;         //
  double falseHigh = 0.25;  // so often "High" may be said of a rate that is low
  double falseLow = 0.05;   // and "Low" of one that is high
};

// Wald's sequential probability ratio test (Annals of Mathematical Statistics 16, 1945). Asked after each try; the
// first answer that is not Open is the answer. A `high` of 1 is taken as 0.95: one miss does not end it all. Pure.
Finding ask(const Question& question, Count count);

}  // namespace relapse::statistics
