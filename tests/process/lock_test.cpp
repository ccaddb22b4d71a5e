// SPDX-License-Identifier: GPL-2.0-or-later
#include "process/lock.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <thread>

#include "process/process.hpp"

namespace relapse::process {
namespace {

std::filesystem::path lockFile() {
  return std::filesystem::path(testing::TempDir()) / ("lock-" + std::to_string(::getpid()));
}

TEST(FileLock, ASecondOneWaitsUntilTheFirstIsLetGo) {
  std::optional<FileLock> first = std::move(*FileLock::take(lockFile()));
  bool waited = false;
  const auto second = FileLock::take(lockFile(), {.onWait = [&] {
                                       waited = true;
                                       first.reset();
                                     }});
  EXPECT_TRUE(second);
  EXPECT_TRUE(waited);
}

TEST(FileLock, StopRequestEndsTheWaiting) {
  const auto first = FileLock::take(lockFile());
  ASSERT_TRUE(first);
  std::stop_source source;
  const auto second =
      FileLock::take(lockFile(), {.stop = source.get_token(), .onWait = [&] { source.request_stop(); }});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, FailureKind::Cancelled);
}

TEST(FileLock, OfADeadProcessIsFree) {
  const auto file = lockFile();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t holder = ::fork();
  if (holder == 0) {
    const auto lock = FileLock::take(file);
    [[maybe_unused]] const auto count = ::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  bool waited = false;
  const auto lock = FileLock::take(file, {.onWait = [&] {
                                     waited = true;
                                     ::kill(holder, SIGKILL);
                                   }});
  EXPECT_TRUE(lock);
  EXPECT_TRUE(waited);
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(FileLock, InAFolderThatIsNotThereIsAFailure) {
  const auto lock = FileLock::take("/no/such/folder/lock");
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind, FailureKind::HostLacks);
}

}  // namespace
}  // namespace relapse::process
