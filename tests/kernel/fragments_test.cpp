// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/fragments.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "fixture.hpp"

namespace relapse::kernel {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Fragments : public FolderTest {};

TEST_F(Fragments, OfTheLineAndOfTheUserWinOverTheGeneralOnes) {
  write("base.config", "# comment\nCONFIG_A=y\nCONFIG_B=y\n");
  write("base.6.1.config", "CONFIG_B=m\n");
  write("base.4.19.config", "CONFIG_B=n\n");
  write("mine", "# CONFIG_A is not set\nCONFIG_S=\"a b\"\n");
  const auto options = readFragments({"base"}, {root() / "mine"}, root(), "6.1");
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_THAT(fragmentText(*options), HasSubstr("CONFIG_B=m\n# CONFIG_A is not set\nCONFIG_S=\"a b\"\n"));
}

TEST_F(Fragments, ErrorsAreAllReportedWithTheirPlace) {
  write("base.config", "CONFIG_A=y\nA=y\n\nhello\n");
  const auto options = readFragments({"base", "bsae"}, {"/no/such"}, root(), "6.1");
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().kind, FailureKind::BadInput);
  EXPECT_THAT(options.error().message,
              AllOf(HasSubstr("base.config:2: "), HasSubstr("base.config:4: "), HasSubstr("found \"hello\""),
                    HasSubstr("found \"bsae\"; did you mean \"base\"?"), HasSubstr("/no/such: no such file")));
}

TEST_F(Fragments, TheProjectsOwnAreWellFormed) {
  for (const std::string line : {"4.19", "6.1"}) {
    const auto options =
        readFragments({"base", "nfs", "debug", "field-shape"}, {}, RELAPSE_SOURCE_DIR "/kernel-configs", line);
    EXPECT_TRUE(options) << options.error().message;
  }
}

TEST_F(Fragments, ALaterOneTakesBackWhatAnEarlierOneAskedFor) {
  const auto options =
      readFragments({"base", "nfs", "debug", "field-shape"}, {}, RELAPSE_SOURCE_DIR "/kernel-configs", "6.1");
  ASSERT_TRUE(options) << options.error().message;
  const std::string text = "\n" + fragmentText(*options);
  for (const char* asked :
       {"\n# CONFIG_ARM64_VA_BITS_39 is not set\n", "\nCONFIG_VMAP_STACK=y\n", "\nCONFIG_NFS_FS=m\n"})
    EXPECT_THAT(text, HasSubstr(asked));
  for (const char* gone : {"CONFIG_ARM64_VA_BITS_39=y", "CONFIG_VMAP_STACK is not set", "CONFIG_NFS_FS=y"})
    EXPECT_THAT(text, Not(HasSubstr(gone)));
}

TEST_F(Fragments, WhatABuildWouldRunOrReadOfTheHostIsRefused) {
  for (const std::string hostile : {"CONFIG_LOCALVERSION=\"$(shell touch /tmp/x)\"",
                                    "CONFIG_LOCALVERSION=\"`touch x`\"",
                                    "CONFIG_LOCALVERSION=\"-a;touch x\"",
                                    "CONFIG_LOCALVERSION=\"a\"b\"",
                                    "CONFIG_LOCALVERSION=\"a\\\"\"",
                                    "CONFIG_LOCALVERSION=\"a",
                                    "CONFIG_LOCALVERSION=a",
                                    "CONFIG_X=\"a|b\"",
                                    "CONFIG_X=\"a&b\"",
                                    "CONFIG_X=\"a>b\"",
                                    "CONFIG_X=\"a'b\"",
                                    "CONFIG_X=\"a#b\"",
                                    "CONFIG_X=\"a\tb\"",
                                    "CONFIG_X=\"~root\"",
                                    "CONFIG_X=\"a*\"",
                                    "CONFIG_X=\"{a,b}\"",
                                    "CONFIG_X=\"\xc3\xa4\"",
                                    "CONFIG_X=$(shell id)",
                                    "CONFIG_X=y;id",
                                    "CONFIG_X=123456789012345678901",
                                    "CONFIG_X=\"/etc/shadow\"",
                                    "CONFIG_X=\"..\"",
                                    "CONFIG_INITRAMFS_SOURCE=\"etc\"",
                                    "CONFIG_INITRAMFS_SOURCE=\".\"",
                                    "CONFIG_EXTRA_FIRMWARE=\"a.bin\"",
                                    "CONFIG_EXTRA_FIRMWARE_DIR=\"firmware\"",
                                    "CONFIG_SYSTEM_TRUSTED_KEYS=\"a.pem\"",
                                    "CONFIG_MODULE_SIG_KEY=\"/root/key.pem\"",
                                    "CONFIG_MODULE_SIG_KEY=\"pkcs11:x/y\"",
                                    "CONFIG_CROSS_COMPILE=\"evil-\"",
                                    "CONFIG_CMDLINE=\"a $(shell id)\""}) {
    write("mine", "CONFIG_A=y\n" + hostile + "\n");
    const auto options = readFragments({}, {root() / "mine"}, root(), "6.1");
    ASSERT_FALSE(options) << hostile;
    EXPECT_EQ(options.error().kind, FailureKind::BadInput);
    EXPECT_THAT(options.error().message, HasSubstr("mine:2: ")) << hostile;
  }
}

TEST_F(Fragments, WhatAKernelsOwnConfigHoldsCanBeAskedFor) {
  for (const std::string usual :
       {"CONFIG_A=m", "CONFIG_A=n", "CONFIG_HZ=250", "CONFIG_X=-1", "CONFIG_PHYS=0xfffffff000000000",
        "CONFIG_BUILD_SALT=\"\"", "CONFIG_INITRAMFS_SOURCE=\"\"", "CONFIG_SYSTEM_TRUSTED_KEYS=\"\"",
        "CONFIG_CC_VERSION_TEXT=\"aarch64-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0\"",
        "CONFIG_CC_IMPLICIT_FALLTHROUGH=\"-Wimplicit-fallthrough=5\"", "CONFIG_DEFAULT_HOSTNAME=\"(none)\"",
        "CONFIG_LSM=\"landlock,lockdown,yama\"", "CONFIG_LOCALVERSION=\"-rc1-mine\"",
        "CONFIG_MODULE_SIG_KEY=\"certs/signing_key.pem\"",
        "CONFIG_CMDLINE=\"console=ttyAMA0 root=/dev/vda init=/bin/sh\"", "CONFIG_MODPROBE_PATH=\"/sbin/modprobe\"",
        "CONFIG_NFS_V4_1_IMPLEMENTATION_ID_DOMAIN=\"kernel.org\""}) {
    write("mine", usual + "\n");
    const auto options = readFragments({}, {root() / "mine"}, root(), "6.1");
    EXPECT_TRUE(options) << options.error().message;
  }
}

TEST_F(Fragments, APipeADeviceAndWhatIsTooLargeAreRefusedAtOnce) {
  ASSERT_EQ(::mkfifo((root() / "pipe.config").c_str(), 0600), 0);
  std::filesystem::create_symlink("/dev/zero", root() / "zero.config");
  write("large.config", std::string((16u << 20) + 1, '\n'));
  for (const std::string name : {"pipe", "zero", "large"})
    EXPECT_FALSE(readFragments({name}, {}, root(), "6.1")) << name;
}

std::vector<AskedOption> asked(const std::string& name, const std::string& value) {
  return {{name, value, "f.config:3"}};
}

TEST(LostOptions, AreNamedWithValueAndPlace) {
  EXPECT_EQ(lostOptions(asked("CONFIG_A", "y"), "# CONFIG_A is not set\n"),
            "f.config:3: CONFIG_A: expected y, but in the kernel's .config it is not set (a dependency is missing)");
  EXPECT_THAT(lostOptions(asked("CONFIG_A", "y"), ""),
              HasSubstr("CONFIG_A: expected y, but in the kernel's .config it is not there"));
  EXPECT_THAT(lostOptions(asked("CONFIG_A", "n"), "CONFIG_A=y\n"), HasSubstr("it is y (something else selects it)"));
  EXPECT_THAT(lostOptions(asked("CONFIG_A", "18"), "CONFIG_A=17\n"), HasSubstr("expected 18"));
}

TEST(LostOptions, AreNoneWhenAllAreThere) {
  EXPECT_EQ(lostOptions(asked("CONFIG_A", "y"), "CONFIG_A=y\n"), "");
  EXPECT_EQ(lostOptions(asked("CONFIG_A", "n"), "CONFIG_AB=y\n"), "");
  EXPECT_EQ(lostOptions(asked("CONFIG_A", "n"), "# CONFIG_A is not set\n"), "");
  EXPECT_EQ(lostOptions(asked("CONFIG_A", "\"x=y\""), "CONFIG_A=\"x=y\"\n"), "");
}

}  // namespace
}  // namespace relapse::kernel
