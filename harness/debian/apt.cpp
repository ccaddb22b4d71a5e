// SPDX-License-Identifier: GPL-2.0-or-later
#include "debian/apt.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

#include "process/file_age.hpp"
#include "process/process.hpp"

namespace relapse::debian {

namespace {

namespace fs = std::filesystem;
constexpr std::chrono::hours kListsLast{24};

// Lists can only be cleared in a file; the hooks of the host's apt would act on the host's state.
constexpr const char* kConfiguration = R"(#clear APT::Architectures;
APT::Architectures { "arm64"; };
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Architecture "arm64";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::IndexTargets::deb-src::Sources::DefaultEnabled "false";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
)";

std::string firstLineStarting(const std::string& text, std::initializer_list<std::string_view> starts) {
  for (std::size_t first = 0; first < text.size();) {
    const std::size_t end = std::min(text.find('\n', first), text.size());
    const std::string line = text.substr(first, end - first);
    for (const std::string_view start : starts)
      if (line.starts_with(start)) return line;
    first = end + 1;
  }
  return {};
}

// The package in "E: Unable to locate package NAME" and its relatives; empty: another complaint.
std::string unknownPackage(const std::string& said) {
  for (const std::string_view start : {"E: Unable to locate package ", "E: No packages found", "E: Package '",
                                       "E: Can't select candidate version from package "}) {
    const std::string line = firstLineStarting(said, {start});
    if (line.empty()) continue;
    const std::string rest = line.substr(start.size());
    return rest.substr(0, rest.find_first_of("' "));
  }
  return {};
}

// The second word of each "'URI' FILE SIZE HASH".
std::vector<std::string> fileNames(const std::string& offered) {
  std::vector<std::string> names;
  std::istringstream lines(offered);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string uri, name;
    if (line.starts_with('\'') && words >> uri >> name) names.push_back(name);
  }
  return names;
}

bool writeFile(const fs::path& file, std::string_view content) {
  std::ofstream stream(file, std::ios::trunc);
  stream << content;
  stream.close();
  return stream.good();
}

}  // namespace

Apt::Apt(fs::path home, std::stop_token stop) : home_(std::move(home)), stop_(std::move(stop)) {}

std::vector<std::string> Apt::command(std::vector<std::string> words) const {
  const std::string home = home_.string();
  std::vector<std::string> argv = {"apt-get", "-q", "-c", home + "/apt.conf"};
  for (const char* setting : {"Dir::State=/state", "Dir::State::status=/no-status", "Dir::Cache=/cache"}) {
    std::string placed = setting;
    argv.insert(argv.end(), {"-o", placed.insert(placed.find('=') + 1, home)});
  }
  std::ranges::move(words, std::back_inserter(argv));
  return argv;
}

Result<void> Apt::prepare() const {
  std::error_code error;
  for (const char* folder : {"state/lists/partial", "cache/archives/partial", "incoming"})
    fs::create_directories(home_ / folder, error);
  if (!error && writeFile(home_ / "no-status", "") && writeFile(home_ / "apt.conf", kConfiguration)) return {};
  return fail(FailureKind::HostLacks, fmt::format("cannot write below {}: {}", home_.string(), error.message()));
}

bool Apt::listsAreFresh() const {
  const auto age = process::ageOf(home_ / "lists-fetched");
  return age && *age < kListsLast;
}

Result<void> Apt::update(bool always) {
  if (!always && listsAreFresh()) return {};
  if (auto prepared = prepare(); !prepared) return prepared;
  const auto output = process::run({.argv = command({"update"})}, {.stop = stop_});
  if (!output) return passOn(output.error());
  updated_ = true;
  updateTrouble_ = firstLineStarting(output->standardError, {"E: ", "W: "});
  writeFile(home_ / "lists-fetched", "");  // if they lack something, download() comes back with `always`
  return {};
}

Result<std::string> Apt::asked(std::vector<std::string> words, const std::vector<std::string>& names) const {
  words.insert(words.end(), names.begin(), names.end());
  auto output = process::run({.argv = command(std::move(words)), .directory = home_ / "incoming"}, {.stop = stop_});
  if (!output) return passOn(output.error());
  if (!output->succeeded()) return passOn(explain(output->standardError, names));
  return std::move(output->standardOutput);
}

Result<std::vector<fs::path>> Apt::download(const std::vector<std::string>& names) {
  const auto offered = asked({"--print-uris", "download"}, names);
  if (!offered) return passOn(offered.error());
  if (auto downloaded = asked({"download"}, names); !downloaded) return passOn(downloaded.error());
  std::vector<fs::path> files;
  for (const std::string& name : fileNames(*offered)) files.push_back(home_ / "incoming" / name);
  return files;
}

Failure Apt::explain(const std::string& said, const std::vector<std::string>& names) const {
  const std::string unknown = unknownPackage(said);
  if (!unknown.empty() && updateTrouble_.empty())
    return {FailureKind::HostLacks, fmt::format("no source of this host's apt has the Debian package \"{}\"", unknown),
            "look at /etc/apt/sources.list and /etc/apt/sources.list.d"};
  std::string complaint = updateTrouble_.empty() ? firstLineStarting(said, {"E: "}) : updateTrouble_;
  if (complaint.empty()) complaint = said.substr(0, 300);
  return {FailureKind::HostLacks,
          fmt::format("the Debian packages {} could not be downloaded: {}", fmt::join(names, ", "), complaint),
          "check the network, then `apt-get update`"};
}

}  // namespace relapse::debian
