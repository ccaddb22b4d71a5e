// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/vmcore.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "postmortem/vmcore_file.hpp"
#include "postmortem/vmcore_write.hpp"
#include "vmcore_builder.hpp"

namespace relapse::postmortem {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// What a debugger reads at a virtual address.
std::string at(const std::filesystem::path& dump, std::uint64_t address, std::size_t size) {
  const auto file = ElfFile::open(dump);
  if (!file) return "(" + file.error().message + ")";
  for (const Segment& segment : file->segments()) {
    if (address < segment.virtualAddress || address - segment.virtualAddress >= segment.size) continue;
    std::string bytes(size, '\0');
    return file->readAt(segment.offset + (address - segment.virtualAddress), bytes.data(), size) ? bytes : "(beyond)";
  }
  return "(nothing)";
}

class Vmcore : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& content) {
    writeFile(path_, content);
    return path_;
  }
  std::string failureOf(const std::string& content, const std::filesystem::path& vmlinux = {}) {
    const auto facts = addVirtualAddresses(write(content), vmlinux);
    if (facts) return "no failure";
    EXPECT_EQ(facts.error().kind, FailureKind::BadInput);
    EXPECT_EQ(contentOf(path_), content) << "a dump that cannot be done was changed";
    return facts.error().message;
  }

  ScratchFolder folder_;
  std::filesystem::path path_ = folder_ / "vmcore";
  TinyGuest guest_{0x600000};
};

TEST_F(Vmcore, GetsTheKernelsOwnAddresses) {
  const auto facts = addVirtualAddresses(write(guest_.dump(guest_.vmcoreinfo())));
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->release, "6.1.99");
  EXPECT_EQ(facts->slide, 0x600000u);
  EXPECT_EQ(facts->vaBits, 39u);
  EXPECT_EQ(facts->pageSize, 4096u);
  EXPECT_EQ(facts->memory, TinyGuest::kSize);
  EXPECT_EQ(facts->ranges, 4u);  // linear map, image, two pages of vmalloc
  EXPECT_TRUE(facts->vmalloc);
  EXPECT_FALSE(facts->doneBefore);
  EXPECT_THAT(facts->notes, IsEmpty());
  EXPECT_EQ(at(path_, TinyGuest::kVmalloc, 7), "a stack");
  EXPECT_EQ(at(path_, guest_.imageAddress() + 0x1230, 20), "Linux version 6.1.99");
  EXPECT_EQ(at(path_, TinyGuest::kLinear + 0x201230, 20), "Linux version 6.1.99");
  EXPECT_EQ(at(path_, TinyGuest::kVmalloc + 0x200000, 1), "(nothing)");  // a device
}

TEST_F(Vmcore, KeepsItsNotesAndItsMemoryInPlace) {
  const std::string before = guest_.dump(guest_.vmcoreinfo());
  ASSERT_TRUE(addVirtualAddresses(write(before)));
  const std::string after = contentOf(path_);
  EXPECT_EQ(after.substr(64, before.size() - 64), before.substr(64));
  EXPECT_LT(after.size(), before.size() + 4096);
  const auto notes = ElfFile::open(path_)->notes();
  ASSERT_TRUE(notes);
  ASSERT_EQ(notes->size(), 3u);
  EXPECT_EQ((*notes)[0].content, std::string(0x188, 'r'));
  EXPECT_EQ((*notes)[1].owner, "VMCOREINFO");
  EXPECT_EQ((*notes)[1].content, guest_.vmcoreinfo());
  EXPECT_EQ((*notes)[2].owner, "RELAPSE");
}

TEST_F(Vmcore, IsLeftAloneTheSecondTime) {
  guest_.put(TinyGuest::kSwapper + 8, 0x77770000 | 3);  // a table that is not there: something to note
  const auto first = addVirtualAddresses(write(guest_.dump(guest_.vmcoreinfo())));
  const std::string once = contentOf(path_);
  const auto second = addVirtualAddresses(path_);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(contentOf(path_), once);
  EXPECT_TRUE(second->doneBefore);
  EXPECT_EQ(second->release, first->release);
  EXPECT_EQ(second->slide, first->slide);
  EXPECT_EQ(second->ranges, first->ranges);
  EXPECT_EQ(second->memory, first->memory);
  EXPECT_EQ(second->vmalloc, first->vmalloc);
  EXPECT_THAT(first->notes, ElementsAre("1 page tables are not in the dump; what they map is left out"));
  EXPECT_EQ(second->notes, first->notes);
}

TEST_F(Vmcore, SurvivesAnInterruptionBeforeTheLastWrite) {
  const std::string before = guest_.dump(guest_.vmcoreinfo());
  ASSERT_TRUE(addVirtualAddresses(write(before)));
  const std::string done = contentOf(path_);
  for (const std::size_t written : {before.size() + 1, before.size() + 100, done.size()}) {
    write(before.substr(0, 64) + done.substr(64, written - 64));
    const auto kind = identify(path_);
    ASSERT_TRUE(kind);
    EXPECT_EQ(kind->form, VmcoreForm::PhysicalElf);
    EXPECT_EQ(kind->missing, 0u);
    const auto facts = addVirtualAddresses(path_);
    ASSERT_TRUE(facts);
    EXPECT_FALSE(facts->doneBefore);
    EXPECT_EQ(at(path_, TinyGuest::kVmalloc, 7), "a stack");
  }
}

TEST_F(Vmcore, OfTwoRangesIsReadFromTheRightOne) {
  const auto facts = addVirtualAddresses(write(guest_.dump(guest_.vmcoreinfo(), 0x200000)));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->ranges, 5u);  // the linear map is cut, too
  EXPECT_EQ(at(path_, TinyGuest::kVmalloc, 7), "a stack");
  EXPECT_EQ(at(path_, TinyGuest::kLinear + 0x201230, 20), "Linux version 6.1.99");
}

TEST_F(Vmcore, WithoutTheNoteIsFoundByTheKernelsOwnPage) {
  guest_.write(TinyGuest::kRam + 0x7000, "OSRELEASE=of somebody else\n");
  guest_.write(TinyGuest::kRam + 0x8000, guest_.vmcoreinfo());
  const auto facts = addVirtualAddresses(write(guest_.dump("")));
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_TRUE(facts->vmalloc);
  EXPECT_THAT(facts->notes, Contains("VMCOREINFO came from the kernel's own page of it"));
  EXPECT_TRUE(identify(path_)->hasVmcoreinfo);
}

TEST_F(Vmcore, WithoutVmcoreinfoIsFoundByVmlinux) {
  writeFile(folder_ / "vmlinux", TinyGuest::vmlinux());
  const auto facts = addVirtualAddresses(write(guest_.dump("")), folder_ / "vmlinux");
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->release, "6.1.99");
  EXPECT_EQ(facts->slide, 0x600000u);
  EXPECT_EQ(facts->vaBits, 39u);
  EXPECT_TRUE(facts->vmalloc);
  EXPECT_THAT(facts->notes, Contains("VMCOREINFO was made from vmlinux and the page tables"));
  EXPECT_EQ(at(path_, TinyGuest::kVmalloc, 7), "a stack");
  const auto again = addVirtualAddresses(path_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->slide, 0x600000u);
}

TEST_F(Vmcore, WithoutVmcoreinfoAndWithoutItsVmlinuxIsAnError) {
  EXPECT_THAT(failureOf(guest_.dump("")),
              HasSubstr("cannot tell where the kernel is: the dump has no VMCOREINFO note"));
  writeFile(folder_ / "other", TinyGuest::vmlinux("Linux version 6.1.98 (of a test) #1 SMP\n"));
  EXPECT_THAT(failureOf(guest_.dump(""), folder_ / "other"), HasSubstr("not the dumped kernel's"));
  writeFile(folder_ / "text", "hello");
  EXPECT_THAT(failureOf(guest_.dump(""), folder_ / "text"), HasSubstr("not an ELF file"));
  EXPECT_THAT(failureOf(guest_.dump(""), folder_ / "none"), HasSubstr("No such file"));
}

TEST_F(Vmcore, WithSpoiltPageTablesHasTheLinearMapAndTheImage) {
  guest_.write(TinyGuest::kSwapper, std::string(4096, '\0'));
  const auto facts = addVirtualAddresses(write(guest_.dump(guest_.vmcoreinfo())));
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_FALSE(facts->vmalloc);
  EXPECT_THAT(facts->notes, ElementsAre(HasSubstr("vmalloc not available: what lies at 0x40210000 does not map")));
  EXPECT_EQ(at(path_, TinyGuest::kLinear + 0x201230, 20), "Linux version 6.1.99");
  EXPECT_EQ(at(path_, guest_.imageAddress() + 0x1230, 20), "Linux version 6.1.99");
  EXPECT_EQ(at(path_, TinyGuest::kVmalloc, 7), "(nothing)");
}

TEST_F(Vmcore, OfAnOlderKernelHasItsLinearMapInTheUpperHalf) {
  guest_.write(TinyGuest::kSwapper, std::string(4096, '\0'));
  std::string old = guest_.vmcoreinfo();
  old.replace(old.find("6.1.99"), 6, "4.19.1");
  ASSERT_TRUE(addVirtualAddresses(write(guest_.dump(old))));
  EXPECT_EQ(at(path_, 0xffffffc000201230, 20), "Linux version 6.1.99");
}

TEST_F(Vmcore, WhoseKernelWroteOverItsVmcoreinfoIsAnErrorOrFoundElsewhere) {
  for (const char* spoilt : {"\xff\xff\xff\xff", "OSRELEASE=", "OSRELEASE=a b\n", "OSRELEASE=6.1\nPAGESIZE=-1\n",
                             "OSRELEASE=6.1\nPAGESIZE=3\n", "OSRELEASE=6.1\nNUMBER(VA_BITS)=99999999999999999999\n",
                             "OSRELEASE=6.1\nPAGESIZE=4096\nNUMBER(VA_BITS)=39\nSYMBOL(swapper_pg_dir)=0\n"
                             "NUMBER(kimage_voffset)=0\nNUMBER(PHYS_OFFSET)=0\nSYMBOL(_stext)=0\n"})
    EXPECT_THAT(failureOf(guest_.dump(spoilt)), HasSubstr("cannot tell where the kernel is: ")) << spoilt;
  writeFile(folder_ / "vmlinux", TinyGuest::vmlinux());
  const auto facts = addVirtualAddresses(write(guest_.dump("OSRELEASE=a b\n")), folder_ / "vmlinux");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->slide, 0x600000u);
  EXPECT_THAT(facts->notes, Contains(HasSubstr("OSRELEASE has a value that no arm64 kernel has")));
}

TEST_F(Vmcore, ThatWasCutOffSaysHowMuchIsMissing) {
  const std::string whole = guest_.dump(guest_.vmcoreinfo());
  EXPECT_THAT(failureOf(whole.substr(0, whole.size() - (3 << 20))), HasSubstr("3.0 MiB of it are missing"));
  EXPECT_THAT(failureOf(whole.substr(0, 100)), HasSubstr("cut off: its program headers are missing"));
  EXPECT_THAT(failureOf(whole.substr(0, 300)), HasSubstr("cut off: its notes are missing"));
  EXPECT_EQ(identify(write(whole.substr(0, whole.size() - 1)))->missing, 1u);
}

TEST_F(Vmcore, ThatIsNoneIsAClearError) {
  const std::string dump = guest_.dump("");
  EXPECT_THAT(failureOf(""), HasSubstr("not a memory dump"));
  EXPECT_THAT(failureOf("hello"), HasSubstr("not a memory dump, expected ELF or makedumpfile's"));
  EXPECT_THAT(failureOf(TinyGuest::vmlinux()), HasSubstr("an ELF file, but not a memory dump (e_type 2, expected 4)"));
  std::string other = dump;
  other[offsetof(Elf64_Ehdr, e_machine)] = EM_X86_64;
  EXPECT_THAT(failureOf(other), HasSubstr("another architecture (e_machine 62), expected little-endian arm64"));
  other = dump;
  other[offsetof(Elf64_Ehdr, e_phnum)] = 1;
  EXPECT_THAT(failureOf(other), HasSubstr("a dump without any memory"));
  EXPECT_THAT(identify(folder_ / "none").error().message, HasSubstr("none: "));
  EXPECT_THAT(identify(folder_ / ".").error().message, HasSubstr("not a file"));
}

TEST_F(Vmcore, HeadersThatLieAreAnError) {
  std::string huge = guest_.dump(guest_.vmcoreinfo());
  const std::size_t size = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_filesz);
  huge.replace(size, 8, std::string(8, '\xff'));
  EXPECT_THAT(failureOf(huge), HasSubstr("do not fit into 64 bits"));
  huge.replace(size, 8, std::string("\0\0\0\0\xff\0\0\0", 8));
  EXPECT_THAT(failureOf(huge), HasSubstr("are missing: the file was cut off"));
}

std::string kdump(const std::string& machine, char status) {
  std::string head = "KDUMP   " + std::string(504, '\0');
  head.replace(12 + 4 * 65, machine.size(), machine);
  head[424] = status;
  return head;
}

TEST_F(Vmcore, OfMakedumpfileIsKnown) {
  EXPECT_EQ(identify(write(kdump("aarch64", 1)))->form, VmcoreForm::Kdump);
  EXPECT_EQ(identify(write(kdump("aarch6", 1)))->form, VmcoreForm::Kdump);  // QEMU's
  EXPECT_THAT(describe(*identify(write(kdump("aarch64", 9)))), HasSubstr("its writer did not finish it"));
  EXPECT_THAT(failureOf(kdump("x86_64", 1)), HasSubstr("a kdump of x86_64, expected aarch64"));
  EXPECT_THAT(failureOf(kdump("aarch64", 1)), HasSubstr("makedumpfile's compressed form, expected ELF"));
  EXPECT_EQ(identify(write("makedumpfile" + std::string(100, '\0')))->form, VmcoreForm::FlattenedKdump);
}

TEST_F(Vmcore, OfMoreRangesThanAnElfHeaderCountsIsReadBack) {
  const auto file = ElfFile::open(write(guest_.dump(guest_.vmcoreinfo())), true);
  ASSERT_TRUE(file);
  const PhysicalMemory memory(*file);
  std::vector<Mapping> mappings;
  for (std::uint64_t i = 0; i < 70'000; ++i)
    mappings.push_back({TinyGuest::kVmalloc + i * 0x2000, TinyGuest::kRam + i % 1024 * 0x1000, 0x1000});
  ASSERT_TRUE(writeVirtualAddresses(*file, memory, mappings, {}));
  const auto again = ElfFile::open(path_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->header().e_phnum, PN_XNUM);
  ASSERT_EQ(again->segments().size(), 70'000u);
  EXPECT_EQ(again->segments().back().virtualAddress, mappings.back().virtualAddress);
}

TEST_F(Vmcore, IsCopiedWithHolesWhenItMustNotChange) {
  const std::string before = guest_.dump(guest_.vmcoreinfo());
  const auto facts = withVirtualAddresses(write(before), folder_ / "copy");
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(contentOf(path_), before);
  EXPECT_EQ(at(folder_ / "copy", TinyGuest::kVmalloc, 7), "a stack");
  EXPECT_EQ(contentOf(folder_ / "copy").substr(64, before.size() - 64), before.substr(64));
  struct stat status {};
  ASSERT_EQ(stat((folder_ / "copy").c_str(), &status), 0);
  EXPECT_LT(status.st_blocks * 512, status.st_size / 4);
}

TEST_F(Vmcore, ThatCannotBeDoneLeavesNoCopy) {
  EXPECT_FALSE(withVirtualAddresses(write(guest_.dump("")), folder_ / "copy"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "copy"));
  EXPECT_FALSE(withVirtualAddresses(write("hello"), folder_ / "copy"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "copy"));
  writeFile(folder_ / "copy", "mine");
  const auto facts = withVirtualAddresses(write(guest_.dump(guest_.vmcoreinfo())), folder_ / "copy");
  ASSERT_FALSE(facts);
  EXPECT_THAT(facts.error().message, HasSubstr("copy: cannot be made: File exists"));
  EXPECT_EQ(contentOf(folder_ / "copy"), "mine");
}

}  // namespace
}  // namespace relapse::postmortem
