// SPDX-License-Identifier: GPL-2.0-or-later
// Several processes at one file.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "fixture.hpp"

namespace relapse::history {
namespace {

using namespace std::chrono_literals;
using Processes = HistoryTest;

std::string nameOf(int process, int number) {
  return std::to_string(process) + "-" + std::to_string(number);
}

// Opens the history and adds that many runs; the number of the first step that failed.
int adding(const std::filesystem::path& file, int process, int runs) {
  auto history = History::open(file);
  if (!history) return fprintf(stderr, "%s\n", history.error().message.c_str()), 1;
  for (int i = 0; i < runs; ++i) {
    auto added = history->add(survivor(nameOf(process, i)));
    if (!added) return fprintf(stderr, "%s\n", added.error().message.c_str()), 2;
    if (!*added) return 3;
  }
  return 0;
}

bool allEndWell(const std::vector<pid_t>& children) {
  bool good = true;
  for (const auto child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  return good;
}

TEST_F(Processes, MakeTheFileAndWriteToItAtOnceAndNoRunIsLost) {
  constexpr int kProcesses = 6;
  constexpr int kRuns = 40;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    children.push_back(fork());
    if (children.back() == 0) _exit(adding(file_, process, kRuns));
  }
  EXPECT_TRUE(allEndWell(children));
  auto history = opened();
  EXPECT_EQ(history.runs({})->size(), std::size_t{kProcesses * kRuns});
  EXPECT_TRUE(history.check());
}

TEST_F(Processes, OneThatReadsIsNotHeldUpByOneThatWrites) {
  auto reader = opened();
  ASSERT_TRUE(*reader.add(survivor("x")));
  const pid_t writer = fork();
  if (writer == 0) _exit(adding(file_, 1, 200));
  std::size_t last = 0;
  for (int i = 0; i < 100; ++i) {
    const auto runs = reader.runs({});
    ASSERT_TRUE(runs) << runs.error().message;
    EXPECT_GE(runs->size(), last);
    last = runs->size();
  }
  EXPECT_TRUE(allEndWell({writer}));
}

TEST_F(Processes, OfTwoThatAddOneRunOnlyOneDid) {
  { opened(); }
  int added = 0;
  for (int i = 0; i < 20; ++i) {
    std::vector<int> here(2, 0);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 2; ++t)
      threads.emplace_back([&, t] {
        auto own = History::open(file_);
        const auto one = own->add(survivor(std::to_string(i)));
        here[t] = one && *one ? 1 : 0;
      });
    for (auto& thread : threads) thread.join();
    added += here[0] + here[1];
  }
  EXPECT_EQ(added, 20);
}

// The child tells each run that was committed; then it is killed wherever it is.
std::set<std::string> toldByKilledWriter(const std::filesystem::path& file, int round) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    auto history = History::open(file);
    for (int i = 0; history; ++i) {
      const std::string name = nameOf(round, i);
      if (auto added = history->add(survivor(name)); !added || !*added) _exit(1);
      const std::string line = name + "\n";
      if (write(ends[1], line.data(), line.size()) < 0) _exit(1);
    }
    _exit(1);
  }
  close(ends[1]);
  std::this_thread::sleep_for(20ms + 7ms * round);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  std::string told;
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    told.append(buffer, static_cast<std::size_t>(got));
  close(ends[0]);
  std::set<std::string> names;
  for (std::size_t at = 0, end; (end = told.find('\n', at)) != std::string::npos; at = end + 1)
    names.insert(told.substr(at, end - at));
  return names;
}

TEST_F(Processes, OneThatIsKilledWhileItWritesLosesNothingThatItHadTold) {
  std::set<std::string> told;
  for (int round = 0; round < 15; ++round) {
    told.merge(toldByKilledWriter(file_, round));
    auto history = opened();
    ASSERT_TRUE(history.check()) << "in round " << round;
    std::set<std::string> there;
    const auto runs = history.runs({});
    for (const auto& run : *runs) there.insert(run.id);
    for (const auto& name : told) ASSERT_TRUE(there.contains(name)) << name;
    EXPECT_LE(there.size(), told.size() + static_cast<std::size_t>(round) + 1) << "at most one each was not told yet";
  }
  EXPECT_GT(told.size(), 15u);
}

TEST_F(Processes, OneThatIsLockedOutForLongSaysSo) {
  { opened(); }
  sqlite3* holder = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &holder), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(holder, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  auto history = opened();
  const auto added = history.add(survivor("x"));
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().kind, FailureKind::Exhausted);
  EXPECT_NE(added.error().message.find("locked for 10 s"), std::string::npos);
  sqlite3_close(holder);
  EXPECT_TRUE(*history.add(survivor("x")));
}

}  // namespace
}  // namespace relapse::history
