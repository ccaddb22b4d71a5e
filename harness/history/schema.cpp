// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/schema.hpp"

#include <fmt/format.h>

namespace relapse::history {
namespace {

constexpr std::int64_t kApplication = 0x726c7073;  // "rlps", at a fixed place of the file: file(1) can tell it

constexpr Step kSteps[] = {
    {1, R"(
      PRAGMA application_id = 0x726c7073;
      CREATE TABLE nights (
        id TEXT PRIMARY KEY CHECK (id <> ''),
        matrix TEXT NOT NULL,
        sum TEXT NOT NULL,
        started_at TEXT NOT NULL,
        finished_at TEXT NOT NULL,
        engine TEXT NOT NULL
      );
      CREATE TABLE night_cells (
        night TEXT NOT NULL REFERENCES nights (id),
        key TEXT NOT NULL,
        place INTEGER NOT NULL,
        kernel TEXT NOT NULL,
        scenario TEXT NOT NULL,
        variant TEXT NOT NULL,
        not_run TEXT NOT NULL,
        flag TEXT NOT NULL,
        words TEXT NOT NULL,
        PRIMARY KEY (night, key)
      );
      CREATE TABLE runs (
        place INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE CHECK (id <> ''),
        directory TEXT NOT NULL,
        started_at TEXT NOT NULL,
        scenario TEXT NOT NULL,
        cell TEXT NOT NULL,
        kernel TEXT NOT NULL,
        release TEXT NOT NULL,
        build_id TEXT NOT NULL,
        line TEXT NOT NULL,
        seed INTEGER NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN ('reproduced', 'survived', 'other-failure', 'inconclusive')),
        expected TEXT NOT NULL CHECK (expected IN ('reproduced', 'survived')),
        held INTEGER NOT NULL CHECK (held IN (0, 1)),
        signature TEXT NOT NULL,
        title TEXT NOT NULL,
        reason TEXT NOT NULL,
        to_event_ms INTEGER,
        took_ms INTEGER NOT NULL,
        evidence INTEGER NOT NULL CHECK (evidence IN (0, 1)),
        night TEXT,
        night_cell TEXT,
        number INTEGER,
        UNIQUE (night, night_cell, number),
        FOREIGN KEY (night, night_cell) REFERENCES night_cells (night, key),
        CHECK ((night IS NULL) = (night_cell IS NULL) AND (night IS NULL) = (number IS NULL))
      );
    )"},
    {2, R"(
      ALTER TABLE runs ADD COLUMN watched_ms INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE runs ADD COLUMN pruned_at TEXT NOT NULL DEFAULT '';
      CREATE INDEX runs_by_time ON runs (started_at);
      CREATE INDEX runs_by_scenario ON runs (scenario, started_at);
      CREATE INDEX runs_by_signature ON runs (signature, started_at) WHERE signature <> '';
    )"},
};
constexpr int kVersion = kSteps[std::size(kSteps) - 1].version;

Result<std::int64_t> numberOf(const Connection& connection, const std::string& sql) {
  auto rows = connection.select(sql, {}, [](const Row& row) { return row.number(0); });
  if (!rows) return passOn(rows.error());
  return rows->empty() ? 0 : rows->front();
}

// The version of the file; 0: there is nothing in it. It may be anything that the user has.
Result<int> versionOf(const Connection& connection) {
  const auto version = numberOf(connection, "PRAGMA user_version");
  if (!version) return passOn(version.error());
  const auto application = numberOf(connection, "PRAGMA application_id");
  if (!application) return passOn(application.error());
  const auto tables = numberOf(connection, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return passOn(tables.error());
  if (*tables == 0 && *version == 0 && *application == 0) return 0;
  if (*application != kApplication || *version < 1)
    return fail(FailureKind::BadInput,
                fmt::format("{}: is an SQLite file, but no history of relapse", connection.file().string()),
                moveAside(connection.file()));
  if (*version > kVersion)
    return fail(FailureKind::BadInput,
                fmt::format("{}: is of a newer relapse (version {}; this one knows {})", connection.file().string(),
                            *version, kVersion),
                "use that relapse, or another --state-dir");
  return static_cast<int>(*version);
}

// By one snapshot: another process may be making the tables.
Result<int> versionNow(Connection& connection) {
  if (auto begun = connection.script("BEGIN"); !begun) return passOn(begun.error());
  auto version = versionOf(connection);
  if (auto ended = connection.script("ROLLBACK"); !ended && version) return passOn(ended.error());
  return version;
}

Result<void> migrate(Connection& connection) {
  auto transaction = Transaction::begin(connection);
  if (!transaction) return passOn(transaction.error());
  const auto version = versionOf(connection);  // again: another process may have been faster
  if (!version) return passOn(version.error());
  for (const auto& step : kSteps) {
    if (step.version <= *version) continue;
    if (auto done = connection.script(step.sql); !done) return done;
    if (auto done = connection.script(fmt::format("PRAGMA user_version = {}", step.version)); !done) return done;
  }
  return transaction->commit();
}

// A complaint per row; the first are enough.
Result<void> expectNone(const Connection& connection, const char* what, const std::vector<std::string>& complaints) {
  if (complaints.empty()) return {};
  constexpr std::size_t kMostShown = 5;
  std::string all;
  for (std::size_t i = 0; i < complaints.size() && i < kMostShown; ++i) all += "\n  " + complaints[i];
  if (complaints.size() > kMostShown) all += fmt::format("\n  ... {} more", complaints.size() - kMostShown);
  return fail(FailureKind::BadInput, fmt::format("{}: {}:{}", connection.file().string(), what, all),
              moveAside(connection.file()));
}

using Texts = std::vector<std::string>;

Result<Texts> textsOf(const Connection& connection, const std::string& sql) {
  return connection.select(sql, {}, [](const Row& row) { return row.text(0); });
}

// How the tables and indices were made. What SQLite makes by itself has no text, or is its own.
Result<Texts> schemaOf(const Connection& connection) {
  return textsOf(connection,
                 "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite@_%' ESCAPE '@' "
                 "ORDER BY type, name");
}

Result<Texts> expectedSchema() {
  auto fresh = Connection::inMemory();
  if (!fresh) return passOn(fresh.error());
  for (const auto& step : kSteps)
    if (auto done = fresh->script(step.sql); !done) return passOn(done.error());
  return schemaOf(*fresh);
}

}  // namespace

std::span<const Step> steps() {
  return kSteps;
}

Result<void> bringUpToDate(Connection& connection) {
  const auto version = versionNow(connection);
  if (!version) return passOn(version.error());
  if (*version < kVersion)
    if (auto done = migrate(connection); !done) return done;
  // After the tables are there: a file that is not ours is left without it.
  auto mode = textsOf(connection, "PRAGMA journal_mode = WAL");
  if (!mode) return passOn(mode.error());
  if (mode->empty() || mode->front() != "wal")
    return fail(FailureKind::HostLacks,
                fmt::format("{}: its file system cannot hold a write-ahead log", connection.file().string()),
                "name a folder on a local disk with --state-dir");
  return {};
}

Result<void> checkSchema(const Connection& connection) {
  auto damage = textsOf(connection, "PRAGMA integrity_check");
  if (!damage) return passOn(damage.error());
  std::erase(*damage, "ok");
  if (auto good = expectNone(connection, "is damaged", *damage); !good) return good;
  auto orphans = connection.select("PRAGMA foreign_key_check", {}, [](const Row& row) {
    return fmt::format("{} row {} belongs to no {}", row.text(0), row.number(1), row.text(2));
  });
  if (!orphans) return passOn(orphans.error());
  if (auto good = expectNone(connection, "does not hold together", *orphans); !good) return good;
  const auto found = schemaOf(connection);
  if (!found) return passOn(found.error());
  const auto expected = expectedSchema();
  if (!expected) return passOn(expected.error());
  if (*found == *expected) return {};
  return fail(FailureKind::BadInput,
              fmt::format("{}: its tables are not those that relapse makes", connection.file().string()),
              moveAside(connection.file()));
}

}  // namespace relapse::history
