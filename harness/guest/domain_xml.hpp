// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "scenario/values.hpp"

namespace relapse::guest {

// All that libvirt must know of one guest.
struct DomainSpec {
  std::string name;  // of the domain, unique on its connection
  scenario::Node hardware;
  std::filesystem::path kernel;
  std::filesystem::path initrd;
  std::string commandLine;
  std::filesystem::path consoleSocket;  // the host listens, QEMU connects: no byte is lost
  std::filesystem::path agentSocket;
  std::filesystem::path emulator;
};

// Libvirt's domain XML for QEMU's "virt" machine under TCG. Pure; every text is escaped.
std::string domainXml(const DomainSpec& spec);

// The kernel's command line of every guest.
std::string kernelCommandLine();

}  // namespace relapse::guest
