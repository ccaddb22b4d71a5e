// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/domain_xml.hpp"

#include <string_view>

#include <fmt/format.h>

namespace relapse::guest {
namespace {

constexpr std::string_view kCardName = "ua-eth";  // libvirt wants "ua-" before a user's names
constexpr std::string_view kUserCardMac = "52:54:00:ff:00:01";

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

std::string cpu(const std::string& model, bool kvm) {
  if (kvm) return "<cpu mode='host-passthrough' check='none'/>";
  if (model == "max") return "<cpu mode='maximum'/>";
  return fmt::format("<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>{}</model></cpu>",
                     xml(model));
}

// The kernel names the cards in the order of their slots, which lie above those that libvirt takes for itself.
constexpr std::size_t kFirstCardSlot = 0x10;
constexpr std::size_t kDiskSlot = 0x0f;

std::string slot(std::size_t number) {
  return fmt::format("<address type='pci' domain='0x0000' bus='0x00' slot='{:#04x}' function='0x0'/>", number);
}

// `inside` says where the packets go. No ROM: nothing boots from the network, and QEMU would want the ROM's file.
std::string card(std::size_t index, std::string_view type, std::string_view mac, std::string_view inside) {
  return fmt::format(
      "    <interface type='{}'>{}<mac address='{}'/><model type='virtio'/><rom enabled='no'/>"
      "<alias name='{}{}'/>{}</interface>\n",
      type, inside, xml(mac), kCardName, index, slot(kFirstCardSlot + index));
}

std::string cards(const DomainSpec& spec) {
  std::string out;
  std::size_t index = 0;
  for (const LinkEnd& link : spec.links)
    out += card(index++, "udp", link.mac,
                fmt::format("<source address='127.0.0.1' port='{}'><local address='127.0.0.1' port='{}'/></source>",
                            link.there, link.here));
  if (spec.hardware.reachesHost) out += card(index, "user", kUserCardMac, "");
  return out;
}

std::string disk(const std::optional<std::filesystem::path>& image) {
  if (!image) return "";
  // The guest's flushes need not reach the host's disk: what QEMU wrote outlives QEMU as it is.
  return fmt::format(
      "    <disk type='file' device='disk'><driver name='qemu' type='raw' cache='unsafe' error_policy='report' "
      "rerror_policy='report'/><source file='{}'/><target dev='vda' bus='virtio'/>{}</disk>\n",
      xml(image->string()), slot(kDiskSlot));
}

std::string terminal(const std::optional<std::filesystem::path>& socket) {
  if (!socket) return "";
  return fmt::format(
      "    <console type='unix'><source mode='connect' path='{}'/><target type='virtio' port='0'/></console>\n",
      xml(socket->string()));
}

// The kernel's hvc driver spins until QEMU has taken a line: then it should be QEMU's vCPU thread that takes it,
// and not another thread, which the host must run first.
constexpr std::string_view kPromptTerminal =
    "  <qemu:commandline><qemu:arg value='-global'/><qemu:arg value='virtio-serial-pci.ioeventfd=off'/>"
    "</qemu:commandline>\n";

}  // namespace

std::vector<std::string> cardNames(const scenario::Node& hardware, std::size_t links) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < links + (hardware.reachesHost ? 1 : 0); ++i)
    names.push_back(fmt::format("{}{}", kCardName, i));
  return names;
}

std::string domainXml(const DomainSpec& spec) {
  // GICv2 knows eight CPUs; more need a GICv3.
  const std::string gic = spec.kvm ? "host" : spec.hardware.cpus > 8 ? "3" : "2";
  return fmt::format(
      R"(<domain type='{type}' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
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
{terminal}{disk}{cards}    <memballoon model='none'/>
  </devices>
{prompt}</domain>
)",
      fmt::arg("type", spec.kvm ? "kvm" : "qemu"), fmt::arg("name", xml(spec.name)),
      fmt::arg("memory", spec.hardware.memory.value), fmt::arg("cpus", spec.hardware.cpus),
      fmt::arg("kernel", xml(spec.kernel.string())), fmt::arg("initrd", xml(spec.initrd.string())),
      fmt::arg("cmdline", xml(spec.commandLine)), fmt::arg("gic", gic),
      fmt::arg("cpu", cpu(spec.hardware.cpu, spec.kvm)), fmt::arg("emulator", xml(spec.emulator.string())),
      fmt::arg("console", xml(spec.consoleSocket.string())), fmt::arg("agent", xml(spec.agentSocket.string())),
      fmt::arg("terminal", terminal(spec.terminalSocket)), fmt::arg("disk", disk(spec.disk)),
      fmt::arg("cards", cards(spec)), fmt::arg("prompt", spec.terminalSocket ? kPromptTerminal : ""));
}

std::string kernelCommandLine() {
  // A panicked guest must stay where it is, so that its memory can be dumped.
  return "console=ttyAMA0 earlycon=pl011,0x9000000 ignore_loglevel panic=0 rdinit=/init";
}

}  // namespace relapse::guest
