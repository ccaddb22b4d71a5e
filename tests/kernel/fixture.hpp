// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "kernel/disk.hpp"

namespace relapse::kernel {

// A folder of the test's own.
class FolderTest : public testing::Test {
 protected:
  FolderTest() : scratch_(testing::TempDir()) {}

  const std::filesystem::path& root() const { return scratch_.path(); }
  std::filesystem::path write(const std::filesystem::path& name, const std::string& content) {
    writeFile(root() / name, content);
    return root() / name;
  }

 private:
  ScratchFolder scratch_;
};

// Puts a small thing below `folder` that make builds as if it were a kernel of line 6.1: one object
// for each fs/*.c, a module for each mod/*.c. A file that holds "broken" does not compile; an option that
// holds "DROPPED" does not survive the configuration.
inline void makeFakeKernel(const std::filesystem::path& folder) {
  writeFile(folder / "Makefile", R"(VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 9
OBJECTS := $(patsubst %.c,$(O)/%.o,$(wildcard fs/*.c))
.PHONY: allnoconfig Image vmlinux modules
allnoconfig:
	@grep -v DROPPED $(KCONFIG_ALLCONFIG) > $(O)/.config
	@echo configured >> $(O)/configurations
$(O)/%.o: %.c
	@mkdir -p $(@D)
	@if grep -q broken $<; then echo "$<:1:1: error: this is broken" >&2; exit 1; fi
	@if grep -q endless $<; then exec sleep 1000; fi
	@if grep -q dying $<; then echo "gcc: fatal error: Killed signal terminated program cc1" >&2; exit 1; fi
	@if grep -q makeless $<; then kill -9 $$PPID; fi
	@echo "  CC      $*.o"
	@echo $* >> $(O)/compiled
	@cp $< $@
$(O)/vmlinux: $(OBJECTS)
	@{ printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\267\000\001\000\000\000'; \
	   head -c 40 /dev/zero; echo "Linux version 6.1.9 (a@b) #1"; cat $(sort $^); } > $@
vmlinux: $(O)/vmlinux
modules: $(O)/vmlinux
	@mkdir -p $(O)/mod && : > $(O)/modules.order
	@for m in $(basename $(notdir $(wildcard mod/*.c))); do echo "  CC [M]  mod/$$m.o"; \
	   cp mod/$$m.c $(O)/mod/$$m.ko; echo mod/$$m.ko >> $(O)/modules.order; done
Image: $(O)/vmlinux
	@mkdir -p $(O)/arch/arm64/boot $(O)/include/config
	@{ head -c 56 /dev/zero; printf 'ARM\144'; cat $<; } > $(O)/arch/arm64/boot/Image
	@echo 6.1.9 > $(O)/include/config/kernel.release
)");
  writeFile(folder / "fs/a.c", "a1\na2\na3\na4\na5\na6\na7\na8\na9\na10\na11\na12\na13\na14\na15\na16\n");
  writeFile(folder / "fs/b.c", "b1\nb2\nb3\n");
  writeFile(folder / "fs/c.c", "c1\n");
  writeFile(folder / "mod/m.c", "m1\n");
  writeFile(folder / "mod/n.c", "n1\n");
}

// Unified diffs against the fake kernel.
inline constexpr const char* kPatchA =
    "Why, by whom.\n\n--- a/fs/a.c\n+++ b/fs/a.c\n@@ -1,3 +1,3 @@\n a1\n-a2\n+A2\n a3\n";
inline constexpr const char* kPatchA2 = "--- a/fs/a.c\n+++ b/fs/a.c\n@@ -1,3 +1,4 @@\n a1\n A2\n+more\n a3\n";
inline constexpr const char* kPatchB = "--- a/fs/b.c\n+++ b/fs/b.c\n@@ -1,3 +1,3 @@\n b1\n-b2\n+B2\n b3\n";
inline constexpr const char* kPatchNew =
    "diff --git a/fs/new.c b/fs/new.c\nnew file mode 100644\n--- /dev/null\n+++ b/fs/new.c\n@@ -0,0 +1 @@\n+new\n";

}  // namespace relapse::kernel
