// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/domain_xml.hpp"

#include <string_view>

#include <fmt/format.h>

namespace relapse::guest {
namespace {

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string cpu(const std::string& model) {
  if (model == "max") return "<cpu mode='maximum'/>";
  return fmt::format("<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>{}</model></cpu>",
                     xml(model));
}

}  // namespace

std::string domainXml(const DomainSpec& spec) {
  // GICv2 knows eight CPUs; more need a GICv3.
  const int gic = spec.hardware.cpus > 8 ? 3 : 2;
  return fmt::format(
      R"(<domain type='qemu'>
  <name>{name}</name>
  <memory unit='b'>{memory}</memory>
  <vcpu>{cpus}</vcpu>
  <os>
    <type arch='aarch64' machine='virt'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initrd}</initrd>
    <cmdline>{cmdline}</cmdline>
  </os>
  <features><gic version='{gic}'/><vmcoreinfo state='on'/></features>
  {cpu}
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>destroy</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>{emulator}</emulator>
    <controller type='usb' model='none'/>
    <controller type='virtio-serial' index='0'/>
    <serial type='unix'><source mode='connect' path='{console}'/></serial>
    <channel type='unix'>
      <source mode='connect' path='{agent}'/>
      <target type='virtio' name='org.relapse.agent'/>
    </channel>
    <memballoon model='none'/>
  </devices>
</domain>
)",
      fmt::arg("name", xml(spec.name)), fmt::arg("memory", spec.hardware.memory.value),
      fmt::arg("cpus", spec.hardware.cpus), fmt::arg("kernel", xml(spec.kernel.string())),
      fmt::arg("initrd", xml(spec.initrd.string())), fmt::arg("cmdline", xml(spec.commandLine)), fmt::arg("gic", gic),
      fmt::arg("cpu", cpu(spec.hardware.cpu)), fmt::arg("emulator", xml(spec.emulator.string())),
      fmt::arg("console", xml(spec.consoleSocket.string())), fmt::arg("agent", xml(spec.agentSocket.string())));
}

std::string kernelCommandLine() {
  // A panicked guest must stay where it is, so that its memory can be dumped.
  return "console=ttyAMA0 earlycon=pl011,0x9000000 ignore_loglevel panic=0 rdinit=/init";
}

}  // namespace relapse::guest
