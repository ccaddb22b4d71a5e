// SPDX-License-Identifier: GPL-2.0-or-later
// `relapse decode` beside the kernel tree's own scripts/faddr2line, on a run of debian-6.1.
//
// The script wants about a second for an address, so it is run itself on every frame of the run and on a sample; for
// 2,000 random addresses the command that it runs for each one (addr2line --functions --pretty-print --inlines) is run
// once for all of them.
#include <gmock/gmock.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <regex>
#include <sstream>

#include <fmt/format.h>

#include "process/process.hpp"
#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// "nfs_wb_page fs/nfs/write.c:2149" for each call, innermost first. Empty: no answer.
using Chain = std::vector<std::string>;

std::string output(const std::vector<std::string>& argv) {
  process::Command command{.argv = argv};
  command.environment["CROSS_COMPILE"] = "aarch64-linux-gnu-";
  const auto ran = process::run(command);
  return ran ? ran->standardOutput : ran.error().message;
}

std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// addr2line's and faddr2line's "(inlined by) f at ./a/b.c:12 (discriminator 3)"; nothing when it knows no line.
std::optional<std::string> referenceCall(const std::string& text) {
  static const std::regex kCall(R"( *(?:\(inlined by\) )?(\S+) at (\S+):([0-9]+)(?: \(discriminator [0-9]+\))?)");
  std::smatch parts;
  if (!std::regex_match(text, parts, kCall)) return std::nullopt;
  return fmt::format("{} {}:{}", parts[1].str(), fs::path(parts[2].str()).lexically_normal().string(), parts[3].str());
}

Chain relapsesChain(const json& frame) {
  Chain chain;
  for (const auto& call : frame["calls"])
    if (!call["line"].is_null())
      chain.push_back(fmt::format("{} {}:{}", call["function"].get<std::string>(), call["file"].get<std::string>(),
                                  call["line"].get<int>()));
  return chain;
}

struct Symbol {
  std::uint64_t address = 0;
  std::uint64_t size = 0;  // its own, without what pads it
  std::string name;
  bool function = false;
};

class DecodeDifferential : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    state_ = new StateFolder;
    const Ran ran = relapse(*state_, {"run", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1"});
    ASSERT_EQ(ran.status, 0) << ran.output << ran.errors;
    vmlinux_ = state_->onlyRun() / "bundle/vmlinux";
    release_ = ran.result["kernel"]["release"];
    readSymbols();
  }
  static void TearDownTestSuite() { delete state_; }

  static void readSymbols() {
    static const std::regex kSymbol(R"( *[0-9]+: ([0-9a-f]{16}) +(\S+) (FUNC|NOTYPE) +\S+ +\S+ +[0-9]+ (\S+).*)");
    std::smatch parts;
    for (const auto& line : linesOf(output({"aarch64-linux-gnu-readelf", "-sW", vmlinux_.string()})))
      if (std::regex_match(line, parts, kSymbol) && parts[4].str()[0] != '$')
        symbols_.insert(
            {std::stoull(parts[1], nullptr, 16),
             {std::stoull(parts[1], nullptr, 16), std::stoull(parts[2], nullptr, 0), parts[4], parts[3] == "FUNC"}});
  }

  // The script of the cached tree of this kernel.
  static fs::path script() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const fs::path root = cache != nullptr ? fs::path(cache) / "relapse"
                          : geteuid() == 0 ? fs::path("/var/cache/relapse")
                                           : fs::path(std::getenv("HOME")) / ".cache/relapse";
    for (const auto& tree : fs::directory_iterator(root / "trees"))
      if (tree.path().filename().string().starts_with("linux-source-" + release_.substr(0, release_.rfind('.'))))
        if (const fs::path found = tree.path() / "src/scripts/faddr2line"; fs::exists(found)) return found;
    return {};
  }

  // Its answers, by frame ("symbol+0xoff/0xsize").
  static std::map<std::string, Chain> faddr2line(const std::vector<std::string>& frames) {
    std::vector<std::string> argv{"bash", script().string(), vmlinux_.string()};
    argv.insert(argv.end(), frames.begin(), frames.end());
    std::map<std::string, Chain> answers;
    Chain* current = nullptr;
    for (const auto& line : linesOf(output(argv))) {
      if (line.ends_with(':')) current = &answers[line.substr(0, line.size() - 1)];
      if (const auto call = referenceCall(line); call && current != nullptr) current->push_back(*call);
    }
    return answers;
  }

  static std::vector<json> decode(const std::string& log) {
    const Ran ran = relapse(*state_, {"decode", log, "--vmlinux", vmlinux_.string()});
    std::vector<json> frames;
    for (const auto& line : linesOf(ran.output)) frames.push_back(json::parse(line));
    return frames;
  }

  static std::vector<std::uint64_t> randomAddresses(std::size_t count) {
    std::mt19937_64 random(20220);
    const auto first = symbols_.find(addressOf("_stext"))->first, past = addressOf("_etext");
    std::vector<std::uint64_t> addresses;
    while (addresses.size() < count) addresses.push_back((first + random() % (past - first)) & ~std::uint64_t{3});
    return addresses;
  }
  static std::uint64_t addressOf(const std::string& name) {
    for (const auto& [address, symbol] : symbols_)
      if (symbol.name == name) return address;
    throw std::runtime_error(name);
  }

  // The function that an address is in or behind.
  static const Symbol& functionBefore(std::uint64_t address) {
    auto at = symbols_.upper_bound(address);
    do --at;
    while (!at->second.function && at != symbols_.begin());
    return at->second;
  }

  static StateFolder* state_;
  static fs::path vmlinux_;
  static std::string release_;
  static std::multimap<std::uint64_t, Symbol> symbols_;
};

StateFolder* DecodeDifferential::state_;
fs::path DecodeDifferential::vmlinux_;
std::string DecodeDifferential::release_;
std::multimap<std::uint64_t, Symbol> DecodeDifferential::symbols_;

// Every way in which the two may differ.
constexpr const char* kSame = "same";
constexpr const char* kPadding = "behind a function's last instruction: the reference names the line before";
constexpr const char* kAlias = "the same line of assembly, under another symbol that begins there";
constexpr const char* kHeader = "a header's function that was not inlined: the reference has its line, but the .c file";
constexpr const char* kOther = "other";

Chain places(const Chain& chain) {
  Chain all;
  for (const auto& call : chain) all.push_back(call.substr(call.find(' ')));
  return all;
}

// "arch_local_irq_save arch/arm64/include/asm/irqflags.h:115" for "arch_local_irq_save lib/flex_proportions.c:115", and
// the header does define it in the lines before that one.
bool isOfHeader(const Chain& ours, const Chain& reference, const fs::path& tree) {
  static const std::regex kCall(R"((\S+) (\S+):([0-9]+))");
  std::smatch our, other;
  if (ours.size() != 1 || reference.size() != 1 || !std::regex_match(ours[0], our, kCall) ||
      !std::regex_match(reference[0], other, kCall) || our[1] != other[1] || our[3] != other[3] ||
      !our[2].str().ends_with(".h") || !other[2].str().ends_with(".c"))
    return false;
  std::ifstream header(tree / our[2].str());
  const int line = std::stoi(our[3]);
  bool defined = false;
  std::string text;
  for (int i = 1; i <= line && std::getline(header, text); ++i)
    defined = defined || (i > line - 30 && text.find(our[1].str() + '(') != std::string::npos);
  return defined;
}

TEST_F(DecodeDifferential, AnswersAsFaddr2lineOnEveryFrameOfTheRun) {
  ASSERT_FALSE(script().empty());
  const auto frames = decode((state_->onlyRun() / "console.client.log").string());
  std::vector<std::string> texts;
  for (const auto& frame : frames) texts.push_back(frame["text"]);
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  ASSERT_GT(texts.size(), 8u);
  const auto reference = faddr2line(texts);
  std::size_t answered = 0;
  for (const auto& frame : frames) {
    const auto found = reference.find(frame["text"]);
    EXPECT_TRUE(frame["undecoded"].is_null()) << frame;
    if (found == reference.end()) {  // the script looks at functions alone; entry code is none
      for (const auto& [address, symbol] : symbols_)
        EXPECT_FALSE(symbol.name == frame["symbol"] && symbol.function) << frame;
      continue;
    }
    ++answered;
    EXPECT_EQ(relapsesChain(frame), found->second) << frame["text"];
  }
  EXPECT_GT(answered, frames.size() / 2);
}

TEST_F(DecodeDifferential, AnswersAsFaddr2lineOnASample) {
  std::string log = fmt::format("CPU: 0 PID: 1 Comm: sample Not tainted {} #1\n", release_);
  std::vector<std::string> texts;
  for (const auto address : randomAddresses(60)) {
    const Symbol& symbol = functionBefore(address);
    if (address - symbol.address >= symbol.size || texts.size() == 20) continue;
    const auto next = symbols_.upper_bound(symbol.address)->first;
    texts.push_back(fmt::format("{}+{:#x}/{:#x}", symbol.name, address - symbol.address, next - symbol.address));
    log += ' ' + texts.back() + '\n';
  }
  ASSERT_EQ(texts.size(), 20u);
  std::ofstream(state_->path() / "sample") << log;
  const auto reference = faddr2line(texts);
  const auto frames = decode((state_->path() / "sample").string());
  ASSERT_EQ(frames.size(), texts.size());
  for (const auto& frame : frames) {
    if (frame["undecoded"].is_string() && frame["undecoded"].get<std::string>().starts_with("ambiguous")) continue;
    const auto found = reference.find(frame["text"]);
    EXPECT_EQ(relapsesChain(frame), found == reference.end() ? Chain() : found->second) << frame;
  }
}

TEST_F(DecodeDifferential, AnswersAsItsAddr2lineOn2000RandomAddresses) {
  const auto addresses = randomAddresses(2000);
  std::string log = fmt::format("CPU: 0 PID: 1 Comm: sample Not tainted {} #1\n", release_), input;
  for (const auto address : addresses) {
    log += fmt::format(" {:#x}\n", address);
    input += fmt::format("{:#x}\n", address);
  }
  std::ofstream(state_->path() / "random") << log;
  std::ofstream(state_->path() / "addresses") << input;
  const auto frames = decode((state_->path() / "random").string());
  ASSERT_EQ(frames.size(), addresses.size());
  std::vector<Chain> reference;
  for (auto line :
       linesOf(output({"aarch64-linux-gnu-addr2line", "--functions", "--pretty-print", "--inlines", "--addresses",
                       "--exe=" + vmlinux_.string(), "@" + (state_->path() / "addresses").string()}))) {
    if (line.starts_with("0x")) {
      reference.emplace_back();
      line.erase(0, line.find(": ") + 2);
    }
    if (const auto call = referenceCall(line); call && !reference.empty()) reference.back().push_back(*call);
  }
  ASSERT_EQ(reference.size(), addresses.size());
  std::map<std::string, int> classes;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const Chain ours = relapsesChain(frames[i]);
    const Symbol& before = functionBefore(addresses[i]);
    const char* how = kOther;
    if (ours == reference[i])
      how = kSame;
    else if (ours.empty() && addresses[i] - before.address >= before.size)
      how = kPadding;
    else if (places(ours) == places(reference[i]) && reference[i].back().find(".S:") != std::string::npos)
      how = kAlias;
    else if (isOfHeader(ours, reference[i], script().parent_path().parent_path()))
      how = kHeader;
    ++classes[how];
    if (how == kOther)
      ADD_FAILURE() << fmt::format("{:#x}: {} for {}", addresses[i], frames[i]["calls"].dump(),
                                   fmt::join(reference[i], ", "));
  }
  EXPECT_GE(classes[kSame], 1980) << json(classes);
  EXPECT_EQ(classes[kOther], 0);
  for (const auto& [how, count] : classes) RecordProperty(how, count);
}

}  // namespace
}  // namespace relapse::e2e
