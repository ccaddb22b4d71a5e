// SPDX-License-Identifier: GPL-2.0-or-later
// build/relapse inspect with input that is not what it should be. Real dumps: tests/end-to-end/inspect_test.cpp.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <cstring>
#include <fstream>

#include "process/process.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kProgram = RELAPSE_BINARY_DIR "/relapse";

constexpr std::string_view kKernel =
    "const char linux_banner[] = \"Linux version 6.1.0 (me@host) #1\\n\";\n"
    "int counter;\nint start_kernel(int n) { return counter += n; }\n";

struct Ran {
  int status = -1;
  std::string output;
  std::string errors;
};

class Inspect : public testing::Test {
 protected:
  Inspect() {
    std::string pattern = (fs::temp_directory_path() / "relapse-inspect-test-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    fs::create_directory(folder_ / "scratch");
  }
  ~Inspect() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  Ran inspect(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) const {
    std::vector<std::string> argv{kProgram, "inspect"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    environment["TMPDIR"] = (folder_ / "scratch").string();
    const auto ran = process::run({.argv = argv, .environment = environment});
    if (!ran) return {-1, "", ran.error().message};
    const auto* exited = std::get_if<process::Exited>(&ran->end);
    return {exited != nullptr ? exited->status : -1, ran->standardOutput, ran->standardError};
  }

  std::string file(const std::string& name, std::string_view content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return (folder_ / name).string();
  }

  // An aarch64 program that passes for a kernel's file.
  std::string vmlinux(const std::string& option = "-g") const {
    const std::string source = file("kernel.c", kKernel);
    const std::string made = (folder_ / "vmlinux").string();
    const auto ran = process::run(
        {.argv = {"aarch64-linux-gnu-gcc", option, "-nostdlib", "-static", "-Wl,-e,start_kernel", source, "-o", made}});
    EXPECT_TRUE(ran && ran->succeeded()) << (ran ? ran->standardError : ran.error().message);
    return made;
  }

  // An ELF core of aarch64 with one PT_LOAD of `size` bytes at a kernel address, `kept` of them in the file.
  std::string dump(std::uint64_t size, std::uint64_t kept) const {
    std::string bytes(64 + 56, '\0');
    const auto put = [&](std::size_t at, auto value) { std::memcpy(bytes.data() + at, &value, sizeof value); };
    std::memcpy(bytes.data(),
                "\x7f"
                "ELF\x02\x01\x01",
                7);
    put(16, std::uint16_t{4});    // ET_CORE
    put(18, std::uint16_t{183});  // EM_AARCH64
    put(20, std::uint32_t{1});
    put(32, std::uint64_t{64});  // e_phoff
    put(52, std::uint16_t{64});
    put(54, std::uint16_t{56});
    put(56, std::uint16_t{1});
    put(64, std::uint32_t{1});     // PT_LOAD
    put(72, std::uint64_t{4096});  // p_offset
    put(80, std::uint64_t{0xffffff8000000000});
    put(88, std::uint64_t{0x40000000});
    put(96, size);
    put(104, size);
    bytes.resize(4096 + kept);
    return file("vmcore", bytes);
  }

  std::vector<std::string> leftBehind() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_ / "scratch")) names.push_back(entry.path().filename());
    return names;
  }

  fs::path folder_;
};

// One line, which names the file, and the status; nothing on standard output.
void expectRefusal(const Ran& ran, int status, const std::string& said) {
  EXPECT_EQ(ran.status, status) << ran.errors;
  EXPECT_THAT(ran.errors, HasSubstr(said));
  EXPECT_THAT(ran.errors, testing::StartsWith("relapse: "));
  EXPECT_LE(std::count(ran.errors.begin(), ran.errors.end(), '\n'), 2) << ran.errors;
  EXPECT_THAT(ran.output, IsEmpty());
}

TEST_F(Inspect, WhatIsNoDumpIsRefused) {
  const std::string kernel = vmlinux();
  expectRefusal(inspect({file("text", "hello\n"), "--vmlinux", kernel}), 64, "/text: ");
  expectRefusal(inspect({file("empty", ""), "--vmlinux", kernel}), 64, "/empty: ");
  expectRefusal(inspect({folder_.string(), "--vmlinux", kernel}), 64, folder_.string() + "\", which is a folder");
  expectRefusal(inspect({"/nonexistent/vmcore", "--vmlinux", kernel}), 64,
                "/nonexistent/vmcore\", which does not exist");
  expectRefusal(inspect({kernel, "--vmlinux", kernel}), 64, "/vmlinux: ");
}

TEST_F(Inspect, ADumpThatWasCutOffIsRefused) {
  expectRefusal(inspect({dump(1 << 20, 1 << 16), "--vmlinux", vmlinux()}), 64, "cut off");
}

TEST_F(Inspect, AVmlinuxThatCannotServeIsRefused) {
  const std::string core = dump(4096, 4096);
  expectRefusal(inspect({core, "--vmlinux", vmlinux("-g0")}), 64, "DWARF");
  expectRefusal(inspect({core, "--vmlinux", "/nonexistent/vmlinux"}), 64, "/nonexistent/vmlinux");
  expectRefusal(inspect({core, "--vmlinux", folder_.string()}), 64, folder_.string());
  expectRefusal(inspect({core, "--vmlinux", file("text", "hello\n")}), 64, "/text");
}

TEST_F(Inspect, ADumpThatDrgnRefusesIsQuotedAndLeavesNothingBehind) {
  expectRefusal(inspect({dump(4096, 4096), "--vmlinux", vmlinux()}), 64, "/vmcore: drgn cannot read it: ");
  EXPECT_THAT(leftBehind(), IsEmpty());
}

TEST_F(Inspect, OptionsThatNameNothingAreRefused) {
  const std::string core = dump(4096, 4096);
  const std::string kernel = vmlinux();
  expectRefusal(inspect({core, "--vmlinux", kernel, "--modules", kernel}), 64, "--modules: expected a folder");
  expectRefusal(inspect({core, "--vmlinux", kernel, "--console", "/nonexistent/log"}), 64, "/nonexistent/log");
}

TEST_F(Inspect, NamesThePackageWhenDrgnIsMissing) {
  const Ran ran = inspect({dump(4096, 4096), "--vmlinux", vmlinux()}, {{"PATH", "/nonexistent"}});
  expectRefusal(ran, 69, "drgn is missing");
  EXPECT_THAT(ran.errors, HasSubstr("apt-get install python3-drgn"));
}

TEST_F(Inspect, TellsOfADrgnThatWasKilled) {
  fs::create_directory(folder_ / "bin");
  std::ofstream(folder_ / "bin/drgn") << "#!/bin/sh\necho 'the last line' >&2\nkill -SEGV $$\n";
  fs::permissions(folder_ / "bin/drgn", fs::perms::owner_all);
  const std::string path = (folder_ / "bin").string() + ":" + getenv("PATH");
  const Ran ran = inspect({dump(4096, 4096), "--vmlinux", vmlinux()}, {{"PATH", path}});
  expectRefusal(ran, 125, "killed by signal 11: the last line");
}

TEST_F(Inspect, TakesNoOutputOfDrgnOnTrust) {
  fs::create_directory(folder_ / "bin");
  std::ofstream(folder_ / "bin/drgn") << "#!/bin/sh\necho '{\"version\": 1, \"not_available\": 7}'\n";
  fs::permissions(folder_ / "bin/drgn", fs::perms::owner_all);
  const std::string path = (folder_ / "bin").string() + ":" + getenv("PATH");
  const Ran ran = inspect({dump(4096, 4096), "--vmlinux", vmlinux()}, {{"PATH", path}});
  expectRefusal(ran, 125, "not_available: expected a list, found a number");
}

}  // namespace
}  // namespace relapse::cli
