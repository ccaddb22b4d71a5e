// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/history.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "history/connection.hpp"
#include "history/pruning.hpp"
#include "history/rows.hpp"
#include "history/schema.hpp"

namespace relapse::history {
namespace {

// A condition for each text that is not empty, and its value.
class Where {
 public:
  Where& equals(const char* column, const std::string& text) {
    if (text.empty()) return *this;
    sql_ += fmt::format(" {} {} = ?", values_.empty() ? "WHERE" : "AND", column);
    values_.emplace_back(text);
    return *this;
  }
  const std::string& sql() const { return sql_; }
  const Values& values() const { return values_; }

 private:
  std::string sql_;
  Values values_;
};

// A negative limit is none for SQLite, 0 is for ours.
std::string newestFirst(int limit) {
  return fmt::format(" ORDER BY started_at DESC, rowid DESC LIMIT {}", limit > 0 ? limit : -1);
}

template <class T>
std::optional<T> first(std::vector<T> all) {
  if (all.empty()) return std::nullopt;
  return std::move(all.front());
}

std::string insertion(const char* what, const char* table, const std::string& columns) {
  return fmt::format("{} INTO {} ({}) VALUES ({})", what, table, columns, placeholders(columns));
}

// All runs with a signature, newest first, put together.
std::vector<Signature> grouped(const std::vector<Run>& runs) {
  std::vector<Signature> all;
  std::map<std::string, std::size_t> place;
  for (const auto& run : runs) {
    const auto [found, fresh] = place.try_emplace(run.signature, all.size());
    if (fresh) all.push_back({run.signature, run.title, 0, run.startedAt, run.startedAt, {}, {}});
    auto& signature = all[found->second];
    ++signature.runs;
    signature.firstSeen = run.startedAt;
    if (std::ranges::find(signature.scenarios, run.scenario) == signature.scenarios.end())
      signature.scenarios.push_back(run.scenario);
    if (signature.evidence.empty() && run.evidence && run.prunedAt.empty()) signature.evidence = run.directory;
  }
  return all;
}

}  // namespace

class History::Database {
 public:
  explicit Database(Connection opened) : connection(std::move(opened)) {}

  // All of `work` or nothing of it.
  template <class Work>
  Result<void> write(Work work) {
    auto transaction = Transaction::begin(connection);
    if (!transaction) return passOn(transaction.error());
    if (Result<void> done = work(); !done) return done;
    return transaction->commit();
  }

  // One row is to be touched; with none, `what` is not there.
  Result<void> changeOne(const std::string& sql, const Values& values, const std::string& what) {
    return write([&]() -> Result<void> {
      const auto changed = connection.change(sql, values);
      if (!changed) return passOn(changed.error());
      if (*changed == 1) return {};
      return fail(FailureKind::BadInput, fmt::format("{}: there is no {}", connection.file().string(), what));
    });
  }

  Result<std::vector<Run>> runs(const Where& where, int limit) const {
    return connection.select("SELECT " + kRunColumns + " FROM runs" + where.sql() + newestFirst(limit), where.values(),
                             runOf);
  }

  Result<std::vector<Night>> nights(const Where& where, const std::string& more, int limit) const {
    return connection.select("SELECT " + kNightColumns + " FROM nights" + where.sql() + more + newestFirst(limit),
                             where.values(), nightOf);
  }

  Connection connection;
};

History::History(std::unique_ptr<Database> database) : database_(std::move(database)) {}
History::History(History&&) noexcept = default;
History& History::operator=(History&&) noexcept = default;
History::~History() = default;

Result<History> History::open(const std::filesystem::path& file) {
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  if (error)
    return fail(FailureKind::HostLacks,
                fmt::format("{}: cannot be made: {}", file.parent_path().string(), error.message()),
                "name a folder that you may write to with --state-dir");
  auto connection = Connection::open(file);
  if (!connection) return passOn(connection.error());
  if (auto done = bringUpToDate(*connection); !done) return passOn(done.error());
  return History(std::make_unique<Database>(std::move(*connection)));
}

Result<bool> History::add(const Run& run) {
  bool added = false;
  auto done = database_->write([&]() -> Result<void> {
    auto there =
        database_->connection.select("SELECT 1 FROM runs WHERE id = ? OR (night = ? AND night_cell = ? AND number = ?)",
                                     {run.id, run.night, run.nightCell, static_cast<std::int64_t>(run.number)},
                                     [](const Row& row) { return row.number(0); });
    if (!there) return passOn(there.error());
    if (!there->empty()) return {};
    auto inserted = database_->connection.change(insertion("INSERT", "runs", kRunColumns), valuesOf(run));
    if (!inserted) return passOn(inserted.error());
    added = true;
    return {};
  });
  if (!done) return passOn(done.error());
  return added;
}

Result<void> History::begin(const Night& night, const std::vector<NightCell>& cells) {
  return database_->write([&]() -> Result<void> {
    auto& connection = database_->connection;
    if (auto done = connection.change(insertion("INSERT", "nights", kNightColumns), valuesOf(night)); !done)
      return passOn(done.error());
    const std::string columns = kCellColumns + ", place";
    std::int64_t place = 0;
    for (auto cell : cells) {
      cell.night = night.id;
      auto values = valuesOf(cell);
      values.emplace_back(place++);
      if (auto done = connection.change(insertion("INSERT", "night_cells", columns), values); !done)
        return passOn(done.error());
    }
    return {};
  });
}

Result<void> History::notRun(const std::string& night, const std::string& cell, const std::string& why) {
  return database_->changeOne("UPDATE night_cells SET not_run = ? WHERE night = ? AND key = ?", {why, night, cell},
                              fmt::format("cell {} in night {}", cell, night));
}

Result<void> History::judge(const std::string& night, const std::vector<NightCell>& cells) {
  return database_->write([&]() -> Result<void> {
    for (const auto& cell : cells) {
      auto changed =
          database_->connection.change("UPDATE night_cells SET flag = ?, words = ? WHERE night = ? AND key = ?",
                                       {cell.flag, cell.words, night, cell.key});
      if (!changed) return passOn(changed.error());
      if (*changed != 1)
        return fail(FailureKind::BadInput, fmt::format("{}: there is no cell {} in night {}",
                                                       database_->connection.file().string(), cell.key, night));
    }
    return {};
  });
}

Result<void> History::finish(const std::string& night, const std::string& at) {
  return database_->changeOne("UPDATE nights SET finished_at = ? WHERE id = ?", {at, night}, "night " + night);
}

Result<std::vector<Run>> History::runs(const Filter& filter) const {
  Where where;
  where.equals("scenario", filter.scenario)
      .equals("night", filter.night)
      .equals("signature", filter.signature)
      .equals("verdict", filter.verdict);
  return database_->runs(where, filter.limit);
}

Result<std::vector<Night>> History::nights(const std::string& matrix, int limit) const {
  return database_->nights(Where().equals("matrix", matrix), "", limit);
}

Result<std::optional<Night>> History::night(const std::string& id) const {
  auto found = database_->connection.select("SELECT " + kNightColumns + " FROM nights WHERE id = ?", {id}, nightOf);
  if (!found) return passOn(found.error());
  return first(std::move(*found));
}

Result<std::optional<Night>> History::unfinished(const std::string& matrix, const std::string& sum) const {
  auto found = database_->connection.select(
      "SELECT " + kNightColumns + " FROM nights WHERE finished_at = '' AND matrix = ? AND sum = ?" + newestFirst(1),
      {matrix, sum}, nightOf);
  if (!found) return passOn(found.error());
  return first(std::move(*found));
}

Result<std::vector<NightCell>> History::cells(const std::string& night) const {
  return database_->connection.select("SELECT " + kCellColumns + " FROM night_cells WHERE night = ? ORDER BY place",
                                      {night}, cellOf);
}

Result<std::vector<Signature>> History::signatures() const {
  auto runs = database_->connection.select(
      "SELECT " + kRunColumns + " FROM runs WHERE signature <> ''" + newestFirst(0), {}, runOf);
  if (!runs) return passOn(runs.error());
  return grouped(*runs);
}

Result<Pruned> History::prune(const Retention& retention, const std::string& now, const std::filesystem::path& runs,
                              bool dryRun) {
  auto all = database_->connection.select(
      "SELECT " + kRunColumns + " FROM runs WHERE directory <> '' AND pruned_at = ''" + newestFirst(0), {}, runOf);
  if (!all) return passOn(all.error());
  const Folder folder(runs);
  auto plan = planPruning(*all, retention, now, folder);
  if (!plan) return passOn(plan.error());
  if (dryRun) return folder.measured(*all, plan->remove);
  folder.removeLeftovers();
  // The directory goes first, its row is marked afterwards: what ends in between is made good by the next time.
  Pruned pruned;
  for (const auto place : plan->remove) {
    const auto& run = (*all)[place];
    auto bytes = folder.remove(run.directory);
    if (!bytes) return passOn(bytes.error());
    pruned.directories.push_back(run.directory);
    pruned.bytes += *bytes;
    auto marked = database_->changeOne("UPDATE runs SET pruned_at = ? WHERE id = ?", {now, run.id}, "run " + run.id);
    if (!marked) return passOn(marked.error());
  }
  auto marked = database_->write([&]() -> Result<void> {
    for (const auto place : plan->gone)
      if (auto done =
              database_->connection.change("UPDATE runs SET pruned_at = ? WHERE id = ?", {now, (*all)[place].id});
          !done)
        return passOn(done.error());
    return {};
  });
  if (!marked) return passOn(marked.error());
  return pruned;
}

Result<void> History::check() const {
  return checkSchema(database_->connection);
}

}  // namespace relapse::history
