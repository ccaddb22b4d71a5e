// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/decoder.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <random>

#include <fmt/format.h>

#include "console/frames.hpp"
#include "small_kernel.hpp"

namespace relapse::stacktrace {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string shown(const Call& call) {
  return fmt::format("{} {}:{}", call.function, call.place.file, call.place.line);
}

std::vector<std::string> shown(const Frame& frame) {
  std::vector<std::string> all;
  for (const auto& call : frame.calls) all.push_back(shown(call));
  if (frame.calls.empty()) all.push_back("undecoded: " + frame.undecoded);
  return all;
}

class DecoderTest : public testing::Test {
 protected:
  Decoder open(const fs::path& vmlinux) {
    auto opened = Decoder::open({vmlinux, kernel().modules()});
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }
  Decoder open() { return open(kernel().vmlinux()); }
  std::string whyNot(const fs::path& vmlinux) {
    const auto opened = Decoder::open({vmlinux, {}});
    EXPECT_TRUE(!opened && opened.error().kind == FailureKind::BadInput);
    return opened ? "opened" : opened.error().message;
  }
  static SmallKernel& kernel() { return *kernel_; }

  static void SetUpTestSuite() { kernel_ = std::make_unique<SmallKernel>(); }
  static void TearDownTestSuite() { kernel_.reset(); }
  void TearDown() override {
    fs::remove_all(kernel().modules());
    fs::create_directories(kernel().modules());
  }

  // From one symbol of a module to the next, as the kernel counts.
  static std::string moduleSize(const fs::path& path, const std::string& symbol, const std::string& next) {
    const auto at = [&](const std::string& name) {
      return std::stoull(kernel().shell("aarch64-linux-gnu-nm " + path.string() + " | grep ' " + name + "$'"), nullptr,
                         16);
    };
    return fmt::format("{:#x}", at(next) - at(symbol));
  }
  static console::RawFrame first(const fs::path& path, const std::string& module = "nfs") {
    return console::readLocation("nfs_first+0x4/" + moduleSize(path, "nfs_first", "nfs_spin") + " [" + module + "]");
  }

  // The deepest chain among the offsets of a symbol.
  std::vector<std::string> deepest(Decoder& decoder, const std::string& symbol, const std::string& size,
                                   const std::string& module = "") {
    Frame best;
    const auto past = std::stoull(size, nullptr, 16);
    for (std::uint64_t offset = 0; offset < past; offset += 4) {
      auto frame = decoder.decode(console::readLocation(fmt::format("{}+{:#x}/{}{}", symbol, offset, size, module)));
      if (offset == 0 || frame.calls.size() > best.calls.size()) best = frame;
    }
    return shown(best);
  }

 private:
  static std::unique_ptr<SmallKernel> kernel_;
};

std::unique_ptr<SmallKernel> DecoderTest::kernel_;

TEST_F(DecoderTest, GivesTheWholeInlinedChainInnermostFirst) {
  Decoder decoder = open();
  const auto line = [](const char* text) { return kernel().line("init/main.c", text); };
  EXPECT_THAT(deepest(decoder, "spin", fmt::format("{:#x}", kernel().size("spin"))),
              ElementsAre(fmt::format("innermost init/main.c:{}", line("the store")),
                          fmt::format("inner init/main.c:{}", line("calls innermost")),
                          fmt::format("spin init/main.c:{}", line("calls the other"))));
}

TEST_F(DecoderTest, KnowsReleaseBannerAndBuildId) {
  Decoder decoder = open();
  EXPECT_EQ(decoder.release(), "6.1.192");
  EXPECT_EQ(decoder.banner(), "Linux version 6.1.192 (me@host) (gcc) #1 SMP");
  EXPECT_THAT(kernel().shell("aarch64-linux-gnu-readelf -n vmlinux"), HasSubstr("Build ID: " + decoder.buildId()));
  EXPECT_EQ(decoder.buildId().size(), 40u);
}

TEST_F(DecoderTest, ChoosesAmongFunctionsOfOneNameByTheSizePrinted) {
  Decoder decoder = open();
  ASSERT_NE(kernel().size("same", 0), kernel().size("same", 1));
  EXPECT_THAT(shown(decoder.decode(console::readLocation(kernel().frame("same", 0, 0)))), ElementsAre("same fs/a.c:4"));
  EXPECT_THAT(shown(decoder.decode(console::readLocation(kernel().frame("same", 0, 1)))), ElementsAre("same fs/b.c:4"));
}

TEST_F(DecoderTest, SaysThatAFrameIsAmbiguousWhenItsSizeDoesNotTell) {
  Decoder decoder = open();
  ASSERT_EQ(kernel().size("twin", 0), kernel().size("twin", 1));
  EXPECT_THAT(shown(decoder.decode(console::readLocation(kernel().frame("twin", 0)))),
              ElementsAre("undecoded: ambiguous, it can be at fs/c.c:4, fs/d.c:4"));
}

TEST_F(DecoderTest, DecodesNothingThatDoesNotFit) {
  Decoder decoder = open();
  const auto why = [&](const std::string& text) { return decoder.decode(console::readLocation(text)).undecoded; };
  EXPECT_EQ(why("not_there+0x4/0x10"), "expected a function not_there, vmlinux has none");
  EXPECT_EQ(why("spin+0x4/0x1000"),
            fmt::format("expected spin to be 0x1000 bytes, found {:#x} in vmlinux", kernel().size("spin")));
  EXPECT_EQ(why(kernel().frame("spin", 0x400)), "expected an offset inside of spin, found 0x400");
  EXPECT_EQ(why("sink+0x0/0x4"), "expected a function sink, vmlinux has none");
  EXPECT_EQ(why("nfs_spin+0x0/0x4 [nfs]"), "module nfs: no nfs.ko below " + kernel().modules().string());
}

TEST_F(DecoderTest, AReturnAddressBehindTheLastInstructionIsItsCallers) {
  Decoder decoder = open();
  const auto frame = kernel().frame("ends_in_a_call", kernel().size("ends_in_a_call"));
  EXPECT_THAT(shown(decoder.decode(console::readLocation(frame))),
              ElementsAre(fmt::format("ends_in_a_call init/main.c:{}", kernel().line("init/main.c", "the last one"))));
}

TEST_F(DecoderTest, FindsASymbolByItsRunningAddress) {
  Decoder decoder = open();
  const Layout moved{.slide = 0x2000000, .modules = {}};
  const auto at = kernel().address("spin") + 4;
  const Frame frame = decoder.decodeAddress(at + moved.slide, moved);
  EXPECT_EQ(frame.raw.text, kernel().frame("spin", 4));
  EXPECT_EQ(frame.calls.back().function, "spin");
  EXPECT_EQ(decoder.symbolAt(at + moved.slide, moved), "spin");
  EXPECT_EQ(decoder.symbolAt(at + moved.slide, {}), "");
  EXPECT_EQ(decoder.addressOf("spin"), kernel().address("spin"));
  EXPECT_TRUE(decoder.addressOf("sink"));
  EXPECT_FALSE(decoder.addressOf("not_there"));
  EXPECT_THAT(decoder.decodeAddress(0x1234, {}).undecoded, HasSubstr("neither in vmlinux nor in a known module"));
}

TEST_F(DecoderTest, ShowsPathsRelativeToTheTreeHoweverItWasBuilt) {
  const std::string link =
      " -nostdlib -static -no-pie -fno-pie -ffreestanding -g -O2 -Wl,-Ttext=0xffff800008000000 "
      "-Wl,-e,start_kernel -o vmlinux-of-";
  const std::string files = "fs/a.c fs/b.c fs/c.c fs/d.c";
  kernel().shell("cd tree && aarch64-linux-gnu-gcc" + link + "mapped -fdebug-prefix-map=$PWD=. init/main.c " + files);
  kernel().shell("mkdir -p out && cd out && T=$(realpath ../tree) && aarch64-linux-gnu-gcc" + link +
                 "absolute $T/init/main.c $T/fs/[abcd].c");
  kernel().shell("cd out && aarch64-linux-gnu-gcc" + link + "parent ../tree/init/../init/main.c ../tree/fs/[abcd].c");
  for (const char* file : {"tree/vmlinux-of-mapped", "out/vmlinux-of-absolute", "out/vmlinux-of-parent"}) {
    Decoder decoder = open(kernel().folder() / file);
    EXPECT_EQ(decoder.decodeAddress(*decoder.addressOf("from_a"), {}).calls.back().place.file, "fs/a.c") << file;
  }
}

TEST_F(DecoderTest, DecodesModulesWhateverTheirFilesAreCalled) {
  for (const char* file : {"nfs.ko", "kernel/fs/nfs.ko.debug", "n_f-s.ko"}) {
    const auto path = kernel().module(file);
    Decoder decoder = open();
    const std::string name = std::string(file) == "n_f-s.ko" ? " [n_f_s]" : " [nfs]";
    EXPECT_THAT(
        deepest(decoder, "nfs_spin", moduleSize(path, "nfs_spin", "nfs_last"), name),
        ElementsAre(fmt::format("nfs_store fs/nfs/module.c:{}", kernel().line("fs/nfs/module.c", "the store")),
                    fmt::format("nfs_spin fs/nfs/module.c:{}", kernel().line("fs/nfs/module.c", "calls nfs_store"))))
        << file;
    fs::remove(path);
  }
}

TEST_F(DecoderTest, FindsAnAddressInAModuleByThePlaceOfItsText) {
  kernel().module("nfs.ko");
  Decoder decoder = open();
  const Layout layout{.slide = 0, .modules = {{"nfs", 0xffff800001230000}}};
  EXPECT_EQ(decoder.symbolAt(0xffff800001230000, layout), "nfs_first");
  const Frame frame = decoder.decodeAddress(0xffff800001230004, layout);
  EXPECT_THAT(frame.raw.text, testing::MatchesRegex("nfs_first\\+0x4/0x[0-9a-f]+ \\[nfs\\]"));
  EXPECT_EQ(frame.calls.back().module, "nfs");
}

TEST_F(DecoderTest, FindsSplitDebugInformationByBuildIdAndByLink) {
  const auto path = kernel().module("nfs.ko").string();
  const auto frame = first(path);
  const auto why = [&] { return open().decode(frame).undecoded; };
  ASSERT_EQ(why(), "");
  kernel().shell("aarch64-linux-gnu-objcopy --only-keep-debug " + path + " kept && aarch64-linux-gnu-strip -g " + path);
  EXPECT_EQ(why(), "module nfs: " + path + ": expected debug information (DWARF), found none");
  const Decoder::Match match = open().match(frame);
  EXPECT_EQ(match, Decoder::Match::NoFile);
  const std::string id = kernel().shell("aarch64-linux-gnu-readelf -n kept | sed -n 's/.*Build ID: //p' | tr -d '\\n'");
  kernel().shell("D=modules/.build-id/" + id.substr(0, 2) + "; mkdir -p $D && cp kept $D/" + id.substr(2) + ".debug");
  EXPECT_EQ(why(), "");
  fs::remove_all(kernel().modules() / ".build-id");
  kernel().shell(
      "mkdir modules/debug && cp kept modules/debug/linked.debug && cd modules/debug &&"
      " aarch64-linux-gnu-objcopy --add-gnu-debuglink=linked.debug " +
      path);
  EXPECT_EQ(why(), "");
  kernel().shell("echo >> modules/debug/linked.debug; aarch64-linux-gnu-objcopy -R .note.gnu.build-id " + path);
  EXPECT_THAT(why(), HasSubstr("expected debug information (DWARF), found none"));  // the sum differs
}

TEST_F(DecoderTest, RefusesAModuleOfAnotherKernel) {
  const auto path = kernel().module("nfs.ko", "4.19.325 SMP").string();
  Decoder decoder = open();
  EXPECT_EQ(decoder.decode(console::readLocation("nfs_first+0x0/0xc [nfs]")).undecoded,
            "module nfs: " + path + ": expected release 6.1.192, found 4.19.325");
  const std::string other(40, 'a');
  EXPECT_THAT(decoder.decode(console::readLocation("nfs_first+0x0/0xc [nfs " + other + "]")).undecoded,
              StartsWith("module nfs: " + path + ": expected build-id " + other + ", found "));
}

TEST_F(DecoderTest, OpensPackedModules) {
  const auto frame = first(kernel().module("nfs.ko"));
  for (const char* packed : {"xz --check=crc32", "gzip"}) {
    kernel().module("nfs.ko");
    kernel().shell(std::string(packed) + " modules/nfs.ko");
    EXPECT_EQ(open().decode(frame).undecoded, "") << packed;
    kernel().shell("rm modules/nfs.ko.*");
  }
}

TEST_F(DecoderTest, SaysWhyAFileIsNoVmlinux) {
  kernel().shell(
      "aarch64-linux-gnu-strip -g -o no-debug vmlinux; aarch64-linux-gnu-strip -o stripped vmlinux;"
      " echo text > text; : > empty; head -c 100 vmlinux > short");
  const auto at = [&](const char* name) { return (kernel().folder() / name).string(); };
  EXPECT_EQ(whyNot(at("missing")), at("missing") + ": No such file or directory");
  EXPECT_EQ(whyNot(kernel().folder()),
            kernel().folder().string() + ": expected an aarch64 ELF file, found no regular file");
  EXPECT_THAT(whyNot("/proc/self/exe"), HasSubstr("expected an ELF file of a 64-bit aarch64 kernel, found another"));
  EXPECT_THAT(whyNot(at("no-debug")), HasSubstr("expected debug information (DWARF), found none"));
  EXPECT_THAT(whyNot(at("stripped")), HasSubstr("expected debug information (DWARF), found none"));
  for (const char* name : {"text", "empty", "short"})
    EXPECT_THAT(whyNot(at(name)), StartsWith(at(name) + ": ")) << name;
  EXPECT_THAT(whyNot(kernel().module("nfs.ko")), HasSubstr("expected a vmlinux, found a module"));
  const auto folder = Decoder::open({kernel().vmlinux(), at("text")});
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().message, at("text") + ": expected a folder with modules");
}

// What is damaged may be refused or give less, and nothing else happens.
TEST_F(DecoderTest, NamesOfAHostileFileAreCleanText) {
  std::ifstream in(kernel().vmlinux(), std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  for (const std::string name : {"innermost", "ends_in_a_call", "main.c"})
    for (std::size_t at = 0; (at = bytes.find(name, at)) != std::string::npos; ++at) bytes.replace(at, 3, "\x1b[\xff");
  const fs::path hostile = kernel().folder() / "hostile";
  std::ofstream(hostile, std::ios::binary) << bytes;
  Decoder decoder = open(hostile);
  std::string all;
  for (const char* symbol : {"spin", "ends_in_a_call"})
    for (std::uint64_t offset = 0; offset < 16; offset += 4) {
      const auto frame = decoder.decodeAddress(kernel().address(symbol) + offset, {});
      all += frame.raw.text + frame.raw.symbol + frame.undecoded;
      for (const auto& call : frame.calls) all += call.function + call.place.file;
      all += decoder.symbolAt(kernel().address(symbol) + offset, {});
    }
  EXPECT_THAT(all, HasSubstr("s_in_a_call"));
  EXPECT_EQ(all.find('\x1b'), std::string::npos);
  EXPECT_EQ(all.find('\xff'), std::string::npos);
}

TEST_F(DecoderTest, AModuleThatIsNamedAsAPathIsNone) {
  kernel().module("nfs.ko");
  fs::copy_file(kernel().modules() / "nfs.ko", kernel().folder() / "outside.ko", fs::copy_options::overwrite_existing);
  Decoder decoder = open();
  for (const char* name : {"../outside", "/etc/passwd", "..", "-x", "nfs/../../outside"}) {
    console::RawFrame frame;
    frame.symbol = "nfs_spin";
    frame.module = name;
    frame.text = fmt::format("nfs_spin+0x4/0x10 [{}]", name);
    EXPECT_EQ(decoder.match(frame), Decoder::Match::NoFile) << name;
    EXPECT_THAT(decoder.decode(frame).calls, IsEmpty()) << name;
  }
}

TEST_F(DecoderTest, SurvivesDamage) {
  std::ifstream in(kernel().vmlinux(), std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  std::mt19937 random(7);
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
  };
  int opened = 0;
  for (int round = 0; round < 300; ++round) {
    std::string bytes = whole;
    if (round % 3 == 0) bytes.resize(below(bytes.size()));
    for (std::size_t i = 0; round % 3 != 0 && i < (round % 3 == 1 ? 3u : 300u); ++i)
      bytes[below(bytes.size())] = static_cast<char>(below(256));
    std::ofstream(kernel().folder() / "damaged", std::ios::binary) << bytes;
    auto decoder = Decoder::open({kernel().folder() / "damaged", {}});
    if (!decoder) continue;
    ++opened;
    for (std::uint64_t at = 0; at < 0x200; at += 4) {
      const Frame frame = decoder->decodeAddress(0xffff800008000000 + at, {});
      EXPECT_EQ(frame.calls.empty(), !frame.undecoded.empty());
    }
  }
  EXPECT_GT(opened, 50);
}

TEST_F(DecoderTest, AddressesOfAKernelThatCanBeMovedAreThoseOfItsFile) {
  kernel().shell(
      "cd tree && aarch64-linux-gnu-gcc -g -O2 -fPIC -shared -ffreestanding -nostdlib -Wl,-Bsymbolic"
      " -Wl,-Ttext=0xffff800008000000 -o ../moved init/main.c");
  auto decoder = open(kernel().folder() / "moved");
  ASSERT_TRUE(decoder.mayBeMoved());
  const auto listed = std::stoull(kernel().shell("aarch64-linux-gnu-nm moved | grep ' start_kernel$'"), nullptr, 16);
  EXPECT_EQ(decoder.addressOf("start_kernel"), listed);
  const auto code = decoder.codeOf({.symbol = "start_kernel", .offset = 0});
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(code->address, listed);
  EXPECT_EQ(code->file, kernel().folder() / "moved");
  EXPECT_EQ(decoder.symbolAt(listed + 0x10000, {.slide = 0x10000}), "start_kernel");
}

TEST_F(DecoderTest, CodeOfAModuleIsCountedFromItsText) {
  const auto path = kernel().module("nfs.ko");
  auto decoder = open();
  const auto code = decoder.codeOf(first(path));
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(code->address,
            std::stoull(kernel().shell("aarch64-linux-gnu-nm modules/nfs.ko | grep ' nfs_first$'"), nullptr, 16));
  EXPECT_FALSE(decoder.codeOf(console::readLocation("nfs_first+0x4 [gone]")));
}

}  // namespace
}  // namespace relapse::stacktrace
