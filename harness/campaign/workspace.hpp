// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "document/values.hpp"
#include "failure/values.hpp"

namespace relapse::campaign {

// A campaign's folder, <state>/campaigns/<time>-<scenario>: its tries' runs, one line of JSON a try, the scenario that
// is being tried, and the results. Failures are Exhausted.
class Workspace {
 public:
  // Makes the folder and brings the series that `scenario` (of `file`) names into it, so that its text loads here, too.
  static Result<Workspace> begin(const std::filesystem::path& state, const std::filesystem::path& file,
                                 const document::Value& scenario);

  const std::filesystem::path& folder() const { return folder_; }

  Result<std::filesystem::path> write(const std::string& name, std::string_view content);
  Result<void> note(std::string_view line);  // tries.jsonl

 private:
  std::filesystem::path folder_;
  std::ofstream tries_;
};

// The scenario under another name, as a file's text: `head` are lines of a comment, and `suffix` is put to its name.
std::string fileText(const document::Value& scenario, const std::string& suffix, const std::vector<std::string>& head);

// Writes a scenario's text to `file`, and its series beside it where they are not there yet (from `home`, the folder
// of the file that it was made of). BadInput: what is there under a series' name is another one. No file is replaced.
Result<void> writeScenario(const std::filesystem::path& file, const document::Value& scenario, const std::string& text,
                           const std::filesystem::path& home);

}  // namespace relapse::campaign
