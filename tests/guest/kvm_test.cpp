// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "guest/embedded_driver.hpp"

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;

class Kvm : public testing::Test {
 protected:
  Kvm() { std::ofstream(device_) << ""; }
  ~Kvm() override { fs::remove(device_); }
  void mode(mode_t mode) const { ASSERT_EQ(chmod(device_.c_str(), mode), 0); }
  fs::path device_ = testing::TempDir() + "kvm-" + std::to_string(getpid());
};

TEST_F(Kvm, IsForArm64HostsAlone) {
  mode(0666);
  EXPECT_FALSE(kvmUsable(-1, "x86_64", device_));
  EXPECT_TRUE(kvmUsable(-1, "aarch64", device_));
}

TEST_F(Kvm, IsNotThereWithoutItsDevice) {
  EXPECT_FALSE(kvmUsable(-1, "aarch64", device_.string() + ".none"));
  EXPECT_FALSE(kvmUsable(65534, "aarch64", device_.string() + ".none"));
}

TEST_F(Kvm, OfRootsQemuDependsOnItsAccount) {
  constexpr long kNobody = 65534;
  mode(0666);
  EXPECT_TRUE(kvmUsable(kNobody, "aarch64", device_));
  mode(0600);
  EXPECT_FALSE(kvmUsable(kNobody, "aarch64", device_));
  mode(0660);
  EXPECT_FALSE(kvmUsable(kNobody, "aarch64", device_)) << "another group's";
  if (geteuid() != 0) GTEST_SKIP() << "skipped: only root gives a file to another group";
  ASSERT_EQ(chown(device_.c_str(), 0, kNobody), 0);
  EXPECT_TRUE(kvmUsable(kNobody, "aarch64", device_)) << "its own group's";
}

TEST(Machine, IsTold) {
  EXPECT_FALSE(machineOfHost().empty());
}

}  // namespace
}  // namespace relapse::guest
