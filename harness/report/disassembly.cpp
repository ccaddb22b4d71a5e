// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/disassembly.hpp"

#include <fmt/format.h>

#include "report/terminal.hpp"

namespace relapse::report {

std::string firstArgumentText(const postmortem::Disassembly& code) {
  const auto& argument = code.firstArgument;
  if (argument.place.empty()) return "argument 0 unknown: " + plain(argument.why);
  return fmt::format("argument 0 in {}{}{}", plain(argument.place), argument.value.empty() ? "" : " = ",
                     plain(argument.value));
}

std::string disassemblyText(const postmortem::Disassembly& code) {
  std::string out = fmt::format("Code of {}{}\n\n", plain(code.function),
                                code.module.empty() ? "" : fmt::format(" [{}]", plain(code.module)));
  std::string last;
  for (const auto& instruction : code.instructions) {
    std::string place = instruction.function;
    if (!instruction.place.file.empty())
      place = fmt::format("{}:{} {}", instruction.place.file, instruction.place.line, instruction.function);
    if (place != last && !place.empty()) out += fmt::format("  {}\n", plain(place));
    last = place;
    out += fmt::format("  {} {:x}:  {}{}\n", instruction.isPc ? "=>" : "  ", instruction.address,
                       plain(instruction.text), instruction.patched ? "    ; patched by the running kernel" : "");
  }
  return out + fmt::format("\n  {}\n", firstArgumentText(code));
}

}  // namespace relapse::report
