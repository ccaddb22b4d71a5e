// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/decoder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "stacktrace/clean_text.hpp"
#include "stacktrace/decoded_file.hpp"
#include "stacktrace/module_files.hpp"

namespace relapse::stacktrace {
namespace {

constexpr std::string_view kBanner = "Linux version ";

std::string bannerOf(DecodedFile& vmlinux) {
  std::string found;
  vmlinux.file().forEachSymbol([&](const char* name, std::uint64_t address, const GElf_Sym&, std::size_t) {
    if (found.empty() && std::string_view(name) == "linux_banner") found = vmlinux.file().textAt(address);
  });
  while (found.ends_with('\n')) found.pop_back();
  found = cleanText(found);
  return found.starts_with(kBanner) ? found : std::string();
}

std::string shownSymbol(const Symbol& symbol, std::uint64_t address, const std::string& module) {
  return fmt::format("{}+{:#x}/{:#x}{}", cleanText(symbol.name), address - symbol.address, symbol.size,
                     module.empty() ? "" : " [" + module + "]");
}

// The frame of an address that was found in a file.
Frame frameAt(DecodedFile& file, std::uint64_t address, const std::string& module) {
  Frame frame;
  frame.raw.module = module;
  const Symbol* symbol = file.symbols().at(address);
  if (symbol == nullptr) {
    frame.undecoded = fmt::format("no function at {:#x}", address);
    return frame;
  }
  frame.raw.symbol = cleanText(symbol->name);
  frame.raw.offset = address - symbol->address;
  frame.raw.size = symbol->size;
  frame.raw.text = shownSymbol(*symbol, address, module);
  frame.calls = file.callsAt(*symbol, address);
  if (frame.calls.empty()) frame.undecoded = fmt::format("no line information for {}", frame.raw.symbol);
  return frame;
}

}  // namespace

struct Decoder::Files {
  Files(std::unique_ptr<DecodedFile> kernel, const std::filesystem::path& moduleFolder)
      : vmlinux(std::move(kernel)),
        banner(bannerOf(*vmlinux)),
        release(banner.empty() ? "" : banner.substr(kBanner.size(), banner.find(' ', kBanner.size()) - kBanner.size())),
        modules(moduleFolder, release, vmlinux->paths()) {}

  Frame decodeIn(DecodedFile& file, Frame frame);
  std::vector<const Symbol*> candidates(DecodedFile& file, Frame& frame);

  std::unique_ptr<DecodedFile> vmlinux;
  std::string banner;
  std::string release;
  ModuleFiles modules;
};

// The symbols that a printed frame can mean; none: the frame says why.
std::vector<const Symbol*> Decoder::Files::candidates(DecodedFile& file, Frame& frame) {
  const auto& raw = frame.raw;
  const auto named = file.symbols().named(raw.symbol);
  if (named.empty()) {
    frame.undecoded = fmt::format("expected a function {}, {} has none", raw.symbol, file.shownName());
    return {};
  }
  std::vector<const Symbol*> fitting;
  for (const Symbol* symbol : named)
    if (!raw.size || mayHaveSize(*symbol, *raw.size)) fitting.push_back(symbol);
  if (fitting.empty()) {
    std::vector<std::string> sizes;
    for (const Symbol* symbol : named) sizes.push_back(fmt::format("{:#x}", symbol->size));
    frame.undecoded = fmt::format("expected {} to be {:#x} bytes, found {} in {}", raw.symbol, *raw.size,
                                  fmt::join(sizes, ", "), file.shownName());
    return {};
  }
  const std::uint64_t offset = raw.offset.value_or(0);
  std::erase_if(fitting, [&](const Symbol* symbol) { return offset > raw.size.value_or(symbol->size); });
  if (fitting.empty())
    frame.undecoded = fmt::format("expected an offset inside of {}, found {:#x}", raw.symbol, offset);
  return fitting;
}

Frame Decoder::Files::decodeIn(DecodedFile& file, Frame frame) {
  const auto fitting = candidates(file, frame);
  std::vector<std::string> places;
  for (const Symbol* symbol : fitting) {
    // A return address behind the last instruction: the call did not return.
    const std::uint64_t offset = frame.raw.offset.value_or(0);
    const bool atEnd = offset > 0 && offset >= symbol->size;
    auto calls = file.callsAt(*symbol, symbol->address + (atEnd ? symbol->size - 1 : offset));
    if (calls.empty()) continue;
    const std::string place = fmt::format("{}:{}", calls.back().place.file, calls.back().place.line);
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
    frame.calls = std::move(calls);
  }
  if (places.size() > 1) {
    frame.calls.clear();
    frame.undecoded = fmt::format("ambiguous, it can be at {}", fmt::join(places, ", "));
  } else if (frame.calls.empty() && frame.undecoded.empty()) {
    frame.undecoded = fmt::format("no line information for {}", frame.raw.symbol);
  }
  return frame;
}

Decoder::Decoder(std::unique_ptr<Files> files) : files_(std::move(files)) {}
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

Result<Decoder> Decoder::open(const KernelFiles& files) {
  if (!files.modules.empty() && !std::filesystem::is_directory(files.modules))
    return fail(FailureKind::BadInput, fmt::format("{}: expected a folder with modules", files.modules.string()));
  auto vmlinux = DecodedFile::openKernel(files.vmlinux);
  if (!vmlinux) return passOn(vmlinux.error());
  return Decoder(std::make_unique<Files>(std::move(*vmlinux), files.modules));
}

const std::string& Decoder::release() const {
  return files_->release;
}

const std::string& Decoder::banner() const {
  return files_->banner;
}

const std::string& Decoder::buildId() const {
  return files_->vmlinux->file().buildId();
}

bool Decoder::mayBeMoved() const {
  return files_->vmlinux->file().movable();
}

Decoder::Match Decoder::match(const console::RawFrame& frame) {
  DecodedFile* file = files_->vmlinux.get();
  if (!frame.module.empty()) {
    const auto module = files_->modules.find(frame.module, moduleBuildId(frame.text));
    if (!module) return Match::NoFile;
    file = *module;
  }
  const auto named = file->symbols().named(frame.symbol);
  if (named.empty()) return Match::Unknown;
  const bool agrees = !frame.size || std::any_of(named.begin(), named.end(), [&](const Symbol* symbol) {
    return mayHaveSize(*symbol, *frame.size);
  });
  return agrees ? Match::Agrees : Match::OtherSize;
}

Frame Decoder::decode(const console::RawFrame& raw) {
  Frame frame;
  frame.raw = raw;
  if (raw.module.empty()) return files_->decodeIn(*files_->vmlinux, std::move(frame));
  const auto module = files_->modules.find(raw.module, moduleBuildId(raw.text));
  if (module) return files_->decodeIn(**module, std::move(frame));
  frame.undecoded = module.error().message;
  return frame;
}

Frame Decoder::decodeAddress(std::uint64_t address, const Layout& layout) {
  const std::uint64_t inVmlinux = address - layout.slide;
  if (files_->vmlinux->holds(inVmlinux)) return frameAt(*files_->vmlinux, inVmlinux, "");
  Frame frame;
  for (const auto& place : layout.modules) {
    if (address < place.text) continue;
    const auto module = files_->modules.find(place.name, "");
    const Section* text = module ? (*module)->file().sectionNamed(".text") : nullptr;
    if (text != nullptr && address - place.text < text->size)
      return frameAt(**module, text->address + (address - place.text), place.name);
  }
  frame.raw.symbol = frame.raw.text = fmt::format("{:#x}", address);
  frame.undecoded = "the address lies neither in vmlinux nor in a known module";
  return frame;
}

std::string Decoder::symbolAt(std::uint64_t address, const Layout& layout) {
  const std::uint64_t inVmlinux = address - layout.slide;
  if (const Symbol* symbol = files_->vmlinux->symbols().at(inVmlinux)) return cleanText(symbol->name);
  for (const auto& place : layout.modules) {
    if (address < place.text) continue;
    const auto module = files_->modules.find(place.name, "");
    const Section* text = module ? (*module)->file().sectionNamed(".text") : nullptr;
    if (text == nullptr || address - place.text >= text->size) continue;
    const Symbol* symbol = (*module)->symbols().at(text->address + (address - place.text));
    return symbol == nullptr ? std::string() : cleanText(symbol->name);
  }
  return {};
}

Result<Decoder::CodePlace> Decoder::codeOf(const console::RawFrame& raw) {
  DecodedFile* file = files_->vmlinux.get();
  if (!raw.module.empty()) {
    const auto module = files_->modules.find(raw.module, moduleBuildId(raw.text));
    if (!module) return passOn(module.error());
    file = *module;
  }
  Frame frame;
  frame.raw = raw;
  const auto fitting = files_->candidates(*file, frame);
  if (fitting.empty()) return fail(FailureKind::BadInput, frame.undecoded);
  if (fitting.size() > 1)
    return fail(FailureKind::BadInput, fmt::format("ambiguous, there are {} {}", fitting.size(), raw.symbol));
  const Section* text = raw.module.empty() ? nullptr : file->file().sectionNamed(".text");
  const std::uint64_t base = text == nullptr ? 0 : text->address;
  return CodePlace{file->file().path(), fitting.front()->address - base, fitting.front()->size};
}

std::optional<std::uint64_t> Decoder::addressOf(const std::string& symbol) {
  return files_->vmlinux->addressOf(symbol);
}

}  // namespace relapse::stacktrace
