// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/git_range.hpp"

#include <gmock/gmock.h>

#include <map>
#include <sstream>

#include "git_fixture.hpp"
#include "kernel/git.hpp"

namespace relapse::kernel {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Commits as git fast-import takes them, which makes a thousand in the time that git commit needs for one.
class Stream {
 public:
  using Files = std::map<std::string, std::string>;

  // It follows the last of its branch, or the commit `from` where its branch begins, and merges the commit `merged`.
  // Commits are counted from 1.
  int commit(const std::string& branch, const std::string& message, const Files& files, int from = 0, int merged = 0) {
    text_ << "commit refs/heads/" << branch << "\nmark :" << ++count_ << "\ncommitter a <a@b> 0 +0000\n"
          << data(message);
    if (from > 0) text_ << "from :" << from << "\n";
    if (merged > 0) text_ << "merge :" << merged << "\n";
    for (const auto& [path, content] : files) text_ << "M 100644 inline " << path << "\n" << data(content);
    text_ << "\n";
    return count_;
  }
  void tag(const std::string& name, int commit) {
    text_ << "reset refs/tags/" << name << "\nfrom :" << commit << "\n\n";
  }
  std::string text() const { return text_.str(); }

 private:
  static std::string data(const std::string& text) {
    return "data " + std::to_string(text.size()) + "\n" + text + "\n";
  }

  std::ostringstream text_;
  int count_ = 0;
};

// A main line of 24 rounds: a commit, and in every second one a branch of three that is merged; the first of a branch
// touches a header, too. 24 + 12 * 4 = 72 commits behind "start".
std::string history() {
  Stream stream;
  int last = stream.commit("main", "start", {{"Makefile", "all:\n"}});
  stream.tag("start", last);
  for (int round = 0; round < 24; ++round) {
    const std::string number = std::to_string(round), side = "side-" + number;
    Stream::Files merged;
    int lastOfSide = 0;
    for (int i = 0; i < 3 && round % 2 == 0; ++i) {
      const std::string name = side + "-" + std::to_string(i);
      Stream::Files files = {{"fs/" + name + ".c", name}};
      if (i == 0) files["include/" + name + ".h"] = name;
      merged.insert(files.begin(), files.end());
      lastOfSide = stream.commit(side, name, files, i == 0 ? last : 0);
    }
    last = stream.commit("main", "main " + number, {{"fs/main.c", "main\n" + number + "\n"}});
    if (lastOfSide > 0) last = stream.commit("main", "merge " + number, merged, 0, lastOfSide);
  }
  stream.tag("end", last);
  return stream.text();
}

class GitHistory : public GitTest {
 protected:
  GitHistory() {
    import(history());
    git({"reset", "-q", "--hard"});
  }

  void import(const std::string& stream) {
    const auto done = process::runChecked({.argv = {"sh", "-c", "git -C \"$1\" fast-import --quiet < \"$2\"", "sh",
                                                    tree().string(), write("stream", stream).string()}});
    EXPECT_TRUE(done) << done.error().message;
  }

  std::string refusal(const fs::path& where, const std::string& good, const std::string& bad) {
    const auto range = listRange(where, good, bad, false);
    if (range) return "no failure";
    EXPECT_EQ(range.error().kind, FailureKind::BadInput);
    return range.error().message;
  }

  std::vector<std::string> lines(const std::vector<std::string>& words) {
    std::istringstream text(git(words));
    std::vector<std::string> all;
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }
};

std::vector<std::string> idsOf(const GitRange& range) {
  std::vector<std::string> ids;
  for (const Commit& commit : range.commits) ids.push_back(commit.id);
  return ids;
}

TEST_F(GitHistory, IsTheWholeGraphBetweenTheEnds) {
  const auto range = listRange(tree(), "start", "end", false);
  ASSERT_TRUE(range) << range.error().message;
  EXPECT_EQ(range->repository, fs::canonical(tree() / ".git"));
  EXPECT_EQ(range->good, id("start"));
  EXPECT_EQ(range->bad, id("end"));
  EXPECT_EQ(range->commits.size(), 72u);
  EXPECT_EQ(range->commits.back().id, range->bad);
  EXPECT_EQ(idsOf(*range), lines({"rev-list", "--topo-order", "--reverse", "start..end"}));
  for (std::size_t i = 0; i < range->commits.size(); ++i) {
    std::vector<std::string> parents;
    for (const std::size_t parent : range->commits[i].parents) {
      EXPECT_LT(parent, i);
      parents.push_back(range->commits[parent].id);
    }
    std::istringstream all(git({"log", "-1", "--format=%P", range->commits[i].id}));
    std::vector<std::string> expected;
    for (std::string parent; all >> parent;)
      if (parent != range->good) expected.push_back(parent);
    EXPECT_EQ(parents, expected);
  }
}

TEST_F(GitHistory, ByFirstParentsIsALine) {
  const auto range = listRange(tree(), "start", "end", true);
  ASSERT_TRUE(range) << range.error().message;
  EXPECT_EQ(idsOf(*range), lines({"rev-list", "--first-parent", "--reverse", "start..end"}));
  ASSERT_EQ(range->commits.size(), 36u);
  EXPECT_THAT(range->commits[0].parents, IsEmpty());
  for (std::size_t i = 1; i < 36; ++i) EXPECT_THAT(range->commits[i].parents, ElementsAre(i - 1));
}

TEST_F(GitHistory, SaysOfEachCommitWhatItTouches) {
  const auto range = listRange(tree(), "start", "end", false);
  ASSERT_TRUE(range) << range.error().message;
  std::map<std::string, Commit> bySubject;
  for (const Commit& commit : range->commits) bySubject[commit.subject] = commit;
  const auto expect = [&](const std::string& subject, std::size_t files, bool headers) {
    EXPECT_EQ(bySubject[subject].files, files) << subject;
    EXPECT_EQ(bySubject[subject].headers, headers) << subject;
    EXPECT_EQ(bySubject[subject].author, "a <a@b>") << subject;
  };
  expect("main 3", 1, false);
  expect("side-4-0", 2, true);
  expect("side-4-1", 1, false);
  expect("merge 4", 4, true);  // three sources and a header, against its first parent
}

TEST_F(GitHistory, OfOddNamesAndMessagesIsRead) {
  git({"commit", "-q", "--allow-empty", "--allow-empty-message", "-m", ""});
  write("tree/a\nb \u00fc", "x");
  write("tree/drivers/Kconfig.debug", "x");
  write("tree/arch/arm64/Makefile.postlink", "x");
  commit("//0123\n\nCo-authored-by: x\n//more");
  git({"-c", "user.name=//\u535a\x1b[1m", "commit", "-q", "--allow-empty", "-m", "  \t\xff odd"});
  git({"mv", "fs/main.c", "fs/moved.c"});
  commit("rename");
  const auto range = listRange(tree(), "end", "HEAD", false);
  ASSERT_TRUE(range) << range.error().message;
  ASSERT_EQ(range->commits.size(), 4u);
  EXPECT_EQ(range->commits[0].subject, "");
  EXPECT_EQ(range->commits[0].files, 0u);
  EXPECT_EQ(range->commits[1].subject, "//0123");
  EXPECT_EQ(range->commits[1].files, 3u);
  EXPECT_TRUE(range->commits[1].headers);
  EXPECT_EQ(range->commits[2].subject, "\u00ff odd");
  EXPECT_EQ(range->commits[2].author, "//\u535a [1m <a@b>");
  EXPECT_EQ(range->commits[2].files, 0u);
  EXPECT_EQ(range->commits[3].files, 2u);
}

TEST_F(GitHistory, DoesNotHearTheUsersSettings) {
  const auto before = listRange(tree(), "start", "end", false);
  const auto patch = patchOfCommit(tree() / ".git", id("end"), false);
  for (const auto& [key, value] : std::map<std::string, std::string>{{"log.showSignature", "true"},
                                                                     {"log.showRoot", "false"},
                                                                     {"diff.noprefix", "true"},
                                                                     {"diff.renames", "copies"},
                                                                     {"diff.relative", "true"},
                                                                     {"diff.external", "false"},
                                                                     {"format.pretty", "raw"},
                                                                     {"color.ui", "always"},
                                                                     {"diff.context", "0"},
                                                                     {"i18n.logOutputEncoding", "utf-16"}})
    git({"config", key, value});
  const auto after = listRange(tree() / "fs", "start", "end", false);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(idsOf(*after), idsOf(*before));
  for (std::size_t i = 0; i < after->commits.size(); ++i) EXPECT_EQ(after->commits[i].files, before->commits[i].files);
  EXPECT_EQ(*patchOfCommit(tree() / ".git", id("end"), false), *patch);
}

TEST_F(GitHistory, SaysWhatIsWrongWithTheEnds) {
  git({"checkout", "-q", "--orphan", "other"});
  commit("of nobody");
  const std::string side = id("side-4");
  EXPECT_THAT(refusal(tree(), "end", "start"), AllOf(HasSubstr("good end ("), HasSubstr("it is the other way round")));
  EXPECT_THAT(refusal(tree(), "side-6", "side-4"), HasSubstr("it is the other way round"));
  EXPECT_THAT(refusal(tree(), side, "end~29"),
              HasSubstr("is no ancestor of bad end~29 (" + id("end~29").substr(0, 12) + "): they parted at "));
  EXPECT_THAT(refusal(tree(), "other", "end"), HasSubstr("is no ancestor of bad end"));
  EXPECT_THAT(refusal(tree(), "end", "main"), HasSubstr("end and main are one commit"));
  EXPECT_THAT(refusal(tree(), "nothing", "end"), HasSubstr("expected a commit of it, found \"nothing\""));
  EXPECT_THAT(refusal(tree(), "start", "end:Makefile"), HasSubstr("found \"end:Makefile\""));
  for (const char* ref : {"", "--all", "-h", "start end", "start..end", "^end", "\n"})
    EXPECT_THAT(refusal(tree(), ref, "end"), HasSubstr("expected a commit of it, found ")) << ref;
  EXPECT_THAT(refusal(root() / "nowhere", "a", "b"), HasSubstr("expected a git repository, found no folder"));
  EXPECT_THAT(refusal(write("file", ""), "a", "b"), HasSubstr("expected a git repository, found no folder"));
}

TEST_F(GitHistory, OfAShallowCloneIsRefusedWhereItEndsBetween) {
  const auto clone = [&](const std::string& name, const std::string& depth) {
    git({"clone", "-q", "--depth", depth, "file://" + tree().string(), (root() / name).string()});
    return root() / name;
  };
  const fs::path two = clone("two", "2");
  EXPECT_THAT(refusal(two, id("start"), "HEAD"), HasSubstr("it is a shallow clone, which may lack it"));
  EXPECT_TRUE(listRange(two, "HEAD~1", "HEAD", false));
  // A side branch that was merged in between is older than where the clone ends.
  const fs::path four = clone("four", "4");
  EXPECT_THAT(refusal(four, "HEAD~3", "HEAD"), HasSubstr("this shallow clone ends at "));
}

TEST_F(GitHistory, LeavesTheTreeAsItWas) {
  write("tree/fs/main.c", "changed");
  write("tree/new", "new");
  git({"status"});
  const std::string status = git({"status", "--porcelain"});
  const auto index = fs::last_write_time(tree() / ".git/index") - std::chrono::hours(1);
  fs::last_write_time(tree() / ".git/index", index);
  fs::last_write_time(tree() / "Makefile", fs::file_time_type::clock::now() + std::chrono::seconds(5));
  std::set<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(tree())) files.insert(entry.path());
  const auto range = listRange(tree(), "start", "end", false);
  ASSERT_TRUE(range) << range.error().message;
  ASSERT_TRUE(patchOfCommit(range->repository, range->bad, false));
  EXPECT_EQ(fs::last_write_time(tree() / ".git/index"), index);
  std::set<fs::path> now;
  for (const auto& entry : fs::recursive_directory_iterator(tree())) now.insert(entry.path());
  EXPECT_EQ(now, files);
  EXPECT_EQ(git({"status", "--porcelain"}), status);
}

TEST_F(GitHistory, OfAWorktreeAndABareCloneIsRead) {
  git({"worktree", "add", "-q", (root() / "beside").string(), "side-4"});
  git({"clone", "-q", "--bare", tree().string(), (root() / "bare").string()});
  for (const char* name : {"beside", "bare"}) {
    const auto range = listRange(root() / name, "start", "side-4", false);
    ASSERT_TRUE(range) << range.error().message;
    EXPECT_TRUE(patchOfCommit(range->repository, range->bad, false)) << name;
  }
}

TEST_F(GitHistory, EndsWhenItIsStopped) {
  std::stop_source stop;
  stop.request_stop();
  const auto range = listRange(tree(), "start", "end", false, stop.get_token());
  ASSERT_FALSE(range);
  EXPECT_EQ(range.error().kind, FailureKind::Cancelled);
}

TEST_F(GitHistory, ThePatchesOfALineOfCommitsMakeItsLastTree) {
  const auto range = listRange(tree(), "start", "end", true);
  ASSERT_TRUE(range) << range.error().message;
  git({"reset", "-q", "--hard", "start"});
  for (const Commit& commit : range->commits) {
    const auto patch = patchOfCommit(range->repository, commit.id, false);
    ASSERT_TRUE(patch) << patch.error().message;
    git({"apply", "--index", write("patch", *patch).string()});
  }
  EXPECT_EQ(withoutEnd(git({"write-tree"})), id("end^{tree}"));
  for (auto commit = range->commits.rbegin(); commit != range->commits.rend(); ++commit)
    git({"apply", "--index", write("patch", *patchOfCommit(range->repository, commit->id, true)).string()});
  EXPECT_EQ(withoutEnd(git({"write-tree"})), id("start^{tree}"));
}

TEST_F(GitHistory, APatchIsOfAnyKindOfChange) {
  write("tree/binary", std::string("\0\1\2\xff", 4));
  write("tree/.gitattributes", "*.c -diff\n");
  write("tree/a b\t\u00fc", "no line end");
  git({"mv", "fs/main.c", "fs/moved.c"});
  git({"rm", "-q", "Makefile"});
  fs::permissions(tree() / "fs/side-4-0.c", fs::perms(0755));
  fs::create_symlink("nowhere", tree() / "link");
  write("tree/fs/side-4-1.c", "changed");
  commit("all kinds");
  const auto there = patchOfCommit(tree() / ".git", id("HEAD"), false);
  const auto back = patchOfCommit(tree() / ".git", id("HEAD"), true);
  git({"apply", "--index", "-R", write("patch", *there).string()});
  EXPECT_EQ(withoutEnd(git({"write-tree"})), id("end^{tree}"));
  git({"reset", "-q", "--hard"});
  git({"apply", "--index", write("patch", *back).string()});
  EXPECT_EQ(withoutEnd(git({"write-tree"})), id("end^{tree}"));
  EXPECT_THAT(*patchOfCommit(tree() / ".git", id("start"), false), HasSubstr("+++ b/Makefile"));
  EXPECT_THAT(*patchOfCommit(tree() / ".git", id("start"), true), HasSubstr("--- a/Makefile"));
  commit("empty");
  git({"commit", "-q", "--allow-empty", "-m", "empty"});
  EXPECT_EQ(*patchOfCommit(tree() / ".git", id("HEAD"), false), "");
}

TEST_F(GitHistory, ThereIsNoPatchOfWhatIsNoCommit) {
  for (const std::string& odd :
       {std::string("HEAD"), std::string(), std::string("--output=x"), std::string(40, '0'), id("HEAD").substr(1)}) {
    const auto patch = patchOfCommit(tree() / ".git", odd, false);
    ASSERT_FALSE(patch) << odd;
    EXPECT_EQ(patch.error().kind, FailureKind::BadInput);
  }
  EXPECT_FALSE(patchOfCommit(root() / "nowhere", id("HEAD"), false));
  EXPECT_FALSE(patchOfCommit(tree() / ".git", id("HEAD^{tree}"), false));
}

TEST_F(GitHistory, OfTwentyThousandCommitsIsReadInOneGo) {
  Stream stream;
  for (int i = 0; i <= 20'000; ++i) {
    const std::string file = "d" + std::to_string(i % 10) + "/f.h";
    stream.commit("long", "x", {{file, std::to_string(i)}}, 0, i % 10 == 9 ? i - 4 : 0);
  }
  import(stream.text());
  const auto started = std::chrono::steady_clock::now();
  const auto range = listRange(tree(), "long~20000", "long", false);
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(20));
  ASSERT_TRUE(range) << range.error().message;
  EXPECT_EQ(range->commits.size(), 20'000u);
  EXPECT_TRUE(range->commits.front().headers);
}

}  // namespace
}  // namespace relapse::kernel
