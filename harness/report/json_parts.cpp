// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/json_parts.hpp"

namespace relapse::report {

const Json& part(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

const Json& listOf(const Json& object, const char* key) {
  static const Json kEmpty = Json::array();
  const Json& value = part(object, key);
  return value.is_array() ? value : kEmpty;
}

std::string textOf(const Json& object, const char* key) {
  const Json& value = part(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<std::int64_t> wholeOf(const Json& object, const char* key) {
  const Json& value = part(object, key);
  return value.is_number_integer() ? std::optional(value.get<std::int64_t>()) : std::nullopt;
}

std::optional<double> numberOf(const Json& object, const char* key) {
  const Json& value = part(object, key);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

bool isTrue(const Json& object, const char* key) {
  const Json& value = part(object, key);
  return value.is_boolean() && value.get<bool>();
}

}  // namespace relapse::report
