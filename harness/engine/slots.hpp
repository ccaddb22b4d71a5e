// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// Which of the waiting jobs start now. Pure.
namespace relapse::engine {

struct Size {
  int cpus = 1;
  std::uint64_t memory = 0;  // bytes
};

struct Waiting {
  Size size;
  bool ready = true;  // all that it waits for has left its result
  int passed = 0;     // so many later ones started before it
};

struct Slots {
  Size free;
  std::size_t jobs = 0;  // so many more may run
};

// A job that so many have passed is passed by no other: what is free is left free for it.
inline constexpr int kMostPassed = 8;

// Positions in `waiting` of those that start, in that order. Counts up `passed` of those that are passed by.
std::vector<std::size_t> chooseToStart(std::vector<Waiting>& waiting, Slots slots);

}  // namespace relapse::engine
