// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/findings.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "report/terminal.hpp"

namespace relapse::report {
namespace {

using namespace postmortem;

constexpr std::size_t kSummaryLines = 20;
constexpr std::size_t kShortStack = 6;    // frames
constexpr std::size_t kNamesShown = 6;    // of one line
constexpr std::size_t kTreeLines = 6;     // of the summary
constexpr std::size_t kMissingShown = 3;  // of the summary
constexpr int kDeepest = 64;              // of a wait tree

std::string ascii(std::string_view text) {
  std::string clean = plain(text);
  for (char& c : clean)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return clean;
}

std::string joined(const std::vector<std::string>& parts) {
  return parts.empty() ? "none" : ascii(fmt::format("{}", fmt::join(parts, ", ")));
}

std::string named(const TaskName& task) {
  return fmt::format("{} ({})", ascii(task.comm), task.pid);
}

std::string call(const stacktrace::Call& call) {
  std::string text = ascii(call.function);
  if (!call.place.file.empty()) text += fmt::format(" {}:{}", ascii(call.place.file), call.place.line);
  return text;
}

// One line for each function, those that were inlined first.
std::vector<std::string> lines(const Stack& stack) {
  std::vector<std::string> all;
  for (const auto& [pc, frame] : stack) {
    const std::string module = frame.raw.module.empty() ? "" : fmt::format(" [{}]", ascii(frame.raw.module));
    for (const auto& one : frame.calls)
      all.push_back(call(one) + (&one == &frame.calls.back() ? module : " (inlined)"));
    if (frame.calls.empty())
      all.push_back(fmt::format("{}  undecoded: {}", ascii(frame.raw.text), ascii(frame.undecoded)));
  }
  return all;
}

// The functions as compiled, in a row: "nfs_wb_page < nfs_updatepage < ...".
std::vector<std::string> shortLines(const Stack& stack) {
  std::vector<std::string> all;
  for (const auto& [pc, frame] : stack) {
    if (all.size() == kShortStack) break;
    all.push_back(frame.calls.empty() ? ascii(frame.raw.text) : call(frame.calls.back()));
  }
  if (stack.size() > all.size()) all.push_back(fmt::format("... {} more", stack.size() - all.size()));
  return all;
}

// "appender-12" -> {"appender-", 12}
std::optional<std::pair<std::string, int>> numbered(const std::string& comm) {
  const std::size_t digits = comm.find_last_not_of("0123456789") + 1;
  int number = 0;
  const auto read = std::from_chars(comm.data() + digits, comm.data() + comm.size(), number);
  if (digits == comm.size() || read.ec != std::errc()) return std::nullopt;
  return std::pair(comm.substr(0, digits), number);
}

// "appender-0..3" when they are just that.
std::optional<std::string> asRange(const std::vector<TaskName>& tasks) {
  std::set<int> numbers;
  std::set<std::string> stems;
  for (const auto& task : tasks) {
    const auto split = numbered(task.comm);
    if (!split) return std::nullopt;
    stems.insert(split->first);
    numbers.insert(split->second);
  }
  const bool gapless = stems.size() == 1 && numbers.size() == tasks.size() &&
                       static_cast<std::size_t>(*numbers.rbegin() - *numbers.begin()) + 1 == tasks.size();
  if (!gapless) return std::nullopt;
  return fmt::format("{}{}..{}", *stems.begin(), *numbers.begin(), *numbers.rbegin());
}

// Tasks that wait for the same, held by the same.
struct Group {
  const Wait* first = nullptr;
  std::vector<TaskName> waiters;
};

std::vector<Group> groupsBelow(const std::vector<Wait>& waits, std::optional<int> holder) {
  std::vector<Group> groups;
  for (const auto& wait : waits) {
    if ((wait.holder ? std::optional(wait.holder->pid) : std::nullopt) != holder) continue;
    const auto same = [&](const Group& group) { return group.first->on == wait.on && group.first->how == wait.how; };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) group = groups.insert(groups.end(), Group{&wait, {}});
    group->waiters.push_back(wait.waiter);
  }
  return groups;
}

// Draws one holder's waiters, and theirs, each task once.
class Tree {
 public:
  explicit Tree(const std::vector<Wait>& waits) : waits_(waits) {}

  void drawRoot(const TaskName& holder) {
    if (!drawn_.insert(holder.pid).second) return;
    text_ += named(holder) + "\n";
    drawBelow(holder.pid, 1);
  }
  void drawOrphans() {
    for (const auto& group : groupsBelow(waits_, std::nullopt)) {
      text_ += fmt::format("{}: {}; no holder is known: {}\n", tasksInShort(group.waiters), ascii(group.first->on),
                           ascii(group.first->how));
      for (const auto& waiter : group.waiters) drawWaiters(waiter, 1);
    }
  }
  std::string take() { return std::move(text_); }

 private:
  void drawBelow(int pid, int depth) {
    for (const auto& group : groupsBelow(waits_, pid)) {
      text_ += fmt::format("{:{}}{}: {} ({}{})\n", "", 2 * depth, tasksInShort(group.waiters), ascii(group.first->on),
                           ascii(group.first->how), group.first->certain ? "" : ", not certain");
      for (const auto& waiter : group.waiters) drawWaiters(waiter, depth + 1);
    }
  }
  void drawWaiters(const TaskName& holder, int depth) {
    const bool holds = std::any_of(waits_.begin(), waits_.end(),
                                   [&](const Wait& wait) { return wait.holder && wait.holder->pid == holder.pid; });
    if (!holds) return;
    if (!drawn_.insert(holder.pid).second || depth > kDeepest) {
      text_ += fmt::format("{:{}}and for {} as above: they wait in a circle\n", "", 2 * depth, named(holder));
      return;
    }
    text_ += fmt::format("{:{}}of these {}\n", "", 2 * depth, named(holder));
    drawBelow(holder.pid, depth + 1);
  }

  const std::vector<Wait>& waits_;
  std::set<int> drawn_;
  std::string text_;
};

// Lines with a heading in front of the first.
class Screen {
 public:
  void add(const std::string& heading, const std::vector<std::string>& lines) {
    for (std::size_t i = 0; i < lines.size(); ++i)
      lines_.push_back(fmt::format("  {:<8}  {}", i == 0 ? heading : "", lines[i]));
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

std::vector<std::string> linesOf(const std::string& text, std::size_t most) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (all.size() + 1 == most && end + 1 < text.size()) {
      all.push_back("...");
      break;
    }
    all.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return all;
}

std::string errorNote(const Findings& findings) {
  std::string text;
  if (findings.context) text += fmt::format("; error {} in the open context", findings.context->error);
  if (findings.inode) text += fmt::format("; error {} in mapping->wb_err", findings.inode->writebackError);
  return text;
}

std::vector<std::string> pageLines(const PageState& page) {
  return {fmt::format("0x{:x}, index {}: {}", page.address, page.index, joined(page.flags)),
          fmt::format("mapping 0x{:x}, private 0x{:x}, refcount {}", page.mapping, page.privateData, page.refcount),
          fmt::format("found as {}; the inode's page tree {}", ascii(page.foundBy), ascii(page.pageTree))};
}

std::string requestLine(const Findings& findings) {
  const auto& request = *findings.request;
  return fmt::format("0x{:x}, {} bytes at {}: {}; kref {}{}", request.address, request.bytes, request.offset,
                     joined(request.flags), request.references, errorNote(findings));
}

std::string inodeLine(const Findings& findings) {
  const auto& inode = *findings.inode;
  std::string text = fmt::format("0x{:x}, fileid {}, {} bytes: {}; requests: {}", inode.address, inode.fileid,
                                 inode.size, joined(inode.flags), inode.requests);
  if (findings.commit)
    text += fmt::format(", to commit: {}, commits under way: {}", findings.commit->toCommit, findings.commit->underWay);
  return text;
}

std::string fileLine(const Findings& findings) {
  std::string text = findings.context ? ascii(findings.context->path) : "";
  if (!findings.server) return text;
  const auto& server = *findings.server;
  return text + fmt::format("{}NFS {} of {}: {}", text.empty() ? "" : ", ", ascii(server.version),
                            ascii(server.hostname), joined(server.mounts));
}

std::vector<std::string> missingLines(const Findings& findings, std::size_t most) {
  std::vector<std::string> all;
  for (const auto& [what, why] : findings.notAvailable) {
    if (all.size() + 1 == most && findings.notAvailable.size() > most) {
      all.push_back(fmt::format("... {} more", findings.notAvailable.size() - all.size()));
      break;
    }
    all.push_back(fmt::format("not available: {}: {}", ascii(what), ascii(why)));
  }
  return all;
}

std::vector<std::string> screenLines(const Findings& findings, bool whole) {
  Screen screen;
  screen.add("state", {findings.sentence.empty() ? "not available" : ascii(findings.sentence)});
  if (const auto& suspect = findings.suspect) {
    std::string who = named(suspect->task) + " " + ascii(suspect->how);
    if (suspect->fault) who += fmt::format(" at address 0x{:x}", *suspect->fault);
    screen.add("task", {who});
    if (whole) screen.add("", shortLines(suspect->stack));  // a run shows its event's trace
  }
  screen.add("waits", linesOf(waitTree(findings.waits), whole ? std::string::npos : kTreeLines));
  if (findings.page) screen.add("page", pageLines(*findings.page));
  if (findings.request) screen.add("request", {requestLine(findings)});
  if (findings.inode) screen.add("inode", {inodeLine(findings)});
  if (findings.context || findings.server) screen.add("file", {fileLine(findings)});
  if (!whole) screen.add("", missingLines(findings, kMissingShown));
  return screen.take();
}

void addStack(std::string& text, const Stack& stack) {
  for (const auto& line : lines(stack)) text += "    " + line + "\n";
  if (stack.empty()) text += "    no stack\n";
  text += "\n";
}

void addStacks(std::string& text, const Findings& findings) {
  text += "\nvCPUs\n\n";
  for (const auto& vcpu : findings.vcpus) {
    text += fmt::format("  vCPU {}: {}{}, pc 0x{:x}\n", vcpu.cpu, vcpu.task ? named(*vcpu.task) : "task not known",
                        vcpu.idle   ? ", idle"
                        : vcpu.user ? ", in user space"
                                    : "",
                        vcpu.pc);
    if (!vcpu.user) addStack(text, vcpu.stack);
  }
  if (findings.suspect && findings.suspect->fault) {
    text += fmt::format("Crashed: {}\n", named(findings.suspect->task));
    addStack(text, findings.suspect->stack);
  }
  if (!findings.blocked.empty()) text += "Blocked tasks\n\n";
  for (const auto& group : findings.blocked) {
    text += fmt::format("  state {}, {}, pid", ascii(group.state), tasksInShort(group.tasks));
    for (const auto& task : group.tasks) text += fmt::format(" {}", task.pid);
    text += "\n";
    addStack(text, group.stack);
  }
}

void addTasks(std::string& text, const std::vector<ListedTask>& tasks) {
  if (tasks.empty()) return;
  text += "Tasks\n\n      PID    PPID  CPU  ST  COMM\n";
  for (const auto& task : tasks)
    text += fmt::format("  {:>7} {:>7}  {:>3}  {:<2}  {}\n", task.name.pid, task.parent,
                        task.cpu ? std::to_string(*task.cpu) : "-", ascii(task.state), ascii(task.name.comm));
  text += "\n";
  for (const auto& task : tasks) {
    text += fmt::format("  {}\n", named(task.name));
    addStack(text, task.stack);
  }
}

void addRpc(std::string& text, const RpcState& rpc) {
  text += "RPC\n\n";
  for (const auto& one : rpc.transports)
    text += fmt::format("  transport 0x{:x} to {} ({}): {}; {} sending, {} pending, {} in the backlog\n", one.address,
                        ascii(one.server), ascii(one.peer), joined(one.state), one.sending, one.pending, one.backlog);
  for (const auto& client : rpc.clients) {
    text += fmt::format("  client 0x{:x} {} version {} on transport 0x{:x}: {} tasks\n", client.address,
                        ascii(client.program), client.version, client.transport, client.tasks.size());
    for (const auto& task : client.tasks)
      text += fmt::format("    task 0x{:x} {}: {}; status {}{}; owner {}\n", task.address, ascii(task.procedure),
                          joined(task.state), task.status, task.queue.empty() ? "" : ", in " + ascii(task.queue),
                          task.owner);
  }
  text += "\n";
}

void addDmesg(std::string& text, const std::vector<DmesgRecord>& records) {
  if (!records.empty()) text += "The guest's log, from its memory\n\n";
  for (const auto& record : records)
    for (const auto& line : linesOf(record.text, std::string::npos))
      text += fmt::format("[{:12.6f}] {}\n", record.time, ascii(line));
}

}  // namespace

std::string tasksInShort(const std::vector<TaskName>& tasks) {
  if (tasks.size() == 1) return named(tasks.front());
  const std::string count = fmt::format("{} tasks: ", tasks.size());
  if (const auto range = asRange(tasks)) return count + ascii(*range);
  std::string names;
  for (std::size_t i = 0; i < std::min(tasks.size(), kNamesShown); ++i)
    names += (i == 0 ? "" : ", ") + ascii(tasks[i].comm);
  return count + names + (tasks.size() > kNamesShown ? ", ..." : "");
}

std::string waitTree(const std::vector<Wait>& waits) {
  std::set<int> waiting;
  for (const auto& wait : waits) waiting.insert(wait.waiter.pid);
  Tree tree(waits);
  for (const auto& wait : waits)
    if (wait.holder && !waiting.contains(wait.holder->pid)) tree.drawRoot(*wait.holder);
  tree.drawOrphans();
  for (const auto& wait : waits)
    if (wait.holder) tree.drawRoot(*wait.holder);  // what is left waits in a circle
  return tree.take();
}

std::string findingsSummary(const Findings& findings) {
  std::string text;
  const auto shown = screenLines(findings, false);
  for (std::size_t i = 0; i < std::min(shown.size(), kSummaryLines); ++i) text += shown[i] + "\n";
  return text;
}

std::string findingsText(const Findings& findings) {
  std::string text = fmt::format("Kernel {}\n\n", ascii(findings.release));
  for (const auto& line : screenLines(findings, true)) text += line + "\n";
  for (const auto& line : missingLines(findings, std::string::npos)) text += "  " + line + "\n";
  addStacks(text, findings);
  addTasks(text, findings.tasks);
  if (findings.rpc) addRpc(text, *findings.rpc);
  addDmesg(text, findings.dmesg);
  return text;
}

}  // namespace relapse::report
