// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/cpio.hpp"

#include <gmock/gmock.h>

#include "archive_listing.hpp"

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Cpio : public FolderTest {
 protected:
  fs::path archiveOf(const std::string& name, const std::string& content) {
    CpioWriter archive(root() / (name + ".cpio"));
    archive.addFile("/" + name, write(name, content));
    EXPECT_TRUE(archive.finish());
    return root() / (name + ".cpio");
  }
};

TEST_F(Cpio, HoldsFoldersLinksAndFilesWithTheirModes) {
  const fs::path program = write("program", "#!");
  fs::permissions(program, fs::perms(0755));
  CpioWriter archive(root() / "a.cpio");
  archive.addFolder("/usr");
  archive.addLink("/bin", "usr/bin");
  archive.addFile("/usr/text", write("text", "hello"));
  archive.addFile("/usr/program", program);
  ASSERT_TRUE(archive.finish());
  auto members = listing(root() / "a.cpio");
  EXPECT_EQ(members["usr"].type, static_cast<unsigned>(AE_IFDIR));
  EXPECT_EQ(members["bin"].content, "usr/bin");
  EXPECT_EQ(members["usr/text"].content, "hello");
  EXPECT_EQ(members["usr/text"].mode, 0644u);
  EXPECT_EQ(members["usr/program"].mode, 0755u);
}

TEST_F(Cpio, AFileThatIsMissingIsToldAndLeavesNothing) {
  {
    CpioWriter archive(root() / "a.cpio");
    archive.addFile("/x", "/no/such/file");
    const auto done = archive.finish();
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message, HasSubstr("/no/such/file: cannot be read"));
  }
  EXPECT_TRUE(fs::is_empty(root()));
}

TEST_F(Cpio, AFolderThatIsMissingIsTold) {
  CpioWriter archive("/no/such/folder/a.cpio");
  archive.addFolder("/usr");
  const auto done = archive.finish();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, FailureKind::Exhausted);
  EXPECT_THAT(done.error().message, HasSubstr("/no/such/folder/a.cpio: "));
}

TEST_F(Cpio, EachOfJoinedArchivesBeginsAtAMultipleOfFourBytes) {
  for (const std::string odd : {"", "1", "22", "333", "4444"}) {
    const fs::path joined = root() / "joined";
    ASSERT_TRUE(joinArchives({write("first", odd), archiveOf("b", "second")}, joined));
    const std::size_t start = bytesOf(joined).find("070701");
    EXPECT_EQ(start, (odd.size() + 3) / 4 * 4);
    EXPECT_EQ(bytesOf(joined).substr(start), bytesOf(root() / "b.cpio"));
  }
}

TEST_F(Cpio, OneArchiveStaysAsItIs) {
  const fs::path one = archiveOf("a", "first");
  ASSERT_TRUE(joinArchives({one}, root() / "joined"));
  EXPECT_EQ(bytesOf(root() / "joined"), bytesOf(one));
}

TEST_F(Cpio, JoiningTellsWhatItCannotRead) {
  const auto joined = joinArchives({archiveOf("a", "first"), "/no/such/file"}, root() / "joined");
  ASSERT_FALSE(joined);
  EXPECT_THAT(joined.error().message, HasSubstr("/no/such/file: cannot be read"));
}

}  // namespace
}  // namespace relapse::guest
