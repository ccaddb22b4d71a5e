// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/git_range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "document/errors.hpp"
#include "kernel/disk.hpp"
#include "kernel/git.hpp"
#include "kernel/mail_text.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;
using document::quote;

// Before each commit's id in the log: no path of git begins so.
constexpr std::string_view kMark = "//";

bool isId(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A repository, and the questions that are asked of it.
class Repository {
 public:
  Repository(const fs::path& tree, std::stop_token stop) : tree_(tree), stop_(std::move(stop)) {}

  Result<process::Output> ask(std::vector<std::string> words) const {
    return runGit(std::move(words), {.directory = tree_, .stop = stop_});
  }

  // What it prints, without the line end; `otherwise` is what is wrong when it cannot tell.
  Result<std::string> tell(std::vector<std::string> words, const std::string& otherwise) const {
    auto output = ask(std::move(words));
    if (!output) return passOn(output.error());
    if (!output->succeeded()) return wrong(otherwise);
    std::string text = std::move(output->standardOutput);
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }

  Result<std::string> commitOf(const std::string& ref) const {
    const std::string hint =
        shallowEnds().empty() ? "" : "; it is a shallow clone, which may lack it (git fetch --unshallow)";
    const std::string otherwise = fmt::format("expected a commit of it, found {}{}", quote(ref), hint);
    auto id = tell({"rev-parse", "--verify", "-q", "--end-of-options", ref + "^{commit}"}, otherwise);
    if (!id || isId(*id)) return id;
    return wrong(id->size() == 64 ? "expected a repository with SHA-1 ids, found one with SHA-256" : otherwise);
  }

  Result<bool> isAncestor(const std::string& one, const std::string& other) const {
    const auto output = ask({"merge-base", "--is-ancestor", one, other});
    if (!output) return passOn(output.error());
    const auto* exited = std::get_if<process::Exited>(&output->end);
    if (exited == nullptr || exited->status > 1) return wrong("git merge-base: " + oneLine(output->standardError));
    return exited->status == 0;
  }

  // Where the history of a shallow clone ends; empty for a whole one.
  std::set<std::string> shallowEnds() const {
    const auto file = tell({"rev-parse", "--git-path", "shallow"}, {});
    if (!file || !fs::is_regular_file(tree_ / *file)) return {};
    std::istringstream words(readFile(tree_ / *file));
    return {std::istream_iterator<std::string>(words), {}};
  }

  tl::unexpected<Failure> wrong(std::string_view problem) const {
    return fail(FailureKind::BadInput, fmt::format("{}: {}", tree_.string(), problem));
  }

 private:
  fs::path tree_;
  std::stop_token stop_;
};

// A ref with what it is at the moment.
std::string named(const std::string& ref, const std::string& id) {
  return ref == id ? id : fmt::format("{} ({})", ref, id.substr(0, 12));
}

Result<void> requireAncestor(const Repository& repository, const GitRange& range, const std::string& good,
                             const std::string& bad) {
  if (range.good == range.bad) return repository.wrong(fmt::format("{} and {} are one commit", good, bad));
  const auto forward = repository.isAncestor(range.good, range.bad);
  if (!forward) return passOn(forward.error());
  if (*forward) return {};
  const auto backward = repository.isAncestor(range.bad, range.good);
  if (!backward) return passOn(backward.error());
  const std::string problem =
      fmt::format("good {} is no ancestor of bad {}", named(good, range.good), named(bad, range.bad));
  if (*backward) return repository.wrong(problem + ": it is the other way round");
  if (!repository.shallowEnds().empty())
    return repository.wrong(problem + ", as far as this shallow clone goes (git fetch --unshallow)");
  const auto parted = repository.tell({"merge-base", range.good, range.bad}, {});
  return repository.wrong(problem + (parted ? fmt::format(": they parted at {}", *parted) : std::string()));
}

std::vector<std::string> logWords(const GitRange& range, bool firstParent) {
  std::vector<std::string> words{"-c", "log.showRoot=true", "log", "-z", "--topo-order", "--reverse"};
  if (firstParent) words.push_back("--first-parent");
  for (const char* word : {"--name-only", "--diff-merges=first-parent", "--no-renames", "--no-relative",
                           "--no-show-signature", "--no-color", "--no-notes", "--encoding=UTF-8"})
    words.push_back(word);
  words.push_back(fmt::format("--format=%x00{}%H%x00%P%x00%an <%ae>%x00%s%x00", kMark));
  words.insert(words.end(), {range.good + ".." + range.bad, "--"});
  return words;
}

bool buildsManyAnew(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.ends_with(".h") || name.starts_with("Makefile") || name.starts_with("Kbuild") ||
         name.starts_with("Kconfig");
}

// A commit of the log, its parents still by id.
struct Logged {
  Commit commit;
  std::string parents;
};

void addPath(Commit& commit, std::string_view path) {
  if (path.starts_with('\n')) path.remove_prefix(1);  // git's own, before the first
  if (path.empty()) return;
  ++commit.files;
  commit.headers = commit.headers || buildsManyAnew(path);
}

// "//ID", parents, author and subject, and then the paths. Empty: it is no such log.
std::vector<Logged> parseLog(std::string_view text) {
  const auto parts = splitAtNull(text);
  std::vector<Logged> log;
  for (std::size_t at = 0; at < parts.size();) {
    if (!parts[at].starts_with(kMark)) {
      if (log.empty() && !parts[at].empty()) return {};
      if (!log.empty()) addPath(log.back().commit, parts[at]);
      ++at;
    } else {
      if (at + 3 >= parts.size()) return {};
      Commit commit{parts[at].substr(kMark.size()), oneLine(parts[at + 3]), oneLine(parts[at + 2]), {}};
      log.push_back({std::move(commit), parts[at + 1]});
      at += 4;
    }
  }
  return log;
}

std::vector<Commit> linked(std::vector<Logged> log, bool firstParent) {
  std::unordered_map<std::string, std::size_t> places;
  std::vector<Commit> commits;
  for (Logged& logged : log) {
    std::istringstream parents(firstParent ? std::string() : logged.parents);
    if (firstParent && !commits.empty()) logged.commit.parents = {commits.size() - 1};
    for (std::string id; parents >> id;)
      if (const auto place = places.find(id); place != places.end()) logged.commit.parents.push_back(place->second);
    places[logged.commit.id] = commits.size();
    commits.push_back(std::move(logged.commit));
  }
  return commits;
}

Result<void> requireWhole(const Repository& repository, const std::vector<Commit>& commits) {
  const auto ends = repository.shallowEnds();
  const auto cut = std::ranges::find_if(commits, [&](const Commit& commit) { return ends.contains(commit.id); });
  if (cut == commits.end()) return {};
  return repository.wrong(
      fmt::format("this shallow clone ends at {}, between good and bad (git fetch --unshallow)", cut->id));
}

}  // namespace

Result<GitRange> listRange(const fs::path& tree, const std::string& good, const std::string& bad, bool firstParent,
                           std::stop_token stop) try {
  const Repository repository(tree, std::move(stop));
  if (!fs::is_directory(tree)) return repository.wrong("expected a git repository, found no folder");
  GitRange range;
  const auto folder = repository.tell({"rev-parse", "--absolute-git-dir"}, "expected a git repository, found none");
  if (!folder) return passOn(folder.error());
  range.repository = *folder;
  for (const auto& [ref, id] : {std::pair{&good, &range.good}, std::pair{&bad, &range.bad}}) {
    auto found = repository.commitOf(*ref);
    if (!found) return passOn(found.error());
    *id = std::move(*found);
  }
  if (auto ordered = requireAncestor(repository, range, good, bad); !ordered) return passOn(ordered.error());
  const auto log = repository.ask(logWords(range, firstParent));
  if (!log) return passOn(log.error());
  if (!log->succeeded()) return repository.wrong("git log: " + oneLine(log->standardError));
  range.commits = linked(parseLog(log->standardOutput), firstParent);
  if (range.commits.empty() || range.commits.back().id != range.bad)
    return fail(FailureKind::Internal, fmt::format("{}: git log is not as it was asked for", tree.string()));
  if (auto whole = requireWhole(repository, range.commits); !whole) return passOn(whole.error());
  return range;
} catch (const fs::filesystem_error& error) {
  return fail(FailureKind::BadInput, fmt::format("{}: {}", error.path1().string(), error.code().message()));
}

Result<std::string> patchOfCommit(const fs::path& repository, const std::string& id, bool reversed,
                                  std::stop_token stop) {
  if (!isId(id)) return fail(FailureKind::BadInput, fmt::format("expected 40 hex digits, found {}", quote(id)));
  std::vector<std::string> words{"--git-dir=" + repository.string(), "diff-tree", "--diff-merges=first-parent"};
  for (const char* word : {"--root", "--no-commit-id", "-p", "-U3", "--binary", "--full-index", "--no-renames",
                           "--no-relative", "--no-ext-diff", "--no-textconv", "--no-color"})
    words.push_back(word);
  if (reversed) words.push_back("-R");
  words.insert(words.end(), {reversed ? "--src-prefix=b/" : "--src-prefix=a/",
                             reversed ? "--dst-prefix=a/" : "--dst-prefix=b/", id + "^{commit}", "--"});
  auto output = runGit(std::move(words), {.directory = repository, .stop = std::move(stop)});
  if (!output) return passOn(output.error());
  if (output->succeeded()) return std::move(output->standardOutput);
  return fail(FailureKind::BadInput, fmt::format("{}: the change of {}: git diff-tree: {}", repository.string(), id,
                                                 oneLine(output->standardError)));
}

}  // namespace relapse::kernel
