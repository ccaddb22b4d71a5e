// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/local.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <list>
#include <optional>
#include <set>
#include <system_error>

#include "engine/host.hpp"
#include "engine/ledger.hpp"
#include "engine/local_end.hpp"
#include "engine/slots.hpp"
#include "process/child.hpp"
#include "process/stop_signal.hpp"

namespace relapse::engine {

namespace {

using Clock = std::chrono::steady_clock;

std::string hostName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

bool isThere(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(file, ignored);
}

struct Queued {
  Job job;
  int passed = 0;
};

struct Running {
  Job job;
  Size size;
  process::Child child;
  std::optional<Clock::time_point> due;  // the limit's end; once it is told to end, when it is killed
  Told told = Told::Nothing;
};

class Local final : public Engine {
 public:
  Local(const LocalOptions& options, Size host)
      : host_(host),
        mostJobs_(options.jobs == 0 ? static_cast<std::size_t>(host.cpus) : options.jobs),
        grace_(options.grace) {}
  ~Local() override;

  std::string_view name() const override { return "local"; }
  std::size_t room() const override;
  Result<void> submit(const std::vector<Job>& jobs) override;
  Result<JobEnd> next(const std::stop_token& stop) override;
  void cancel(const std::vector<std::string>& names) override;

 private:
  Size sizeOf(const Job& job) const { return {std::min(job.cpus, host_.cpus), job.memory}; }
  Slots freeSlots() const;
  void startWhatFits();
  void start(const Job& job);
  void dropLost();
  void end(JobEnd end);
  void tell(Running& running, Told told);
  bool wait(const std::stop_token& stop);
  int untilNextInstant() const;
  void passInstants();
  void endRunning(std::list<Running>::iterator running);

  const Size host_;
  const std::size_t mostJobs_;
  const std::chrono::seconds grace_;
  const std::string where_ = hostName();
  Ledger ledger_;
  std::list<Queued> waiting_;
  std::list<Running> running_;
  std::deque<JobEnd> ends_;
};

Local::~Local() {
  waiting_.clear();
  for (Running& running : running_) tell(running, Told::Cancelled);
  while (!running_.empty()) wait({});
}

std::size_t Local::room() const {
  const std::size_t live = waiting_.size() + running_.size();
  return 2 * mostJobs_ - std::min(2 * mostJobs_, live);
}

Result<void> Local::submit(const std::vector<Job>& jobs) {
  if (auto checked = ledger_.check(jobs); !checked) return passOn(checked.error());
  for (const Job& job : jobs)
    if (job.memory > host_.memory)
      return fail(FailureKind::BadInput, fmt::format("{} asks for {} MiB of memory, and this host has {} MiB available",
                                                     job.name, job.memory >> 20, host_.memory >> 20));
  for (const Job& job : jobs) {
    ledger_.add(job);
    waiting_.push_back({job});
  }
  startWhatFits();
  return {};
}

Result<JobEnd> Local::next(const std::stop_token& stop) {
  while (ends_.empty()) {
    if (waiting_.empty() && running_.empty()) return fail(FailureKind::Internal, "no job is left to end");
    if (!wait(stop)) return fail(FailureKind::Cancelled, "cancelled");
    startWhatFits();
  }
  JobEnd first = std::move(ends_.front());
  ends_.pop_front();
  return first;
}

void Local::cancel(const std::vector<std::string>& names) {
  const std::set<std::string> chosen(names.begin(), names.end());
  for (auto queued = waiting_.begin(); queued != waiting_.end();) {
    const auto at = queued++;
    if (!chosen.contains(at->job.name)) continue;
    end({at->job.name, JobEnd::What::Cancelled, "cancelled"});
    waiting_.erase(at);
  }
  for (Running& running : running_)
    if (chosen.contains(running.job.name)) tell(running, Told::Cancelled);
  startWhatFits();
}

Slots Local::freeSlots() const {
  Slots slots{host_, mostJobs_ - running_.size()};
  for (const Running& running : running_) {
    slots.free.cpus -= running.size.cpus;
    slots.free.memory -= running.size.memory;
  }
  return slots;
}

void Local::startWhatFits() {
  dropLost();
  std::vector<Waiting> waiting;
  std::vector<std::list<Queued>::iterator> places;
  for (auto queued = waiting_.begin(); queued != waiting_.end(); ++queued) {
    waiting.push_back({sizeOf(queued->job), ledger_.awaited(queued->job).empty(), queued->passed});
    places.push_back(queued);
  }
  const std::vector<std::size_t> chosen = chooseToStart(waiting, freeSlots());
  for (std::size_t at = 0; at < places.size(); ++at) places[at]->passed = waiting[at].passed;
  for (const std::size_t at : chosen) {
    start(places[at]->job);
    waiting_.erase(places[at]);
  }
  if (std::any_of(ends_.begin(), ends_.end(), [](const JobEnd& end) { return end.what != JobEnd::What::Result; }))
    dropLost();  // one that could not be started may be what others wait for
}

void Local::start(const Job& job) {
  auto child = process::Child::start({.argv = job.argv, .environment = job.environment, .outputFile = job.log});
  if (!child) {
    const bool exhausted = child.error().kind == FailureKind::Exhausted;
    return end({job.name, exhausted ? JobEnd::What::NoData : JobEnd::What::Failed, child.error().message, where_});
  }
  std::optional<Clock::time_point> due;
  if (job.limit.count() > 0) due = Clock::now() + job.limit;
  running_.push_back({job, sizeOf(job), std::move(*child), due});
}

// A job that will not run is lost to those that wait for it, too: again until none is found.
void Local::dropLost() {
  for (auto queued = waiting_.begin(); queued != waiting_.end();) {
    const auto lost = ledger_.lost(queued->job);
    if (!lost) {
      ++queued;
      continue;
    }
    end(cancelledFor(queued->job, *lost));
    waiting_.erase(queued);
    queued = waiting_.begin();
  }
}

void Local::end(JobEnd end) {
  ledger_.ended(end);
  ends_.push_back(std::move(end));
}

void Local::tell(Running& running, Told told) {
  if (running.told != Told::Nothing) return;
  running.told = told;
  running.child.signalGroup(SIGTERM);
  running.due = Clock::now() + grace_;
}

// False when stop is requested.
bool Local::wait(const std::stop_token& stop) {
  const process::StopSignal stopping(stop);
  std::vector<pollfd> polled{{stopping.descriptor(), POLLIN, 0}};
  for (const Running& running : running_) polled.push_back({running.child.ended(), POLLIN, 0});
  ::poll(polled.data(), polled.size(), untilNextInstant());
  auto running = running_.begin();
  for (std::size_t at = 1; at < polled.size(); ++at) {
    const auto here = running++;
    if (polled[at].revents != 0) endRunning(here);
  }
  passInstants();
  return !stop.stop_requested();
}

// Milliseconds for poll(), rounded up; -1 without an instant to wait for.
int Local::untilNextInstant() const {
  std::optional<Clock::time_point> next;
  for (const Running& running : running_)
    if (running.due && (!next || *running.due < *next)) next = running.due;
  if (!next) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Clock::now()).count();
  return static_cast<int>(std::clamp<long>(left, 0, 1'000'000));
}

void Local::passInstants() {
  for (auto running = running_.begin(); running != running_.end();) {
    const auto here = running++;
    if (!here->due || Clock::now() < *here->due) continue;
    if (here->told == Told::Nothing) {
      tell(*here, Told::Limit);
    } else {
      endRunning(here);  // reaping it kills its group
    }
  }
}

void Local::endRunning(std::list<Running>::iterator running) {
  const int status = running->child.reap();
  end(endOfProcess(running->job, isThere(running->job.result), status, running->told, where_));
  running_.erase(running);
}

}  // namespace

std::unique_ptr<Engine> makeLocal(const LocalOptions& options) {
  Size host = hostSize();
  if (options.cpus > 0) host.cpus = options.cpus;
  if (options.memory > 0) host.memory = options.memory;
  return std::make_unique<Local>(options, host);
}

}  // namespace relapse::engine
