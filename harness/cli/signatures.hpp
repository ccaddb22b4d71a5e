// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "console/signature.hpp"
#include "console/values.hpp"

namespace relapse::cli {

// The signatures of one log's events, in bounded memory: once there are very many different bugs, an
// event has the signature of its own report alone.
class Signatures {
 public:
  // Which bug an event is.
  struct Bug {
    std::optional<std::size_t> number = {};  // in the book
    std::string text = {};                   // without a number: the signature
    bool mayChange = false;                  // by later reports of the same spin

    auto operator<=>(const Bug&) const = default;
  };

  Bug add(const console::ConsoleEvent& event);

  // As far as it is known now.
  std::string of(const Bug& bug) const;

 private:
  static constexpr std::size_t kMostBytes = 2u << 20;

  console::SignatureBook book_;
  std::size_t bugs_ = 0;   // of the book
  std::size_t bytes_ = 0;  // that they take, about
};

}  // namespace relapse::cli
