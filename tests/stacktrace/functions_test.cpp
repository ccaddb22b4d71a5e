// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/functions.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include <fmt/format.h>

#include "small_kernel.hpp"

namespace relapse::stacktrace {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kHeader = R"(
static inline __attribute__((always_inline)) int fatal(int error)
{
	return error == -28 || error == -122;
}
static inline __attribute__((always_inline)) int fatal_on_server(int error)
{
	return error == -116 || fatal(error);	/* asks fatal */
}
)";

constexpr const char* kWrite = R"(
#include "internal.h"
volatile int out;
int pages(int error)
{
	if (fatal_on_server(error))	/* first */
		out = 1;
	else if (fatal_on_server(out))	/* second */
		out = 2;
	return 0;
}
int small(int x)
{
	return x ^ out;
}
int uses_small(int x)
{
	return small(x) + 1;	/* calls small */
}
static __attribute__((noinline)) int changed(int used, int unused)
{
	out = used;
	return used + out;
}
int uses_changed(int x)
{
	return changed(x, 1) + changed(x + 1, out);
}
__attribute__((noinline)) void plain(void)
{
	out = 3;
}
static int only_a_name(int x);
)";

constexpr const char* kMain = R"(
#include "../fs/nfs/internal.h"
extern volatile int out;
void start_kernel(void)
{
	out = fatal(out);	/* calls fatal */
}
)";

class FunctionsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    kernel_ = std::make_unique<SmallKernel>();
    fs::create_directories(kernel_->tree() / "fs/nfs");
    std::ofstream(kernel_->tree() / "fs/nfs/internal.h") << kHeader;
    std::ofstream(kernel_->tree() / "fs/nfs/write.c") << kWrite;
    std::ofstream(kernel_->tree() / "init/main.c") << kMain;
    kernel_->shell(
        "cd tree && aarch64-linux-gnu-gcc -g -O2 -w -fno-pie -ffreestanding -nostdlib -static -no-pie"
        " -Wl,--build-id=sha1 -Wl,-Ttext=0xffff800008000000 -Wl,-e,start_kernel -o ../inlining init/main.c "
        "fs/nfs/write.c");
  }
  static void TearDownTestSuite() { kernel_.reset(); }

  static fs::path inlining() { return kernel_->folder() / "inlining"; }
  static CompiledFunctions look(const fs::path& vmlinux, const std::set<std::string, std::less<>>& names,
                                const fs::path& modules = {}) {
    auto found = findFunctions({vmlinux, modules}, names);
    if (!found) throw std::runtime_error(found.error().message);
    return std::move(*found);
  }
  static CompiledFunction one(const std::string& name) {
    auto found = look(inlining(), {name}).found;
    return found.contains(name) ? found[name] : CompiledFunction{.copies = -1};
  }
  static std::string place(const std::string& file, const std::string& text, const std::string& into) {
    return fmt::format("{}:{} in {}", file, kernel_->line(file, text), into);
  }
  static std::vector<std::string> shown(const CompiledFunction& function) {
    std::vector<std::string> all;
    for (const auto& call : function.inlined)
      all.push_back(fmt::format("{}:{} in {}", call.place.file, call.place.line, call.into));
    return all;
  }
  static SmallKernel& kernel() { return *kernel_; }

 private:
  static std::unique_ptr<SmallKernel> kernel_;
};

std::unique_ptr<SmallKernel> FunctionsTest::kernel_;

TEST_F(FunctionsTest, TellsEveryCallThatWasInlined) {
  const auto fatal = one("fatal_on_server");
  EXPECT_EQ(fatal.copies, 0);
  EXPECT_THAT(shown(fatal),
              ElementsAre(place("fs/nfs/write.c", "first", "pages"), place("fs/nfs/write.c", "second", "pages")));
}

TEST_F(FunctionsTest, ACallInsideAnInlinedFunctionIsInTheFunctionThatHasASymbol) {
  EXPECT_THAT(shown(one("fatal")), ElementsAre(place("fs/nfs/internal.h", "asks fatal", "pages"),
                                               place("init/main.c", "calls fatal", "start_kernel")));
}

TEST_F(FunctionsTest, AFunctionMayHaveASymbolAndBeInlinedElsewhere) {
  const auto small = one("small");
  EXPECT_EQ(small.copies, 1);
  EXPECT_THAT(shown(small), ElementsAre(place("fs/nfs/write.c", "calls small", "uses_small")));
}

TEST_F(FunctionsTest, AFunctionThatIsCalledAlwaysIsInlinedNowhere) {
  const auto plain = one("plain");
  EXPECT_EQ(plain.copies, 1);
  EXPECT_THAT(plain.inlined, IsEmpty());
}

TEST_F(FunctionsTest, KnowsTheChangedCopiesOfAFunction) {
  const auto changed = one("changed");
  EXPECT_EQ(changed.copies, 0);
  EXPECT_THAT(changed.clones, ElementsAre(testing::MatchesRegex("changed\\.(isra|constprop)\\.0")));
}

TEST_F(FunctionsTest, SaysNothingOfWhatTheKernelDoesNotHave) {
  const auto functions = look(inlining(), {"only_a_name", "not_there", "out"});
  EXPECT_THAT(functions.found, IsEmpty());
  EXPECT_TRUE(functions.symbols.contains("out"));
  EXPECT_FALSE(functions.functions.contains("out"));
  EXPECT_TRUE(functions.knowsInlined);
}

TEST_F(FunctionsTest, CountsFunctionsOfOneName) {
  EXPECT_EQ(look(kernel().vmlinux(), {"same"}).found["same"].copies, 2);
}

TEST_F(FunctionsTest, LooksIntoModules) {
  kernel().module("kernel/fs/nfs.ko");
  const auto functions = look(kernel().vmlinux(), {"nfs_store", "nfs_spin"}, kernel().modules());
  EXPECT_EQ(functions.found.at("nfs_spin").copies, 1);
  EXPECT_THAT(shown(functions.found.at("nfs_store")),
              ElementsAre(place("fs/nfs/module.c", "calls nfs_store", "nfs_spin")));
  std::ofstream(kernel().modules() / "broken.ko") << "not an ELF file";
  EXPECT_TRUE(look(kernel().vmlinux(), {"nfs_spin"}, kernel().modules()).found.contains("nfs_spin"));
}

TEST_F(FunctionsTest, OfManyModulesReadsThoseThatHaveTheName) {
  const auto path = kernel().module("kernel/fs/nfs.ko");
  for (int i = 0; i < 70; ++i) fs::copy_file(path, kernel().modules() / fmt::format("copy{}.ko", i));
  EXPECT_EQ(look(kernel().vmlinux(), {"nfs_spin"}, kernel().modules()).found.at("nfs_spin").copies, 71);
  EXPECT_FALSE(look(kernel().vmlinux(), {"unheard_of"}, kernel().modules()).functions.contains("nfs_spin"));
  fs::remove_all(kernel().modules());
}

TEST_F(FunctionsTest, WithoutDebugInformationKnowsTheSymbolsAlone) {
  kernel().shell("aarch64-linux-gnu-strip -g -o no-debug inlining");
  const auto functions = look(kernel().folder() / "no-debug", {"small", "fatal"});
  EXPECT_FALSE(functions.knowsInlined);
  EXPECT_EQ(functions.found.at("small").copies, 1);
  EXPECT_FALSE(functions.found.contains("fatal"));
}

TEST_F(FunctionsTest, RefusesAFileThatIsNoKernel) {
  const auto stripped = kernel().folder() / "stripped";
  kernel().shell("aarch64-linux-gnu-strip -o stripped inlining");
  for (const auto& path : {stripped, kernel().folder() / "nothing", kernel().tree() / "fs/a.c"}) {
    const auto found = findFunctions({path, {}}, {"small"});
    ASSERT_FALSE(found) << path;
    EXPECT_EQ(found.error().kind, FailureKind::BadInput) << path;
  }
}

// What stands in a damaged file is anybody's guess; that it ends is not.
TEST_F(FunctionsTest, EndsOnDamagedDebugInformation) {
  std::ifstream in(inlining(), std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  const auto path = kernel().folder() / "damaged";
  for (std::size_t at = 0x400; at < whole.size(); at += 61) {
    std::string bytes = whole;
    for (std::size_t i = at; i < std::min(at + 7, bytes.size()); ++i) bytes[i] = static_cast<char>(bytes[i] ^ 0x55);
    std::ofstream(path, std::ios::binary) << bytes;
    const auto found = findFunctions({path, {}}, {"fatal", "fatal_on_server", "small"});
    EXPECT_LE(found ? found->found.size() : 0, 3u) << at;
  }
}

}  // namespace
}  // namespace relapse::stacktrace
