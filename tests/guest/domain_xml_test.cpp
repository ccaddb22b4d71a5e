// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/domain_xml.hpp"

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

TEST(DomainXml, GivesTheGuestNoNetwork) {
  EXPECT_THAT(domainXml(spec()), Not(HasSubstr("<interface")));
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
