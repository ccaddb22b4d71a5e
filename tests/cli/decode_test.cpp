// SPDX-License-Identifier: GPL-2.0-or-later
// build/relapse decode, as a user runs it, on a vmlinux of one function.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "process/process.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

struct Ran {
  int status = -1;
  std::string output;
  std::string errors;
};

class DecodeCommand : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = (fs::temp_directory_path() / "decode-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directories(folder_ / "init");
    std::ofstream(folder_ / "Makefile") << "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\n";
    std::ofstream(folder_ / "init/main.c") << "const char linux_banner[] = \"Linux version 6.1.192 (me) #1\\n\";\n"
                                              "volatile int sink;\n"
                                              "void start_kernel(void)\n{\n\tsink = 1; /* here */\n}\n"
                                              "void next(void)\n{\n}\n";
    const Ran built = shell(
        "aarch64-linux-gnu-gcc -g -O2 -fno-pie -no-pie -ffreestanding -nostdlib -static"
        " -Wl,-e,start_kernel -fno-reorder-functions -o vmlinux init/main.c && aarch64-linux-gnu-nm -n vmlinux");
    ASSERT_EQ(built.status, 0) << built.errors;
    std::istringstream names(built.output);
    std::uint64_t begin = 0;
    for (std::string line; std::getline(names, line);) {
      const std::uint64_t address = std::stoull(line, nullptr, 16);
      if (begin != 0 && line.find('$') == std::string::npos) {
        size_ = address - begin;
        break;
      }
      if (line.ends_with(" start_kernel")) begin = address;
    }
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static Ran shell(const std::string& command) {
    const auto ran = process::run({.argv = {"sh", "-c", "cd " + folder_.string() + " && " + command}});
    if (!ran) return {-1, "", ran.error().message};
    const auto* exited = std::get_if<process::Exited>(&ran->end);
    return {exited == nullptr ? -1 : exited->status, ran->standardOutput, ran->standardError};
  }
  // Of `log` on standard input.
  static Ran decode(const std::string& log, const std::string& options = "") {
    std::ofstream(folder_ / "log", std::ios::binary) << log;
    return shell(std::string(RELAPSE_BINARY_DIR) + "/relapse decode - --vmlinux vmlinux " + options + " < log");
  }
  static std::string header(const std::string& release = "6.1.192") {
    return "[    1.500000] CPU: 0 PID: 1 Comm: a Not tainted " + release + " #1\n";
  }
  static std::string frame() { return fmt::format("[    2.000000]  start_kernel+0x0/{:#x}\n", size_); }

  static fs::path folder_;
  static std::uint64_t size_;
};

fs::path DecodeCommand::folder_;
std::uint64_t DecodeCommand::size_;

TEST_F(DecodeCommand, PrintsTheLogUnchangedWithWhatFramesMeanBelow) {
  const std::string end = "[    3.000000] x0 : 0000000000000001\n\nlast, without an end";
  const Ran ran = decode(header() + frame() + end);
  EXPECT_EQ(ran.output, header() + frame() + "                   start_kernel (init/main.c:5)\n" + end + "\n");
  EXPECT_EQ(ran.errors, "");
  EXPECT_EQ(ran.status, 0);
}

TEST_F(DecodeCommand, ReadsPackedLogsAsPlainOnes) {
  const std::string plain = decode(header() + frame()).output;
  ASSERT_THAT(plain, HasSubstr("init/main.c"));
  for (const char* packing : {"gzip", "xz", "zstd -q"}) {
    const Ran ran =
        shell(fmt::format("{} -c log > packed && {}/relapse decode packed --vmlinux vmlinux && {}/relapse decode -"
                          " --vmlinux vmlinux < packed",
                          packing, RELAPSE_BINARY_DIR, RELAPSE_BINARY_DIR));
    EXPECT_EQ(ran.output, plain + plain) << packing << ran.errors;
  }
}

TEST_F(DecodeCommand, GivesOneObjectAFrameWithJson) {
  const Ran ran = decode(header() + frame() + "[    3.000000]  gone+0x4/0x8 [nfs]\n", "--json");
  std::istringstream in(ran.output);
  std::string line;
  std::getline(in, line);
  EXPECT_EQ(json::parse(line),
            (json{{"log_line", 2},
                  {"time", 2.0},
                  {"symbol", "start_kernel"},
                  {"offset", 0},
                  {"size", size_},
                  {"text", fmt::format("start_kernel+0x0/{:#x}", size_)},
                  {"calls", {{{"function", "start_kernel"}, {"file", "init/main.c"}, {"line", 5}, {"inlined", false}}}},
                  {"undecoded", nullptr}}));
  std::getline(in, line);
  EXPECT_EQ(json::parse(line)["undecoded"], "module nfs: no folder with modules is given (--modules)");
  EXPECT_EQ(json::parse(line)["module"], "nfs");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.errors, HasSubstr("1 of 2 frames not decoded"));
}

TEST_F(DecodeCommand, ShowsSourceLinesOfATreeOfTheSameRelease) {
  EXPECT_THAT(decode(header() + frame(), "-v --tree .").output,
              HasSubstr("start_kernel (init/main.c:5)\n                       | sink = 1; /* here */\n"));
  EXPECT_EQ(decode(frame(), "-v").status, 64);
  shell("mkdir -p other && sed s/192/193/ Makefile > other/Makefile");
  const Ran other = decode(frame(), "-v --tree other");
  EXPECT_EQ(other.status, 64);
  EXPECT_THAT(other.errors, HasSubstr("other: expected the source of 6.1.192, found 6.1.193"));
  EXPECT_THAT(decode(frame(), "-v --tree init").errors, HasSubstr("init: expected a kernel tree"));
}

TEST_F(DecodeCommand, DecodesNothingOfAnotherKernelAndSaysSoOnce) {
  const Ran ran = decode(header("4.19.325") + frame() + frame());
  EXPECT_EQ(ran.output, header("4.19.325") + frame() +
                            "                   undecoded: expected a vmlinux of release 4.19.325, found 6.1.192\n" +
                            frame());
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.errors, HasSubstr("2 of 2 frames not decoded"));
}

TEST_F(DecodeCommand, KnowsTheKernelThoughItIsToldBehindTheFrames) {
  EXPECT_THAT(decode(frame() + header("4.19.325")).output, Not(HasSubstr("init/main.c")));
}

TEST_F(DecodeCommand, ALogWithoutAFrameIsNotDecoded) {
  for (const std::string log : {"", "nothing\n"}) {
    const Ran ran = decode(log);
    EXPECT_EQ(ran.output, log);
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.errors, HasSubstr("standard input: no frame in it"));
  }
}

TEST_F(DecodeCommand, PassesNoControlCharactersOn) {
  const Ran ran = decode(std::string("\x1b[31m red \x9b\xc2\x9b \0 x+0x1/0x2\n", 26) + header() + "\x07" + frame() +
                         " a\x1b+0x4/0x8 [\x1b]\r\n");
  for (const char c : ran.output) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= ' ') << static_cast<int>(c);
  EXPECT_THAT(ran.output, Not(HasSubstr("\xc2\x9b")));
  EXPECT_THAT(ran.output, HasSubstr("init/main.c:5"));
}

TEST_F(DecodeCommand, SaysWhatIsWrongWithItsInput) {
  const std::string relapse = std::string(RELAPSE_BINARY_DIR) + "/relapse decode ";
  decode(header() + frame());  // leaves a log
  struct Case {
    const char* arguments;
    const char* message;
  };
  for (const auto& [arguments, message] :
       {Case{"gone --vmlinux vmlinux", "gone: "}, Case{". --vmlinux vmlinux", "directory"},
        Case{"log --vmlinux gone", "--vmlinux: expected a file, found \"gone\", which does not exist"},
        Case{"log --vmlinux init/main.c", "init/main.c: expected an aarch64 ELF file"}, Case{"log", "--vmlinux"},
        Case{"log --vmlinux vmlinux --modules gone", "gone: expected a folder with modules"}}) {
    const Ran ran = shell(relapse + arguments);
    EXPECT_EQ(ran.status, 64) << arguments;
    EXPECT_THAT(ran.errors, HasSubstr(message)) << arguments;
  }
  const Ran cut = shell("gzip -c log | head -c 60 > cut.gz; " + relapse + "cut.gz --vmlinux vmlinux");
  EXPECT_EQ(cut.status, 64);
  EXPECT_THAT(cut.errors, HasSubstr("cut.gz"));
  EXPECT_EQ(shell(relapse + "log --vmlinux vmlinux > /dev/full").status, 125);
}

}  // namespace
}  // namespace relapse::cli
