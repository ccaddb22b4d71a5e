// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "kernel/disk.hpp"
#include "kernel/git.hpp"
#include "kernel/hash.hpp"
#include "kernel/listing.hpp"
#include "process/descriptor.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;

// A file changed twice within this time may look the same to stat(): its hash is not remembered yet.
constexpr std::chrono::seconds kRacy{2};

using Time = std::chrono::system_clock::time_point;

struct Candidate {
  std::string path;
  bool tracked = false;
};

// `git ls-files -t`: "H path" of what is tracked, "? path" of the rest.
std::optional<std::vector<Candidate>> candidatesOfGit(const fs::path& tree, const std::stop_token& stop) {
  if (!isThere(tree / ".git")) return std::nullopt;
  const auto listed = runGit({"ls-files", "-z", "-t", "-c", "-o", "--exclude-standard"},
                             {.directory = tree, .ceiling = tree.parent_path(), .stop = stop});
  if (!listed || !listed->succeeded()) return std::nullopt;
  std::vector<Candidate> candidates;
  for (const std::string& entry : splitAtNull(listed->standardOutput))
    if (entry.size() > 2) candidates.push_back({entry.substr(2), entry.front() != '?'});
  return candidates;
}

std::vector<Candidate> candidatesOfWalk(const fs::path& tree) {
  std::vector<Candidate> candidates;
  const std::size_t prefix = tree.string().size() + 1;
  for (auto entry = fs::recursive_directory_iterator(tree); entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string path = entry->path().string().substr(prefix);
    if (!fs::is_directory(entry->symlink_status()))
      candidates.push_back({path, false});
    else if (looksBuilt(path + "/"))
      entry.disable_recursion_pending();
  }
  return candidates;
}

// The source a generated file of scripts/ is made from; empty: it is not of that sort.
std::string grammarOf(const std::string& path) {
  for (const auto& [ending, source] : {std::pair{".lex.c", ".l"}, {".tab.c", ".y"}, {".tab.h", ".y"}})
    if (path.ends_with(ending)) return path.substr(0, path.size() - 6) + source;
  return {};
}

bool isProgram(const fs::path& file) {
  const process::Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  char magic[4] = {};
  return ::read(descriptor.get(), magic, 4) == 4 && std::string_view(magic, 4) ==
                                                        "\x7f"
                                                        "ELF";
}

class Products {
 public:
  Products(const fs::path& tree, const std::vector<Candidate>& candidates) : tree_(tree) {
    for (const Candidate& candidate : candidates) paths_.insert(candidate.path);
  }
  bool contains(const Candidate& candidate, const struct stat& status) const {
    if (candidate.tracked) return false;
    if (looksBuilt(candidate.path) || paths_.contains(grammarOf(candidate.path))) return true;
    return (status.st_mode & S_IXUSR) != 0 && S_ISREG(status.st_mode) && isTool(candidate.path) &&
           isProgram(tree_ / candidate.path);
  }

 private:
  static bool isTool(const std::string& path) {
    return path.starts_with("scripts/") || path.starts_with("tools/") || path.starts_with("usr/");
  }
  const fs::path& tree_;
  std::unordered_set<std::string> paths_;
};

std::string stampOf(const struct stat& status) {
  return fmt::format("{} {}.{} {}.{} {} {:o}", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                     status.st_ctim.tv_sec, status.st_ctim.tv_nsec, status.st_ino, status.st_mode);
}

bool isRacy(const struct stat& status, Time now) {
  const Time changed(std::chrono::seconds(status.st_ctim.tv_sec) +
                     std::chrono::microseconds(status.st_ctim.tv_nsec / 1000));
  return now - changed < kRacy;
}

// path -> stamp and hash; on disk "STAMP<tab>HASH<tab>PATH<null>".
class StatIndex {
 public:
  explicit StatIndex(fs::path file) : file_(std::move(file)), text_(readFileIfThere(file_)) {
    for (std::string_view rest = text_; !rest.empty();) {
      const std::string_view entry = rest.substr(0, rest.find('\0'));
      rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
      const std::size_t first = entry.find('\t');
      const std::size_t second = first == std::string_view::npos ? first : entry.find('\t', first + 1);
      if (second == std::string_view::npos) continue;
      known_[entry.substr(second + 1)] = {entry.substr(0, first), entry.substr(first + 1, second - first - 1)};
    }
  }

  std::optional<std::string> find(const std::string& path, const std::string& stamp) const {
    const auto found = known_.find(path);
    if (found == known_.end() || found->second.stamp != stamp) return std::nullopt;
    return std::string(found->second.hash);
  }
  void add(const std::string& path, const std::string& stamp, const std::string& hash) {
    next_ += stamp;
    next_ += '\t';
    next_ += hash;
    next_ += '\t';
    next_ += path;
    next_ += '\0';
  }
  void save() const {
    if (next_ != text_) writeFile(file_, next_);
  }

 private:
  struct Known {
    std::string_view stamp, hash;
  };
  fs::path file_;
  std::string text_, next_;
  std::unordered_map<std::string_view, Known> known_;
};

std::string contentOf(const fs::path& file, const struct stat& status) {
  return S_ISLNK(status.st_mode) ? sha256(fs::read_symlink(file).string()) : sha256OfFile(file);
}

char kindOf(const struct stat& status) {
  if (S_ISLNK(status.st_mode)) return 'l';
  return (status.st_mode & S_IXUSR) != 0 ? 'x' : '-';
}

Result<Listing> listCandidates(const fs::path& tree, const std::vector<Candidate>& candidates, StatIndex& index,
                               const std::stop_token& stop, Time now) {
  const Products products(tree, candidates);
  Listing listing;
  for (const Candidate& candidate : candidates) {
    if (stop.stop_requested()) return fail(FailureKind::Cancelled, "cancelled");
    const fs::path file = tree / candidate.path;
    struct stat status {};
    if (::lstat(file.c_str(), &status) != 0) continue;  // tracked, but removed
    if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) continue;
    if (products.contains(candidate, status)) continue;
    const std::string stamp = stampOf(status);
    const auto known = index.find(candidate.path, stamp);
    const std::string content = known ? *known : contentOf(file, status);
    if (!isRacy(status, now)) index.add(candidate.path, stamp, content);
    listing.push_back({candidate.path, kindOf(status), content});
  }
  return listing;
}

}  // namespace

Result<Listing> listTree(const fs::path& tree, const fs::path& index, std::stop_token stop, Time now) try {
  StatIndex known(index);
  auto ofGit = candidatesOfGit(tree, stop);
  auto candidates = ofGit ? std::move(*ofGit) : candidatesOfWalk(tree);
  std::ranges::sort(candidates, {}, &Candidate::path);
  const auto again = std::ranges::unique(candidates, {}, &Candidate::path);  // unmerged files come thrice
  candidates.erase(again.begin(), again.end());
  auto listing = listCandidates(tree, candidates, known, stop, now);
  if (listing) known.save();
  return listing;
} catch (const fs::filesystem_error& error) {
  const Failure failure = failureOf(error);
  const bool users = error.path1().string().starts_with(tree.string());
  return fail(users ? FailureKind::BadInput : failure.kind, failure.message, failure.advice);
}

}  // namespace relapse::kernel
