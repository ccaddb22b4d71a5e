// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "console/source.hpp"
#include "stacktrace/decoder.hpp"
#include "stacktrace/mentions.hpp"

namespace relapse::stacktrace {

// What a log tells of the kernel that wrote one stretch of it.
struct Boot {
  std::string release = {};                 // "6.1.192"
  std::string banner = {};                  // the "Linux version ..." line
  std::string buildId = {};                 // of a dump_stack() header
  std::optional<std::uint64_t> slide = {};  // of KASLR
  // Symbols of clean lines with their sizes, as printed; by module, "" for built-in ones. Those of a module that has
  // its build-id on the line are left out: that says more.
  std::map<std::string, std::map<std::string, std::set<std::uint64_t>>> sizes = {};
  std::map<std::string, std::uint64_t> places = {};  // of built-in symbols: address less offset
};

// One line of a log, less what was put before the kernel's text.
struct LogLine {
  std::size_t boot = 0;        // index of its Boot
  std::optional<double> time;  // the kernel's stamp
  std::size_t column = 0;      // where the text begins
  std::string_view text;       // of the line given
  bool kernels = false;        // not user space's
};

// Reads a log line by line and tells its boots apart: by "Booting Linux ...", "Linux version ...", and by headers that
// name another release or build-id. The same lines give the same boots, so a log can be read twice. Keeps 64 Ki symbols
// and 1,000 boots; what is beyond belongs to the last one, and overflowed() is true. Not thread-safe.
class BootReader {
 public:
  LogLine read(std::string_view line);

  // The mentions of a line that read() gave, as evidence.
  void note(const LogLine& line, const std::vector<Mention>& mentions);

  const std::vector<Boot>& boots() const { return boots_; }
  bool overflowed() const { return overflowed_; }

 private:
  void readKernels(std::string_view text);
  void readHeader(std::string_view text);
  void begin();
  Boot& boot() { return boots_.back(); }

  console::KernelSource source_;
  std::vector<Boot> boots_{1};
  bool hasFrames_ = false;  // the boot has had some
  std::size_t kept_ = 0;    // symbols
  bool overflowed_ = false;
};

// How a boot stands to a vmlinux.
struct Identity {
  std::string problem = {};  // empty: the same kernel, as far as can be told; else what was expected, and found
  std::map<std::string, std::string> modules = {};  // likewise, of modules that are another build's
  std::string doubt = {};                           // it is the same by the sizes of its symbols, but ...; empty: none
  Layout layout = {};
  bool slideKnown = false;  // else addresses mean nothing
};
Identity identify(const Boot& boot, Decoder& decoder);

// A mention, decoded if the identity allows it.
Frame decode(const Mention& mention, const Identity& identity, Decoder& decoder);

}  // namespace relapse::stacktrace
