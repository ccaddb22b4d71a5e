// SPDX-License-Identifier: GPL-2.0-or-later
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "document/schema.hpp"
#include "scenario/scenario.hpp"
#include "scenario/tables.hpp"
#include "scenario/vocabulary.hpp"

namespace relapse::scenario {
namespace {

using document::Keys;
using document::Row;
using document::Table;

constexpr std::string_view kIntroduction = R"(<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- Made by `relapse reference > docs/scenario-reference.md`; do not edit. -->
# Scenario files

A scenario is one YAML file: which kernel is built, how the guest looks, what is exported and mounted, what goes wrong and
who writes, when the kernel reports, and what the run should show. `relapse validate FILE` reports everything that is wrong
with one, each with its place.

- A size is a whole number and a unit: `B`, `KiB`, `MiB`, `GiB` or `TiB`. A duration is a whole number and `s`, `min` or `h`.
- Where a list is wanted and the table says "or a list of such", one item may stand without the brackets.
- `--set KEY=VALUE` puts a value onto the file before it is read. KEY is a key of the tables with dots, items of lists are
  counted from 0, VALUE is YAML: `--set nodes.client.cpus=4`, `--set steps[2].work.writers=8`, `--set 'collect=[]'`.
- A key twice in a map is an error, and so is a key that is not in the tables. Anchors and aliases can be used, tags cannot.
- A file has 1 MiB at most, 20000 values and 32 levels.

)";

std::string_view describeRule(Keys rule) {
  if (rule == Keys::ExactlyOne) return "a map with exactly one of the keys below";
  return rule == Keys::AtMostOne ? "a map with at most one of the keys below" : "a map";
}

std::string describeType(const Row& row) {
  const auto* section = std::get_if<document::Section>(&row.type);
  return section == nullptr ? document::describe(row.type) : std::string(describeRule(section->keys));
}

std::string describeNeed(const Row& row) {
  if (std::holds_alternative<document::Required>(row.need)) return "required";
  if (std::holds_alternative<document::Optional>(row.need)) return "none";
  if (std::holds_alternative<document::Section>(row.type)) return "as below";
  return fmt::format("`{}`", std::get<document::Default>(row.need).yaml);
}

std::string rows(const Table& table, std::string_view prefix) {
  std::string result = "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const Row& row : table.rows) {
    result +=
        fmt::format("| `{}{}` | {} | {} | {} |\n", prefix, row.path, describeType(row), describeNeed(row), row.meaning);
  }
  return result + '\n';
}

std::string programs() {
  std::string result = "| program | writers | trigger | what it does |\n|---|---|---|---|\n";
  for (const Program& program : kPrograms) {
    const std::string writers = program.mostWriters == 1 ? "1" : fmt::format("1 to {}", program.mostWriters);
    result += fmt::format("| `{}` | {} | {} | {} |\n", program.name, writers, program.reportsTrigger ? "yes" : "no",
                          program.meaning);
  }
  return result + '\n';
}

std::string outcomes() {
  for (const Row& row : stepTable().rows) {
    if (row.path != "work.outcome") continue;
    const auto& item = std::get<document::ListOf>(row.type).item;
    return fmt::format("`{}`\n\n", fmt::join(std::get<document::Word>(item).words, "` `"));
  }
  return {};
}

std::string events() {
  std::string result = "| event | failing | meaning |\n|---|---|---|\n";
  for (const Event& event : kEvents) {
    result += fmt::format("| `{}` | {} | {} |\n", event.name, event.failing ? "yes" : "no", event.meaning);
  }
  return result;
}

}  // namespace

std::string referenceMarkdown() {
  std::string result(kIntroduction);
  result += "## Keys\n\n" + rows(scenarioTable(), "");
  result += "## Steps\n\nEach item of `steps` has exactly one of the keys `fault` and `work`.\n\n" +
            rows(stepTable(), "steps[].");
  result += "## Programs\n\nOnly a program with a trigger can stand in `work.after`.\n\n" + programs();
  result += "## Outcomes\n\n" + outcomes();
  result += "## Expected events\n\nEach item of `expect.reproduced`:\n\n" + rows(eventTable(), "expect.reproduced[].");
  result +=
      "## Events\n\nAn event of a failing kind that was not expected is another failure, unless it follows from one "
      "that was.\n\n" +
      events();
  return result;
}

}  // namespace relapse::scenario
