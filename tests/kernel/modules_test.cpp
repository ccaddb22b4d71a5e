// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/modules.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"

namespace relapse::kernel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(HasModules, AsksForAnOptionThatIsOne) {
  EXPECT_TRUE(hasModules("CONFIG_MODULES=y\nCONFIG_NFS_FS=m\n"));
  EXPECT_FALSE(hasModules("CONFIG_MODULES=y\n# CONFIG_NFS_FS is not set\n"));
  EXPECT_FALSE(hasModules("# CONFIG_X=m\nCONFIG_NAME=\"=m\"\n"));
  EXPECT_FALSE(hasModules(""));
}

class BuiltModules : public FolderTest {};

TEST_F(BuiltModules, AreThoseOfTheOrderFileAndNotLeftovers) {
  write("fs/old.ko", "of another configuration");
  write("modules.order", "fs/nfs/nfs.ko\nfs/lockd/lockd.ko\n");
  EXPECT_THAT(builtModules(root()), ElementsAre(root() / "fs/lockd/lockd.ko", root() / "fs/nfs/nfs.ko"));
}

TEST_F(BuiltModules, AreFoundInEachFormOfTheOrderFile) {
  write("modules.order", "kernel/fs/nfs/nfs.ko\n");
  EXPECT_THAT(builtModules(root()), ElementsAre(root() / "fs/nfs/nfs.ko"));
  write("modules.order", "fs/nfs/nfs.o\n");
  EXPECT_THAT(builtModules(root()), ElementsAre(root() / "fs/nfs/nfs.ko"));
}

TEST_F(BuiltModules, OfTheFolderNamedKernelKeepTheirPath) {
  const auto module = write("kernel/trace/probe.ko", "x");
  write("modules.order", "kernel/trace/probe.ko\n");
  EXPECT_THAT(builtModules(root()), ElementsAre(module));
}

TEST_F(BuiltModules, AreNoneWithoutAnOrderFile) {
  EXPECT_THAT(builtModules(root()), IsEmpty());
}

TEST_F(BuiltModules, HaveASumThatKnowsNamesAndContents) {
  const auto one = write("a/x.ko", "1");
  const auto same = write("b/x.ko", "1");
  const auto renamed = write("b/y.ko", "1");
  const auto changed = write("c/x.ko", "2");
  EXPECT_EQ(sumOfModules({one}), sumOfModules({same}));
  EXPECT_NE(sumOfModules({one}), sumOfModules({renamed}));
  EXPECT_NE(sumOfModules({one}), sumOfModules({changed}));
  EXPECT_EQ(sumOfModules({}), "");
}

}  // namespace
}  // namespace relapse::kernel
