// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "document/errors.hpp"
#include "document/values.hpp"

namespace relapse::document {

// A schema is a table of rows; what is read, what is refused, the defaults and the reference all
// come from it.

struct Table;

// Types of values
struct Text {
  std::string_view expected;                    // "a word such as nfs"
  bool (*accepts)(std::string_view) = nullptr;  // none: any text that is not empty
};
struct Integer {
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};
struct Size {  // 64KiB, 2GiB; units B, KiB, MiB, GiB, TiB
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};
struct Duration {  // 2s, 30min, 1h
  std::chrono::seconds least{0};
  std::chrono::seconds most{std::chrono::hours{24 * 365}};
  std::chrono::seconds step{1};
};
struct ShortDuration {  // 200ms, 3s, 5min
  std::chrono::milliseconds least{0};
  std::chrono::milliseconds most{std::chrono::hours{24}};
};
struct TimeShift {  // 90s, -90s, -2h; not 0: so far forwards or back
  std::chrono::seconds most{std::chrono::hours{24 * 365}};
};
struct Percent {};  // 20%, from 1% to 100%
struct Boolean {};
struct Flag {};  // `true` or `{}`: being there is all it says
struct Word {
  std::vector<std::string_view> words;
  std::string_view label = {};  // says what they are when they are too many to list: "an event"
};
struct Fraction {  // K/N with 1 <= K <= N <= most
  int most = 1000;
};
struct ListOf {
  std::variant<Text, Word, const Table*> item;
  std::size_t least = 0;
  bool unique = false;
  bool alone = false;  // one item may stand without the brackets
  std::size_t most = kMostValues;
};
enum class Keys { Any, ExactlyOne, AtMostOne };
struct Section {  // a map whose keys are the rows below this path
  Keys keys = Keys::Any;
  std::vector<std::string_view> beside = {};  // keys that `keys` does not count
  std::string_view alone = {};                // a value that is no map is this key's
};
struct Anything {             // is for the caller to read
  std::string_view expected;  // "a map"
};
using Type = std::variant<Text, Integer, Size, Duration, ShortDuration, TimeShift, Percent, Boolean, Flag, Word,
                          Fraction, ListOf, Section, Anything>;

struct Required {};
struct Optional {};
struct Default {
  std::string_view yaml;  // as it would stand in the file
};
using Need = std::variant<Required, Optional, Default>;

// A section that is Default{"{}"} or Required and not in the file is read as if it were empty; one
// that is Optional is left out with all below it.
struct Row {
  std::string_view path;  // "nodes.client.cpus"; every section on the way has a row of its own
  Type type;
  Need need;
  std::string_view meaning;
};

struct Table {
  std::string_view name;  // "a step"
  Keys keys = Keys::Any;
  std::vector<Row> rows;
  std::vector<std::string_view> beside = {};  // keys that `keys` does not count
};

struct Ratio {
  int part = 1;
  int whole = 1;
};

class Settings;

// What a type is read into: Text and Word std::string, Integer and Percent int64_t, Size uint64_t,
// Duration and TimeShift seconds, ShortDuration milliseconds, Boolean and Flag bool, Fraction Ratio,
// ListOf vector<string> or vector<Settings>, Section and Anything monostate.
using Parsed =
    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, std::chrono::seconds, std::chrono::milliseconds,
                 std::string, Ratio, std::vector<std::string>, std::vector<Settings>>;

// The values of one table. A path that is not in the table is a defect: std::logic_error.
class Settings {
 public:
  // There is a value, from the file or by default, and it is valid.
  bool has(std::string_view path) const;

  // The file has something for it, be it wrong or under a misspelt key (an error says so already).
  bool isWritten(std::string_view path) const;

  // The value; a default-constructed T when there is none (an error is in `errors` already, or the row is Optional).
  template <class T>
  T get(std::string_view path) const;

  // Of the value, of an item of a list, or of the nearest map around it when it is not in the file.
  const Place& place(std::string_view path) const;
  const Place& place(std::string_view path, std::size_t item) const;

  // The path as errors print it: with what stands before this table ("steps[1].work.program").
  std::string key(std::string_view path) const;

 private:
  friend class TableReader;
  struct Setting {
    Parsed value;
    Place place;
    bool valid = false;
    bool written = false;
    std::vector<Place> items = {};
  };
  const Setting& at(std::string_view path) const;

  std::string prefix_;
  std::map<std::string, Setting, std::less<>> settings_;
};

// Reads `value` (a map) by the table. Everything wrong goes to `errors`; what is right can be got
// from the settings nevertheless. `prefix` stands before the paths in errors ("steps[1]").
Settings read(const Table& table, const Value& value, Errors& errors, std::string_view prefix = {});

// "an integer from 1 to 64": for errors and for the reference.
std::string describe(const Type& type);

std::string describe(std::chrono::seconds duration);       // "30min"; the largest unit that is exact
std::string describe(std::chrono::milliseconds duration);  // "1500ms", "3s"; likewise
std::string describeSize(std::uint64_t bytes);             // "512MiB"; likewise

template <class T>
T Settings::get(std::string_view path) const {
  const T* value = std::get_if<T>(&at(path).value);
  return value == nullptr ? T{} : *value;
}

}  // namespace relapse::document
