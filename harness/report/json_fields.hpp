// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "report/event_json.hpp"

namespace relapse::report {

// An object's fields, each asked for by name. The first that is missing or of another type is told in `error`; all
// after it are left as they are. A struct's fields are read by its readFields(JsonFields&, T&).
class JsonFields {
 public:
  // `name`: of the whole, "night"; `path`: of the value in it, empty for the whole.
  JsonFields(const Json& value, std::string_view name, std::string path, std::string& error)
      : value_(value), name_(name), path_(std::move(path)), error_(error) {
    if (!value_.is_object()) fault(path_, "an object");
  }

  template <class T>
  void read(const char* key, T& into) {
    if (!error_.empty()) return;
    const auto found = value_.find(key);
    if (found == value_.end()) return fault(below(key), "something, found nothing");
    take(*found, below(key), into);
  }
  template <class T>
  void readIfThere(const char* key, T& into) {
    if (error_.empty() && value_.contains(key)) read(key, into);
  }
  void readOneOf(const char* key, std::span<const std::string_view> words, std::string& into) {
    read(key, into);
    if (error_.empty() && std::ranges::find(words, into) == words.end())
      fault(below(key), fmt::format("one of {}", fmt::join(words, ", ")));
  }
  template <class T>
  void readBetween(const char* key, T low, T high, T& into) {
    read(key, into);
    if (error_.empty() && !(into >= low && into <= high)) fault(below(key), fmt::format("{} to {}", low, high));
  }
  void readVersion(int wanted) {
    int version = 0;
    read("version", version);
    if (error_.empty() && version != wanted) error_ = fmt::format("version: expected {}, found {}", wanted, version);
  }

 private:
  std::string below(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }
  void fault(const std::string& where, std::string_view expected) {
    if (error_.empty()) error_ = fmt::format("{}: expected {}", where.empty() ? name_ : where, expected);
  }

  void take(const Json& value, const std::string& path, std::string& into) {
    if (!value.is_string()) return fault(path, "a string");
    into = value.get<std::string>();
  }
  void take(const Json& value, const std::string& path, bool& into) {
    if (!value.is_boolean()) return fault(path, "true or false");
    into = value.get<bool>();
  }
  void take(const Json& value, const std::string& path, double& into) {
    if (!value.is_number()) return fault(path, "a number");
    into = value.get<double>();
  }
  void take(const Json& value, const std::string& path, int& into) {
    const bool fits = value.is_number_integer() && value >= -1'000'000'000 && value <= 1'000'000'000;
    if (!fits) return fault(path, "a whole number");
    into = value.get<int>();
  }
  void take(const Json& value, const std::string& path, std::chrono::milliseconds& into) {
    if (!value.is_number_integer()) return fault(path, "milliseconds, a whole number");
    into = std::chrono::milliseconds(value.get<std::int64_t>());
  }
  template <class T>
  void take(const Json& value, const std::string& path, std::optional<T>& into) {
    take(value, path, into.emplace());
  }
  template <class T>
  void take(const Json& value, const std::string& path, std::vector<T>& into) {
    if (!value.is_array()) return fault(path, "a list");
    for (std::size_t i = 0; i < value.size() && error_.empty(); ++i)
      take(value[i], fmt::format("{}[{}]", path, i), into.emplace_back());
  }
  template <class T>
  void take(const Json& value, const std::string& path, T& into) {
    JsonFields fields(value, name_, path, error_);
    if (error_.empty()) readFields(fields, into);
  }

  const Json& value_;
  std::string_view name_;
  std::string path_;
  std::string& error_;
};

}  // namespace relapse::report
