// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/boots.hpp"

#include <gmock/gmock.h>

#include <fmt/format.h>

#include "small_kernel.hpp"

namespace relapse::stacktrace {
namespace {

using testing::HasSubstr;

std::vector<std::string> texts(std::string_view line) {
  std::vector<std::string> all;
  for (const auto& mention : mentionsIn(line)) all.push_back(mention.frame.text);
  return all;
}

TEST(Mentions, AreFoundWhereverTheyStand) {
  using testing::ElementsAre;
  EXPECT_THAT(texts(" nfs_wb_page+0x70/0x1b4 [nfs]"), ElementsAre("nfs_wb_page+0x70/0x1b4 [nfs]"));
  EXPECT_THAT(texts("pc : nfs_wb_page+0x70/0x1b4"), ElementsAre("nfs_wb_page+0x70/0x1b4"));
  EXPECT_THAT(texts("WARNING: CPU: 0 PID: 1 at fs/nfs/write.c:12 a.isra.0+0x8/0x10 [nfs 0123456789abcdef]"),
              ElementsAre("a.isra.0+0x8/0x10 [nfs 0123456789abcdef]"));
  EXPECT_THAT(texts("PC is at a+0x0/0x4, LR is at b+0x4/0x8"), ElementsAre("a+0x0/0x4", "b+0x4/0x8"));
  EXPECT_THAT(texts("[<ffff800008123456>] a+0x1/0x4"), ElementsAre("a+0x1/0x4"));
  EXPECT_THAT(texts("pc : [<ffff800008123456>] lr : [<ffff800008123458>] pstate: 6"),
              ElementsAre("[<ffff800008123456>]", "[<ffff800008123458>]"));
  EXPECT_THAT(texts("lr : 0xffff800008123456"), ElementsAre("0xffff800008123456"));
  EXPECT_THAT(texts(" 0xffff800008123456"), ElementsAre("0xffff800008123456"));
  for (const char* none :
       {"pc : 0x0", "x0 : ffff800008123456", "sp : ffff800008123b70", "[<0>]", "+0x1/0x2", "a+0x/0x1", "a+0x1", "[<",
        "a+0x1/0x", "mem 0xffff800008123456-0xffff", "a+0xfffffffffffffffff/0x1"})
    EXPECT_THAT(texts(none), testing::IsEmpty()) << none;
}

TEST(Mentions, KnowAnAddressBesideItsSymbolAndWhatIsAFrameAlone) {
  const auto one = mentionsIn(" [<ffff800008123456>] ? a+0x1/0x4").at(0);
  EXPECT_EQ(one.address, 0xffff800008123456);
  EXPECT_TRUE(one.clean);
  EXPECT_FALSE(mentionsIn("initcall a+0x0/0x4 returned 0").at(0).clean);
  EXPECT_FALSE(mentionsIn(" a+0x0/0x4 b+0x0/0x4").at(0).clean);
}

class BootsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { kernel_ = std::make_unique<SmallKernel>(); }
  static void TearDownTestSuite() { kernel_.reset(); }

  Decoder decoder_ = std::move(*Decoder::open({kernel_->vmlinux(), kernel_->modules()}));
  BootReader reader_;

  void read(const std::vector<std::string>& lines) {
    for (const auto& text : lines) {
      const LogLine line = reader_.read(text);
      reader_.note(line, mentionsIn(line.text));
    }
  }
  Identity identity(std::size_t boot = 0) { return identify(reader_.boots().at(boot), decoder_); }
  static std::string stamped(const std::string& text) { return "[    1.000000] " + text; }
  static std::string header(const std::string& release, const std::string& id = "") {
    return stamped("CPU: 1 PID: 2 Comm: a b Not tainted " + release + " #1 " + id);
  }
  static std::string trace(std::uint64_t more = 0) {
    return stamped(fmt::format(" spin+0x4/{:#x}", kernel_->size("spin") + more));
  }
  static std::unique_ptr<SmallKernel> kernel_;
};

std::unique_ptr<SmallKernel> BootsTest::kernel_;
const std::string kSameBanner = "Linux version 6.1.192 (me@host) (gcc) #1 SMP";

TEST_F(BootsTest, AreTheSameKernelByReleaseAndSizes) {
  read({stamped(kSameBanner), header("6.1.192"), trace()});
  EXPECT_EQ(identity().problem, "");
  EXPECT_EQ(identity().doubt, "");
}

TEST_F(BootsTest, ReleaseOfAnotherKernelIsAProblem) {
  read({header("4.19.325"), trace()});
  EXPECT_EQ(identity().problem, "expected a vmlinux of release 4.19.325, found 6.1.192");
}

TEST_F(BootsTest, BuildIdDecidesWhereTheLogHasOne) {
  read({header("6.1.192", std::string(40, 'a')), trace()});
  EXPECT_EQ(identity().problem,
            "expected a vmlinux with build-id " + std::string(40, 'a') + ", found " + decoder_.buildId());
  reader_ = BootReader();
  read({header("6.1.192-other", decoder_.buildId()), trace(8)});
  EXPECT_EQ(identity().problem, "expected a vmlinux of release 6.1.192-other, found 6.1.192");
  reader_ = BootReader();
  read({header("6.1.192", decoder_.buildId()), trace(8)});
  EXPECT_EQ(identity().problem, "");
}

TEST_F(BootsTest, AnotherSizeIsAnotherBuildOfTheSameRelease) {
  read({header("6.1.192"), stamped(" " + kernel_->frame("start_kernel", 0)), trace(8)});
  EXPECT_EQ(identity().problem,
            fmt::format("another build: expected a vmlinux in which spin has {:#x} bytes, found another size",
                        kernel_->size("spin") + 8));
}

TEST_F(BootsTest, ASizeThatIsRightOnceOnlyWasMisprinted) {
  read({header("6.1.192"), trace(), trace(8)});
  EXPECT_EQ(identity().problem, "");
}

TEST_F(BootsTest, SizesInLinesThatMayBeMixedSayNothing) {
  read({header("6.1.192"), trace(), trace(8) + " CPU: 1"});
  EXPECT_EQ(identity().problem, "");
}

TEST_F(BootsTest, MissingSymbolsAreAnotherBuildButCodeMadeAtRunTimeIsNot) {
  read({header("6.1.192"), trace(), stamped(" bpf_prog_1234_x+0x4/0x10"), stamped(" ftrace_trampoline+0x4/0x10")});
  EXPECT_EQ(identity().problem, "");
  read({stamped(" new_function+0x4/0x10")});
  EXPECT_EQ(identity().problem,
            "another build: expected a vmlinux with new_function, found none (1 of 4 symbols are missing)");
}

TEST_F(BootsTest, OfOneReleaseWithAnotherBannerAreDoubtedNotRefused) {
  read({stamped("Linux version 6.1.192 (you@there) (gcc) #2 SMP"), trace()});
  EXPECT_EQ(identity().problem, "");
  EXPECT_THAT(identity().doubt, HasSubstr("another build of 6.1.192"));
}

TEST_F(BootsTest, ATraceWithoutAReleaseIsCheckedBySizesAndSaysSo) {
  read({trace()});
  EXPECT_EQ(identity().problem, "");
  EXPECT_EQ(identity().doubt, "no line tells the kernel's release: checked by the sizes of 1 symbols alone");
}

TEST_F(BootsTest, ALogThatTellsNothingIsNotTakenForThisKernels) {
  read({"pc : 0xffff800008000004"});
  EXPECT_THAT(identity().problem, HasSubstr("expected a line that tells the kernel's release"));
}

TEST_F(BootsTest, AreToldApartInOneLog) {
  read({stamped(kSameBanner), trace(), stamped("Linux version 4.19.325 (a) #1"), trace()});
  read({header("5.10.1"), trace()});
  ASSERT_EQ(reader_.boots().size(), 3u);
  EXPECT_EQ(identity(0).problem, "");
  EXPECT_EQ(identity(1).problem, "expected a vmlinux of release 4.19.325, found 6.1.192");
  EXPECT_EQ(identity(2).problem, "expected a vmlinux of release 5.10.1, found 6.1.192");
}

TEST_F(BootsTest, WhatUserSpaceSaysOfAKernelIsNoEvidence) {
  read({stamped(kSameBanner), "Linux version 4.19.325 (a) #1", trace()});
  EXPECT_EQ(identity().problem, "");
}

TEST_F(BootsTest, WithoutNumberAreBounded) {
  for (int i = 0; i < 3000; ++i) read({stamped(fmt::format("Linux version {}.0 (a) #1", i)), trace()});
  EXPECT_EQ(reader_.boots().size(), 1000u);
  EXPECT_TRUE(reader_.overflowed());
}

TEST_F(BootsTest, AModuleOfAnotherBuildIsNotDecodedAndTheRestIs) {
  kernel_->module("nfs.ko");
  const std::string frame = " nfs_spin+0x4/0x4000 [nfs]";
  read({header("6.1.192"), trace(), stamped(frame)});
  EXPECT_EQ(identity().problem, "");
  EXPECT_EQ(decode(mentionsIn(frame).at(0), identity(), decoder_).undecoded,
            "another build: expected a nfs.ko in which nfs_spin has 0x4000 bytes, found another size");
  EXPECT_EQ(decode(mentionsIn(" " + kernel_->frame("spin", 4)).at(0), identity(), decoder_).undecoded, "");
}

TEST_F(BootsTest, DecodesAnAddressOfAKernelThatDoesNotMove) {
  read({header("6.1.192"), trace()});
  const auto address = fmt::format("pc : {:#x}", kernel_->address("spin") + 4);
  const Frame frame = decode(mentionsIn(address).at(0), identity(), decoder_);
  EXPECT_EQ(frame.raw.symbol, "spin");
  EXPECT_EQ(frame.calls.back().function, "spin");
}

TEST_F(BootsTest, AddressesOfAKernelThatMovesNeedItsSlide) {
  kernel_->shell(
      "cd tree && aarch64-linux-gnu-gcc -g -O2 -fPIC -shared -ffreestanding -nostdlib -Wl,-Bsymbolic"
      " -o ../moved init/main.c fs/a.c fs/b.c fs/c.c fs/d.c");
  auto moved = Decoder::open({kernel_->folder() / "moved", {}});
  ASSERT_TRUE(moved) << moved.error().message;
  ASSERT_TRUE(moved->mayBeMoved());
  const auto begin = *moved->addressOf("spin");
  const auto address = fmt::format("pc : {:#x}", begin + 0xffff800008000000 + 4);
  const auto decoded = [&] { return decode(mentionsIn(address).at(0), identify(reader_.boots()[0], *moved), *moved); };
  read({header("6.1.192")});
  EXPECT_THAT(decoded().undecoded, HasSubstr("expected a line that tells where KASLR put the kernel"));
  read({stamped("Kernel Offset: 0xffff800008000000 from 0x0")});
  EXPECT_EQ(decoded().calls.back().function, "spin");
}

}  // namespace
}  // namespace relapse::stacktrace
