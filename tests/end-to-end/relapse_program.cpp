// SPDX-License-Identifier: GPL-2.0-or-later
#include "relapse_program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "process/process.hpp"

namespace relapse::e2e {

namespace fs = std::filesystem;

StateFolder::StateFolder() {
  std::string pattern = (fs::path(RELAPSE_BINARY_DIR) / "e2e-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

StateFolder::~StateFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path StateFolder::onlyRun() const {
  return fs::canonical(path_ / "relapse/runs/latest");
}

std::vector<std::string> commandLine(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), RELAPSE_BINARY_DIR "/relapse");
  return arguments;
}

Ran relapse(const StateFolder& state, std::vector<std::string> arguments, const Environment& environment) {
  arguments.push_back("--json");
  process::Command command{commandLine(std::move(arguments)), {}, environment};
  command.environment["XDG_STATE_HOME"] = state.path();
  const auto output = process::run(command);
  Ran ran;
  if (!output) return ran;
  if (const auto* exited = std::get_if<process::Exited>(&output->end)) ran.status = exited->status;
  ran.output = output->standardOutput;
  ran.errors = output->standardError;
  ran.result = nlohmann::json::parse(ran.output, nullptr, false);
  if (ran.result.is_discarded()) ran.result = nullptr;
  return ran;
}

pid_t spawn(const std::vector<std::string>& argv, const Environment& environment, const fs::path& output) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  setpgid(0, 0);
  const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  for (const auto& [key, value] : environment) setenv(key.c_str(), value.c_str(), 1);
  std::vector<char*> raw;
  for (const auto& argument : argv) raw.push_back(const_cast<char*>(argument.c_str()));
  raw.push_back(nullptr);
  execvp(raw[0], raw.data());
  _exit(127);
}

int waitFor(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool hasEnded(pid_t pid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

std::vector<pid_t> guestsOf(pid_t pid) {
  const std::string name = fmt::format("guest=relapse-{}-", pid);
  std::vector<pid_t> guests;
  std::error_code ignored;
  for (fs::directory_iterator entry("/proc", ignored), end; entry != end; entry.increment(ignored)) {
    const std::string line = contentOf(entry->path() / "cmdline");
    if (line.find(name) != std::string::npos) guests.push_back(std::stoi(entry->path().filename()));
  }
  return guests;
}

std::string contentOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();  // an iterator over it would throw for a process that has ended
  return content.str();
}

bool eventually(std::chrono::seconds patience, const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

}  // namespace relapse::e2e
