// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace relapse::console {

// What a function has to do with any report of its kind, whatever the bug.
enum class FrameRole {
  Own,             // of the bug
  Reporter,        // prints the report: dump_stack, show_stack, panic, __warn
  InterruptEntry,  // where an interrupt came in: el1_irq
  Shared,          // scheduler, lock slow paths, page-fault entry, syscall entry, thread start
  Library,         // does for others what they ask for: memcpy, kfree, list_del
  Allocator,       // no part of a leak's name, but of others'
  Waiting,         // what a task waits by: no part of a hung task's name, but of others'
};

struct SkipRow {
  std::string_view symbol;  // "dump_stack*", "*spin_lock*"
  FrameRole role;
};

// What is no part of a bug's name.
class SkipTable {
 public:
  SkipTable();  // the kernel's

  FrameRole role(std::string_view symbol) const;  // with compiler suffix or without

  // "nfs_wb_page.isra.0" -> "nfs_wb_page"
  std::string_view withoutSuffix(std::string_view symbol) const;

  // A function that brings characters to the console, or waits for its turn to.
  bool printsToConsole(std::string_view symbol) const;

  std::size_t rows() const { return functions_.size() + suffixes_.size() + printers_.size(); }
  std::string rowName(std::size_t row) const;
  void remove(std::size_t row);

 private:
  void index();

  std::vector<SkipRow> functions_;
  std::vector<std::string_view> suffixes_;
  std::vector<std::string_view> printers_;  // by their whole name

  // functions_, to be found fast: without a star, with one at the end, with one in front.
  std::unordered_map<std::string_view, FrameRole> whole_;
  std::array<std::vector<SkipRow>, 256> starts_;  // by their first byte
  std::vector<SkipRow> parts_;
};

}  // namespace relapse::console
