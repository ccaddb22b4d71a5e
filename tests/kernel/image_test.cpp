// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/image.hpp"

#include <elf.h>
#include <gmock/gmock.h>

#include <cstring>

#include "fixture.hpp"
#include "kernel/hash.hpp"
#include "kernel/kernel.hpp"

namespace relapse::kernel {
namespace {

using testing::HasSubstr;

const std::string kImage = std::string(56, '\0') + "ARM\x64" + std::string(100, '\0');

template <class T>
std::string bytesOf(const T& value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

// An ELF file with one note section that holds a build-id, and a banner behind it.
std::string vmlinux(Elf64_Half machine, const std::string& banner) {
  const std::string note = bytesOf(Elf64_Nhdr{4, 3, NT_GNU_BUILD_ID}) + std::string("GNU\0\xab\xcd\xef\0", 8);
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = machine;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 2;
  header.e_shoff = sizeof header;
  Elf64_Shdr section{};
  section.sh_type = SHT_NOTE;
  section.sh_offset = sizeof header + 2 * sizeof section;
  section.sh_size = note.size();
  section.sh_addralign = 4;
  return bytesOf(header) + bytesOf(Elf64_Shdr{}) + bytesOf(section) + note + banner;
}

class Ready : public FolderTest {};

TEST_F(Ready, AReleaseIsAWord) {
  for (const std::string release : {"6.1\x1b[31m", "6.1/../x", "6.1\xff", "6.1\n"}) {
    const auto facts = readVmlinux(write("vmlinux", vmlinux(EM_AARCH64, "Linux version " + release + " (a@b) #1")));
    ASSERT_TRUE(facts) << facts.error().message;
    EXPECT_EQ(facts->release, "");
  }
}

TEST_F(Ready, TellsReleaseBuildIdAndHashes) {
  const std::string whole =
      vmlinux(EM_AARCH64, std::string("Linux version %s (%s)\0", 22) + "Linux version 4.19.90-ky (a@b) #1");
  const auto kernel = ready({write("Image", kImage), write("vmlinux", whole)});
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->release, "4.19.90-ky");
  EXPECT_EQ(kernel->buildId, "abcdef");
  EXPECT_EQ(kernel->imageSha256, sha256(kImage));
  EXPECT_EQ(kernel->vmlinuxSha256, sha256(whole));
  EXPECT_EQ(kernel->key, "");
  EXPECT_FALSE(kernel->fromCache);
}

TEST_F(Ready, RefusesAnImageThatIsNone) {
  const auto elf = write("vmlinux", vmlinux(EM_AARCH64, ""));
  for (const std::string& content :
       {std::string("short"), std::string(200, 'x'), std::string("\x1f\x8b") + std::string(200, 'x')}) {
    const auto kernel = ready({write("Image", content), elf});
    ASSERT_FALSE(kernel);
    EXPECT_EQ(kernel.error().kind, FailureKind::BadInput);
    EXPECT_THAT(kernel.error().message, HasSubstr("Image: expected an arm64 kernel Image"));
  }
  EXPECT_THAT(ready({"/nowhere/Image", elf}).error().message, HasSubstr("/nowhere/Image: No such file"));
}

TEST_F(Ready, RefusesAVmlinuxOfAnotherMachineOrNone) {
  const auto image = write("Image", kImage);
  for (const std::string& content : {vmlinux(EM_X86_64, ""), std::string("text"), std::string()}) {
    const auto kernel = ready({image, write("vmlinux", content)});
    ASSERT_FALSE(kernel);
    EXPECT_EQ(kernel.error().kind, FailureKind::BadInput);
    EXPECT_THAT(kernel.error().message, HasSubstr("vmlinux: expected an aarch64 ELF file"));
  }
}

TEST_F(Ready, TakesAFolderOfModules) {
  const auto image = write("Image", kImage);
  const auto elf = write("vmlinux", vmlinux(EM_AARCH64, ""));
  const auto folder = write("modules/nfs.ko", "nfs").parent_path();
  const auto kernel = ready({image, elf, folder});
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->modules, folder);
  write("modules/sunrpc.ko", "sunrpc");
  EXPECT_NE(ready({image, elf, folder})->modulesSha256, kernel->modulesSha256);

  const auto empty = write("empty/readme", "").parent_path();
  EXPECT_THAT(ready({image, elf, empty}).error().message, HasSubstr("empty: expected a folder with *.ko"));
  EXPECT_EQ(ready({image, elf, "/nowhere"}).error().kind, FailureKind::BadInput);
}

TEST_F(Ready, WithoutABannerHasNoRelease) {
  const auto kernel = ready({write("Image", kImage), write("vmlinux", vmlinux(EM_AARCH64, ""))});
  ASSERT_TRUE(kernel);
  EXPECT_EQ(kernel->release, "");
}

}  // namespace
}  // namespace relapse::kernel
