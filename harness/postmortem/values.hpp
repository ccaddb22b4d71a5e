// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stacktrace/values.hpp"

namespace relapse::postmortem {

// How often something was seen, of all samples of its owner.
struct Share {
  std::string what;
  int samples = 0;
};

// What one vCPU did while it was sampled.
struct VcpuProfile {
  int vcpu = 0;
  int samples = 0;
  int idle = 0;                          // of them in the idle loop
  int user = 0;                          // of them in user space
  std::vector<Share> innermost = {};     // functions, most frequent first; idle and user samples left out
  std::vector<std::string> common = {};  // functions that are in every kernel sample, innermost first
  bool spins() const { return samples > 0 && idle == 0 && user == 0; }
};

// Stacks of all vCPUs, sampled from outside while the guest was stopped for a moment each time.
struct SpinProfile {
  int samples = 0;
  std::chrono::milliseconds span{0};  // from the first to the last
  std::vector<VcpuProfile> vcpus = {};
  std::vector<Share> folded = {};  // "vcpu 1;el0_sync;...;nfs_wb_page", as flame graph tools read it
};

// A machine instruction as objdump prints it, at its running address.
struct Instruction {
  std::uint64_t address = 0;
  std::string text = {};          // "ldr x0, [x19, #32]"; of a module with the symbol that it refers to
  std::string function = {};      // innermost, so it may be an inlined one; empty: not known
  stacktrace::SourcePlace place = {};
  bool isPc = false;
  bool patched = false;  // the running kernel has other code here than its file (alternatives, static keys): this is it
};

// Where an argument's value, as the function was called, is at an instruction.
struct ArgumentPlace {
  std::string place = {};  // "x20", "[sp, #24]"; empty: unknown
  std::string why = {};    // it is unknown
  std::string value = {};  // "0xffffff80010845c0"; empty: that register's value is not known
};

// The instructions around a pc.
struct Disassembly {
  std::string function = {};  // the symbol: "nfs_wb_page"
  std::string module = {};    // empty: built in
  std::vector<Instruction> instructions = {};
  ArgumentPlace firstArgument = {};  // before the instruction at pc runs
};

// What a memory dump tells (inspect.hpp). Addresses are the guest's. An optional part that is empty could not be
// known: Findings::notAvailable says why.

struct TaskName {
  int pid = 0;
  std::string comm = {};  // not an identifier
};

struct StackFrame {
  std::uint64_t pc = 0;  // for all but the innermost frame, where the call returns to
  stacktrace::Frame frame = {};
};
using Stack = std::vector<StackFrame>;  // innermost first

struct VcpuState {
  int cpu = 0;
  std::optional<TaskName> task = {};
  std::uint64_t pc = 0;
  bool idle = false;
  bool user = false;  // in user space: no stack
  Stack stack = {};
};

// Tasks that sleep with equal stacks, or are on their way to the stuck inode's lock.
struct BlockedTasks {
  std::string state = {};  // "D", as ps has it
  std::vector<TaskName> tasks = {};
  Stack stack = {};
};

// Who waits for whom.
struct Wait {
  TaskName waiter = {};
  std::optional<TaskName> holder = {};
  std::string on = {};                     // "inode->i_rwsem 0xffff... (fileid 2)"
  std::string how = {};                    // how the holder is known, or why not
  bool certain = false;                    // the kernel itself names the holder, and it lives
  std::optional<std::uint64_t> lock = {};  // where it lies; none: no lock
};

// The task that spins or has crashed.
struct Suspect {
  TaskName task = {};
  std::string how = {};                     // "spins on vCPU 1", "crashed"
  std::optional<std::uint64_t> fault = {};  // the address it could not reach
  Stack stack = {};
};

struct PageState {
  std::uint64_t address = 0;  // of its struct page
  std::uint64_t flagsRaw = 0;
  std::vector<std::string> flags = {};  // "locked", "private"
  std::uint64_t mapping = 0;
  std::uint64_t index = 0;
  std::uint64_t privateData = 0;
  std::int64_t refcount = 0;
  std::string foundBy = {};   // "page in nfs_wb_page"
  std::string pageTree = {};  // whether the inode's pages, searched apart from that, have it
};

// A struct nfs_page.
struct RequestState {
  std::uint64_t address = 0;
  std::uint64_t flagsRaw = 0;
  std::vector<std::string> flags = {};  // "PG_BUSY"
  std::int64_t references = 0;
  std::uint64_t index = 0;
  std::uint64_t offset = 0;  // in the page
  std::uint64_t bytes = 0;
  std::uint64_t page = 0;
};

struct InodeState {
  std::uint64_t address = 0;
  std::uint64_t number = 0;  // i_ino
  std::uint64_t fileid = 0;
  std::int64_t size = 0;
  std::vector<std::string> flags = {};  // of NFS_I()
  std::uint64_t flagsRaw = 0;
  std::uint64_t cacheValidity = 0;
  std::uint64_t mapping = 0;
  std::uint64_t pages = 0;
  std::int64_t requests = 0;
  int writebackError = 0;  // the errno in mapping->wb_err
  bool writebackErrorSeen = false;
  std::string foundBy = {};
};

struct OpenContextState {
  std::uint64_t address = 0;
  int error = 0;  // as the kernel keeps it: -28
  std::vector<std::string> flags = {};
  std::string path = {};  // below the mount
};

struct ServerState {
  std::uint64_t address = 0;
  std::string hostname = {};
  std::string version = {};              // "4.1"
  std::vector<std::string> mounts = {};  // "127.0.0.1:/export on /mnt"
};

struct CommitCounts {
  std::int64_t toCommit = 0;  // ncommit
  std::int64_t underWay = 0;  // rpcs_out
};

struct RpcTask {
  std::uint64_t address = 0;
  std::string procedure = {};
  std::vector<std::string> state = {};
  std::int64_t status = 0;
  std::string queue = {};  // the one it waits in; empty: none, or the kernel keeps no name
  int owner = 0;           // PID
};

struct RpcClient {
  std::uint64_t address = 0;
  std::string program = {};
  std::uint64_t version = 0;
  std::uint64_t transport = 0;
  std::vector<RpcTask> tasks = {};
};

struct RpcTransport {
  std::uint64_t address = 0;
  std::vector<std::string> state = {};
  std::string server = {};
  std::string peer = {};
  std::int64_t sending = 0;  // tasks in its queues
  std::int64_t pending = 0;
  std::int64_t backlog = 0;
};

struct RpcState {
  std::vector<RpcClient> clients = {};
  std::vector<RpcTransport> transports = {};
};

struct DmesgRecord {
  double time = 0;  // seconds
  std::string text = {};
};

struct ListedTask {
  TaskName name = {};
  int parent = 0;
  std::string state = {};
  std::optional<int> cpu = {};  // when it runs
  Stack stack = {};
};

struct NotAvailable {
  std::string what;
  std::string why;
};

struct Findings {
  std::string release = {};
  std::string sentence = {};  // the impossible state; "not known: ..." when no rule fits
  std::vector<VcpuState> vcpus = {};
  std::optional<Suspect> suspect = {};
  std::vector<BlockedTasks> blocked = {};
  std::vector<Wait> waits = {};
  std::optional<PageState> page = {};
  std::optional<RequestState> request = {};
  std::optional<InodeState> inode = {};
  std::optional<OpenContextState> context = {};
  std::optional<ServerState> server = {};
  std::optional<CommitCounts> commit = {};
  std::optional<RpcState> rpc = {};
  std::vector<ListedTask> tasks = {};  // of the name asked for, else of the suspect's
  std::vector<DmesgRecord> dmesg = {};
  std::vector<NotAvailable> notAvailable = {};
  std::string json = {};  // all of this as the script wrote it, for postmortem.json
};

}  // namespace relapse::postmortem
