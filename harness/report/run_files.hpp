// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "report/event_json.hpp"
#include "report/night.hpp"
#include "report/values.hpp"

namespace relapse::report {

// A run as its directory tells it: its page and its other forms are made from this alone.
struct RunFiles {
  Json result;                               // result.json
  Json postmortem = {};                      // postmortem.json; null: none
  std::string folded = {};                   // spin.folded
  std::string disassembly = {};              // disassembly.txt
  std::vector<TimelineEntry> timeline = {};  // timeline.jsonl, the first kMostTimeline
  std::size_t timelineMore = 0;              // lines of it beyond
  std::vector<std::string> notes = {};       // what could not be read
  std::optional<Rate> rate = {};             // of the runs like this one, where somebody counted them
};

// BadInput: there is no result.json, or it is not one of this version. All other files may be missing.
Result<RunFiles> readRun(const std::filesystem::path& folder);

// The events that decided the verdict, as places in its list; and the first of them, null: none did.
std::vector<std::size_t> decisiveEvents(const Json& result);
const Json& decisiveEvent(const Json& result);

// "6.1.192 from debian-6.1, 3 patches"; empty: no kernel was had.
std::string kernelWords(const Json& kernel);

// What `relapse run` finds the scenario by: its name if its folder is called scenarios, as the shipped ones' is, else
// its file.
std::string scenarioWord(const std::string& name, const std::filesystem::path& file);

// How to do the run again, as words: relapse run NAME --kernel debian-6.1 --set a=b
std::vector<std::string> runCommand(const Json& result);

// Words as a shell wants them.
std::string commandLine(const std::vector<std::string>& words);

// "3 of 4 runs, 75 % (95 % interval 19 % to 99 %)"
std::string rateWords(const Rate& rate);

// `frames` is a list. A frame's line, and where it is in the source: the function as compiled, and what was inlined
// into it.
struct FrameLine {
  std::string text;                       // "nfs_wb_page+0x48/0xb0 [nfs]"
  std::string place;                      // "fs/nfs/write.c:2139"; or "undecoded: why", or empty
  std::vector<std::string> inlined = {};  // "nfs_page_group_lock fs/nfs/pagelist.c:7", innermost first
};
std::vector<FrameLine> frameLines(const Json& frames);

}  // namespace relapse::report
