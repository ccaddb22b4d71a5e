// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a vmlinux that is given to decode.
#include <cstdint>
#include <string>

#include "kernel/image.hpp"
#include "memory_file.hpp"
#include "require.hpp"
#include "stacktrace/decoder.hpp"
#include "stacktrace/functions.hpp"
#include "stacktrace/object_file.hpp"

namespace relapse::stacktrace {
namespace {

constexpr std::uint64_t kStart = 0x400000;  // of the seeds' code
constexpr std::uint64_t kStep = 4;
constexpr std::size_t kMostCalls = 64;

void requireFrame(const Frame& frame) {
  require(frame.calls.size() <= kMostCalls, "inlined calls are bounded", frame.raw.text);
  require(isCleanText(frame.raw.text) && isCleanText(frame.undecoded), "a frame is clean text", frame.raw.text);
  for (const Call& call : frame.calls) {
    require(isCleanText(call.function), "a function's name is clean text", call.function);
    require(isCleanText(call.place.file), "a file's name is clean text", call.place.file);
  }
#ifdef RELAPSE_PLANTED_BUG
  for (const Call& call : frame.calls) require(call.place.line < 20, "the planted bug", call.function);
#endif
}

void checkDecoder(const std::filesystem::path& path) {
  auto decoder = Decoder::open({path});
  if (!decoder) {
    require(decoder.error().kind == FailureKind::BadInput, "a file that cannot be used is bad input");
    return;
  }
  require(isCleanText(decoder->release()), "a release is clean text", decoder->release());
  for (std::uint64_t address = kStart; address < kStart + 64 * kStep; address += kStep)
    requireFrame(decoder->decodeAddress(address, {}));
  for (const char* symbol : {"start_kernel", "spin"}) {
    console::RawFrame frame;
    frame.symbol = symbol;
    frame.text = symbol;
    frame.offset = 4;
    requireFrame(decoder->decode(frame));
  }
}

void check(std::string_view bytes) {
  const MemoryFile file(bytes);
  checkDecoder(file.path());
  const auto functions = findFunctions({file.path()}, {"spin", "inner", "start_kernel"});
  if (functions) require(functions->found.size() <= 3, "only what was asked for is found");
  const auto facts = kernel::readVmlinux(file.path());
  if (facts) {
    require(facts->release.size() <= 128 && isCleanText(facts->release), "a release is clean text", facts->release);
    require(facts->buildId.find_first_not_of("0123456789abcdef") == std::string::npos, "a build-id is hex",
            facts->buildId);
  }
  kernel::checkImage(file.path());
}

}  // namespace
}  // namespace relapse::stacktrace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  relapse::stacktrace::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
