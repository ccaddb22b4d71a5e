// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "failure/values.hpp"
#include "guest/guest_host.hpp"
#include "report/values.hpp"
#include "run/values.hpp"

namespace relapse::run {

// A file that goes with this object: disks take space that nobody needs any more.
class ScratchFile {
 public:
  explicit ScratchFile(std::filesystem::path file) : file_(std::move(file)) {}
  ~ScratchFile() {
    std::error_code ignored;
    if (!file_.empty()) std::filesystem::remove(file_, ignored);
  }
  ScratchFile(ScratchFile&& other) noexcept : file_(std::exchange(other.file_, {})) {}
  ScratchFile& operator=(ScratchFile&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }

 private:
  std::filesystem::path file_;
};

// All guests of a run, ready to be started, and the cables between them.
struct Guests {
  std::vector<guest::GuestSpec> specs;
  std::vector<guest::Cable> cables;  // to be kept as long as the guests
  std::vector<ScratchFile> disks;    // likewise
};

// Makes the guests' roots (from the cache, or request.archives), lays the cables and makes the disks. `record`
// has their kernels. HostLacks: packages cannot be had. `id` names the run's own files.
Result<Guests> prepareGuests(const RunRequest& request, const report::RunRecord& record, const std::string& id);

// The parts of guest-scripts/parts/ that a node's root needs: "ext4", "traffic", "fio". Pure.
std::set<std::string> partsOf(const scenario::Scenario& scenario, const std::string& node);

}  // namespace relapse::run
