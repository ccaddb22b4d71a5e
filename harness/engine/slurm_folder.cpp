// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/slurm_folder.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "process/descriptor.hpp"

namespace relapse::engine {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFull = 64 * 1024;  // bytes left; less does not hold a job's result

tl::unexpected<Failure> cannotWrite(const fs::path& file, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return fail(full ? FailureKind::Exhausted : FailureKind::HostLacks,
              "cannot write " + file.string() + ": " + std::system_category().message(error));
}

Result<void> writeFile(const fs::path& file, std::string_view content) {
  const process::Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!out.isOpen()) return cannotWrite(file, errno);
  while (!content.empty()) {
    const ssize_t count = ::write(out.get(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannotWrite(file, errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  // A network file system may say only now that there was no space.
  if (::fsync(out.get()) != 0 && errno != EINVAL) return cannotWrite(file, errno);
  return {};
}

std::string contentOf(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A client of NFS keeps for a minute that a name is not there; reading the folder makes it ask again.
void askAgain(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) (void)entry;
}

}  // namespace

Result<SlurmFolder> SlurmFolder::make(const fs::path& shared, const std::string& name) {
  if (!shared.is_absolute())
    return fail(FailureKind::BadInput, "the shared folder has to be absolute, found \"" + shared.string() + "\"");
  if (shared.string().find('\\') != std::string::npos)
    return fail(FailureKind::BadInput, "sbatch takes no folder with a backslash: " + shared.string());
  SlurmFolder folder(shared / name);
  std::error_code error;
  fs::create_directories(folder.path_, error);
  if (error) return cannotWrite(folder.path_, error.value());
  return folder;
}

SlurmFolder::~SlurmFolder() {
  if (!path_.empty()) remove(path_);
}

void SlurmFolder::remove(const fs::path& array) {
  std::error_code ignored;
  fs::remove_all(array, ignored);
}

Result<fs::path> SlurmFolder::addArray(const std::vector<const Job*>& jobs) {
  const fs::path array = path_ / std::to_string(arrays_++);
  const auto write = [&]() -> Result<void> {
    std::error_code error;
    fs::create_directory(array, error);
    if (error) return cannotWrite(array, error.value());
    for (std::size_t at = 0; at < jobs.size(); ++at)
      if (auto written = writeFile(array / (std::to_string(at) + ".task"), taskScript(*jobs[at])); !written)
        return written;
    return writeFile(array / "batch", batchScript());
  };
  if (auto written = write(); !written) {
    remove(array);
    return passOn(written.error());
  }
  return array;
}

bool SlurmFolder::isFull() const {
  struct statvfs disk {};
  return ::statvfs(path_.c_str(), &disk) == 0 && std::uint64_t{disk.f_bavail} * disk.f_frsize < kFull;
}

Traces SlurmFolder::tracesOf(const Job& job, const fs::path& array, int index, bool anew) {
  if (anew) {
    askAgain(array);
    askAgain(job.result.parent_path());
  }
  std::error_code ignored;
  const std::string task = (array / std::to_string(index)).string();
  Traces traces;
  traces.end = readTaskEnd(contentOf(task + ".end"));
  traces.result = fs::is_regular_file(job.result, ignored);
  traces.notes = readTaskNotes(contentOf(task + ".slurm"));
  return traces;
}

}  // namespace relapse::engine
