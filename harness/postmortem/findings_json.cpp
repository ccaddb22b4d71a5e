// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/findings_json.hpp"

#include <charconv>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace relapse::postmortem {
namespace {

using nlohmann::json;

// An object's fields, each read once. The first error is kept, and everything after it is empty.
class Fields {
 public:
  Fields(const json& value, std::string path, std::string& error)
      : value_(value), path_(std::move(path)), error_(error) {
    if (!value_.is_object()) fault(path_, "an object", value_);
  }
  // All keys were asked for.
  ~Fields() {
    if (!value_.is_object()) return;
    for (const auto& item : value_.items())
      if (!seen_.contains(item.key()) && error_.empty()) error_ = fmt::format("{}: unknown key", below(item.key()));
  }
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  template <class T>
  void read(const char* key, T& into) {
    if (const json* found = find(key)) take(*found, below(key), into);
  }
  template <class T>
  void readIfThere(const char* key, T& into) {
    seen_.insert(key);
    if (value_.is_object() && value_.contains(key) && !value_[key].is_null()) take(value_[key], below(key), into);
  }

 private:
  const json* find(const char* key) {
    seen_.insert(key);
    if (!value_.is_object()) return nullptr;
    const auto found = value_.find(key);
    if (found != value_.end()) return &*found;
    if (error_.empty()) error_ = fmt::format("{}: missing", below(key));
    return nullptr;
  }
  std::string below(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }
  void fault(const std::string& path, const char* expected, const json& found) {
    if (error_.empty())
      error_ =
          fmt::format("{}: expected {}, found a {}", path.empty() ? "findings" : path, expected, found.type_name());
  }

  void take(const json& value, const std::string& path, std::string& into) {
    if (!value.is_string()) return fault(path, "a string", value);
    into = value.get<std::string>();
  }
  void take(const json& value, const std::string& path, bool& into) {
    if (!value.is_boolean()) return fault(path, "true or false", value);
    into = value.get<bool>();
  }
  void take(const json& value, const std::string& path, double& into) {
    if (!value.is_number()) return fault(path, "a number", value);
    into = value.get<double>();
  }
  // A damaged counter above the greatest is as negative as the kernel prints it.
  void take(const json& value, const std::string& path, std::int64_t& into) {
    if (!value.is_number_integer()) return fault(path, "a whole number", value);
    into = value.get<std::int64_t>();
  }
  void take(const json& value, const std::string& path, int& into) {
    std::int64_t wide = 0;
    take(value, path, wide);
    if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max())
      return fault(path, "a number of 32 bits", value);
    into = static_cast<int>(wide);
  }
  // A number, or an address as "0x...".
  void take(const json& value, const std::string& path, std::uint64_t& into) {
    if (value.is_number_unsigned()) {
      into = value.get<std::uint64_t>();
      return;
    }
    const auto* text = value.get_ptr<const std::string*>();
    if (text == nullptr || !text->starts_with("0x")) return fault(path, "a number or 0x...", value);
    const char* end = text->data() + text->size();
    const auto read = std::from_chars(text->data() + 2, end, into, 16);
    if (read.ec != std::errc() || read.ptr != end) fault(path, "an address", value);
  }
  template <class T>
  void take(const json& value, const std::string& path, std::optional<T>& into) {
    take(value, path, into.emplace());
  }
  template <class T>
  void take(const json& value, const std::string& path, std::vector<T>& into) {
    if (!value.is_array()) return fault(path, "a list", value);
    for (std::size_t i = 0; i < value.size() && error_.empty(); ++i)
      take(value[i], fmt::format("{}[{}]", path, i), into.emplace_back());
  }
  template <class T>
  void take(const json& value, const std::string& path, T& into) {
    Fields fields(value, path, error_);
    readFields(fields, into);
  }

  static void readFields(Fields& in, TaskName& task) {
    in.read("pid", task.pid);
    in.read("comm", task.comm);
  }
  static void readFields(Fields& in, stacktrace::Call& call) {
    std::uint64_t line = 0;
    in.read("function", call.function);
    in.read("file", call.place.file);
    in.read("line", line);
    call.place.line = static_cast<unsigned>(line);
  }
  static void readFields(Fields& in, StackFrame& frame) {
    auto& raw = frame.frame.raw;
    in.read("pc", frame.pc);
    in.read("calls", frame.frame.calls);
    in.read("module", raw.module);
    in.readIfThere("symbol", raw.symbol);
    in.readIfThere("offset", raw.offset);
    in.readIfThere("size", raw.size);
    in.readIfThere("undecoded", frame.frame.undecoded);
    for (auto& call : frame.frame.calls) call.module = raw.module;
    raw.text = fmt::format("0x{:x}", frame.pc);
    if (!raw.symbol.empty())
      raw.text = fmt::format("{}+0x{:x}/0x{:x}", raw.symbol, raw.offset.value_or(0), raw.size.value_or(0));
    if (!raw.module.empty()) raw.text += " [" + raw.module + "]";
  }
  static void readFields(Fields& in, VcpuState& vcpu) {
    in.read("cpu", vcpu.cpu);
    in.read("pc", vcpu.pc);
    in.read("idle", vcpu.idle);
    in.read("user", vcpu.user);
    in.read("stack", vcpu.stack);
    in.readIfThere("task", vcpu.task);
  }
  static void readFields(Fields& in, BlockedTasks& group) {
    in.read("state", group.state);
    in.read("tasks", group.tasks);
    in.read("stack", group.stack);
  }
  static void readFields(Fields& in, Wait& wait) {
    in.read("waiter", wait.waiter);
    in.readIfThere("holder", wait.holder);
    in.read("on", wait.on);
    in.read("how", wait.how);
    in.read("certain", wait.certain);
    in.readIfThere("lock", wait.lock);
  }
  static void readFields(Fields& in, Suspect& suspect) {
    in.read("task", suspect.task);
    in.read("how", suspect.how);
    in.readIfThere("fault", suspect.fault);
    in.read("stack", suspect.stack);
  }
  static void readFields(Fields& in, PageState& page) {
    in.read("address", page.address);
    in.read("flags_raw", page.flagsRaw);
    in.read("flags", page.flags);
    in.read("mapping", page.mapping);
    in.read("index", page.index);
    in.read("private", page.privateData);
    in.read("refcount", page.refcount);
    in.read("found_by", page.foundBy);
    in.read("page_tree", page.pageTree);
  }
  static void readFields(Fields& in, RequestState& request) {
    in.read("address", request.address);
    in.read("flags_raw", request.flagsRaw);
    in.read("flags", request.flags);
    in.read("kref", request.references);
    in.read("index", request.index);
    in.read("offset", request.offset);
    in.read("bytes", request.bytes);
    in.read("page", request.page);
  }
  static void readFields(Fields& in, InodeState& inode) {
    in.read("address", inode.address);
    in.read("ino", inode.number);
    in.read("fileid", inode.fileid);
    in.read("size", inode.size);
    in.read("flags", inode.flags);
    in.read("flags_raw", inode.flagsRaw);
    in.read("cache_validity", inode.cacheValidity);
    in.read("mapping", inode.mapping);
    in.read("pages", inode.pages);
    in.read("requests", inode.requests);
    in.read("wb_err", inode.writebackError);
    in.read("wb_err_seen", inode.writebackErrorSeen);
    in.read("found_by", inode.foundBy);
  }
  static void readFields(Fields& in, OpenContextState& context) {
    in.read("address", context.address);
    in.read("error", context.error);
    in.read("flags", context.flags);
    in.read("path", context.path);
  }
  static void readFields(Fields& in, ServerState& server) {
    in.read("address", server.address);
    in.read("hostname", server.hostname);
    in.read("version", server.version);
    in.read("mounts", server.mounts);
  }
  static void readFields(Fields& in, CommitCounts& commit) {
    in.read("ncommit", commit.toCommit);
    in.read("rpcs_out", commit.underWay);
  }
  static void readFields(Fields& in, RpcTask& task) {
    in.read("address", task.address);
    in.read("procedure", task.procedure);
    in.read("state", task.state);
    in.read("status", task.status);
    in.read("queue", task.queue);
    in.read("owner", task.owner);
  }
  static void readFields(Fields& in, RpcClient& client) {
    in.read("address", client.address);
    in.read("program", client.program);
    in.read("version", client.version);
    in.read("transport", client.transport);
    in.read("tasks", client.tasks);
  }
  static void readFields(Fields& in, RpcTransport& transport) {
    in.read("address", transport.address);
    in.read("state", transport.state);
    in.read("server", transport.server);
    in.read("peer", transport.peer);
    in.read("sending", transport.sending);
    in.read("pending", transport.pending);
    in.read("backlog", transport.backlog);
  }
  static void readFields(Fields& in, RpcState& rpc) {
    in.read("clients", rpc.clients);
    in.read("transports", rpc.transports);
  }
  static void readFields(Fields& in, DmesgRecord& record) {
    in.read("time", record.time);
    in.read("text", record.text);
  }
  static void readFields(Fields& in, ListedTask& task) {
    in.read("task", task.name);
    in.read("ppid", task.parent);
    in.read("state", task.state);
    in.readIfThere("cpu", task.cpu);
    in.read("stack", task.stack);
  }
  static void readFields(Fields& in, NotAvailable& missing) {
    in.read("what", missing.what);
    in.read("why", missing.why);
  }

  const json& value_;
  const std::string path_;
  std::string& error_;
  std::set<std::string> seen_;
};

}  // namespace

Result<Findings> parseFindings(std::string text) {
  const json whole = json::parse(text, nullptr, false);
  if (whole.is_discarded()) return fail(FailureKind::Internal, "the post-mortem script's output is no JSON");
  Findings findings;
  std::string error;
  {
    std::int64_t version = 0;
    Fields in(whole, "", error);
    in.read("version", version);
    in.readIfThere("release", findings.release);
    in.readIfThere("sentence", findings.sentence);
    in.readIfThere("vcpus", findings.vcpus);
    in.readIfThere("suspect", findings.suspect);
    in.readIfThere("blocked", findings.blocked);
    in.readIfThere("waits", findings.waits);
    in.readIfThere("page", findings.page);
    in.readIfThere("request", findings.request);
    in.readIfThere("inode", findings.inode);
    in.readIfThere("context", findings.context);
    in.readIfThere("server", findings.server);
    in.readIfThere("commit", findings.commit);
    in.readIfThere("rpc", findings.rpc);
    in.readIfThere("tasks", findings.tasks);
    in.readIfThere("dmesg", findings.dmesg);
    in.read("not_available", findings.notAvailable);
  }
  if (!error.empty()) return fail(FailureKind::Internal, "the post-mortem script's output: " + error);
  findings.json = std::move(text);
  return findings;
}

}  // namespace relapse::postmortem
