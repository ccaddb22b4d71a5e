// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace relapse::logfile {

// One member, stream or frame that holds `text`.
std::string gzipped(std::string_view text);
std::string xzed(std::string_view text);
std::string zstded(std::string_view text);

// Text that packs to about half: longer than the pieces in which a log is read.
std::string longLog();

// A folder that goes with the test.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, std::string_view content) const;  // its path
  void append(const std::string& name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

}  // namespace relapse::logfile
