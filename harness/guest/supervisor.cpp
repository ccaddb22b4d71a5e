// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/supervisor.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

namespace relapse::guest {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

bool isGuestOf(const std::string& commandLine, const std::string& root) {
  const std::string program = commandLine.substr(0, commandLine.find('\0'));
  return program.find("qemu-system-") != std::string::npos && commandLine.find(root) != std::string::npos;
}

std::string commandLineOf(const fs::path& process) {
  std::ifstream file(process / "cmdline", std::ios::binary);
  std::ostringstream line;
  line << file.rdbuf();  // an iterator over it would throw for a process that ends under its hands
  return line.str();
}

// A QEMU may be on its way while relapse dies: between fork and exec it does not look like one yet.
void endAllOf(const fs::path& root) {
  auto quietSince = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - quietSince < 500ms) {
    if (killGuestsOf(root) > 0) quietSince = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(50ms);
  }
}

[[noreturn]] void watch(int pipe, const fs::path& root) {
  setsid();
  prctl(PR_SET_NAME, "relapse-guard");
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(signal, SIG_IGN);
  // Whoever reads relapse's output must not wait for this process as well.
  const int null = open("/dev/null", O_RDWR);
  for (const int stream : {0, 1, 2}) dup2(null, stream);
  char byte = 0;
  ssize_t got = 0;
  while ((got = read(pipe, &byte, 1)) > 0 || (got < 0 && errno == EINTR)) {
  }
  std::error_code ignored;
  if (fs::exists(root, ignored)) {
    endAllOf(root);
    fs::remove_all(root, ignored);
  }
  _exit(0);
}

}  // namespace

int reapGuests() {
  int reaped = 0;
  std::error_code ignored;
  for (fs::directory_iterator thread("/proc/self/task", ignored), end; thread != end; thread.increment(ignored)) {
    std::ifstream children(thread->path() / "children");
    for (int pid = 0; children >> pid;) {
      std::string name;
      std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), name);
      if (name.starts_with("qemu-system") && waitpid(pid, nullptr, WNOHANG) == pid) ++reaped;
    }
  }
  return reaped;
}

int killGuestsOf(const fs::path& root) {
  int killed = 0;
  std::error_code ignored;
  for (fs::directory_iterator entry("/proc", ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename();
    int pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc{} || pid <= 1) continue;
    if (!isGuestOf(commandLineOf(entry->path()), root.string() + "/") || kill(pid, SIGKILL) != 0) continue;
    ++killed;
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  return killed;
}

Result<Supervisor> Supervisor::start(const fs::path& root) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return fail(FailureKind::Internal, std::string("pipe for the supervisor: ") + std::strerror(errno));
  const pid_t pid = fork();
  if (pid < 0) return fail(FailureKind::Exhausted, std::string("fork of the supervisor: ") + std::strerror(errno));
  if (pid == 0) {
    close(ends[1]);
    watch(ends[0], root);
  }
  close(ends[0]);
  return Supervisor(ends[1], pid);
}

Supervisor::Supervisor(Supervisor&& other) noexcept
    : pipe_(std::exchange(other.pipe_, -1)), pid_(std::exchange(other.pid_, -1)) {}

Supervisor::~Supervisor() {
  if (pipe_ < 0) return;
  close(pipe_);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace relapse::guest
