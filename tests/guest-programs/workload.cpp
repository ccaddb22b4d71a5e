// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "process/process.hpp"

namespace relapse::guest_programs {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds kPatience{60};

std::string contentOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> argvOf(const std::string& name, const fs::path& folder, const Arguments& more) {
  std::vector<std::string> argv{programPath(name), "--dir", folder.string(), "--file", "f", "--seed", "7"};
  argv.insert(argv.end(), more.begin(), more.end());
  return argv;
}

template <typename Condition>
bool soon(Condition condition) {
  const auto end = steady_clock::now() + kPatience;
  while (!condition() && steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return condition();
}

int childrenOf(pid_t pid) {
  std::istringstream pids(
      contentOf(fs::path("/proc") / std::to_string(pid) / "task" / std::to_string(pid) / "children"));
  return static_cast<int>(std::distance(std::istream_iterator<pid_t>(pids), {}));
}

Ran ran(const Result<process::Output>& output) {
  if (!output) return {-1, "", output.error().message};
  const auto* exited = std::get_if<process::Exited>(&output->end);
  return {exited != nullptr ? exited->status : -1, output->standardOutput, output->standardError};
}

}  // namespace

nlohmann::json Ran::last() const {
  std::istringstream in(output);
  std::string last;
  for (std::string line; std::getline(in, line);) last = line;
  return nlohmann::json::parse(last, nullptr, false);
}

std::string programPath(const std::string& name) {
  return RELAPSE_NATIVE_GUEST "/" + name;
}

Ran run(const std::string& name, const Arguments& arguments) {
  std::vector<std::string> argv{programPath(name)};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return ran(process::run({.argv = argv}));
}

Ran shell(const std::string& command) {
  return ran(process::run({.argv = {"sh", "-c", command}}));
}

OnDisk::OnDisk() {
  std::string pattern = RELAPSE_NATIVE_GUEST "/work-XXXXXX";
  folder_ = mkdtemp(pattern.data());
  fs::permissions(folder_, fs::perms(0777));
}

OnDisk::~OnDisk() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void OnDisk::SetUp() {
  struct statfs filesystem = {};
  ASSERT_EQ(statfs(folder_.c_str(), &filesystem), 0);
  if (filesystem.f_type == TMPFS_MAGIC) GTEST_SKIP() << "skipped: " << folder_ << ": a tmpfs keeps all in the cache";
}

Ran OnDisk::work(const std::string& name, const Arguments& more) const {
  return ran(process::run({.argv = argvOf(name, folder_, more)}));
}

std::string OnDisk::content(const std::string& name) const {
  return contentOf(folder_ / name);
}

void OnDisk::put(std::size_t offset, const std::string& bytes, const std::string& name) const {
  std::fstream file(folder_ / name, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(offset));
  file << bytes;
}

// When the writers were faster than the stop, again with more rounds.
Halted::Halted(const std::string& name, const fs::path& folder, int writers, const Arguments& more)
    : output_(folder / "halted.out") {
  for (int rounds = 64; !ready_ && rounds <= 65536; rounds *= 8) {
    Arguments arguments{"--writers", std::to_string(writers), "--rounds", std::to_string(rounds)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    halt(argvOf(name, folder, arguments),
         name.starts_with("rename") || name.starts_with("truncate") ? writers + 1 : writers);
  }
}

Halted::~Halted() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Halted::halt(const std::vector<std::string>& argv, int writers) {
  goOn();
  fs::remove(output_);
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    const int out = open(output_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (dup2(out, STDOUT_FILENO) >= 0) execv(words[0], words.data());
    _exit(127);
  }
  const auto said = [this](const char* what) {
    const std::string output = contentOf(output_);
    int n = 0;
    for (std::size_t at = 0; (at = output.find(what, at)) != std::string::npos; ++at) ++n;
    return n;
  };
  soon([&] { return childrenOf(pid_) == writers || said("\"result\"") > 0; });
  kill(pid_, SIGSTOP);
  ready_ = soon([&] { return said("\"writer\"") == writers || said("\"result\"") > 0; }) && said("\"result\"") == 0;
}

Ran Halted::goOn() {
  if (pid_ < 0) return {};
  int status = 0;
  kill(pid_, SIGCONT);
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, contentOf(output_), ""};
}

}  // namespace relapse::guest_programs
