// SPDX-License-Identifier: GPL-2.0-or-later
#include "process/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <system_error>

// Boost.Process v2, its launcher only: none of its asynchronous waiting. With the standard's
// filesystem its headers rely on these two, and v2.hpp as a whole does not compile.
#define BOOST_PROCESS_USE_STD_FS
#include <boost/asio/io_context.hpp>
#include <boost/optional.hpp>
#include <boost/type_traits.hpp>
//
#include <boost/process/v2/process.hpp>

namespace relapse::process {

namespace {

namespace fs = std::filesystem;
namespace v2 = boost::process::v2;

std::string errorText(int error) {
  return std::system_category().message(error);
}

struct Pipe {
  Descriptor read, write;
};

// Ends above 2, so that dup2() onto the standard streams never meets itself.
Descriptor aboveStandard(int fd) {
  if (fd > STDERR_FILENO) return Descriptor(fd);
  Descriptor low(fd);
  return Descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

Result<Pipe> makePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(FailureKind::Exhausted, "no pipe: " + errorText(errno));
  Pipe pipe{aboveStandard(ends[0]), aboveStandard(ends[1])};
  ::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

// What happens in the new process between fork and exec: system calls only.
struct ChildSetup {
  int input, output, error;
  const char* directory;  // nullptr: stay
  pid_t parent;

  template <class... Rest>
  v2::error_code on_exec_setup(v2::posix::default_launcher&, Rest&&...) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
    resetSignals();
    if (directory != nullptr && ::chdir(directory) != 0) return failed();
    if (::dup2(input, 0) < 0 || ::dup2(output, 1) < 0 || ::dup2(error, 2) < 0) return failed();
    ::syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */);
    return {};
  }

  // The launcher would call exit(), which runs the parent's atexit handlers a second time.
  template <class... Any>
  void on_exec_error(Any&&...) {
    ::_exit(1);
  }

 private:
  static void resetSignals() {
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGINT, SIG_DFL);
    ::signal(SIGTERM, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
  }
  static v2::error_code failed() { return {errno, v2::system_category()}; }
};

bool isUnset(const Command& command, std::string_view variable) {
  for (const std::string& name : command.unset)
    if (name == variable) return true;
  return variable == "LC_ALL" || command.environment.contains(std::string(variable));
}

std::vector<std::string> environmentOf(const Command& command) {
  std::vector<std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!isUnset(command, text.substr(0, text.find('=')))) variables.emplace_back(text);
  }
  if (!command.environment.contains("LC_ALL")) variables.emplace_back("LC_ALL=C");
  for (const auto& [name, value] : command.environment) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> result;
  for (const std::string& text : texts) result.push_back(text.c_str());
  result.push_back(nullptr);
  return result;
}

struct Streams {
  Descriptor readOutput, readError;  // not open when both go to a file
  Descriptor output, error;
};

Result<Streams> pipedStreams() {
  auto output = makePipe();
  if (!output) return passOn(output.error());
  auto error = makePipe();
  if (!error) return passOn(error.error());
  return Streams{std::move(output->read), std::move(error->read), std::move(output->write), std::move(error->write)};
}

Result<Streams> streamsInto(const fs::path& file) {
  Streams streams;
  for (Descriptor* stream : {&streams.output, &streams.error}) {
    const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (opened < 0) {
      const auto kind = errno == ENOSPC || errno == EDQUOT ? FailureKind::Exhausted : FailureKind::HostLacks;
      return fail(kind, "cannot write " + file.string() + ": " + errorText(errno));
    }
    *stream = aboveStandard(opened);
  }
  return streams;
}

Result<fs::path> programOf(const Command& command) {
  if (command.argv.empty()) return fail(FailureKind::Internal, "a command without a program");
  const std::string& name = command.argv.front();
  if (name.find('/') != std::string::npos) return fs::absolute(name);
  if (auto found = findProgram(name)) return fs::absolute(*found);
  return fail(FailureKind::HostLacks, "cannot run \"" + name + "\": no such program in PATH");
}

tl::unexpected<Failure> notStarted(const fs::path& program, const Command& command, int error) {
  std::error_code ignored;
  if (!command.directory.empty() && !fs::is_directory(command.directory, ignored))
    return fail(FailureKind::HostLacks,
                "cannot run \"" + program.string() + "\" in " + command.directory.string() + ": no such folder");
  return fail(FailureKind::HostLacks, "cannot run \"" + program.string() + "\": " + errorText(error));
}

}  // namespace

Result<Child> Child::start(const Command& command) {
  auto program = programOf(command);
  if (!program) return passOn(program.error());
  auto streams = command.outputFile.empty() ? pipedStreams() : streamsInto(command.outputFile);
  if (!streams) return passOn(streams.error());
  const Descriptor input = aboveStandard(::open("/dev/null", O_RDONLY | O_CLOEXEC));

  const std::vector<std::string> variables = environmentOf(command);
  const std::vector<const char*> environment = pointers(variables);
  const std::vector<std::string> arguments(command.argv.begin() + 1, command.argv.end());
  const char* directory = command.directory.empty() ? nullptr : command.directory.c_str();

  boost::asio::io_context context;
  v2::posix::default_launcher launcher;
  launcher.env = environment.data();
  v2::error_code code;
  auto process = launcher(context.get_executor(), code, *program, arguments,
                          ChildSetup{input.get(), streams->output.get(), streams->error.get(), directory, ::getpid()});
  if (code) {
    if (launcher.pid > 0) ::waitpid(launcher.pid, nullptr, 0);
    return notStarted(*program, command, code.value());
  }
  process.detach();

  Child child;
  child.pid_ = launcher.pid;
  child.output_ = std::move(streams->readOutput);
  child.error_ = std::move(streams->readError);
  child.ended_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, launcher.pid, 0)));
  if (!child.ended_.isOpen()) return fail(FailureKind::HostLacks, "pidfd_open: " + errorText(errno));
  return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::move(other.output_)),
      error_(std::move(other.error_)),
      ended_(std::move(other.ended_)) {}

Child::~Child() {
  if (pid_ > 0) reap();
}

void Child::signalGroup(int signal) const {
  // The program is not reaped yet, so its number cannot be another group's.
  if (pid_ > 0) ::kill(-pid_, signal);
}

int Child::reap() {
  signalGroup(SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

}  // namespace relapse::process
