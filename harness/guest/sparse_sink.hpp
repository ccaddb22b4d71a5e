// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "failure/values.hpp"
#include "guest/values.hpp"

namespace relapse::guest {

// A FIFO whose other end writes a file that is mostly zeroes: what arrives is written with holes for
// the zeroes, so that the disk sees only what the guest really used.
class SparseSink {
 public:
  // Makes the FIFO `pipe` and starts reading it into `file`. When the disk takes no more, or a limit is met, it
  // closes its end: the writer fails with EPIPE and waits for nobody.
  static Result<std::unique_ptr<SparseSink>> open(const std::filesystem::path& pipe, const std::filesystem::path& file,
                                                  const DumpLimits& limits = {});

  // Waits for the end of what was written; its length. Call it once the writer has closed the FIFO.
  // Failures: Exhausted (the disk, the time), Cancelled, GuestFailed (nothing was written).
  Result<std::uint64_t> finish();

  ~SparseSink();  // stops reading and removes the FIFO

 private:
  SparseSink(std::filesystem::path pipe, std::filesystem::path file);
  void read(const std::stop_token& finished);
  std::size_t readSome(char* room, std::size_t size);
  void take(const char* bytes, std::size_t size);
  bool withinLimits();
  void giveUp(FailureKind kind, const std::string& why);

  std::filesystem::path pipe_;
  std::filesystem::path file_;
  DumpLimits limits_;
  int in_ = -1;
  int out_ = -1;
  std::uint64_t written_ = 0;
  std::optional<Failure> problem_;
  std::jthread reader_;
};

}  // namespace relapse::guest
