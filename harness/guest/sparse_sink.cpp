// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/sparse_sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace relapse::guest {
namespace {

constexpr std::size_t kBlock = 4096;  // a guest's page
constexpr std::size_t kBuffer = 256 * kBlock;

bool allZero(const char* bytes, std::size_t size) {
  return size > 0 && bytes[0] == 0 && std::memcmp(bytes, bytes + 1, size - 1) == 0;
}

}  // namespace

SparseSink::SparseSink(std::filesystem::path pipe, std::filesystem::path file)
    : pipe_(std::move(pipe)), file_(std::move(file)) {}

Result<std::unique_ptr<SparseSink>> SparseSink::open(const std::filesystem::path& pipe,
                                                     const std::filesystem::path& file, const DumpLimits& limits) {
  std::unique_ptr<SparseSink> sink(new SparseSink(pipe, file));
  sink->limits_ = limits;
  const auto failed = [](const std::filesystem::path& what) {
    return fail(FailureKind::Exhausted, fmt::format("{}: {}", what.string(), std::strerror(errno)));
  };
  if (mkfifo(pipe.c_str(), 0600) != 0) return failed(pipe);
  // Without a reader the writer's open would wait, without O_NONBLOCK ours would.
  sink->in_ = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (sink->in_ < 0) return failed(pipe);
  fcntl(sink->in_, F_SETPIPE_SZ, 1 << 20);
  sink->out_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (sink->out_ < 0) return failed(file);
  sink->reader_ = std::jthread([raw = sink.get()](const std::stop_token& finished) { raw->read(finished); });
  return sink;
}

void SparseSink::giveUp(FailureKind kind, const std::string& why) {
  if (!problem_) problem_ = Failure{kind, "the memory dump: " + why};
}

void SparseSink::take(const char* bytes, std::size_t size) {
  for (std::size_t at = 0; at < size && !problem_; at += kBlock) {
    const std::size_t length = std::min(kBlock, size - at);
    if (allZero(bytes + at, length)) continue;
    if (pwrite(out_, bytes + at, length, static_cast<off_t>(written_ + at)) != static_cast<ssize_t>(length))
      giveUp(FailureKind::Exhausted, std::strerror(errno));
  }
  written_ += size;
}

bool SparseSink::withinLimits() {
  if (limits_.stop.stop_requested()) giveUp(FailureKind::Cancelled, "cancelled");
  if (std::chrono::steady_clock::now() > limits_.until)
    giveUp(FailureKind::Exhausted, fmt::format("only {} MiB were written in the time it has", written_ >> 20));
  return !problem_;
}

// 0: nothing came for now. At the end it is nothing, too, and in_ is closed.
std::size_t SparseSink::readSome(char* room, std::size_t size) {
  const ssize_t n = ::read(in_, room, size);
  if (n > 0) return static_cast<std::size_t>(n);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (n < 0) giveUp(FailureKind::Exhausted, std::strerror(errno));
  close(std::exchange(in_, -1));
  return 0;
}

void SparseSink::read(const std::stop_token& finished) {
  std::vector<char> buffer(kBuffer);
  std::size_t filled = 0;
  const auto flush = [&] {
    take(buffer.data(), filled);
    filled = 0;
  };
  // A FIFO that nobody has opened yet has no event; one whose writer is gone has POLLHUP.
  while (in_ >= 0 && withinLimits()) {
    pollfd wait{in_, POLLIN, 0};
    if (poll(&wait, 1, 100) == 0) {
      if (finished.stop_requested()) break;
      continue;
    }
    filled += readSome(buffer.data() + filled, buffer.size() - filled);
    if (filled == buffer.size()) flush();  // whole blocks, so that zero pages are seen as such
  }
  flush();
  if (in_ >= 0) close(std::exchange(in_, -1));
}

Result<std::uint64_t> SparseSink::finish() {
  reader_.request_stop();
  reader_.join();
  if (!problem_ && ftruncate(out_, static_cast<off_t>(written_)) != 0)
    giveUp(FailureKind::Exhausted, std::strerror(errno));
  if (!problem_ && written_ == 0) giveUp(FailureKind::GuestFailed, "nothing was written");
  if (problem_) return passOn(*problem_);
  return written_;
}

SparseSink::~SparseSink() {
  if (reader_.joinable()) {
    reader_.request_stop();
    reader_.join();
  }
  if (in_ >= 0) close(in_);
  if (out_ >= 0) close(out_);
  std::error_code ignored;
  std::filesystem::remove(pipe_, ignored);
}

}  // namespace relapse::guest
