// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/connection.hpp"

#include <sqlite3.h>

#include <fmt/format.h>

namespace relapse::history {
namespace {

constexpr int kPatience = 10'000;  // ms that a write waits for another process's

struct Bind {
  sqlite3_stmt* statement;
  int place;

  int operator()(std::nullptr_t) const { return sqlite3_bind_null(statement, place); }
  int operator()(std::int64_t number) const { return sqlite3_bind_int64(statement, place, number); }
  int operator()(const std::string& text) const {
    // A destructor of null: SQLite does not copy the text, which outlives the statement.
    return sqlite3_bind_text64(statement, place, text.data(), text.size(), nullptr, SQLITE_UTF8);
  }
};

Failure busy(const std::string& file) {
  return {FailureKind::Exhausted,
          fmt::format("{}: another process has kept it locked for {} s", file, kPatience / 1000),
          "see who has it open: fuser " + file};
}

Failure notWritable(const std::string& file, const std::string& why) {
  return {FailureKind::HostLacks, fmt::format("{}: cannot be opened for reading and writing: {}", file, why),
          "give yourself write access to the file and its folder, or name another with --state-dir"};
}

}  // namespace

std::string moveAside(const std::filesystem::path& file) {
  const std::string name = file.string();
  return fmt::format(
      "mkdir {0}.damaged && mv {0} {0}-* {0}.damaged/   (a new history begins then; nothing is deleted, "
      "the runs' directories stay, and `sqlite3 {0}.damaged/{1} .recover` may still read the old one)",
      name, file.filename().string());
}

bool Row::null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Row::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Row::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

void Connection::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

void Connection::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Result<Connection> Connection::open(const std::filesystem::path& file) {
  return opened(file, file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

Result<Connection> Connection::inMemory() {
  return opened("(memory)", ":memory:", SQLITE_OPEN_READWRITE);
}

Result<Connection> Connection::opened(const std::filesystem::path& file, const std::string& name, int flags) {
  sqlite3* database = nullptr;
  const int status = sqlite3_open_v2(name.c_str(), &database, flags, nullptr);
  Connection connection;
  connection.file_ = file;
  connection.database_.reset(database);
  if (status != SQLITE_OK) return connection.failure();
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, kPatience);
  if (auto done = connection.script("PRAGMA foreign_keys = ON"); !done) return passOn(done.error());
  return connection;
}

Result<void> Connection::script(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
  return {};
}

Result<int> Connection::change(const std::string& sql, const Values& values) {
  auto statement = prepare(sql, values);
  if (!statement) return passOn(statement.error());
  if (auto done = step(statement->get()); !done) return passOn(done.error());
  return sqlite3_changes(database_.get());
}

Result<Connection::OwnedStatement> Connection::prepare(const std::string& sql, const Values& values) const {
  sqlite3_stmt* raw = nullptr;
  const int status = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  OwnedStatement statement(raw);
  if (status != SQLITE_OK) return failure();
  for (std::size_t i = 0; i < values.size(); ++i)
    if (std::visit(Bind{raw, static_cast<int>(i) + 1}, values[i]) != SQLITE_OK) return failure();
  return statement;
}

Result<bool> Connection::step(sqlite3_stmt* statement) const {
  const int status = sqlite3_step(statement);
  if (status == SQLITE_ROW || status == SQLITE_DONE) return status == SQLITE_ROW;
  return failure();
}

tl::unexpected<Failure> Connection::failure() const {
  const std::string name = file_.string();
  const std::string why = database_ ? sqlite3_errmsg(database_.get()) : "out of memory";
  switch ((database_ ? sqlite3_errcode(database_.get()) : SQLITE_NOMEM) & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return passOn(busy(name));
    case SQLITE_FULL:
      return fail(FailureKind::Exhausted, fmt::format("{}: the disk is full", name),
                  "make room, for instance with relapse history prune");
    case SQLITE_NOMEM:
    case SQLITE_IOERR:
      return fail(FailureKind::Exhausted, fmt::format("{}: cannot be read or written: {}", name, why),
                  "look whether its disk is full or failing: df " + file_.parent_path().string());
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return passOn(notWritable(name, why));
    case SQLITE_NOTADB:
      return fail(FailureKind::BadInput, fmt::format("{}: is no history, or is damaged: {}", name, why),
                  moveAside(file_));
    case SQLITE_CORRUPT:
      return fail(FailureKind::BadInput, fmt::format("{}: is damaged: {}", name, why), moveAside(file_));
    case SQLITE_CONSTRAINT:
      return fail(FailureKind::BadInput, fmt::format("{}: refused: {}", name, why));
    default:
      return fail(FailureKind::Internal, fmt::format("{}: {}", name, why));
  }
}

Result<Transaction> Transaction::begin(Connection& connection) {
  if (auto done = connection.script("BEGIN IMMEDIATE"); !done) return passOn(done.error());
  return Transaction(connection);
}

Transaction::~Transaction() {
  if (connection_ == nullptr) return;
  const auto ignored = connection_->script("ROLLBACK");  // SQLite may have done it already, after an error
  static_cast<void>(ignored);
}

Result<void> Transaction::commit() {
  if (auto done = connection_->script("COMMIT"); !done) return done;
  connection_ = nullptr;
  return {};
}

}  // namespace relapse::history
