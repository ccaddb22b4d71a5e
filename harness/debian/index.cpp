// SPDX-License-Identifier: GPL-2.0-or-later
#include "debian/index.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace relapse::debian {

namespace {

namespace fs = std::filesystem;

struct Row {
  Package package;
  std::uintmax_t size = 0;
};

std::optional<Row> parse(const std::string& line, const fs::path& archives) {
  std::istringstream fields(line);
  Row row;
  std::string size, file;
  std::getline(fields, row.package.name, '\t');
  std::getline(fields, row.package.version, '\t');
  std::getline(fields, row.package.sha256, '\t');
  std::getline(fields, size, '\t');
  std::getline(fields, file);
  const auto number = std::from_chars(size.data(), size.data() + size.size(), row.size);
  if (file.empty() || number.ec != std::errc{}) return std::nullopt;
  row.package.file = archives / file;
  return row;
}

bool isThere(const Row& row) {
  std::error_code error;
  return fs::file_size(row.package.file, error) == row.size && !error;
}

std::string decoded(std::string version) {
  const std::size_t colon = version.find("%3a");
  return colon == std::string::npos ? version : version.replace(colon, 3, ":");
}

}  // namespace

Index::Index(fs::path archives) : archives_(std::move(archives)) {
  load();
}

void Index::load() {
  std::ifstream lines(file());
  for (std::string line; std::getline(lines, line);)
    if (auto row = parse(line, archives_); row && isThere(*row)) packages_.push_back(std::move(row->package));
}

std::optional<Package> Index::find(const std::string& name) const {
  const auto found = std::ranges::find(packages_, name, &Package::name);
  return found == packages_.end() ? std::nullopt : std::optional(*found);
}

void Index::put(const Package& package) {
  std::erase_if(packages_, [&](const Package& other) { return other.name == package.name; });
  packages_.push_back(package);
}

Result<void> Index::save() const {
  const fs::path draft = file().string() + ".new." + std::to_string(::getpid());
  std::ofstream lines(draft);
  std::error_code error;
  for (const Package& package : packages_)
    lines << package.name << '\t' << package.version << '\t' << package.sha256 << '\t'
          << fs::file_size(package.file, error) << '\t' << package.file.filename().string() << '\n';
  lines.close();
  if (lines.good()) fs::rename(draft, file(), error);
  if (!lines.good() || error) return fail(FailureKind::Exhausted, "cannot write " + file().string());
  return {};
}

std::optional<Package> packageOfFileName(const fs::path& file) {
  const std::string name = file.filename().string();
  const std::size_t first = name.find('_');
  const std::size_t second = first == std::string::npos ? first : name.find('_', first + 1);
  if (second == std::string::npos || !name.ends_with(".deb")) return std::nullopt;
  return Package{name.substr(0, first), decoded(name.substr(first + 1, second - first - 1)), file, {}};
}

}  // namespace relapse::debian
