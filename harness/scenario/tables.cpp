// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenario/tables.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <re2/re2.h>

#include "document/types.hpp"
#include "scenario/values.hpp"
#include "scenario/vocabulary.hpp"

namespace relapse::scenario {
namespace {

using namespace std::chrono_literals;
using namespace document;

bool isOneOf(char c, std::string_view others) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || others.find(c) != std::string_view::npos;
}

std::vector<std::string_view> wordsOf(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    words.push_back(text.substr(0, text.find(' ')));
    text.remove_prefix(std::min(words.back().size() + 1, text.size()));
  }
  return words;
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
// A file's name without a folder.
bool isFileName(std::string_view text) {
  return isWordOf(text, "._-", 255) && isOneOf(text.front(), "_");
}
bool isNodeName(std::string_view text) {
  return isWordOf(text, "", 64);
}
bool isShellText(std::string_view text) {
  return text.find_first_not_of(" \t\n") != std::string_view::npos && text.size() <= 16384;
}
bool isExitStatus(std::string_view text) {
  const std::optional<std::int64_t> number = parseInteger(text);
  return number && *number >= 0 && *number <= 255;
}
bool isProgramArgument(std::string_view text) {
  return !text.empty() && text.find('\n') == std::string_view::npos && text.size() <= 1024;
}
bool isPattern(std::string_view text) {
  return text.size() <= 1024 && RE2(re2::StringPiece(text.data(), text.size()), RE2::Quiet).ok();
}
bool isSymbol(std::string_view text) {
  return isWordOf(text, "_.$", 256);
}

// "nfs_updatepage" or "nfs_updatepage+0x40".
bool isProbedPlace(std::string_view text) {
  const std::size_t plus = text.find('+');
  if (plus == std::string_view::npos) return isSymbol(text);
  std::string_view offset = text.substr(plus + 1);
  const bool hexadecimal = offset.starts_with("0x");
  if (hexadecimal) offset.remove_prefix(2);
  const std::string_view digits = hexadecimal ? "0123456789abcdefABCDEF" : "0123456789";
  return isSymbol(text.substr(0, plus)) && !offset.empty() && offset.size() <= 8 &&
         offset.find_first_not_of(digits) == std::string_view::npos;
}
bool isIdentifier(std::string_view text) {
  return isWordOf(text, "_", 60) && !(text.front() >= '0' && text.front() <= '9');
}
bool isTracepoint(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view group = text.substr(0, colon), event = text.substr(colon + 1);
  return isWordOf(group, "_-", 64) && isWordOf(event, "_-", 64);
}
// kprobe's FETCHARGS: no blank, so that one stays one.
bool isFetched(std::string_view text) {
  return isWordOf(text, "_=%$@+-():.,*~[]\\\"", 128);
}
bool isDynamicDebug(std::string_view text) {
  const std::size_t blank = text.rfind(' ');
  const std::string_view flags = blank == std::string_view::npos ? text : text.substr(blank + 1);
  return isOneLine(text) && flags.size() > 1 && std::string_view("+-=").find(flags.front()) != std::string_view::npos;
}
bool isSysctl(std::string_view text) {
  return isWordOf(text, "._-", 128) && text.find('.') != std::string_view::npos && !text.starts_with('.') &&
         !text.ends_with('.') && text.find("..") == std::string_view::npos;
}

// The words of rpcdebug(8), from the kernel's NFSDBG_, NFSDDBG_, RPCDBG_ and NLMDBG_ names.
struct DebugFlags {
  std::string_view module;
  std::string_view flags;
};
constexpr std::array kDebugFlags{
    DebugFlags{"nfs",
               "vfs dircache lookupcache pagecache proc xdr file root callback client mount fscache pnfs pnfs_ld state "
               "all"},
    DebugFlags{"nfsd", "sock fh export svc proc fileop auth repcache xdr lockd pnfs all"},
    DebugFlags{"rpc", "xprt call debug nfs auth bind sched trans svcsock svcxprt svcdsp misc cache all"},
    DebugFlags{"nlm", "svc client clntlock svclock monitor clntsubs svcsubs hostcache xdr all"},
};

bool isDebugFlags(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto known = std::find_if(kDebugFlags.begin(), kDebugFlags.end(),
                                  [&](const DebugFlags& flags) { return flags.module == text.substr(0, colon); });
  if (colon == std::string_view::npos || known == kDebugFlags.end()) return false;
  const std::vector<std::string_view> words = wordsOf(known->flags);
  for (std::string_view rest = text.substr(colon + 1);; rest.remove_prefix(rest.find('+') + 1)) {
    if (std::find(words.begin(), words.end(), rest.substr(0, rest.find('+'))) == words.end()) return false;
    if (rest.find('+') == std::string_view::npos) return true;
  }
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

constexpr std::size_t kMostItems = 256;  // of a list that has no reason for more

const Text kSource{"the name of a kernel source such as debian-6.1, a tree, a tarball or git:DIR#REF", isOneLine};
const Text kConfigName{"a plain word such as nfs", isPlainWord};
const Text kMountOption{"a mount option such as hard or wsize=4096 (the version has its own key)", isMountOption};
const Text kSymbol{"a function's name such as nfs_wb_page", isSymbol};
const Text kPattern{"a regular expression in RE2's syntax, such as 'err:-[0-9]+'", isPattern};
const Word kOutcome{kOutcomes, "an outcome"};
const Text kFileName{"a plain file name such as shared", isFileName};
const Text kNode{"a node such as client, client2, server, or clients for all of them", isNodeName};
const ListOf kNodes{kNode, 1, true, true, kMostItems};
const Integer kCpus{1, 64};
const Size kMemory{64ull << 20, 64ull << 30};
const Text kCpu{"a CPU model such as cortex-a76", isPlainWord};
const Word kProgram{programNames(), "a program"};
const Word kCollected{{"registers", "vmcore"}};
const Word kArtefactOfEvent{{kArtefacts.begin(), kArtefacts.end()}, "an artefact"};

const std::vector<Row>& scenarioRows() {
  static const std::vector<Row> rows{
      {"name", Text{"lower-case words with dashes between, such as nfs-lockup", isLowerCaseWithDashes}, Required{},
       "what the scenario is called in reports; at most 64 characters"},
      {"summary", Text{"one line of text", isOneLine}, Required{}, "what goes wrong, in a line"},
      {"kernel", Section{}, Required{}, "what is built"},
      {"kernel.source", ListOf{kSource, 1, true, true, kMostItems}, Required{},
       "tried in order, the first that can be had is built; names are those of kernel-configs/sources.yaml"},
      {"kernel.config", ListOf{kConfigName, 1, true, true, kMostItems}, Required{},
       "fragments of kernel-configs/, by name, put together in this order"},
      {"kernel.series", Text{"a folder below the scenario file's own"}, Optional{},
       "folder with the patches, one folder per line of kernels in it (`4.19`, `6.1`); relative to the scenario file, "
       "and "
       "below its folder"},
      {"nodes", Section{}, Default{"{}"}, "the guests; see Nodes"},
      {"nodes.client", Section{}, Default{"{}"}, "the guest that mounts the export and does the work"},
      {"nodes.client.count", Integer{1, kMostClients}, Default{"1"},
       "how many there are; several need a server, and are called `client1`, `client2` and so on"},
      {"nodes.client.cpus", kCpus, Default{"2"}, "virtual CPUs"},
      {"nodes.client.memory", kMemory, Default{"512MiB"}, "the guest's memory"},
      {"nodes.client.cpu", kCpu, Default{"cortex-a76"}, "QEMU's model; 4.19 does not boot on `max`"},
      {"nodes.client.reaches-host", Boolean{}, Default{"false"},
       "it has a network card to the host's network as well; else no packet leaves the guests"},
      {"nodes.server", Section{}, Optional{}, "a guest of its own that exports; without it the client does"},
      {"nodes.server.cpus", kCpus, Default{"2"}, "virtual CPUs"},
      {"nodes.server.memory", kMemory, Default{"512MiB"}, "the guest's memory"},
      {"nodes.server.cpu", kCpu, Default{"cortex-a76"}, "QEMU's model"},
      {"nodes.server.reaches-host", Boolean{}, Default{"false"}, "as the client's"},
      {"nodes.server.kernel", Section{}, Optional{}, "its own; the keys that are left out are those of `kernel`"},
      {"nodes.server.kernel.source", ListOf{kSource, 1, true, true, kMostItems}, Optional{}, "as `kernel.source`"},
      {"nodes.server.kernel.config", ListOf{kConfigName, 1, true, true, kMostItems}, Optional{}, "as `kernel.config`"},
      {"nodes.server.kernel.series", Text{"a folder below the scenario file's own"}, Optional{}, "as `kernel.series`"},
      {"nfs", Section{}, Optional{}, "an NFS export and its mount; without this key there is neither"},
      {"nfs.export", Section{}, Default{"{}"}, "what the server exports"},
      {"nfs.export.filesystem", Word{{"tmpfs", "ext4", "xfs", "btrfs"}}, Default{"tmpfs"}, "the exported filesystem"},
      {"nfs.export.medium", Word{{"ram", "image"}}, Default{"ram"},
       "what it lies on: the server's memory, or a disk that outlives the server's end (ext4, xfs and btrfs alone)"},
      {"nfs.export.size", Size{4ull << 10, 64ull << 30}, Optional{},
       "its size, if nothing is said 64KiB of tmpfs, and of the others the least there is: 4MiB of ext4, 300MiB of "
       "xfs, 128MiB of btrfs; in memory it is less than the server has"},
      {"nfs.export.full", Boolean{}, Default{"false"}, "a file takes all its space before the first step"},
      {"nfs.export.read-only", Boolean{}, Default{"false"}, "it is exported so"},
      {"nfs.export.quota", Size{1ull << 10, 64ull << 30}, Optional{},
       "so much may the user of work with `as: writer` have (ext4 alone)"},
      {"nfs.export.grace", Boolean{}, Default{"false"},
       "the server begins with its grace period, 10 s long, in which clients reclaim and nothing else is opened"},
      {"nfs.mount", Section{}, Default{"{}"}, "how the client mounts it"},
      {"nfs.mount.version", Word{{"3", "4.0", "4.1", "4.2"}}, Default{"4.1"}, "of the protocol"},
      {"nfs.mount.options", ListOf{kMountOption, 0, false, false, kMostItems}, Default{"[]"},
       "mount options beside the version: `hard` or `soft`, `timeo`, `retrans`, `rsize`, `wsize`, `sync` or `async`, "
       "`sec=sys`, `nconnect` and what else mount.nfs knows"},
      {"steps", ListOf{&stepTable(), 1, false, false, 1000}, Required{},
       "faults, work and what lies between, in order; at most 1000"},
      {"probes", Section{}, Default{"{}"}, "looks into the running kernel; what they see is on the timeline"},
      {"probes.events", ListOf{&probeTable(), 0, false, true, 200}, Default{"[]"},
       "places in the kernel's code, at most 200; see Probes"},
      {"probes.rpcdebug",
       ListOf{Text{"a module of rpcdebug and its flags, such as nfs:all or nfs:pagecache+file", isDebugFlags}, 0, true,
              true, kMostItems},
       Default{"[]"}, "sunrpc's debug messages: modules nfs, nfsd, rpc and nlm"},
      {"probes.dynamic-debug",
       ListOf{Text{"a query of dynamic debug such as 'file fs/nfs/write.c +p'", isDynamicDebug}, 0, true, true,
              kMostItems},
       Default{"[]"}, "pr_debug() messages that are switched on"},
      {"probes.sysctls", ListOf{Text{"a sysctl's name such as vm.dirty_ratio", isSysctl}, 0, true, true, kMostItems},
       Default{"[]"}, "read again and again; a change is on the timeline"},
      {"probes.every", ShortDuration{100ms, 10min}, Default{"1s"}, "that often"},
      {"probes.on", kNodes, Default{"clients"}, "where all this is"},
      {"watch", Section{}, Default{"{}"}, "when the kernel reports"},
      {"watch.softlockup", Duration{2s, 120s, 2s}, Default{"20s"},
       "a soft lockup is reported after this time; the kernel knows its half alone (watchdog_thresh), so odd values "
       "are errors"},
      {"watch.hung-task", Duration{1s, 1h}, Default{"120s"}, "so is a task that sleeps uninterruptibly"},
      {"watch.rcu-stall", Duration{3s, 300s}, Default{"21s"}, "so is a stalled grace period of RCU"},
      {"watch.patterns", ListOf{kPattern, 0, true, true, kMostItems}, Default{"[]"},
       "each line of the kernel's that one of these matches somewhere is an event of kind pattern"},
      {"watch.silence", Duration{1s, 24h}, Optional{}, "so is a console without a byte for so long, of kind silence"},
      {"expect", Section{Keys::ExactlyOne}, Required{}, "what this run should show"},
      {"expect.reproduced", ListOf{&eventTable(), 1, false, true, kMostItems}, Optional{},
       "the bug: all of these events are seen"},
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
      {"repeat.runs", Integer{1, kMostRuns}, Optional{}, "that many runs, for their rate"},
      {"repeat.until", Fraction{kMostRuns}, Optional{},
       "runs until K of at most N have shown the expected, or can no more"},
      {"repeat.clean-of", Fraction{kMostRuns}, Optional{},
       "of survival: as many runs, each without a failure, as it takes to claim at 95 % that a bug is fixed that came "
       "in K of N runs"},
      {"repeat.at-least", Percent{}, Optional{},
       "runs until it is decided whether so many of them show the expected, or half of that at most (Wald's test, "
       "5 % of errors either way)"},
      {"seed", Integer{0}, Default{"1"}, "of all that is left to chance: data, choices, jitter"},
      {"jitter", ShortDuration{0ms, 10min}, Default{"0s"}, "each work starts up to so much later, by the seed"},
      {"matrix", Anything{"a map of keys, each with a list of values"}, Default{"{}"},
       "makes one scenario of each combination of its values; see Matrix"},
  };
  return rows;
}

Type typeOf(const FaultKind& fault) {
  switch (fault.argument) {
    case FaultArgument::None:
      return Flag{};
    case FaultArgument::Name:
      return kFileName;
    case FaultArgument::Size:
      return Size{1ull << 10, 64ull << 30};
    case FaultArgument::Percent:
      return Percent{};
    case FaultArgument::Time:
      return ShortDuration{1ms, 10min};
    case FaultArgument::TimeShift:
      return TimeShift{};
    case FaultArgument::Number:
      return Integer{1, 1'000'000};
    case FaultArgument::Word:
      return Word{wordsOf(fault.words)};
  }
  return Flag{};
}

// One row for each of kFaults. Rows hold views: the paths live here.
std::vector<Row> faultRows() {
  static const std::vector<std::string> paths = [] {
    std::vector<std::string> result;
    for (const FaultKind& fault : kFaults) result.push_back(fmt::format("fault.{}", fault.name));
    return result;
  }();
  std::vector<Row> rows;
  for (std::size_t i = 0; i < kFaults.size(); ++i)
    rows.push_back({paths[i], typeOf(kFaults[i]), Optional{}, kFaults[i].meaning});
  return rows;
}

std::vector<Row> stepRows() {
  std::vector<Row> rows{
      {"fault", Section{Keys::ExactlyOne, {"on", "for"}}, Optional{}, "something goes wrong; see Faults"},
      {"fault.on", kNodes, Optional{}, "where; else where the fault's own row says"},
      {"fault.for", ShortDuration{1ms, 24h}, Optional{},
       "undone after this time, where that can be; the next step does not wait for it"},
      {"work", Section{}, Optional{}, "a program runs in the guest, on the mount; needs `nfs`"},
      {"work.program", kProgram, Required{}, "which one; see Programs"},
      {"work.writers", Integer{1, 1024}, Default{"1"}, "how many write at the same time"},
      {"work.rounds", Integer{1, 1'000'000}, Default{"1"}, "how often each of them does its work"},
      {"work.background", Boolean{}, Default{"false"}, "the next step does not wait for its end"},
      {"work.outcome", ListOf{kOutcome, 1, true, true, kMostItems}, Default{"[ok]"},
       "how it may end: `ok`, or the name of the first error it meets (`ENOSPC`)"},
      {"work.after", kProgram, Optional{},
       "it starts when this program, of an earlier step with `background: true`, says that its trigger is due"},
      {"work.on", kNodes, Default{"clients"}, "the clients it runs on, on each of them"},
      {"work.file", kFileName, Default{"shared"}, "below the mount"},
      {"work.size", Size{1, 64ull << 30}, Optional{}, "of what each writer writes; else the program's own"},
      {"work.threads", Boolean{}, Default{"false"}, "the writers are threads of one process"},
      {"work.verify", Boolean{}, Default{"false"},
       "what the server has acknowledged is read again afterwards, past the cache; what is lost or wrong is a "
       "`work-failed` event"},
      {"work.as", Word{{"root", "writer"}}, Default{"root"}, "the user it runs as; `writer` has the uid 1000"},
      {"work.seed", Integer{0}, Optional{}, "of its data and choices; else derived from the scenario's"},
      {"work.arguments", ListOf{Text{"one argument of fio(1)", isProgramArgument}, 1, false, false, kMostItems},
       Optional{}, "fio's own, each one text; it needs them, and no other program takes them"},
      {"work.chance", Percent{}, Default{"100%"},
       "its trigger comes in so many of the runs, decided by its seed: the same seed, the same decision"},
      {"shell", Section{Keys::Any, {}, "command"}, Optional{},
       "text for the shell of the guest, never the host's; alone, or as a map"},
      {"shell.command", Text{"text for a shell", isShellText}, Required{},
       "the text; of `mkfs.ext4`, `mkfs.xfs`, `mkfs.btrfs`, `tc` and `fio` the guest has those that it names"},
      {"shell.background", Boolean{}, Default{"false"}, "the next step does not wait for its end"},
      {"shell.status", ListOf{Text{"an exit status from 0 to 255", isExitStatus}, 1, true, true}, Default{"[0]"},
       "what it may exit with"},
      {"shell.on", kNodes, Default{"clients"}, "where, on each of them"},
      {"wait", ShortDuration{1ms, 1h}, Optional{}, "nothing is done for so long"},
  };
  const std::vector<Row> faults = faultRows();
  rows.insert(rows.begin() + 1, faults.begin(), faults.end());
  return rows;
}

const std::vector<Row>& probeRows() {
  static const std::vector<Row> rows{
      {"kprobe", Text{"a function, maybe with an offset, such as nfs_updatepage+0x40", isProbedPlace}, Optional{},
       "an instruction is reached"},
      {"kretprobe", kSymbol, Optional{}, "a function returns"},
      {"tracepoint", Text{"a tracepoint such as nfs:nfs_commit_done", isTracepoint}, Optional{},
       "the kernel's own event"},
      {"name", Text{"an identifier of at most 60 characters", isIdentifier}, Optional{},
       "of the event, else made from the function's; a tracepoint has its own"},
      {"fetch",
       ListOf{Text{"an argument of kprobe events such as error=$retval or page=%x0", isFetched}, 0, true, true,
              kMostItems},
       Default{"[]"}, "what is printed with each hit; a tracepoint prints what it has"},
      {"filter", Text{"one line of text", isOneLine}, Optional{},
       "of trace events: `error < 0`; only such hits are seen"},
      {"stack", Boolean{}, Default{"false"}, "each hit with its call trace"},
  };
  return rows;
}

const std::vector<Row>& eventRows() {
  static const std::vector<Row> rows{
      {"event", Word{eventNames(), "an event"}, Required{}, "its kind; see Events"},
      {"frames", ListOf{kSymbol, 0, false, true, kMostItems}, Default{"[]"},
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
  static const Table table{"a step (a map with the key fault, work, shell or wait)", Keys::ExactlyOne, stepRows()};
  return table;
}

const Table& probeTable() {
  static const Table table{"a probe (a map with the key kprobe, kretprobe or tracepoint)",
                           Keys::ExactlyOne,
                           probeRows(),
                           {"name", "fetch", "filter", "stack"}};
  return table;
}

const Table& eventTable() {
  static const Table table{"an event (a map with the key event, and maybe frames and message)", Keys::Any, eventRows()};
  return table;
}

}  // namespace relapse::scenario
