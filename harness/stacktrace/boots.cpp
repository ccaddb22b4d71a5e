// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/boots.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "console/body.hpp"
#include "console/cursor.hpp"
#include "stacktrace/module_files.hpp"

namespace relapse::stacktrace {
namespace {

constexpr std::size_t kMostBoots = 1000;
constexpr std::size_t kMostSymbols = 1u << 16;
constexpr std::size_t kBuildIdDigits = 40;
constexpr std::string_view kBanner = "Linux version ";

bool isBuildId(std::string_view text) {
  return text.size() == kBuildIdDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string_view lastWord(std::string_view text) {
  text = console::trimmed(text);
  return text.substr(text.rfind(' ') + 1);
}

// Not in vmlinux, and no sign of another build: made while the kernel runs.
bool isMadeAtRunTime(std::string_view symbol) {
  return symbol.starts_with("bpf_") || symbol.find("trampoline") != std::string_view::npos;
}

using Sizes = std::map<std::string, std::set<std::uint64_t>>;

// A symbol of which no size in the log agrees says that the code differs. One that is not there at all may be a
// misprint; many are not.
std::string otherSymbols(const Sizes& printed, const std::string& module, Decoder& decoder, std::size_t& agreeing) {
  const std::string expected = "another build: expected a " + (module.empty() ? "vmlinux" : module + ".ko");
  std::size_t unknown = 0;
  std::string missing;
  for (const auto& [symbol, sizes] : printed) {
    std::set<Decoder::Match> matches;
    for (const auto size : sizes)
      matches.insert(decoder.match({.symbol = symbol, .offset = 0, .size = size, .module = module}));
    if (matches.contains(Decoder::Match::NoFile)) return {};
    if (matches.contains(Decoder::Match::Agrees)) {
      ++agreeing;
    } else if (matches.contains(Decoder::Match::OtherSize)) {
      return fmt::format("{} in which {} has {:#x} bytes, found another size", expected, symbol, *sizes.begin());
    } else if (!isMadeAtRunTime(symbol)) {
      ++unknown;
      missing = symbol;
    }
  }
  if (unknown * 10 <= agreeing) return {};
  return fmt::format("{} with {}, found none ({} of {} symbols are missing)", expected, missing, unknown,
                     printed.size());
}

std::string doubtOf(const Boot& boot, const Decoder& vmlinux, std::size_t agreeing) {
  if (!boot.buildId.empty() && !vmlinux.buildId().empty()) return {};
  if (boot.release.empty())
    return fmt::format("no line tells the kernel's release: checked by the sizes of {} symbols alone", agreeing);
  if (vmlinux.release().empty())
    return fmt::format("vmlinux does not tell its release: checked by the sizes of {} symbols alone", agreeing);
  if (!boot.banner.empty() && boot.banner != vmlinux.banner())
    return fmt::format("another build of {} by its \"Linux version\" line, but the sizes of {} symbols agree",
                       boot.release, agreeing);
  return {};
}

// Where KASLR put the kernel, if anything tells.
std::optional<std::uint64_t> slideOf(const Boot& boot, Decoder& vmlinux) {
  if (!vmlinux.mayBeMoved()) return 0;
  if (boot.slide) return boot.slide;
  for (const auto& [symbol, place] : boot.places)
    if (const auto address = vmlinux.addressOf(symbol)) return place - *address;
  return std::nullopt;
}

}  // namespace

LogLine BootReader::read(std::string_view line) {
  LogLine read;
  read.text = line;
  if (const auto printk = source_.read(line)) {
    read.time = printk->time;
    read.text = printk->text;
    read.kernels = true;
  }
  read.column = line.size() - read.text.size();
  if (read.kernels) readKernels(read.text);
  read.boot = boots_.size() - 1;
  return read;
}

void BootReader::readKernels(std::string_view text) {
  if (console::beginsBoot(text)) {
    begin();
  } else if (text.starts_with(kBanner)) {
    if (hasFrames_ || !boot().banner.empty()) begin();
    boot().banner = console::trimmed(text);
    boot().release = text.substr(kBanner.size(), text.find(' ', kBanner.size()) - kBanner.size());
  } else if (text.starts_with("CPU: ")) {
    readHeader(text);
  } else if (text.starts_with("Kernel Offset: 0x")) {
    console::Cursor cursor(text.substr(17));
    boot().slide = cursor.hexadecimal();
  } else if (text.starts_with("KASLR disabled") || text.starts_with("Kernel Offset: disabled")) {
    boot().slide = 0;
  }
}

void BootReader::readHeader(std::string_view text) {
  const auto header = console::readCpuLine(text);
  if (!header) return;
  const std::string_view id = lastWord(text);
  const bool identified = isBuildId(id);
  const bool otherRelease = !header->release.empty() && !boot().release.empty() && header->release != boot().release;
  const bool otherBuild = identified && !boot().buildId.empty() && id != boot().buildId;
  if (otherRelease || otherBuild) begin();
  if (!header->release.empty()) boot().release = header->release;
  if (identified) boot().buildId = id;
}

void BootReader::begin() {
  const bool untouched = !hasFrames_ && boot().release.empty() && boot().buildId.empty();
  hasFrames_ = false;
  if (untouched) return;
  if (boots_.size() < kMostBoots)
    boots_.emplace_back();
  else
    overflowed_ = true;
}

void BootReader::note(const LogLine& line, const std::vector<Mention>& mentions) {
  for (const auto& mention : mentions) {
    if (!line.kernels || !mention.named) continue;
    hasFrames_ = true;
    const auto& frame = mention.frame;
    if (!mention.clean || kept_ >= kMostSymbols || !moduleBuildId(frame.text).empty()) continue;
    if (boot().sizes[frame.module][frame.symbol].insert(*frame.size).second) ++kept_;
    if (mention.address && frame.module.empty()) boot().places.emplace(frame.symbol, *mention.address - *frame.offset);
  }
}

Identity identify(const Boot& boot, Decoder& decoder) {
  Identity identity;
  const bool identified = !boot.buildId.empty() && !decoder.buildId().empty();
  if (identified && boot.buildId != decoder.buildId())
    identity.problem = fmt::format("expected a vmlinux with build-id {}, found {}", boot.buildId, decoder.buildId());
  else if (!boot.release.empty() && !decoder.release().empty() && boot.release != decoder.release())
    identity.problem = fmt::format("expected a vmlinux of release {}, found {}", boot.release, decoder.release());
  if (!identity.problem.empty()) return identity;
  std::size_t agreeing = 0;
  for (const auto& [module, sizes] : boot.sizes) {
    if (module.empty() && identified) continue;
    const std::string other = otherSymbols(sizes, module, decoder, agreeing);
    if (module.empty())
      identity.problem = other;
    else if (!other.empty())
      identity.modules[module] = other;
  }
  if (!identified && boot.release.empty() && agreeing == 0 && identity.problem.empty())
    identity.problem = "expected a line that tells the kernel's release, or a trace with symbols, found none";
  if (identity.problem.empty()) identity.doubt = doubtOf(boot, decoder, agreeing);
  const auto slide = slideOf(boot, decoder);
  identity.slideKnown = slide.has_value();
  identity.layout.slide = slide.value_or(0);
  return identity;
}

Frame decode(const Mention& mention, const Identity& identity, Decoder& decoder) {
  Frame frame{.raw = mention.frame, .undecoded = identity.problem};
  if (!frame.undecoded.empty()) return frame;
  if (const auto other = identity.modules.find(mention.frame.module); other != identity.modules.end()) {
    frame.undecoded = other->second;
  } else if (mention.named) {
    frame = decoder.decode(mention.frame);
  } else if (identity.slideKnown) {
    frame = decoder.decodeAddress(*mention.address, identity.layout);
    frame.raw.text = mention.frame.text;
  } else {
    frame.undecoded = "expected a line that tells where KASLR put the kernel (\"Kernel Offset: ...\"), found none";
  }
  return frame;
}

}  // namespace relapse::stacktrace
