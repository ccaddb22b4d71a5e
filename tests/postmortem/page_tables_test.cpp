// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/page_tables.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

namespace relapse::postmortem {

bool operator==(const Mapping& a, const Mapping& b) {
  return a.virtualAddress == b.virtualAddress && a.physicalAddress == b.physicalAddress && a.size == b.size;
}
void PrintTo(const Mapping& mapping, std::ostream* out) {
  *out << std::hex << "{" << mapping.virtualAddress << " -> " << mapping.physicalAddress << " +" << mapping.size << "}";
}

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kTable = 3, kBlock = 1, kPage = 3, kMiB = 1 << 20;
constexpr std::uint64_t kRoot = 0x40001000;

class PageTables : public testing::Test {
 protected:
  void put(std::uint64_t table, std::size_t index, std::uint64_t entry) { entries_[table][index] = entry; }

  Result<PageTableWalk> walk(unsigned pageShift, unsigned vaBits) {
    const ReadTable read = [this](std::uint64_t address, std::span<std::uint64_t> to) {
      const auto table = entries_.find(address);
      if (table == entries_.end()) return false;
      std::fill(to.begin(), to.end(), 0);
      for (const auto& [index, entry] : table->second)
        if (index < to.size()) to[index] = entry;
      return true;
    };
    return walkPageTables({kRoot, pageShift, vaBits}, memory_, read);
  }

  std::map<std::uint64_t, std::map<std::size_t, std::uint64_t>> entries_;
  std::vector<MemoryRange> memory_ = {{0x40000000, 64 * kMiB}};
};

TEST_F(PageTables, OfThreeLevelsMapPagesAndJoinNeighbours) {
  put(kRoot, 511, 0x40002000 | kTable);
  put(0x40002000, 3, 0x40003000 | kTable);
  put(0x40003000, 7, 0x40100000 | kPage);
  put(0x40003000, 8, 0x40101000 | kPage);
  put(0x40003000, 9, 0x40200000 | kPage);
  const auto found = walk(12, 39);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(found->mappings, ElementsAre(Mapping{0xffffffffc0607000, 0x40100000, 0x2000},
                                           Mapping{0xffffffffc0609000, 0x40200000, 0x1000}));
  EXPECT_EQ(found->tables, 3u);
}

TEST_F(PageTables, OfFourLevelsMapBlocksOfTwoSizes) {
  memory_ = {{0x40000000, 2048 * kMiB}};
  put(kRoot, 256, 0x40002000 | kTable);
  put(0x40002000, 0, 0x40000000 | kBlock);
  put(0x40002000, 1, 0x40003000 | kTable);
  put(0x40003000, 0, 0x80000000 | kBlock);
  const auto found = walk(12, 48);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->mappings, ElementsAre(Mapping{0xffff800000000000, 0x40000000, 1026 * kMiB}));
}

TEST_F(PageTables, OfLargerPagesAreRead) {
  put(kRoot, 8, 0x41000000 | kTable);  // 16 KiB, 47 bits: 2,048 entries a table, blocks of 32 MiB
  put(0x41000000, 1, 0x42000000 | kBlock);
  auto found = walk(14, 47);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->mappings, ElementsAre(Mapping{0xffff808002000000, 0x42000000, 32 * kMiB}));
  entries_.clear();
  put(kRoot, 2, 0x41000000 | kTable);  // 64 KiB, 42 bits: two levels
  put(0x41000000, 1, 0x42010000 | kPage);
  found = walk(16, 42);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->mappings, ElementsAre(Mapping{0xfffffc0040010000, 0x42010000, 0x10000}));
}

TEST_F(PageTables, LeaveOutDevicesAndWhatIsBeyondTheMemory) {
  memory_ = {{0x40000000, kMiB}, {0x40180000, kMiB}};
  put(kRoot, 0, 0x40002000 | kTable);
  put(0x40002000, 0, 0x40000000 | kBlock);  // 2 MiB; the dump has two pieces of them
  put(0x40002000, 1, 0x08000000 | kBlock);
  const auto found = walk(12, 39);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->mappings, ElementsAre(Mapping{0xffffff8000000000, 0x40000000, kMiB},
                                           Mapping{0xffffff8000180000, 0x40180000, kMiB / 2}));
}

TEST_F(PageTables, LeaveOutEntriesThatAreNotValid) {
  put(kRoot, 0, 0x40000000 | kBlock);  // 1 GiB at the first of three levels is a block
  put(kRoot, 1, 0x40002000 | kTable);
  put(0x40002000, 0, 0x40003000 | kTable);
  put(0x40002000, 1, 0x40200000);      // not valid
  put(0x40003000, 0, 0x40100000 | 1);  // reserved at the last level
  put(0x40003000, 1, 0x40100000 | 2);  // not valid
  const auto found = walk(12, 39);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->mappings, ElementsAre(Mapping{0xffffff8000000000, 0x40000000, 64 * kMiB}));
}

TEST_F(PageTables, ThatLoopEnd) {
  for (std::size_t i = 0; i < 512; ++i) put(kRoot, i, kRoot | kTable);
  const auto found = walk(12, 48);
  ASSERT_TRUE(found);
  EXPECT_LE(found->tables, 4u);
  EXPECT_GT(found->repeated, 1000u);
}

TEST_F(PageTables, MoreThanSuchAMemoryHasAreAnError) {
  const ReadTable endless = [next = std::uint64_t{0x40000000}](std::uint64_t, std::span<std::uint64_t> to) mutable {
    for (std::uint64_t& entry : to) entry = ((next += 0x1000) & 0xfffffffff000) | kTable;
    return true;
  };
  const auto found = walkPageTables({kRoot, 12, 48}, memory_, endless);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("more than 4608 page tables"));
}

TEST_F(PageTables, ThatTheDumpLacksAreCounted) {
  put(kRoot, 0, 0x77770000 | kTable);
  const auto found = walk(12, 39);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->mappings, IsEmpty());
  EXPECT_EQ(found->unreadable, 1u);
}

TEST_F(PageTables, WithoutARootAreAnError) {
  const auto found = walk(12, 39);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("root, 0x40001000, is not in the dumped memory"));
}

TEST_F(PageTables, OfAnUnknownShapeAreAnError) {
  put(kRoot, 0, 0x40000000 | kBlock);
  for (const auto& [shift, bits] : {std::pair(12u, 52u), {13u, 39u}, {12u, 0u}, {16u, 39u}}) {
    const auto found = walk(shift, bits);
    ASSERT_FALSE(found) << shift << " " << bits;
    EXPECT_EQ(found.error().kind, FailureKind::BadInput);
  }
}

TEST(MappingOf, FindsTheOneAroundAnAddress) {
  const std::vector<Mapping> mappings = {{0x1000, 0, 0x1000}, {0x3000, 0, 0x1000}};
  EXPECT_EQ(mappingOf(mappings, 0xfff), nullptr);
  EXPECT_EQ(mappingOf(mappings, 0x1fff), &mappings[0]);
  EXPECT_EQ(mappingOf(mappings, 0x2000), nullptr);
  EXPECT_EQ(mappingOf(mappings, 0x3000), &mappings[1]);
  EXPECT_EQ(mappingOf(mappings, 0x4000), nullptr);
}

}  // namespace
}  // namespace relapse::postmortem
