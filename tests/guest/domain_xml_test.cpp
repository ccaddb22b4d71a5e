// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/domain_xml.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace relapse::guest {
namespace {

using testing::HasSubstr;
using testing::Not;

DomainSpec spec() {
  DomainSpec spec;
  spec.name = "relapse-1-client";
  spec.kernel = "/r/Image";
  spec.initrd = "/r/root";
  spec.commandLine = kernelCommandLine();
  spec.consoleSocket = "/r/c";
  spec.agentSocket = "/r/a";
  spec.emulator = "/usr/bin/qemu-system-aarch64";
  return spec;
}

TEST(DomainXml, EscapesEveryText) {
  DomainSpec hostile = spec();
  hostile.name = "</name><evil a='\"'>&";
  hostile.hardware.cpu = "<max>";
  const std::string xml = domainXml(hostile);
  EXPECT_THAT(xml, Not(HasSubstr("<evil")));
  EXPECT_THAT(xml, HasSubstr("&lt;/name&gt;&lt;evil a=&apos;&quot;&apos;&gt;&amp;"));
  EXPECT_THAT(xml, HasSubstr("&lt;max&gt;"));
}

// The pieces of `xml` from each `begin` to the `end` behind it.
std::vector<std::string> pieces(const std::string& xml, const std::string& begin, const std::string& end) {
  std::vector<std::string> found;
  for (std::size_t at = 0; (at = xml.find(begin, at)) != std::string::npos; ++at)
    found.push_back(xml.substr(at, xml.find(end, at) - at));
  return found;
}

std::vector<std::string> cards(const DomainSpec& spec) {
  return pieces(domainXml(spec), "<interface", "</interface>");
}

DomainSpec server() {
  DomainSpec server = spec();
  server.links = {{2001, 1001, "52:54:00:00:01:01"}, {2002, 1002, "52:54:00:00:02:01"}};
  return server;
}

TEST(DomainXml, HasNothingThatWasNotAskedFor) {
  for (const char* part : {"<interface", "<disk", "<console", "hostdev", "<graphics", "commandline"})
    EXPECT_THAT(domainXml(spec()), Not(HasSubstr(part))) << part;
}

TEST(DomainXml, ALinkIsAPairOfLoopbackPorts) {
  const auto both = cards(server());
  ASSERT_EQ(both.size(), 2u);
  EXPECT_THAT(both[0], HasSubstr("type='udp'"));
  EXPECT_THAT(both[0], HasSubstr("<source address='127.0.0.1' port='1001'><local address='127.0.0.1' port='2001'/>"));
  EXPECT_THAT(both[0], HasSubstr("<mac address='52:54:00:00:01:01'/>"));
  EXPECT_THAT(both[1], HasSubstr("<source address='127.0.0.1' port='1002'><local address='127.0.0.1' port='2002'/>"));
}

TEST(DomainXml, OnlyWhoMayReachTheHostHasACardForIt) {
  for (const auto& card : cards(server())) EXPECT_THAT(card, Not(HasSubstr("user")));
  DomainSpec open = server();
  open.hardware.reachesHost = true;
  const auto three = cards(open);
  ASSERT_EQ(three.size(), 3u);
  EXPECT_THAT(three[2], HasSubstr("type='user'")) << "behind the links, whose numbers stay";
}

TEST(DomainXml, CardsStandInTheSlotsThatMakeThemEth0Eth1Eth2) {
  DomainSpec many = server();
  many.links.resize(4);
  many.hardware.reachesHost = true;
  std::vector<std::string> slots;
  for (const auto& card : cards(many)) {
    EXPECT_THAT(card, HasSubstr("bus='0x00'"));
    EXPECT_THAT(card, HasSubstr("<rom enabled='no'/>"));
    slots.push_back(pieces(card, "slot='", "' f").at(0));
  }
  EXPECT_EQ(slots.size(), 5u);
  EXPECT_TRUE(std::is_sorted(slots.begin(), slots.end()));
  EXPECT_EQ(std::adjacent_find(slots.begin(), slots.end()), slots.end());
}

TEST(DomainXml, TheMonitorKnowsEachCardByItsName) {
  DomainSpec open = server();
  open.hardware.reachesHost = true;
  const auto names = cardNames(open.hardware, open.links.size());
  const auto described = cards(open);
  ASSERT_EQ(names.size(), described.size());
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_THAT(described[i], HasSubstr("<alias name='" + names[i] + "'/>"));
  EXPECT_TRUE(cardNames(spec().hardware, 0).empty());
}

TEST(DomainXml, ADiskIsRawAndItsErrorsAreTheGuests) {
  DomainSpec with = spec();
  with.disk = "/r/it's a disk";
  const auto disks = pieces(domainXml(with), "<disk", "</disk>");
  ASSERT_EQ(disks.size(), 1u);
  EXPECT_THAT(disks[0], HasSubstr("type='raw'"));
  EXPECT_THAT(disks[0], HasSubstr("error_policy='report' rerror_policy='report'"));
  EXPECT_THAT(disks[0], HasSubstr("<source file='/r/it&apos;s a disk'/><target dev='vda' bus='virtio'/>"));
}

TEST(DomainXml, ATerminalIsASecondConsoleAndNotTheKernels) {
  DomainSpec with = spec();
  with.terminalSocket = "/r/t";
  const auto xml = domainXml(with);
  EXPECT_THAT(xml, HasSubstr("<console type='unix'><source mode='connect' path='/r/t'/><target type='virtio'"));
  EXPECT_THAT(xml, HasSubstr("<serial type='unix'><source mode='connect' path='/r/c'/>"));
  EXPECT_THAT(kernelCommandLine(), Not(HasSubstr("hvc")));
}

TEST(DomainXml, UnderKvmTheCpuIsTheHosts) {
  DomainSpec fast = spec();
  fast.kvm = true;
  const auto xml = domainXml(fast);
  EXPECT_THAT(xml, HasSubstr("<domain type='kvm'"));
  EXPECT_THAT(xml, HasSubstr("<cpu mode='host-passthrough'"));
  EXPECT_THAT(xml, HasSubstr("<gic version='host'/>"));
  EXPECT_THAT(domainXml(spec()), HasSubstr("<domain type='qemu'"));
}

TEST(DomainXml, MoreThanEightCpusNeedAGicv3) {
  DomainSpec large = spec();
  large.hardware.cpus = 8;
  EXPECT_THAT(domainXml(large), HasSubstr("gic version='2'"));
  large.hardware.cpus = 9;
  EXPECT_THAT(domainXml(large), HasSubstr("gic version='3'"));
}

TEST(DomainXml, QemuConnectsSoThatNoConsoleByteIsLost) {
  EXPECT_THAT(domainXml(spec()), HasSubstr("<serial type='unix'><source mode='connect' path='/r/c'/>"));
}

TEST(KernelCommandLine, APanickedGuestStaysToBeDumped) {
  EXPECT_THAT(kernelCommandLine(), HasSubstr("panic=0"));
}

}  // namespace
}  // namespace relapse::guest
