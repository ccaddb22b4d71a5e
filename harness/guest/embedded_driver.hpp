// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "failure/values.hpp"

namespace relapse::guest {

// What libvirt's QEMU driver wants before it is opened inside this process.

// The account that QEMU runs under when relapse is root; nothing for the user's own. HostLacks: there is none.
struct QemuAccount {
  uid_t user;
  gid_t group;
};
Result<std::optional<QemuAccount>> qemuAccount();

// Its user; -1 for the user's own.
Result<long> qemuOwner();

// Whether QEMU under that account can have KVM for arm64 guests: an arm64 host with a `device` that it may open.
bool kvmUsable(long owner, const std::string& machine, const std::filesystem::path& device = "/dev/kvm");

// This host's machine, as uname -m has it.
std::string machineOfHost();

// Writes the driver's configuration below `root`, with what libvirt learnt of QEMU before from `cache`.
Result<void> prepareEmbedded(const std::filesystem::path& root, const std::filesystem::path& cache);

}  // namespace relapse::guest
