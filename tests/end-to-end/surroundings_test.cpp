// SPDX-License-Identifier: GPL-2.0-or-later
// The same run in other surroundings: another language, another account, beside another run, cut off.
#include <gmock/gmock.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "process/process.hpp"
#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

const std::vector<std::string> kLockup{"run", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1"};

// Slow enough to be cut off: a guest that has nothing to report for a long time.
std::vector<std::string> longRun() {
  auto arguments = kLockup;
  arguments.insert(arguments.end(), {"--set", "watch.softlockup=120s", "--set", "deadlines.reproduce=10min"});
  return arguments;
}

bool nothingLeftOf(pid_t pid, const fs::path& hostFolder) {
  return guestsOf(pid).empty() && !fs::exists(hostFolder);
}

// The host folder of the relapse `pid`, from its guest's command line.
fs::path hostFolderOf(pid_t pid) {
  const std::string name = "guest=relapse-" + std::to_string(pid) + "-";
  std::error_code ignored;
  for (fs::directory_iterator entry("/proc", ignored), end; entry != end; entry.increment(ignored)) {
    const std::string line = contentOf(entry->path() / "cmdline");
    if (line.find(name) == std::string::npos) continue;
    const auto kernel = line.find("-kernel");
    if (kernel == std::string::npos) continue;
    return fs::path(line.c_str() + kernel + 8).parent_path().parent_path();
  }
  return {};
}

class CutOff : public testing::TestWithParam<int> {};

TEST_P(CutOff, LeavesNothing) {
  const StateFolder state;
  const pid_t pid = spawn(commandLine(longRun()), {{"XDG_STATE_HOME", state.path()}}, state.path() / "output");
  fs::path hostFolder;
  ASSERT_TRUE(eventually(3600s, [&] { return !(hostFolder = hostFolderOf(pid)).empty() || hasEnded(pid); }));
  ASSERT_FALSE(hostFolder.empty()) << contentOf(state.path() / "output");
  kill(pid, GetParam());
  const int status = waitFor(pid);
  EXPECT_EQ(status, GetParam() == SIGKILL ? 128 + SIGKILL : 130) << contentOf(state.path() / "output");
  EXPECT_TRUE(eventually(5s, [&] { return nothingLeftOf(pid, hostFolder); }));
  for (const auto& run : fs::directory_iterator(state.path() / "relapse/runs"))
    EXPECT_EQ(run.path().extension(), ".incomplete") << "half a run under a final name";
}

INSTANTIATE_TEST_SUITE_P(By, CutOff, testing::Values(SIGINT, SIGTERM, SIGKILL),
                         [](const auto& signal) { return std::string("Signal") + std::to_string(signal.param); });

TEST(Surroundings, TwoRunsSideBySide) {
  const StateFolder state;
  const Environment environment{{"XDG_STATE_HOME", state.path()}};
  const pid_t first = spawn(commandLine(kLockup), environment, state.path() / "first");
  const pid_t second = spawn(commandLine(kLockup), environment, state.path() / "second");
  EXPECT_EQ(waitFor(first), 0) << contentOf(state.path() / "first");
  EXPECT_EQ(waitFor(second), 0) << contentOf(state.path() / "second");
  const auto finished =
      std::count_if(fs::directory_iterator(state.path() / "relapse/runs"), fs::directory_iterator(),
                    [](const auto& run) { return !run.is_symlink() && run.path().extension().empty(); });
  EXPECT_EQ(finished, 2);
}

// A locale that programs on this host really speak; made here, because few hosts have it.
Environment chinese(const fs::path& folder) {
  const auto made = process::run({{"localedef", "-i", "zh_CN", "-f", "UTF-8", (folder / "zh_CN.UTF-8").string()}});
  EXPECT_TRUE(made && made->succeeded()) << (made ? made->standardError : made.error().message);
  return {{"LOCPATH", folder}, {"LANG", "zh_CN.UTF-8"}, {"LC_ALL", "zh_CN.UTF-8"}, {"LANGUAGE", "zh_CN"}};
}

// What git says itself of `patch` in that environment; process::run() would ask it in English.
std::string gitSays(const Environment& environment, const fs::path& patch, const fs::path& output) {
  waitFor(spawn({"git", "apply", "--check", patch}, environment, output));
  return contentOf(output);
}

TEST(Surroundings, InChinese) {
  const StateFolder state;
  const Environment environment = chinese(state.path());
  const fs::path patch = state.path() / "bad.patch";
  std::ofstream(patch) << "--- a/Makefile\n+++ b/Makefile\n@@ -1,3 +1,3 @@\n one\n-two\n+three\n four\n";
  const std::string said = gitSays(environment, patch, state.path() / "git");
  if (said.find("patch failed") != std::string::npos || said.find("No such file") != std::string::npos)
    GTEST_SKIP() << "skipped: this host's git speaks English alone: " << said;

  const Ran ran = relapse(state, kLockup, environment);
  ASSERT_TRUE(ran.result.is_object()) << ran.output << ran.errors;
  EXPECT_EQ(ran.result["verdict"]["word"], "reproduced") << ran.result["verdict"];
  // What git says of a patch that does not apply is read by relapse: it must come in English.
  auto arguments = kLockup;
  arguments.insert(arguments.end(), {"--patch", patch});
  const Ran bad = relapse(state, arguments, environment);
  EXPECT_EQ(bad.status, 64) << bad.errors;
  EXPECT_THAT(bad.errors, HasSubstr("hunk #1 does not apply to Makefile"));
}

// What makes a program run as an account without any privilege; nothing when the tests run as one.
std::vector<std::string> asNobody() {
  if (geteuid() != 0) return {};
  const passwd* nobody = getpwnam("nobody");
  if (nobody == nullptr) return {"false"};
  return {"setpriv", "--reuid=" + std::to_string(nobody->pw_uid), "--regid=" + std::to_string(nobody->pw_gid),
          "--clear-groups", "--no-new-privs"};
}

bool nobodyReads(const fs::path& file) {
  auto argv = asNobody();
  argv.insert(argv.end(), {"test", "-r", file});
  return process::runChecked({argv, {}, {}}).has_value();
}

TEST(Surroundings, WithoutRootIsSkippedOnlyWhereTheCheckoutIsHidden) {
  std::string pattern = (fs::temp_directory_path() / "relapse-seen-XXXXXX").string();  // not below the checkout
  const fs::path folder = mkdtemp(pattern.data());
  std::ofstream(folder / "file") << "x";
  fs::permissions(folder, fs::perms(0755));
  const bool seen = nobodyReads(folder / "file");
  fs::permissions(folder, fs::perms::none);
  const bool hidden = !nobodyReads(folder / "file");
  fs::permissions(folder, fs::perms(0755));
  fs::remove_all(folder);
  EXPECT_TRUE(seen);
  EXPECT_TRUE(hidden);
}

// An account without any privilege: itself when the tests run as one, else `nobody`.
TEST(Surroundings, WithoutRoot) {
  const fs::path scenario = fs::path(RELAPSE_SOURCE_DIR) / "scenarios/nfs-wb-page-soft-lockup.yaml";
  if (!nobodyReads(scenario))
    GTEST_SKIP() << "skipped: an ordinary user cannot read " << scenario << " (below a folder of root's own?)";
  const StateFolder state;
  const std::vector<std::string> prefix = asNobody();
  const fs::path home = state.path() / "home";
  fs::create_directories(home / "cache/relapse");
  const Ran first = relapse(state, kLockup);
  ASSERT_EQ(first.status, 0) << first.errors;
  const fs::path bundle = state.onlyRun() / "bundle";
  fs::copy(bundle / "Image", home / "Image");
  fs::copy(bundle / "vmlinux", home / "vmlinux");
  if (geteuid() == 0) {
    const passwd* nobody = getpwnam("nobody");
    ASSERT_NE(nobody, nullptr);
    // Its guest's packages come from the cache that root filled.
    const char* set = std::getenv("XDG_CACHE_HOME");
    const fs::path cache = set != nullptr && *set != '\0' ? fs::path(set) / "relapse" : "/var/cache/relapse";
    fs::copy(cache / "apt", home / "cache/relapse/apt", fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    for (const auto& entry : fs::recursive_directory_iterator(home))
      lchown(entry.path().c_str(), nobody->pw_uid, nobody->pw_gid);
    lchown(home.c_str(), nobody->pw_uid, nobody->pw_gid);
    fs::permissions(state.path(), fs::perms(0755));
  }
  auto argv = prefix;
  for (const auto& word : commandLine(
           {"run", "nfs-wb-page-soft-lockup", "--json", "--image", home / "Image", "--vmlinux", home / "vmlinux"}))
    argv.push_back(word);
  const auto ran = process::run({argv,
                                 {},
                                 {{"HOME", home},
                                  {"XDG_CACHE_HOME", home / "cache"},
                                  {"XDG_STATE_HOME", home / "state"},
                                  {"XDG_RUNTIME_DIR", ""}}});
  ASSERT_TRUE(ran) << ran.error().message;
  const auto result = nlohmann::json::parse(ran->standardOutput, nullptr, false);
  ASSERT_TRUE(result.is_object()) << ran->standardOutput << ran->standardError;
  EXPECT_EQ(result["verdict"]["word"], "reproduced") << result["verdict"];
  EXPECT_TRUE(fs::exists(home / "state/relapse/runs/latest/vmcore"));
}

std::string fieldOf(const std::string& status, const std::string& name) {
  std::istringstream lines(status);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  return {};
}

bool othersMayWrite(const fs::path& file) {
  return !fs::is_symlink(file) && (fs::status(file).permissions() & fs::perms::others_write) != fs::perms::none;
}

TEST(Surroundings, AGuestHasNoPrivilegeAndNothingIsForEverybodyToChange) {
  const StateFolder state;
  std::vector<std::string> argv{"sh", "-c", "umask 0; exec \"$@\"", "sh"};
  const auto command = commandLine(kLockup);
  argv.insert(argv.end(), command.begin(), command.end());
  const fs::path output = state.path() / "output";
  const pid_t pid = spawn(argv, {{"XDG_STATE_HOME", state.path()}}, output);
  ASSERT_TRUE(eventually(
      3600s, [&] { return contentOf(output).find("mount: begun") != std::string::npos || hasEnded(pid); }));
  const auto guests = guestsOf(pid);
  ASSERT_EQ(guests.size(), 1u) << contentOf(output);
  const fs::path process = fs::path("/proc") / std::to_string(guests[0]);
  const std::string status = contentOf(process / "status");
  EXPECT_EQ(fieldOf(status, "Seccomp"), "2");
  EXPECT_EQ(fieldOf(status, "CapEff"), std::string(16, '0'));
  EXPECT_EQ(fieldOf(status, "NoNewPrivs"), "1");
  EXPECT_NE(fieldOf(status, "Uid").substr(0, 2), "0\t");
  const std::string line = contentOf(process / "cmdline");
  EXPECT_EQ(line.find("-netdev"), std::string::npos) << "a way out";
  EXPECT_EQ(line.find("gdb"), std::string::npos) << "a door in";

  const fs::path root = hostFolderOf(pid);
  ASSERT_FALSE(root.empty());
  const auto modes = fs::status(root).permissions();
  EXPECT_EQ(modes & fs::perms::others_all, fs::perms::none) << "everybody's sockets and images";
  std::vector<fs::path> open;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (othersMayWrite(entry.path())) open.push_back(entry.path());
  EXPECT_EQ(waitFor(pid), 0) << contentOf(output);
  for (const auto& entry : fs::recursive_directory_iterator(state.path()))
    if (entry.path() != output && othersMayWrite(entry.path())) open.push_back(entry.path());
  EXPECT_THAT(open, testing::IsEmpty());
}

TEST(Surroundings, AKernelThatPrintsNothingIsInconclusive) {
  const StateFolder state;
  // An arm64 Image by its header, whose first instruction branches to itself.
  std::string image(4096, '\0');
  image.replace(0, 4, std::string("\x00\x00\x00\x14", 4));
  image.replace(0x10, 8, std::string("\x00\x10\x00\x00\x00\x00\x00\x00", 8));
  image.replace(0x18, 8, std::string("\x0a\x00\x00\x00\x00\x00\x00\x00", 8));
  image.replace(0x38, 4, "ARM\x64");
  std::ofstream(state.path() / "Image", std::ios::binary) << image;
  const Ran built = relapse(state, kLockup);
  ASSERT_EQ(built.status, 0) << built.errors;
  const std::string vmlinux = state.onlyRun() / "bundle/vmlinux";
  const Ran ran = relapse(state, {"run", "nfs-wb-page-soft-lockup", "--image", state.path() / "Image", "--vmlinux",
                                  vmlinux, "--set", "deadlines.boot=5s"});
  EXPECT_EQ(ran.status, 125) << ran.errors;
  EXPECT_THAT(ran.result["verdict"]["reason"].get<std::string>(), HasSubstr("printed nothing on its console in 5 s"));
}

// CAP_SYS_ADMIN is in this process's effective set.
bool mayMount() {
  std::istringstream status(contentOf("/proc/self/status"));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("CapEff:")) return (std::stoull(line.substr(7), nullptr, 16) >> 21 & 1) != 0;
  return false;
}

// A disk of so many bytes, for as long as it lives.
class SmallDisk {
 public:
  SmallDisk(const fs::path& folder, const std::string& size) : folder_(folder) {
    mounted_ = mount("tmpfs", folder_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  fs::path folder_;
  bool mounted_;
};

TEST(Surroundings, ADiskTooSmallForTheDumpKeepsTheVerdictAndSaysSo) {
  const StateFolder state;
  const SmallDisk disk(state.path(), "30m");
  if (!disk.mounted()) GTEST_SKIP() << "skipped: no privilege to mount a small disk";
  const Ran ran = relapse(state, kLockup);
  ASSERT_EQ(ran.status, 0) << ran.errors;
  EXPECT_THAT(ran.result["notes"].dump(), HasSubstr("the memory dump needs"));
}

TEST(Surroundings, AFullDiskIsNeverAVerdictOnTheKernel) {
  const StateFolder state;
  const SmallDisk disk(state.path(), "16k");
  if (!disk.mounted()) GTEST_SKIP() << "skipped: no privilege to mount a small disk";
  const Ran ran = relapse(state, kLockup);
  EXPECT_EQ(ran.status, 125) << ran.output << ran.errors;
  EXPECT_THAT(ran.errors, testing::AnyOf(HasSubstr("No space left"), HasSubstr("cannot be written")));
}

TEST(Surroundings, ADiskWithoutInodesIsNeverAVerdictOnTheKernelAndKeepsWhatFits) {
  const StateFolder state;
  const SmallDisk disk(state.path(), "100m,nr_inodes=12");
  if (!disk.mounted()) GTEST_SKIP() << "skipped: no privilege to mount a small disk";
  const Ran ran = relapse(state, kLockup);
  EXPECT_EQ(ran.status, 125) << ran.output << ran.errors;
  EXPECT_THAT(ran.errors, HasSubstr("No space left on device; what there is of this run stays in its folder"));
  const auto runs = state.path() / "relapse/runs";
  ASSERT_EQ(std::distance(fs::directory_iterator(runs), fs::directory_iterator()), 1);
  const fs::path run = fs::directory_iterator(runs)->path();
  EXPECT_EQ(run.extension(), ".incomplete");
  EXPECT_GT(fs::file_size(run / "console.client.log"), 0u);
}

TEST(Surroundings, AReadOnlyStateFolderIsToldBeforeAnythingStarts) {
  const StateFolder state;
  const SmallDisk disk(state.path(), "1m");
  if (!disk.mounted()) GTEST_SKIP() << "skipped: no privilege to mount a small disk";
  ASSERT_EQ(mount("tmpfs", state.path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr), 0);
  const Ran ran = relapse(state, kLockup);
  EXPECT_EQ(ran.status, 69) << ran.output << ran.errors;
  EXPECT_THAT(ran.errors, testing::AllOf(HasSubstr("Read-only file system"), HasSubstr("--state-dir")));
}

// The cache that the user has, but nothing in it can be written.
TEST(Surroundings, ACachedKernelRunsFromAReadOnlyCache) {
  const StateFolder state;
  ASSERT_EQ(relapse(state, kLockup).status, 0) << "the kernel must be in the cache";
  const char* set = std::getenv("XDG_CACHE_HOME");
  const fs::path cache = set != nullptr && *set != '\0' ? fs::path(set) : fs::path("/var/cache");
  const fs::path readOnly = state.path() / "cache";
  fs::create_directories(readOnly);
  if (geteuid() != 0 || mount(cache.c_str(), readOnly.c_str(), nullptr, MS_BIND, nullptr) != 0)
    GTEST_SKIP() << "skipped: no privilege to mount a folder a second time";
  EXPECT_EQ(mount(nullptr, readOnly.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0);
  const Ran ran = relapse(state, kLockup, {{"XDG_CACHE_HOME", readOnly}});
  EXPECT_EQ(umount2(readOnly.c_str(), MNT_DETACH), 0);
  EXPECT_EQ(ran.status, 0) << ran.output << ran.errors;
}

TEST(Surroundings, AHostWithoutMemoryForTheGuestIsInconclusive) {
  const StateFolder state;
  auto argv = commandLine(kLockup);
  argv.insert(argv.end(), {"--set", "nodes.client.memory=2GiB"});
  argv.insert(argv.begin(), {"prlimit", "--as=1500000000"});
  const fs::path output = state.path() / "output";
  EXPECT_EQ(waitFor(spawn(argv, {{"XDG_STATE_HOME", state.path()}}, output)), 125) << contentOf(output);
  EXPECT_THAT(contentOf(output), HasSubstr("Cannot allocate memory"));
}

TEST(Surroundings, TheSmallDiskTestsAreSkippedOnlyForWantOfPrivilege) {
  const StateFolder state;
  EXPECT_EQ(SmallDisk(state.path(), "16k").mounted(), mayMount());
}

}  // namespace
}  // namespace relapse::e2e
