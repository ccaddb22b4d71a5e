// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/slurm.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "engine/ledger.hpp"
#include "engine/slurm_arrays.hpp"
#include "engine/slurm_client.hpp"
#include "engine/slurm_folder.hpp"
#include "engine/slurm_queue.hpp"
#include "process/stop_signal.hpp"

namespace relapse::engine {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
constexpr milliseconds kLongestPause{60'000};
constexpr std::chrono::seconds kLastWait{60};  // for what the destructor cancels

// A job that Slurm has, from its submission to its end.
struct Task {
  Job job;
  TaskId id;
  std::filesystem::path folder;                      // the array's
  std::string host = {};                             // where squeue last saw it
  std::optional<JobEnd> decided = {};                // its end once it has left the queue; it is being cancelled
  std::optional<Clock::time_point> missedFrom = {};  // not in the queue since
};

using Tasks = std::map<std::string, Task>;  // by the job's name

class Slurm final : public Engine {
 public:
  Slurm(const SlurmOptions& options, SlurmClient client, SlurmFolder folder, std::size_t largestArray)
      : options_(options), client_(std::move(client)), folder_(std::move(folder)), largestArray_(largestArray) {}
  ~Slurm() override;

  std::string_view name() const override { return "slurm"; }
  std::size_t room() const override { return options_.jobs - std::min(options_.jobs, tasks_.size()); }
  Result<void> submit(const std::vector<Job>& jobs) override;
  Result<JobEnd> next(const std::stop_token& stop) override;
  void cancel(const std::vector<std::string>& names) override;

 private:
  Result<Tasks> submitArrays(const std::vector<Job>& jobs);
  Result<void> submitArray(const std::vector<const Job*>& jobs, Tasks& submitted);
  Result<void> poll(const std::stop_token& stop = {});
  void look(const std::map<TaskId, QueueEntry>& queue);
  void lookAt(Task& task, const QueueEntry* entry);
  bool endByFiles(Task& task, bool anew);
  void endMissed();
  void endTask(const std::string& name, JobEnd end);
  void endThoseThatWaitFor(const std::string& lost);
  void scancelDecided(const std::map<TaskId, QueueEntry>& queue);
  void scancel(const std::vector<TaskId>& ids) const;
  void noteAnswer(milliseconds took);
  Result<void> noteSilence(const Failure& failure);

  const SlurmOptions options_;
  const SlurmClient client_;
  SlurmFolder folder_;
  const std::size_t largestArray_;
  Ledger ledger_;
  Tasks tasks_;  // those that have not ended
  std::vector<std::uint64_t> arrays_;
  std::deque<JobEnd> ends_;
  Clock::time_point nextPoll_ = Clock::now();
  milliseconds pause_{0};  // between polls while there is no answer
  std::optional<Clock::time_point> silentFrom_ = {};
};

Slurm::~Slurm() {
  for (auto& [name, task] : tasks_) task.decided = JobEnd{name, JobEnd::What::Cancelled, "cancelled"};
  const auto until = Clock::now() + kLastWait;
  std::vector<TaskId> all;
  for (const auto& [name, task] : tasks_) all.push_back(task.id);
  scancel(all);
  while (!tasks_.empty() && Clock::now() < until) {
    if (!poll()) break;
    ::poll(nullptr, 0, static_cast<int>(std::min(options_.poll, milliseconds(1000)).count()));
  }
}

Result<void> Slurm::submit(const std::vector<Job>& jobs) {
  if (auto checked = ledger_.check(jobs); !checked) return checked;
  // Slurm refuses to wait for a job that it has forgotten: the ends of those that are waited for are had first.
  const auto waits = [](const Job& job) { return !job.after.empty(); };
  if (!tasks_.empty() && std::any_of(jobs.begin(), jobs.end(), waits)) (void)poll();
  Ledger before = ledger_;
  for (const Job& job : jobs) ledger_.add(job);
  // What waits in vain is not submitted at all; nor, in turn, what waits for that.
  std::vector<Job> wanted;
  std::vector<JobEnd> lost;
  for (const Job& job : jobs) {
    if (const auto name = ledger_.lost(job)) {
      lost.push_back(cancelledFor(job, *name));
      ledger_.ended(lost.back());
    } else {
      wanted.push_back(job);
    }
  }
  auto made = submitArrays(wanted);
  if (!made) {
    ledger_ = std::move(before);
    return passOn(made.error());
  }
  tasks_.merge(*made);
  std::move(lost.begin(), lost.end(), std::back_inserter(ends_));
  nextPoll_ = std::min(nextPoll_, Clock::now() + options_.poll);
  return {};
}

Result<Tasks> Slurm::submitArrays(const std::vector<Job>& jobs) {
  std::vector<std::vector<std::string>> awaited;
  for (const Job& job : jobs) awaited.push_back(ledger_.awaited(job));
  Tasks submitted;
  for (const JobArray& array : arraysOf(jobs, awaited, largestArray_)) {
    std::vector<const Job*> members;
    for (const std::size_t at : array) members.push_back(&jobs[at]);
    auto done = submitArray(members, submitted);
    if (done) continue;
    std::vector<TaskId> taken;
    for (const auto& [name, task] : submitted) taken.push_back(task.id);
    SlurmClient::cancel(cancelNames(taken, {}));
    return passOn(done.error());
  }
  return submitted;
}

Result<void> Slurm::submitArray(const std::vector<const Job*>& jobs, Tasks& submitted) {
  auto folder = folder_.addArray(jobs);
  if (!folder) return passOn(folder.error());
  ArrayCall call{client_.name(), *folder, {}};
  for (const std::string& name : ledger_.awaited(*jobs.front())) {
    const auto own = submitted.find(name);
    call.awaited.push_back(own != submitted.end() ? own->second.id : tasks_.at(name).id);
  }
  const auto id = client_.submit(sbatchArguments(options_, *jobs.front(), jobs.size(), call), arrays_);
  if (!id) {
    SlurmFolder::remove(*folder);
    return passOn(id.error());
  }
  arrays_.push_back(*id);
  for (std::size_t at = 0; at < jobs.size(); ++at)
    submitted.emplace(jobs[at]->name, Task{*jobs[at], {*id, static_cast<int>(at)}, *folder});
  return {};
}

Result<JobEnd> Slurm::next(const std::stop_token& stop) {
  const process::StopSignal stopping(stop);
  while (ends_.empty()) {
    if (tasks_.empty()) return fail(FailureKind::Internal, "no job is left to end");
    if (stop.stop_requested()) return fail(FailureKind::Cancelled, "cancelled");
    const auto left = std::chrono::ceil<milliseconds>(nextPoll_ - Clock::now());
    if (left.count() > 0) {
      pollfd polled{stopping.descriptor(), POLLIN, 0};
      ::poll(&polled, 1, static_cast<int>(std::min(left, kLongestPause).count()));
    } else if (auto polled = poll(stop); !polled) {
      return passOn(polled.error());
    }
  }
  JobEnd first = std::move(ends_.front());
  ends_.pop_front();
  return first;
}

void Slurm::cancel(const std::vector<std::string>& names) {
  std::vector<TaskId> ids;
  for (const std::string& name : names) {
    const auto found = tasks_.find(name);
    if (found == tasks_.end() || found->second.decided) continue;
    found->second.decided = JobEnd{name, JobEnd::What::Cancelled, "cancelled"};
    ids.push_back(found->second.id);
  }
  scancel(ids);
}

Result<void> Slurm::poll(const std::stop_token& stop) {
  const auto start = Clock::now();
  const auto queue = client_.queue(stop);
  if (!queue && queue.error().kind == FailureKind::Cancelled) return {};  // next() says so
  if (!queue) return noteSilence(queue.error());
  noteAnswer(std::chrono::duration_cast<milliseconds>(Clock::now() - start));
  look(*queue);
  endMissed();
  scancelDecided(*queue);
  return {};
}

void Slurm::look(const std::map<TaskId, QueueEntry>& queue) {
  std::vector<std::string> names;  // the map changes below
  for (const auto& [name, task] : tasks_) names.push_back(name);
  for (const std::string& name : names) {
    const auto task = tasks_.find(name);
    if (task == tasks_.end()) continue;
    const auto entry = queue.find(task->second.id);
    lookAt(task->second, entry == queue.end() ? nullptr : &entry->second);
  }
}

void Slurm::lookAt(Task& task, const QueueEntry* entry) {
  if (entry == nullptr) {
    if (endByFiles(task, false)) return;
    if (!task.missedFrom) task.missedFrom = Clock::now();
    return;
  }
  task.missedFrom.reset();
  if (!entry->host.empty()) task.host = entry->host;
  // A node that is gone may keep its jobs "completing" for long.
  if (entry->state == "COMPLETING" && endByFiles(task, false)) return;
  if (entry->state == "PENDING" && !task.decided) task.decided = endOfWaiting(task.job, entry->reason);
}

// True if the task has ended, and left a word of it.
bool Slurm::endByFiles(Task& task, bool anew) {
  Traces traces = SlurmFolder::tracesOf(task.job, task.folder, task.id.index, anew);
  if (!traces.result && (task.decided || !traces.end)) return false;
  // Both are there on the node; here, one may be seen before the other.
  if (!traces.result && traces.end->leftResult && !anew) return false;
  endTask(task.job.name, endOfTask(task.job, traces));
  return true;
}

// Those that have left the queue without a word, and whose time to be seen late is over.
void Slurm::endMissed() {
  std::map<std::uint64_t, std::vector<std::string>> byArray;
  for (const auto& [name, task] : tasks_)
    if (task.missedFrom && (task.decided || Clock::now() - *task.missedFrom >= options_.settle))
      byArray[task.id.array].push_back(name);
  for (const auto& [array, names] : byArray) {
    const auto remembered = SlurmClient::remembered(array);
    for (const std::string& name : names) {
      const auto found = tasks_.find(name);
      if (found == tasks_.end()) continue;
      Task& task = found->second;
      if (endByFiles(task, true)) continue;
      Traces traces = SlurmFolder::tracesOf(task.job, task.folder, task.id.index, false);
      traces.host = task.host;
      traces.folderIsFull = folder_.isFull();
      if (const auto known = remembered.find(task.id); known != remembered.end()) traces.remembered = known->second;
      JobEnd end = endOfTask(task.job, traces);
      if (task.decided) end = {name, task.decided->what, task.decided->why, end.where};
      endTask(name, std::move(end));
    }
  }
}

void Slurm::endTask(const std::string& name, JobEnd end) {
  const auto task = tasks_.find(name);
  const std::filesystem::path folder = task->second.folder;
  const std::uint64_t array = task->second.id.array;
  tasks_.erase(task);
  const bool last =
      std::none_of(tasks_.begin(), tasks_.end(), [&](const auto& other) { return other.second.id.array == array; });
  if (last) SlurmFolder::remove(folder);
  ledger_.ended(end);
  if (end.what != JobEnd::What::Result) endThoseThatWaitFor(name);
  ends_.push_back(std::move(end));
}

// Slurm cancels them, too, by --kill-on-invalid-dep; this says why.
void Slurm::endThoseThatWaitFor(const std::string& lost) {
  for (auto& [name, task] : tasks_) {
    const auto& after = task.job.after;
    if (!task.decided && std::find(after.begin(), after.end(), lost) != after.end())
      task.decided = cancelledFor(task.job, lost);
  }
}

// What is to go and still stands in the queue: again at each poll, for the scheduler may not have heard.
void Slurm::scancelDecided(const std::map<TaskId, QueueEntry>& queue) {
  std::vector<TaskId> ids;
  for (const auto& [name, task] : tasks_) {
    const auto entry = queue.find(task.id);
    if (task.decided && entry != queue.end() && entry->second.state != "COMPLETING") ids.push_back(task.id);
  }
  scancel(ids);
}

void Slurm::scancel(const std::vector<TaskId>& ids) const {
  std::map<std::uint64_t, std::size_t> live;
  for (const auto& [name, task] : tasks_) ++live[task.id.array];
  SlurmClient::cancel(cancelNames(ids, live));
}

// A slow scheduler is asked less often: at most a tenth of its time is ours.
void Slurm::noteAnswer(milliseconds took) {
  silentFrom_.reset();
  pause_ = milliseconds(0);
  nextPoll_ = Clock::now() + std::clamp(10 * took, options_.poll, std::max(options_.poll, kLongestPause));
}

Result<void> Slurm::noteSilence(const Failure& failure) {
  const auto now = Clock::now();
  if (!silentFrom_) silentFrom_ = now;
  pause_ = std::clamp(2 * pause_, options_.poll, std::max(options_.poll, kLongestPause));
  nextPoll_ = now + pause_;
  if (now - *silentFrom_ < options_.patience) return {};
  silentFrom_.reset();
  return fail(FailureKind::HostLacks,
              fmt::format("the scheduler has not answered for {} s: {}", options_.patience.count(), failure.message));
}

std::string uniqueName() {
  char host[65] = "";
  (void)::gethostname(host, sizeof host - 1);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return fmt::format("relapse-{}-{}-{:x}", host, ::getpid(),
                     std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace

Result<std::unique_ptr<Engine>> makeSlurm(const SlurmOptions& options) {
  if (auto found = SlurmClient::findPrograms(); !found) return passOn(found.error());
  const auto largest = SlurmClient::largestArray();
  if (!largest) return passOn(largest.error());
  const std::string name = uniqueName();
  auto folder = SlurmFolder::make(options.shared, name);
  if (!folder) return passOn(folder.error());
  return std::make_unique<Slurm>(options, SlurmClient(name, options.submitPatience), std::move(*folder), *largest);
}

}  // namespace relapse::engine
