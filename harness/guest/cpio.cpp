// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/cpio.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;

using Archive = std::unique_ptr<archive, decltype(&archive_write_free)>;
using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

Entry entry(const std::string& path, unsigned type, unsigned mode) {
  Entry made(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(made.get(), path.c_str() + 1);
  archive_entry_set_filetype(made.get(), type);
  archive_entry_set_perm(made.get(), mode);
  archive_entry_set_mtime(made.get(), 0, 0);
  archive_entry_set_size(made.get(), 0);
  return made;
}

}  // namespace

bool isProgram(const fs::path& file) {
  std::error_code error;
  return (fs::status(file, error).permissions() & fs::perms::owner_exec) != fs::perms::none;
}

struct CpioWriter::State {
  fs::path target;
  fs::path part;
  Archive out{archive_write_new(), archive_write_free};
  std::string problem;  // the first

  void header(archive_entry* what) {
    if (problem.empty() && archive_write_header(out.get(), what) != ARCHIVE_OK) note();
  }
  void note() {
    const char* why = archive_error_string(out.get());
    problem = why != nullptr ? why : "cannot be written";
  }
};

CpioWriter::CpioWriter(fs::path target) : state_(std::make_unique<State>()) {
  state_->part = fmt::format("{}.{}.part", target.string(), getpid());
  state_->target = std::move(target);
  archive_write_set_format_cpio_newc(state_->out.get());
  archive_write_add_filter_none(state_->out.get());  // under TCG unpacking costs more than reading
  if (archive_write_open_filename(state_->out.get(), state_->part.c_str()) != ARCHIVE_OK) state_->note();
}

CpioWriter::~CpioWriter() {
  std::error_code ignored;
  fs::remove(state_->part, ignored);
}

void CpioWriter::addFolder(const std::string& path) {
  state_->header(entry(path, AE_IFDIR, 0755).get());
}

void CpioWriter::addLink(const std::string& path, const std::string& target) {
  Entry link = entry(path, AE_IFLNK, 0777);
  archive_entry_set_symlink(link.get(), target.c_str());
  state_->header(link.get());
}

void CpioWriter::addConsole() {
  Entry node = entry("/dev/console", AE_IFCHR, 0600);
  archive_entry_set_rdevmajor(node.get(), 5);
  archive_entry_set_rdevminor(node.get(), 1);
  state_->header(node.get());
}

void CpioWriter::addFile(const std::string& path, const fs::path& source) {
  std::error_code error;
  if (fs::is_symlink(source, error)) return addLink(path, fs::read_symlink(source).string());
  std::ifstream in(source, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() && state_->problem.empty()) state_->problem = source.string() + ": cannot be read";
  Entry file = entry(path, AE_IFREG, isProgram(source) ? 0755 : 0644);
  archive_entry_set_size(file.get(), static_cast<la_int64_t>(bytes.size()));
  state_->header(file.get());
  if (state_->problem.empty() &&
      archive_write_data(state_->out.get(), bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size()))
    state_->note();
}

Result<void> CpioWriter::finish() {
  if (archive_write_close(state_->out.get()) != ARCHIVE_OK && state_->problem.empty()) state_->note();
  std::error_code error;
  if (state_->problem.empty()) {
    fs::permissions(state_->part, fs::perms(0644), error);
    fs::rename(state_->part, state_->target, error);
    if (error) state_->problem = error.message();
  }
  if (state_->problem.empty()) return {};
  return fail(FailureKind::Exhausted, fmt::format("{}: {}", state_->target.string(), state_->problem));
}

Result<void> joinArchives(const std::vector<fs::path>& parts, const fs::path& target) {
  std::ofstream out(target, std::ios::binary | std::ios::trunc);
  for (const fs::path& part : parts) {
    std::ifstream in(part, std::ios::binary);
    if (!in) return fail(FailureKind::Exhausted, fmt::format("{}: cannot be read", part.string()));
    if (in.peek() != std::ifstream::traits_type::eof()) out << in.rdbuf();
    while (out && out.tellp() % 4 != 0) out.put('\0');
  }
  out.close();
  if (!out) return fail(FailureKind::Exhausted, fmt::format("{}: cannot be written", target.string()));
  return {};
}

}  // namespace relapse::guest
