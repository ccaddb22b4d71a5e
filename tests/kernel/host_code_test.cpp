// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/host_code.hpp"

#include <gmock/gmock.h>

namespace relapse::kernel {
namespace {

using testing::ElementsAre;

TEST(HostCode, IsWhatABuildRuns) {
  for (const char* path :
       {"Makefile", "fs/nfs/Makefile", "Kconfig", "fs/Kconfig.binfmt", "Kbuild", "scripts/link-vmlinux.sh",
        "scripts/mod/modpost.c", "usr/gen_init_cpio.c", "tools/objtool/check.c", "arch/arm64/tools/gen-sysreg.awk",
        "kernel/gen_kheaders.sh", "arch/arm64/Makefile.postlink", "lib/build_OID_registry",
        "arch/x86/entry/syscalls/syscall_64.tbl", "arch/arm64/boot/install.sh"})
    EXPECT_TRUE(runsAtBuild(path)) << path;
  for (const char* path : {"fs/nfs/write.c", "include/linux/nfs_page.h", "arch/arm64/kernel/head.S", "MAINTAINERS",
                           "Documentation/filesystems/nfs/index.rst", "fs/nfs/.gitignore"})
    EXPECT_FALSE(runsAtBuild(path)) << path;
}

TEST(HostCode, OfPatchesIsNamedOnceInItsOrder) {
  const auto change = [](const std::string& file) {
    return "--- a/" + file + "\n+++ b/" + file + "\n@@ -1 +1 @@\n-1\n+2\n";
  };
  const std::vector<Patch> patches{{"1", change("fs/nfs/write.c") + change("fs/nfs/Makefile"), ""},
                                   {"2", change("scripts/x.sh") + change("fs/nfs/Makefile"), ""}};
  EXPECT_THAT(hostCodeIn(patches), ElementsAre("fs/nfs/Makefile", "scripts/x.sh"));
}

}  // namespace
}  // namespace relapse::kernel
