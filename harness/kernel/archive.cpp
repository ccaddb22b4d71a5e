// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;

using Reader = std::unique_ptr<archive, decltype(&archive_read_free)>;
using Writer = std::unique_ptr<archive, decltype(&archive_write_free)>;

bool leadsOut(const fs::path& path) {
  return path.is_absolute() || std::ranges::any_of(path, [](const fs::path& part) { return part == ".."; });
}

tl::unexpected<Failure> failure(archive* handle, const fs::path& file, FailureKind kind) {
  const bool full = archive_errno(handle) == ENOSPC || archive_errno(handle) == EDQUOT;
  const char* text = archive_error_string(handle);
  return fail(full ? FailureKind::Exhausted : kind,
              fmt::format("cannot unpack {}: {}", file.string(), text != nullptr ? text : "it is damaged"));
}

class Unpacking {
 public:
  // The folder is canonical: the writer refuses links on the way, its own prefix included.
  Unpacking(const fs::path& file, const fs::path& folder) : file_(file), folder_(fs::canonical(folder)) {
    archive_read_support_filter_all(reader_.get());
    archive_read_support_format_tar(reader_.get());
    archive_write_disk_set_options(
        writer_.get(), ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_UNLINK);
  }

  Result<void> run(const UnpackOptions& options) {
    if (archive_read_open_filename(reader_.get(), file_.c_str(), 1u << 18) != ARCHIVE_OK)
      return failure(reader_.get(), file_, FailureKind::BadInput);
    archive_entry* entry = nullptr;
    for (long count = 1;; ++count) {
      if (options.stop.stop_requested()) return fail(FailureKind::Cancelled, "cancelled");
      const int status = archive_read_next_header(reader_.get(), &entry);
      if (status == ARCHIVE_EOF) return close();
      if (status < ARCHIVE_WARN) return failure(reader_.get(), file_, FailureKind::BadInput);
      if (auto written = write(entry); !written) return written;
      if (options.onEntries && count % 1000 == 0) options.onEntries(count);
    }
  }

 private:
  Result<void> write(archive_entry* entry) {
    const fs::path path = archive_entry_pathname(entry);
    const char* link = archive_entry_hardlink(entry);
    if (leadsOut(path) || (link != nullptr && leadsOut(link)))
      return fail(FailureKind::BadInput,
                  fmt::format("{}: the path \"{}\" in it leads out of the archive", file_.string(), path.string()));
    archive_entry_set_pathname(entry, (folder_ / path).c_str());
    if (link != nullptr) archive_entry_set_hardlink(entry, (folder_ / link).c_str());
    archive_entry_set_perm(entry, archive_entry_perm(entry) & 0111 ? 0755 : 0644);
    if (archive_write_header(writer_.get(), entry) < ARCHIVE_WARN)
      return failure(writer_.get(), file_, FailureKind::BadInput);
    return archive_entry_size(entry) > 0 ? writeData() : Result<void>{};
  }

  Result<void> writeData() {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    while (true) {
      const int status = archive_read_data_block(reader_.get(), &block, &size, &offset);
      if (status == ARCHIVE_EOF) break;
      if (status < ARCHIVE_WARN) return failure(reader_.get(), file_, FailureKind::BadInput);
      if (archive_write_data_block(writer_.get(), block, size, offset) < ARCHIVE_WARN)
        return failure(writer_.get(), file_, FailureKind::HostLacks);
    }
    if (archive_write_finish_entry(writer_.get()) < ARCHIVE_WARN)
      return failure(writer_.get(), file_, FailureKind::HostLacks);
    return {};
  }

  Result<void> close() {
    if (archive_write_close(writer_.get()) < ARCHIVE_WARN) return failure(writer_.get(), file_, FailureKind::HostLacks);
    return {};
  }

  fs::path file_, folder_;
  Reader reader_{archive_read_new(), archive_read_free};
  Writer writer_{archive_write_disk_new(), archive_write_free};
};

}  // namespace

Result<void> unpackArchive(const fs::path& archive, const fs::path& folder, const UnpackOptions& options) {
  return Unpacking(archive, folder).run(options);
}

}  // namespace relapse::kernel
