// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

namespace relapse::guest {

inline std::string bytesOf(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Member {
  std::string content;  // of a link: its target
  unsigned type = 0;
  unsigned mode = 0;
};

// The members of an archive by name; of what lies behind its end nothing.
inline std::map<std::string, Member> listing(const std::filesystem::path& file) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> in(archive_read_new(), archive_read_free);
  archive_read_support_format_cpio(in.get());
  EXPECT_EQ(archive_read_open_filename(in.get(), file.c_str(), 4096), ARCHIVE_OK) << file;
  std::map<std::string, Member> members;
  for (archive_entry* entry = nullptr; archive_read_next_header(in.get(), &entry) == ARCHIVE_OK;) {
    Member member{{}, archive_entry_filetype(entry), archive_entry_perm(entry)};
    member.content.resize(static_cast<std::size_t>(archive_entry_size(entry)));
    archive_read_data(in.get(), member.content.data(), member.content.size());
    if (const char* target = archive_entry_symlink(entry)) member.content = target;
    members[archive_entry_pathname(entry)] = member;
  }
  return members;
}

// A folder of the test's own.
class FolderTest : public testing::Test {
 protected:
  FolderTest() {
    std::string pattern = testing::TempDir() + "relapse-XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~FolderTest() override { std::filesystem::remove_all(root_); }

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path write(const std::filesystem::path& name, const std::string& content) {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << content;
    return root_ / name;
  }

 private:
  std::filesystem::path root_;
};

}  // namespace relapse::guest
