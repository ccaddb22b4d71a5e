// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "failure/values.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace relapse::history {

// What a `?` of a statement stands for.
using Value = std::variant<std::nullptr_t, std::int64_t, std::string>;
using Values = std::vector<Value>;

// A row that a statement gave; valid until the next one. A column of another type is converted as SQLite does.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  bool null(int column) const;
  std::int64_t number(int column) const;
  std::string text(int column) const;

 private:
  sqlite3_stmt* statement_;
};

// One open SQLite file. Used by one thread at a time. Each failure names the file and says what to do:
// Exhausted (disk full, locked for long), HostLacks (no permission), BadInput (damaged, or a value that the schema
// refuses).
class Connection {
 public:
  static Result<Connection> open(const std::filesystem::path& file);
  static Result<Connection> inMemory();

  Result<void> script(const std::string& sql);                       // statements without values
  Result<int> change(const std::string& sql, const Values& values);  // how many rows it touched

  // Each row is made into something by `make(Row)`.
  template <class Make>
  auto select(const std::string& sql, const Values& values, Make make) const
      -> Result<std::vector<decltype(make(std::declval<const Row&>()))>> {
    std::vector<decltype(make(std::declval<const Row&>()))> made;
    auto statement = prepare(sql, values);
    if (!statement) return passOn(statement.error());
    while (true) {
      auto more = step(statement->get());
      if (!more) return passOn(more.error());
      if (!*more) return made;
      made.push_back(make(Row(statement->get())));
    }
  }

  const std::filesystem::path& file() const { return file_; }

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using OwnedStatement = std::unique_ptr<sqlite3_stmt, Finalize>;

  static Result<Connection> opened(const std::filesystem::path& file, const std::string& name, int flags);
  Result<OwnedStatement> prepare(const std::string& sql, const Values& values) const;
  Result<bool> step(sqlite3_stmt* statement) const;
  tl::unexpected<Failure> failure() const;

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> database_;
};

// Has the file to itself for writing, from its begin to its end. What was not committed is taken back.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Result<void> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;  // null: over
};

// What to do about a file that cannot be used.
std::string moveAside(const std::filesystem::path& file);

}  // namespace relapse::history
