// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "failure/values.hpp"

namespace relapse::guest {

// Whether its owner may execute it: programs are 0755 in an archive, other files 0644.
bool isProgram(const std::filesystem::path& file);

// An initramfs in the making. Paths in it are absolute; all times are 0, so that the same files make the same
// bytes. What goes wrong on the way is told by finish().
class CpioWriter {
 public:
  explicit CpioWriter(std::filesystem::path target);
  ~CpioWriter();
  CpioWriter(const CpioWriter&) = delete;
  CpioWriter& operator=(const CpioWriter&) = delete;

  void addFolder(const std::string& path);
  void addLink(const std::string& path, const std::string& target);
  void addConsole();  // /dev/console, which the kernel opens before /init runs
  void addFile(const std::string& path, const std::filesystem::path& source);

  // The archive appears whole under its name, readable for all. Exhausted: it cannot be written.
  Result<void> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Archives one after the other in one file, as the kernel unpacks them: each begins at a multiple of 4 bytes.
// A later one must not hold a folder where an earlier one has a link: the kernel would replace the link.
Result<void> joinArchives(const std::vector<std::filesystem::path>& parts, const std::filesystem::path& target);

}  // namespace relapse::guest
