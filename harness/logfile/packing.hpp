// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace relapse::logfile {

enum class Packing { None, Gzip, Xz, Zstd, Unsupported };

struct PackingFound {
  Packing packing = Packing::None;
  std::string_view name = {};     // "gzip"; of None: empty
  std::string_view program = {};  // what unpacks an Unsupported one: "bzip2 -dc"
};

// What the first bytes of a file say; its name has no part in it.
PackingFound packingOf(std::string_view head);

// `head` may be the begin of a packing's mark: more bytes are needed to tell.
bool mayBePacked(std::string_view head);

// One member (gzip), stream (xz) or frame (zstd) at a time. Not thread-safe.
class Decoder {
 public:
  struct Step {
    std::size_t taken = 0;  // bytes of `in`
    std::size_t made = 0;   // bytes of `out`
    bool memberEnded = false;
    std::string damage = {};  // why nothing more can be had; `made` counts nevertheless
  };

  virtual ~Decoder() = default;
  virtual Step step(std::string_view in, std::span<char> out) = 0;
  virtual void beginMember() = 0;
};

// For Gzip, Xz and Zstd.
std::unique_ptr<Decoder> makeDecoder(Packing packing);

}  // namespace relapse::logfile
