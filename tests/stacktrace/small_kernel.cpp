// SPDX-License-Identifier: GPL-2.0-or-later
#include "small_kernel.hpp"

#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "process/process.hpp"

namespace relapse::stacktrace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMain = R"(
const char linux_banner[] = "Linux version 6.1.192 (me@host) (gcc) #1 SMP\n";
volatile int sink;
int from_a(int), from_b(int), from_c(int), from_d(int);
static inline __attribute__((always_inline)) void innermost(int x)
{
	sink = x;		/* the store */
}
static inline __attribute__((always_inline)) void inner(int x)
{
	innermost(x + 1);	/* calls innermost */
}
__attribute__((noinline)) void spin(int x)
{
	inner(x);		/* calls the other */
	sink = 1;
}
__attribute__((noinline, noreturn)) void give_up(void)
{
	for (;;)
		sink++;
}
__attribute__((noinline)) void ends_in_a_call(void)
{
	spin(2);
	give_up();		/* the last one */
}
void start_kernel(void)
{
	sink = from_a(1) + from_b(2) + from_c(3) + from_d(4);
	spin(3);
	ends_in_a_call();
}
)";

std::string staticFunction(const char* name, const char* caller, const char* body) {
  return fmt::format(
      "extern volatile int sink;\n"
      "static __attribute__((noinline)) int {0}(int x)\n{{\n\t{2}\n}}\n"
      "int {1}(int x)\n{{\n\treturn {0}(x) + 1;\n}}\n",
      name, caller, body);
}

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

}  // namespace

SmallKernel::SmallKernel() {
  std::string pattern = (fs::temp_directory_path() / "small-kernel-XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
  write(tree() / "init/main.c", kMain);
  write(tree() / "Makefile", "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\n");
  write(tree() / "fs/a.c", staticFunction("same", "from_a", "sink = x; return x * 3;"));
  write(tree() / "fs/b.c", staticFunction("same", "from_b", "sink = x; sink = 2; sink = x + sink; return x / 7;"));
  write(tree() / "fs/c.c", staticFunction("twin", "from_c", "sink = x; return x * 3;"));
  write(tree() / "fs/d.c", staticFunction("twin", "from_d", "sink = x; return x * 3;"));
  fs::create_directories(modules());
  shell(
      "cd tree && aarch64-linux-gnu-gcc -g -O2 -fno-pie -ffreestanding -fno-optimize-sibling-calls -nostdlib -static"
      " -no-pie -Wl,--build-id=sha1 -Wl,-Ttext=0xffff800008000000 -Wl,-e,start_kernel"
      " -o ../vmlinux init/main.c fs/a.c fs/b.c fs/c.c fs/d.c");
  std::istringstream names(shell("aarch64-linux-gnu-nm -n vmlinux"));
  for (std::string line; std::getline(names, line);)
    if (line.size() > 19 && line[19] != '$')
      symbols_.push_back({std::stoull(line.substr(0, 16), nullptr, 16), line.substr(19)});
}

SmallKernel::~SmallKernel() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

fs::path SmallKernel::module(const std::string& file, const std::string& vermagic) {
  write(
      tree() / "fs/nfs/module.c",
      "static const char magic[] __attribute__((section(\".modinfo\"), used)) = \"vermagic=" + vermagic + "\";\n" + R"(
volatile int nfs_sink;
extern void schedule(void);
static inline __attribute__((always_inline)) void nfs_store(int x)
{
	nfs_sink = x;		/* the store */
}
void nfs_first(void)
{
	schedule();
}
void nfs_spin(int x)
{
	schedule();
	nfs_store(x);		/* calls nfs_store */
}
void nfs_last(void)
{
	schedule();
}
)");
  const fs::path path = modules() / file;
  fs::create_directories(path.parent_path());
  shell(
      fmt::format("cd tree && aarch64-linux-gnu-gcc -g -O2 -ffreestanding -fno-optimize-sibling-calls -c -o one.o "
                  "fs/nfs/module.c &&"
                  " aarch64-linux-gnu-ld -r --build-id=sha1 -o {} one.o",
                  path.string()));
  return path;
}

std::string SmallKernel::shell(const std::string& command) const {
  process::Command run{.argv = {"sh", "-c", "cd " + folder_.string() + " && " + command}};
  const auto ran = process::run(run);
  if (!ran) throw std::runtime_error(ran.error().message);
  const auto* exited = std::get_if<process::Exited>(&ran->end);
  if (exited == nullptr || exited->status != 0) throw std::runtime_error(command + ": " + ran->standardError);
  return ran->standardOutput;
}

std::uint64_t SmallKernel::size(const std::string& symbol, std::size_t which) const {
  for (std::size_t i = 0; i + 1 < symbols_.size(); ++i)
    if (symbols_[i].name == symbol && which-- == 0) return symbols_[i + 1].address - symbols_[i].address;
  throw std::runtime_error("no symbol " + symbol);
}

std::uint64_t SmallKernel::address(const std::string& symbol) const {
  for (const auto& entry : symbols_)
    if (entry.name == symbol) return entry.address;
  throw std::runtime_error("no symbol " + symbol);
}

std::string SmallKernel::frame(const std::string& symbol, std::uint64_t offset, std::size_t which) const {
  return fmt::format("{}+{:#x}/{:#x}", symbol, offset, size(symbol, which));
}

unsigned SmallKernel::line(const std::string& file, const std::string& text) const {
  std::ifstream in(tree() / file);
  unsigned number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find(text) != std::string::npos) return number;
  }
  throw std::runtime_error("no line with " + text);
}

}  // namespace relapse::stacktrace
