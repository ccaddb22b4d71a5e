// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/object_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace relapse::stacktrace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestText = 1024;

tl::unexpected<Failure> badInput(const fs::path& file, std::string_view problem) {
  return fail(FailureKind::BadInput, fmt::format("{}: {}", file.string(), problem));
}

std::string hex(const unsigned char* bytes, int length) {
  std::string text;
  for (int i = 0; i < length; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

Dwfl_Callbacks offlineCallbacks() {
  Dwfl_Callbacks callbacks = {};
  callbacks.section_address = dwfl_offline_section_address;
  return callbacks;
}

}  // namespace

ObjectFile::ObjectFile(fs::path path, FindDebugFile findDebugFile)
    : path_(std::move(path)),
      findDebugFile_(std::move(findDebugFile)),
      callbacks_(offlineCallbacks()),
      dwfl_(nullptr, dwfl_end) {
  callbacks_.find_debuginfo = findDebugInformation;
}

ObjectFile::~ObjectFile() = default;

Result<std::unique_ptr<ObjectFile>> ObjectFile::open(const fs::path& path, FindDebugFile findDebugFile) {
  std::unique_ptr<ObjectFile> file(new ObjectFile(path, std::move(findDebugFile)));
  if (auto reported = file->report(); !reported) return passOn(reported.error());
  if (auto read = file->readHeader(); !read) return passOn(read.error());
  file->readSections(file->elf_);
  return file;
}

Result<void> ObjectFile::report() {
  std::error_code error;
  const auto status = fs::status(path_, error);
  if (!fs::exists(status)) return badInput(path_, error ? error.message() : std::strerror(ENOENT));
  if (!fs::is_regular_file(status)) return badInput(path_, "expected an aarch64 ELF file, found no regular file");
  if (::access(path_.c_str(), R_OK) != 0) return badInput(path_, std::strerror(errno));
  dwfl_.reset(dwfl_begin(&callbacks_));
  if (!dwfl_) return fail(FailureKind::Internal, fmt::format("libdwfl: {}", dwfl_errmsg(-1)));
  dwfl_report_begin(dwfl_.get());
  // At its own addresses: dwfl_report_offline() would move a kernel that KASLR can move.
  module_ = dwfl_report_elf(dwfl_.get(), "", path_.c_str(), -1, 0, true);
  if (module_ == nullptr)
    return badInput(path_, fmt::format("expected an aarch64 ELF file, found something else ({})", dwfl_errmsg(-1)));
  dwfl_report_end(dwfl_.get(), nullptr, nullptr);
  void** self = nullptr;
  dwfl_module_info(module_, &self, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
  *self = this;
  return {};
}

Result<void> ObjectFile::readHeader() {
  GElf_Addr bias = 0;
  elf_ = dwfl_module_getelf(module_, &bias);
  GElf_Ehdr header;
  if (elf_ == nullptr || gelf_getehdr(elf_, &header) == nullptr)
    return badInput(path_, fmt::format("a damaged ELF file ({})", dwfl_errmsg(-1)));
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_AARCH64)
    return badInput(path_, "expected an ELF file of a 64-bit aarch64 kernel, found another architecture's");
  elfBias_ = bias;
  type_ = header.e_type;
  const unsigned char* bits = nullptr;
  GElf_Addr address = 0;
  if (const int length = dwfl_module_build_id(module_, &bits, &address); length > 0) buildId_ = hex(bits, length);
  return {};
}

void ObjectFile::readSections(Elf* elf) {
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) return;
  for (Elf_Scn* scn = nullptr; (scn = elf_nextscn(elf, scn)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(scn, &header) == nullptr || (header.sh_flags & SHF_ALLOC) == 0) continue;
    const char* name = elf_strptr(elf, names, header.sh_name);
    sections_.push_back({elf_ndxscn(scn), name == nullptr ? "" : name, header.sh_addr + elfBias_, header.sh_size,
                         (header.sh_flags & SHF_EXECINSTR) != 0});
  }
}

const Section* ObjectFile::sectionNamed(std::string_view name) const {
  for (const auto& section : sections_)
    if (section.name == name) return &section;
  return nullptr;
}

std::string ObjectFile::textAt(std::uint64_t address) const {
  for (const auto& section : sections_) {
    if (address < section.address || address - section.address >= section.size) continue;
    const std::uint64_t offset = address - section.address;
    Elf_Data* data = elf_getdata(elf_getscn(elf_, section.index), nullptr);
    if (data == nullptr || data->d_buf == nullptr || offset >= data->d_size) return {};
    const char* text = static_cast<const char*>(data->d_buf) + offset;
    return {text, ::strnlen(text, std::min<std::size_t>(data->d_size - offset, kLongestText))};
  }
  return {};
}

std::string ObjectFile::moduleInfo(std::string_view key) const {
  const Section* section = sectionNamed(".modinfo");
  if (section == nullptr) return {};
  for (std::uint64_t at = 0; at < section->size;) {
    const std::string entry = textAt(section->address + at);
    if (entry.size() > key.size() && entry.starts_with(key) && entry[key.size()] == '=')
      return entry.substr(key.size() + 1);
    at += entry.size() + 1;
  }
  return {};
}

void ObjectFile::forEachSymbol(
    const std::function<void(const char*, std::uint64_t, const GElf_Sym&, std::size_t)>& each) {
  const int count = dwfl_module_getsymtab(module_);
  for (int i = 1; i < count; ++i) {
    GElf_Sym symbol;
    GElf_Addr address = 0;
    GElf_Word section = 0;
    const char* name = dwfl_module_getsym_info(module_, i, &symbol, &address, &section, nullptr, nullptr);
    if (name != nullptr) each(name, address, symbol, section);
  }
}

Dwarf* ObjectFile::debugInformation(std::uint64_t& bias) {
  Dwarf_Addr found = 0;
  Dwarf* dwarf = dwfl_module_getdwarf(module_, &found);
  bias = found;
  return dwarf;
}

int ObjectFile::findDebugInformation(Dwfl_Module*, void** self, const char*, Dwarf_Addr, const char*, const char* link,
                                     GElf_Word sum, char** found) {
  if (self == nullptr || *self == nullptr) return -1;
  const auto& file = *static_cast<const ObjectFile*>(*self);
  if (!file.findDebugFile_) return -1;
  const fs::path path = file.findDebugFile_({file.path_, file.buildId_, link == nullptr ? "" : link, sum});
  if (path.empty()) return -1;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor >= 0) *found = ::strdup(path.c_str());
  return descriptor;
}

std::string buildIdOf(const fs::path& path) {
  const auto file = ObjectFile::open(path, {});
  return file ? (*file)->buildId() : std::string();
}

}  // namespace relapse::stacktrace
