// SPDX-License-Identifier: GPL-2.0-or-later
#include "programs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events.h"

enum { kReadsPerTurn = 16 };  // of one stream, so that no program keeps the others waiting

struct Stream {
  int fd;  // -1: closed
  const char* name;
  char line[kLine];
  size_t length;
  bool cut;
};

struct Program {
  bool used;
  bool started;  // exec succeeded, or failed and was reported
  bool failed;   // exec failed
  unsigned long id;
  pid_t pid;      // and its process group
  int exec_pipe;  // closes on exec, or carries errno
  struct Stream streams[2];
};

static struct Program programs[kPrograms];

static struct Program* find(unsigned long id) {
  for (int i = 0; i < kPrograms; ++i) {
    if (programs[i].used && programs[i].id == id) return &programs[i];
  }
  return NULL;
}

static void shut(int* fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void forget(struct Program* program) {
  shut(&program->exec_pipe);
  shut(&program->streams[0].fd);
  shut(&program->streams[1].fd);
  program->used = false;
}

static void become(char** arguments, const int out, const int err, const int exec_pipe) {
  static char* environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "LC_ALL=C", "TERM=dumb", NULL};
  sigset_t none;
  sigemptyset(&none);
  setpgid(0, 0);
  setpriority(PRIO_PROCESS, 0, 0);
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0 && dup2(nothing, 0) == 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2) {
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(arguments[0], arguments, environment);
  }
  const int error = errno;
  if (write(exec_pipe, &error, sizeof error) != (ssize_t)sizeof error) _exit(126);
  _exit(127);
}

static void fail(const unsigned long id, const int error) {
  const char* name = strerrorname_np(error);
  event(kQueue, "failed", "\"id\":%lu,\"error\":\"%s\"", id, name ? name : "?");
}

static struct Program* take(const unsigned long id) {
  for (int i = 0; i < kPrograms; ++i) {
    struct Program* program = &programs[i];
    if (program->used) continue;
    memset(program, 0, sizeof *program);
    program->used = true;
    program->id = id;
    program->exec_pipe = program->streams[0].fd = program->streams[1].fd = -1;
    program->streams[0].name = "out";
    program->streams[1].name = "err";
    return program;
  }
  return NULL;
}

void run(const unsigned long id, char** arguments) {
  if (find(id)) {
    complain("run: id %lu is in use", id);
    return;
  }
  struct Program* program = take(id);
  if (!program) {
    fail(id, EAGAIN);
    return;
  }
  int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
  int error = 0;
  for (int i = 0; i < 3 && !error; ++i) {
    if (pipe2(pipes[i], O_CLOEXEC) != 0) error = errno;
  }
  if (!error) {
    program->pid = fork();
    if (program->pid == 0) become(arguments, pipes[0][1], pipes[1][1], pipes[2][1]);
    if (program->pid < 0) error = errno;
    if (program->pid > 0) setpgid(program->pid, program->pid);  // as the child does: whoever comes first
  }
  for (int i = 0; i < 3; ++i) {
    shut(&pipes[i][1]);
    if (pipes[i][0] >= 0) fcntl(pipes[i][0], F_SETFL, O_NONBLOCK);
  }
  program->streams[0].fd = pipes[0][0];
  program->streams[1].fd = pipes[1][0];
  program->exec_pipe = pipes[2][0];
  if (error) {
    fail(id, error);
    forget(program);
  }
}

void kill_group(const unsigned long id, const int number) {
  const struct Program* program = find(id);
  if (!program) {
    complain("kill: no program with id %lu is running", id);
    return;
  }
  if (kill(-program->pid, number) != 0) {
    complain("kill: id %lu, signal %d: %s", id, number, strerrorname_np(errno));
  }
}

static void learn_exec(struct Program* program) {
  int error = 0;
  const ssize_t n = read(program->exec_pipe, &error, sizeof error);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  shut(&program->exec_pipe);
  program->started = true;
  program->failed = n == (ssize_t)sizeof error;
  if (program->failed) {
    fail(program->id, error);
  } else {
    event(kQueue, "started", "\"id\":%lu,\"pid\":%d", program->id, (int)program->pid);
  }
}

static void flush_line(const struct Program* program, struct Stream* stream) {
  report_line(program->id, stream->name, stream->line, stream->length, stream->cut);
  stream->length = 0;
  stream->cut = false;
}

static void take_output(const struct Program* program, struct Stream* stream, const char* bytes, const size_t length) {
  for (size_t i = 0; i < length; ++i) {
    if (bytes[i] == '\n') {
      flush_line(program, stream);
    } else if (stream->length < kLine) {
      stream->line[stream->length++] = bytes[i];
    } else {
      stream->cut = true;
    }
  }
}

// Reads what is there, `turns` buffers at most (0: all of it). Closes the stream at its end.
static void read_stream(const struct Program* program, struct Stream* stream, const int turns) {
  static char bytes[65536];
  for (int turn = 0; stream->fd >= 0 && (turns == 0 || turn < turns); ++turn) {
    const ssize_t n = read(stream->fd, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      if (stream->length > 0) flush_line(program, stream);
      shut(&stream->fd);
      return;
    }
    take_output(program, stream, bytes, (size_t)n);
  }
}

// A daemon that the program left behind may hold its pipes for ever. What the program itself wrote
// is in them by now: that is read, the rest is not waited for.
static void finish(struct Program* program, const int status) {
  if (!program->started) learn_exec(program);
  for (int i = 0; i < 2; ++i) {
    read_stream(program, &program->streams[i], kReadsPerTurn);
    if (program->streams[i].length > 0) flush_line(program, &program->streams[i]);
  }
  if (!program->failed) {
    if (WIFSIGNALED(status)) {
      event(kQueue, "killed", "\"id\":%lu,\"signal\":%d", program->id, WTERMSIG(status));
    } else {
      event(kQueue, "exited", "\"id\":%lu,\"status\":%d", program->id, WEXITSTATUS(status));
    }
  }
  forget(program);
}

void reap(void) {
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    for (int i = 0; i < kPrograms; ++i) {
      if (programs[i].used && programs[i].pid == pid) finish(&programs[i], status);
    }
  }
}

void serve_programs(void) {
  for (int i = 0; i < kPrograms; ++i) {
    struct Program* program = &programs[i];
    if (!program->used) continue;
    if (!program->started) learn_exec(program);
    if (!program->started || program->failed) continue;
    read_stream(program, &program->streams[0], kReadsPerTurn);
    read_stream(program, &program->streams[1], kReadsPerTurn);
  }
}

static nfds_t watch(struct pollfd* set, const nfds_t n, const int fd) {
  if (fd < 0) return n;
  set[n] = (struct pollfd){.fd = fd, .events = POLLIN};
  return n + 1;
}

nfds_t gather_programs(struct pollfd* set, nfds_t n) {
  for (int i = 0; i < kPrograms; ++i) {
    if (!programs[i].used) continue;
    n = watch(set, n, programs[i].exec_pipe);
    if (!programs[i].started) continue;
    n = watch(set, n, programs[i].streams[0].fd);
    n = watch(set, n, programs[i].streams[1].fd);
  }
  return n;
}
