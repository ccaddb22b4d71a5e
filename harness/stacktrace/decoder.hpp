// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "failure/values.hpp"
#include "stacktrace/values.hpp"

namespace relapse::stacktrace {

// What a kernel was built into.
struct KernelFiles {
  std::filesystem::path vmlinux;
  std::filesystem::path modules = {};  // a folder that is searched for NAME.ko, .ko.debug, .ko.xz...; empty: none
};

// Turns addresses into functions and lines by DWARF. Reads lazily; remembers what it found. One thread at a time.
class Decoder {
 public:
  // BadInput: no such file, not an aarch64 ELF file, no DWARF in it (says which option or package gives it).
  static Result<Decoder> open(const KernelFiles& files);
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;
  ~Decoder();

  const std::string& release() const;  // "6.1.192", as the kernel calls itself; empty: the file does not say
  const std::string& banner() const;   // "Linux version 6.1.192 (me@host) ... #12 SMP ..."; empty: likewise
  const std::string& buildId() const;  // hex; empty when it has none
  bool mayBeMoved() const;             // by KASLR: then an address means nothing without its slide

  // How a printed symbol stands to vmlinux, or to its module's file. NoFile: the module's cannot be had.
  enum class Match { Agrees, OtherSize, Unknown, NoFile };
  Match match(const console::RawFrame& frame);

  // "symbol+0xoff/0xsize [module]" as printed. A symbol that is not there, or of another size than printed, an
  // offset past its end, or a module whose file is missing is not decoded, and says so.
  Frame decode(const console::RawFrame& frame);

  // An address of the running kernel. Its raw frame is made from the symbol table: symbol, offset, size, module.
  Frame decodeAddress(std::uint64_t address, const Layout& layout);

  // The symbol alone, without a look at DWARF; empty: none.
  std::string symbolAt(std::uint64_t address, const Layout& layout);

  // Where the code of a printed frame's symbol is: its file, and its address there, in a module from its .text on.
  struct CodePlace {
    std::filesystem::path file;
    std::uint64_t address = 0;
    std::uint64_t size = 0;
  };
  // BadInput: as decode() would say.
  Result<CodePlace> codeOf(const console::RawFrame& frame);

  // Where vmlinux has a symbol; nothing when there is none.
  std::optional<std::uint64_t> addressOf(const std::string& symbol);

 private:
  struct Files;
  explicit Decoder(std::unique_ptr<Files> files);
  std::unique_ptr<Files> files_;
};

}  // namespace relapse::stacktrace
