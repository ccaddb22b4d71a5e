// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace relapse::bisect {

// A number's 64 bits, mixed (splitmix64): the exclusive or of those of a set stands for the set.
inline std::uint64_t scattered(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

}  // namespace relapse::bisect
