// SPDX-License-Identifier: GPL-2.0-or-later
#include "json_schema.hpp"

#include <gmock/gmock.h>

namespace relapse::report {

using nlohmann::json;

void checkAgainst(const json& schema, const json& value, const std::string& where) {
  const std::string type = schema.value("type", "");
  if (type == "object") {
    ASSERT_TRUE(value.is_object()) << where;
    for (const auto& key : schema.value("required", json::array()))
      EXPECT_TRUE(value.contains(key)) << where << "." << key;
    for (const auto& [key, inner] : value.items()) {
      if (schema["additionalProperties"].is_object()) {
        checkAgainst(schema["additionalProperties"], inner, where + "." + key);
        continue;
      }
      ASSERT_TRUE(schema["properties"].contains(key)) << where << "." << key << " is not in the schema";
      checkAgainst(schema["properties"][key], inner, where + "." + key);
    }
  } else if (type == "array") {
    ASSERT_TRUE(value.is_array()) << where;
    for (const auto& inner : value) checkAgainst(schema["items"], inner, where + "[]");
  } else if (type == "string") {
    EXPECT_TRUE(value.is_string()) << where;
  } else if (type == "integer") {
    EXPECT_TRUE(value.is_number_integer()) << where;
  } else if (type == "number") {
    EXPECT_TRUE(value.is_number()) << where;
  } else if (type == "boolean") {
    EXPECT_TRUE(value.is_boolean()) << where;
  }
  if (schema.contains("minimum")) {
    EXPECT_GE(value, schema["minimum"]) << where;
  }
  if (schema.contains("maximum")) {
    EXPECT_LE(value, schema["maximum"]) << where;
  }
  if (schema.contains("enum")) {
    EXPECT_THAT(schema["enum"], testing::Contains(value)) << where;
  }
}

}  // namespace relapse::report
