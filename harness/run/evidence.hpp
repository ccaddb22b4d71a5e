// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"
#include "process/scratch.hpp"
#include "report/values.hpp"
#include "run/bounded_log.hpp"
#include "run/values.hpp"

namespace relapse::run {

// A run's directory while it is being filled. It is called `<id>.incomplete` until keep() gives it
// its name: what a dead relapse leaves cannot be taken for a run, and is known by its owner's being dead.
// What a guest writes is bounded, see LogLimits.
class Evidence {
 public:
  // In the folder `kind` of `state`.
  static Result<Evidence> begin(const std::filesystem::path& state, const std::string& scenario,
                                const std::string& kind = "runs");

  const std::string& id() const { return id_; }
  const std::filesystem::path& folder() const { return folder_; }

  // Console bytes as they came: console.<node>.log.
  void console(const std::string& node, std::string_view bytes);
  // A line of a guest's program: user.<node>.log.
  void user(const std::string& node, std::string_view line);
  // One line of JSON: events.jsonl.
  void event(std::string_view json);

  // One line of JSON: timeline.jsonl.
  void timeline(std::string_view json);
  // A line that a probe gave: trace.<node>.log.
  void trace(const std::string& node, std::string_view line);

  Result<void> write(const std::string& name, std::string_view content);

  // Ends the logs: head and tail become one. Exhausted: one could not be written whole.
  Result<void> closeLogs();

  // Every file of the directory, with the sum of those that `sums` names.
  std::vector<report::ArtefactFile> files(const std::map<std::string, std::string>& sums) const;

  // Gives the directory its final name; what could not be written until then is a Failure.
  Result<std::filesystem::path> keep();

  // Removes it: for a run that ends without a record.
  void abandon();

 private:
  BoundedLog& log(const std::string& name);
  std::string id_;
  std::filesystem::path folder_;
  std::filesystem::path final_;
  std::map<std::string, BoundedLog> logs_;
  std::optional<process::Ownership> owner_;
};

}  // namespace relapse::run
