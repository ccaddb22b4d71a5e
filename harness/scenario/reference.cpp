// SPDX-License-Identifier: GPL-2.0-or-later
#include <string>
#include <string_view>
#include <vector>

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

- A size is a whole number and a unit: `B`, `KiB`, `MiB`, `GiB` or `TiB`. A duration is a whole number and `s`, `min` or `h`;
  those of `steps`, `probes` and `jitter` may be in `ms`, too.
- Where a list is wanted and the table says "or a list of such", one item may stand without the brackets.
- `--set KEY=VALUE` puts a value onto the file before it is read. KEY is a key of the tables with dots, items of lists are
  counted from 0, VALUE is YAML: `--set nodes.client.cpus=4`, `--set steps[2].work.writers=8`, `--set 'collect=[]'`.
- A key twice in a map is an error, and so is a key that is not in the tables. Anchors and aliases can be used, tags cannot.
- A file has 1 MiB at most, 20000 values and 32 levels; a list has 256 items unless its row says more, a regular
  expression 1024 bytes, a line of text 300, a shell's text 16384. It is a file, no pipe and no device.
- Nothing of a scenario file runs on the host, and it names nothing there but `kernel.source`, which is only read. Building
  a kernel, however, runs what its source and its patches hold of Makefiles and scripts: see [security.md](security.md).

)";

constexpr std::string_view kNodes = R"(## Nodes

- A client alone exports to itself, over its loopback. With `server` beside it the server exports, over a network of theirs.
- One client is the node `client`; with `count: N` they are `client1` to `clientN`, and there is a server.
- Where a key takes nodes (`on`), `clients` stands for all of them.

)";

constexpr std::string_view kMatrix = R"(## Matrix

`matrix: {nfs.mount.version: ["3", "4.1"], nodes.client.cpus: [2, 4]}` makes one scenario of each combination, here four. Its
keys are those that `--set` takes, its values are YAML, maps and lists too. There are 256 combinations at most. `--set` goes
before it: a key that is set has that value in all of them, and `--set 'matrix={}'` leaves the file as it is without one.

)";

constexpr std::string_view kFaultsIntroduction = R"(## Faults

A fault is `fault: {NAME: ARGUMENT, on: NODE, for: 5s}`: done on the nodes of `on`, else on those of the column *where* (the
server is the client itself where that is alone). `for` can stand beside those that can be undone; the next step does not wait
for it. What the kernel or the nodes cannot do is an error before the run starts.

)";

constexpr std::string_view kProbesIntroduction = R"(## Probes

Each item of `probes.events` has exactly one of the keys `kprobe`, `kretprobe` and `tracepoint`, and maybe the others.

)";

std::string describeRule(const document::Section& section) {
  std::string map = "a map";
  if (section.keys == Keys::ExactlyOne) map += " with exactly one of the keys below";
  if (section.keys == Keys::AtMostOne) map += " with at most one of the keys below";
  if (!section.beside.empty()) map += fmt::format(", and maybe {}", fmt::join(section.beside, " and "));
  return section.alone.empty() ? map : fmt::format("the value of {}, or {}", section.alone, map);
}

std::string describeType(const Row& row) {
  const auto* section = std::get_if<document::Section>(&row.type);
  return section == nullptr ? document::describe(row.type) : describeRule(*section);
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

std::string takenBy(const Program& program) {
  std::vector<std::string_view> keys;
  if (program.takesFile) keys.push_back("`file`");
  if (program.takesSize) keys.push_back("`size`");
  if (program.takesThreads) keys.push_back("`threads`");
  if (program.verifies) keys.push_back("`verify`");
  if (program.takesChance) keys.push_back("`chance`");
  if (program.name == "fio") keys.push_back("`arguments`");
  return fmt::format("{}", fmt::join(keys, " "));
}

std::string programs() {
  std::string result = "| program | writers | trigger | takes | what it does |\n|---|---|---|---|---|\n";
  for (const Program& program : kPrograms) {
    const std::string writers = program.mostWriters == 1 ? "1" : fmt::format("1 to {}", program.mostWriters);
    result += fmt::format("| `{}` | {} | {} | {} | {} |\n", program.name, writers,
                          program.reportsTrigger ? "yes" : "no", takenBy(program), program.meaning);
  }
  return result + '\n';
}

// "CONFIG_A|CONFIG_B" has what a table takes for the end of a cell.
std::string optionsOf(const FaultKind& fault) {
  std::string result;
  for (const char c : fault.options) result += c == '|' ? std::string(" or ") : std::string(1, c);
  return result;
}

std::string faults() {
  std::string result = "| fault | where | undone | needs of the kernel | meaning |\n|---|---|---|---|---|\n";
  for (const FaultKind& fault : kFaults) {
    result += fmt::format("| `{}` | {} | {} | {} | {} |\n", fault.name, fault.node, fault.canBeUndone ? "yes" : "no",
                          optionsOf(fault), fault.meaning);
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
  result += std::string(kNodes) + std::string(kMatrix);
  result += "## Steps\n\nEach item of `steps` has exactly one of the keys `fault`, `work`, `shell` and `wait`.\n\n" +
            rows(stepTable(), "steps[].");
  result += std::string(kFaultsIntroduction) + faults();
  result +=
      "## Programs\n\nOnly a program with a trigger can stand in `work.after`. All take `writers` up to their number, "
      "`rounds`, `as` and `seed`; the others of their keys are in the column *takes*.\n\n" +
      programs();
  result += std::string(kProbesIntroduction) + rows(probeTable(), "probes.events[].");
  result += "## Outcomes\n\n" + outcomes();
  result += "## Expected events\n\nEach item of `expect.reproduced`:\n\n" + rows(eventTable(), "expect.reproduced[].");
  result +=
      "## Events\n\nAn event of a failing kind that was not expected is another failure, unless it follows from one "
      "that was.\n\n" +
      events();
  return result;
}

}  // namespace relapse::scenario
