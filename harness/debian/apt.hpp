// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "failure/values.hpp"

namespace relapse::debian {

// apt-get with a state, lists and cache of its own below `home`, for arm64. The caller holds the lock.
class Apt {
 public:
  explicit Apt(std::filesystem::path home, std::stop_token stop);

  // Fetches the lists, if they are older than a day or `always`. A source that cannot be had is no failure.
  Result<void> update(bool always);

  // Downloads packages into home/incoming, where what an interrupted download left is resumed. The
  // files that came; apt has checked their hashes.
  Result<std::vector<std::filesystem::path>> download(const std::vector<std::string>& names);

  bool updated() const { return updated_; }  // update() fetched lists

 private:
  std::vector<std::string> command(std::vector<std::string> words) const;
  Result<std::string> asked(std::vector<std::string> words, const std::vector<std::string>& names) const;
  Result<void> prepare() const;
  bool listsAreFresh() const;
  Failure explain(const std::string& said, const std::vector<std::string>& names) const;

  std::filesystem::path home_;
  std::stop_token stop_;
  bool updated_ = false;
  std::string updateTrouble_;  // the first complaint of the last update
};

}  // namespace relapse::debian
