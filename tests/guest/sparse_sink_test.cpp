// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/sparse_sink.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include "checksum/checksum.hpp"

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;

class SparseSinkTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sparse-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(SparseSinkTest, KeepsTheBytesAndLeavesZeroesAsHoles) {
  std::string bytes(std::size_t{64} << 20, '\0');
  bytes.replace(5000, 5, "start");
  bytes.replace(bytes.size() - 3, 3, "end");
  auto sink = SparseSink::open(folder_ / "pipe", folder_ / "file");
  ASSERT_TRUE(sink) << sink.error().message;
  std::ofstream(folder_ / "pipe", std::ios::binary) << bytes;
  const auto written = (*sink)->finish();
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(*written, bytes.size());
  std::ifstream in(folder_ / "file", std::ios::binary);
  EXPECT_TRUE(std::string(std::istreambuf_iterator<char>(in), {}) == bytes);
  struct stat status {};
  ASSERT_EQ(stat((folder_ / "file").c_str(), &status), 0);
  EXPECT_LT(status.st_blocks * 512, 1 << 20) << "zeroes took space";
}

TEST_F(SparseSinkTest, ATailOfZeroesIsPartOfTheFile) {
  auto sink = SparseSink::open(folder_ / "pipe", folder_ / "file");
  ASSERT_TRUE(sink);
  std::ofstream(folder_ / "pipe", std::ios::binary) << std::string("x") + std::string(99'999, '\0');
  ASSERT_TRUE((*sink)->finish());
  EXPECT_EQ(fs::file_size(folder_ / "file"), 100'000u);
}

TEST_F(SparseSinkTest, NothingWrittenIsAFailure) {
  auto sink = SparseSink::open(folder_ / "pipe", folder_ / "file");
  ASSERT_TRUE(sink);
  EXPECT_FALSE((*sink)->finish());
}

TEST_F(SparseSinkTest, AFullDiskIsAFailure) {
  auto sink = SparseSink::open(folder_ / "pipe", "/dev/full");
  ASSERT_TRUE(sink);
  std::ofstream(folder_ / "pipe", std::ios::binary) << "core";
  const auto written = (*sink)->finish();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, FailureKind::Exhausted);
}

// Writes to the FIFO until that fails; the errno it failed with. Without a reader that empties it, it waits.
int writeUntilItFails(const fs::path& pipe) {
  std::signal(SIGPIPE, SIG_IGN);
  const int fd = open(pipe.c_str(), O_WRONLY | O_CLOEXEC);
  const std::string bytes(std::size_t{1} << 20, 'x');
  while (write(fd, bytes.data(), bytes.size()) >= 0) {
  }
  const int error = errno;
  close(fd);
  return error;
}

TEST_F(SparseSinkTest, AWriterDoesNotWaitForADiskThatIsFull) {
  auto sink = SparseSink::open(folder_ / "pipe", "/dev/full");
  ASSERT_TRUE(sink);
  EXPECT_EQ(writeUntilItFails(folder_ / "pipe"), EPIPE);
  EXPECT_EQ((*sink)->finish().error().kind, FailureKind::Exhausted);
}

TEST_F(SparseSinkTest, AStopEndsTheWriter) {
  std::stop_source stop;
  auto sink = SparseSink::open(folder_ / "pipe", "/dev/null", {stop.get_token()});
  ASSERT_TRUE(sink);
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  EXPECT_EQ(writeUntilItFails(folder_ / "pipe"), EPIPE);
  EXPECT_EQ((*sink)->finish().error().kind, FailureKind::Cancelled);
}

TEST_F(SparseSinkTest, ItsTimeEndsTheWriterAndSaysHowMuchWasWritten) {
  const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
  auto sink = SparseSink::open(folder_ / "pipe", "/dev/null", {{}, soon});
  ASSERT_TRUE(sink);
  EXPECT_EQ(writeUntilItFails(folder_ / "pipe"), EPIPE);
  const auto written = (*sink)->finish();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, FailureKind::Exhausted);
  EXPECT_THAT(written.error().message, testing::HasSubstr("MiB were written in the time it has"));
}

}  // namespace
}  // namespace relapse::guest
