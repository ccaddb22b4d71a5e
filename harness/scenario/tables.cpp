// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenario/tables.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <re2/re2.h>

#include "scenario/vocabulary.hpp"

namespace relapse::scenario {
namespace {

using namespace std::chrono_literals;
using namespace document;

bool isOneOf(char c, std::string_view others) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || others.find(c) != std::string_view::npos;
}

bool isWordOf(std::string_view text, std::string_view others, std::size_t most) {
  return !text.empty() && text.size() <= most &&
         std::all_of(text.begin(), text.end(), [&](char c) { return isOneOf(c, others); });
}

bool isLowerCaseWithDashes(std::string_view text) {
  const bool capital = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  const bool looseDash = text.starts_with('-') || text.ends_with('-') || text.find("--") != std::string_view::npos;
  return isWordOf(text, "-", 64) && !capital && !looseDash;
}

bool isOneLine(std::string_view text) {
  return text.find_first_not_of(" \t") != std::string_view::npos && text.find('\n') == std::string_view::npos &&
         text.size() <= 300;
}

bool isPlainWord(std::string_view text) {
  return isWordOf(text, "._-", 64) && isOneOf(text.front(), "");
}
bool isMountOption(std::string_view text) {
  const bool version = text.starts_with("vers=") || text.starts_with("nfsvers=") || text.starts_with("minorversion=");
  return isWordOf(text, "_=.-", 128) && !version;
}
bool isPattern(std::string_view text) {
  return RE2(re2::StringPiece(text.data(), text.size()), RE2::Quiet).ok();
}
bool isSymbol(std::string_view text) {
  return isWordOf(text, "_.$", 256);
}

// errno(3) of Linux, those that a file or the network can give.
const std::vector<std::string_view> kOutcomes{
    "ok",        "ENOSPC",      "EDQUOT",       "EIO",          "ESTALE",      "EFBIG",        "EROFS",
    "EPERM",     "ENOENT",      "EINTR",        "ENXIO",        "EBADF",       "EAGAIN",       "ENOMEM",
    "EACCES",    "EFAULT",      "EBUSY",        "EEXIST",       "EXDEV",       "ENODEV",       "ENOTDIR",
    "EISDIR",    "EINVAL",      "ENFILE",       "EMFILE",       "ETXTBSY",     "ESPIPE",       "EMLINK",
    "EPIPE",     "EDEADLK",     "ENAMETOOLONG", "ENOLCK",       "ENOSYS",      "ENOTEMPTY",    "ELOOP",
    "EPROTO",    "EOVERFLOW",   "EOPNOTSUPP",   "ENETDOWN",     "ENETUNREACH", "ECONNABORTED", "ECONNRESET",
    "ENOBUFS",   "ENOTCONN",    "ETIMEDOUT",    "ECONNREFUSED", "EHOSTDOWN",   "EHOSTUNREACH", "EREMOTEIO",
    "ECANCELED", "EKEYEXPIRED", "ENODATA",
};

const Text kSource{"the name of a kernel source such as debian-6.1, a tree, a tarball or git:DIR#REF", isOneLine};
const Text kConfigName{"a plain word such as nfs", isPlainWord};
const Text kMountOption{"a mount option such as hard or wsize=4096 (the version has its own key)", isMountOption};
const Text kSymbol{"a function's name such as nfs_wb_page", isSymbol};
const Text kPattern{"a regular expression in RE2's syntax, such as 'err:-[0-9]+'", isPattern};
const Word kOutcome{kOutcomes, "an outcome"};
const Word kCrash{{"SOFTLOCKUP", "HARDLOCKUP", "HUNG_TASK", "BUG", "WARNING", "PANIC", "EXCEPTION"}};
const Word kCollected{{"registers", "vmcore"}};
const Word kArtefactOfEvent{{kArtefacts.begin(), kArtefacts.end()}, "an artefact"};

const std::vector<Row>& scenarioRows() {
  static const std::vector<Row> rows{
      {"name", Text{"lower-case words with dashes between, such as nfs-lockup", isLowerCaseWithDashes}, Required{},
       "what the scenario is called in reports; at most 64 characters"},
      {"summary", Text{"one line of text", isOneLine}, Required{}, "what goes wrong, in a line"},
      {"kernel", Section{}, Required{}, "what is built"},
      {"kernel.source", ListOf{kSource, 1, true, true}, Required{},
       "tried in order, the first that can be had is built; names are those of kernel-configs/sources.yaml"},
      {"kernel.config", ListOf{kConfigName, 1, true, true}, Required{},
       "fragments of kernel-configs/, by name, put together in this order"},
      {"kernel.series", Text{"a folder below the scenario file's own"}, Optional{},
       "folder with the patches, one folder per line of kernels in it (`4.19`, `6.1`); relative to the scenario file, "
       "and "
       "below its folder"},
      {"nodes", Section{}, Default{"{}"}, "the guests; one, `client`, is supported, and serves the export as well"},
      {"nodes.client", Section{}, Default{"{}"}, "the guest that mounts the export and does the work"},
      {"nodes.client.cpus", Integer{1, 64}, Default{"2"}, "virtual CPUs"},
      {"nodes.client.memory", Size{64ull << 20, 64ull << 30}, Default{"512MiB"}, "the guest's memory"},
      {"nodes.client.cpu", Text{"a CPU model such as cortex-a76", isPlainWord}, Default{"cortex-a76"},
       "QEMU's model; 4.19 does not boot on `max`"},
      {"nfs", Section{}, Optional{}, "an NFS export and its mount; without this key there is neither"},
      {"nfs.export", Section{}, Default{"{}"}, "what the server exports"},
      {"nfs.export.filesystem", Word{{"tmpfs"}}, Default{"tmpfs"}, "the exported filesystem; only tmpfs for now"},
      {"nfs.export.size", Size{4ull << 10, 64ull << 30}, Default{"64KiB"}, "its size; less than the guest's memory"},
      {"nfs.mount", Section{}, Default{"{}"}, "how the client mounts it"},
      {"nfs.mount.version", Word{{"3", "4.0", "4.1", "4.2"}}, Default{"4.1"}, "of the protocol"},
      {"nfs.mount.options", ListOf{kMountOption}, Default{"[]"}, "mount options beside the version"},
      {"steps", ListOf{&stepTable(), 1}, Required{}, "faults and work, in order"},
      {"watch", Section{}, Default{"{}"}, "when the kernel reports"},
      {"watch.softlockup", Duration{2s, 120s, 2s}, Default{"20s"},
       "a soft lockup is reported after this time; the kernel knows its half alone (watchdog_thresh), so odd values "
       "are errors"},
      {"watch.hung-task", Duration{1s, 1h}, Default{"120s"}, "so is a task that sleeps uninterruptibly"},
      {"watch.rcu-stall", Duration{3s, 300s}, Default{"21s"}, "so is a stalled grace period of RCU"},
      {"watch.patterns", ListOf{kPattern, 0, true, true}, Default{"[]"},
       "each line of the kernel's that one of these matches somewhere is an event of kind pattern"},
      {"watch.silence", Duration{1s, 24h}, Optional{}, "so is a console without a byte for so long, of kind silence"},
      {"expect", Section{Keys::ExactlyOne}, Required{}, "what this run should show"},
      {"expect.reproduced", ListOf{&eventTable(), 1, false, true}, Optional{}, "the bug: all of these events are seen"},
      {"expect.survived", Flag{}, Optional{},
       "no event of a failing kind, all work ended as its `outcome` allows, and the watching is proved to have worked"},
      {"deadlines", Section{}, Default{"{}"}, "how long it may take at most"},
      {"deadlines.build", Duration{1s, 24h}, Default{"30min"}, "the kernel's build"},
      {"deadlines.boot", Duration{1s, 1h}, Default{"60s"}, "from the guest's start until its agent answers"},
      {"deadlines.reproduce", Duration{1s, 24h}, Default{"60s"}, "from the first step to the verdict"},
      {"collect", ListOf{kCollected, 0, true}, Default{"[]"},
       "evidence taken when an event of a failing kind was seen: `registers` of all CPUs, `vmcore`, the guest's "
       "memory"},
      {"repeat", Section{Keys::AtMostOne}, Default{"{}"}, "how often; once if nothing is said"},
      {"repeat.runs", Integer{1, 1000}, Optional{}, "that many runs"},
      {"repeat.until", Fraction{1000}, Optional{}, "runs until K of at most N have shown the expected"},
  };
  return rows;
}

const std::vector<Row>& stepRows() {
  static const std::vector<Row> rows{
      {"fault", Section{Keys::ExactlyOne}, Optional{}, "something goes wrong; with the export, it needs `nfs`"},
      {"fault.fill-export", Flag{}, Optional{}, "a file takes all the space that the export has left"},
      {"fault.free-export", Flag{}, Optional{}, "that file is removed again"},
      {"fault.lkdtm", kCrash, Optional{},
       "the kernel's crash test (LKDTM) is started and left to itself: a failure made to order, which shows that the "
       "watching works"},
      {"work", Section{}, Optional{}, "a program runs in the guest, on the mount; needs `nfs`"},
      {"work.program", Word{programNames()}, Required{}, "which one; see Programs"},
      {"work.writers", Integer{1, 1024}, Default{"1"}, "how many write at the same time"},
      {"work.rounds", Integer{1, 1'000'000}, Default{"1"}, "how often each of them does its work"},
      {"work.background", Boolean{}, Default{"false"}, "the next step does not wait for its end"},
      {"work.outcome", ListOf{kOutcome, 1, true, true}, Default{"[ok]"},
       "how it may end: `ok`, or the name of the first error it meets (`ENOSPC`)"},
      {"work.after", Word{programNames()}, Optional{},
       "it starts when this program, of an earlier step with `background: true`, says that its trigger is due"},
  };
  return rows;
}

const std::vector<Row>& eventRows() {
  static const std::vector<Row> rows{
      {"event", Word{eventNames(), "an event"}, Required{}, "its kind; see Events"},
      {"frames", ListOf{kSymbol, 0, false, true}, Default{"[]"},
       "functions that its call trace holds in this order, innermost first; others may stand between"},
      {"message", kPattern, Optional{}, "regular expression (RE2) that its message holds somewhere"},
      {"artefact", kArtefactOfEvent, Optional{},
       "only an event that is marked as this artefact; without the key only events that are none: a lockup whose CPU "
       "was "
       "kept by printing (`console-output`) is no bug"},
  };
  return rows;
}

}  // namespace

const Table& scenarioTable() {
  static const Table table{"a scenario", Keys::Any, scenarioRows()};
  return table;
}

const Table& stepTable() {
  static const Table table{"a step (a map with the key fault or work)", Keys::ExactlyOne, stepRows()};
  return table;
}

const Table& eventTable() {
  static const Table table{"an event (a map with the key event, and maybe frames and message)", Keys::Any, eventRows()};
  return table;
}

}  // namespace relapse::scenario
