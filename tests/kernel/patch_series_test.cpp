// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/patch_series.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "fixture.hpp"
#include "git_fixture.hpp"
#include "kernel/hash.hpp"
#include "kernel/patch_subject.hpp"
#include "kernel/patching.hpp"

namespace relapse::kernel {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

using Series = Result<std::vector<SeriesPatch>>;

std::vector<std::string> subjects(const Series& series) {
  if (!series) return {series.error().message};
  std::vector<std::string> all;
  for (const SeriesPatch& patch : *series) all.push_back(patch.subject);
  return all;
}

std::vector<std::string> names(const Series& series) {
  if (!series) return {series.error().message};
  std::vector<std::string> all;
  for (const SeriesPatch& patch : *series) all.push_back(patch.name);
  return all;
}

std::string refusal(const Series& series) {
  if (series) return "no failure";
  EXPECT_EQ(series.error().kind, FailureKind::BadInput);
  return series.error().message;
}

const std::string kId = "0123456789abcdef0123456789abcdef01234567";

// A message of a thread; `more`: further headers.
std::string mail(const std::string& subject, const std::string& body = kPatchA, const std::string& more = "") {
  return fmt::format("From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: J <j@x>\nSubject: {}\n{}\n{}\n", subject, more,
                     body);
}

Series thread(const std::vector<std::string>& mails) {
  std::string mbox;
  for (const std::string& one : mails) mbox += one;
  return patchesOfMbox(mbox, "t.mbox");
}

TEST(PatchSubjectTable, SaysThePlaceInTheSeries) {
  struct Row {
    const char* subject;
    int version, number, total;
    const char* text;
  };
  const std::vector<Row> table = {
      {"[PATCH v2 3/8] nfs: keep it", 2, 3, 8, "nfs: keep it"},
      {"[PATCH] x", 1, -1, 0, "x"},
      {"[RFC PATCH net-next v3 02/11] x", 3, 2, 11, "x"},
      {"[PATCHv4 1/2] x", 4, 1, 2, "x"},
      {"[PATCH v2.1 1/2] x", 2, 1, 2, "x"},
      {"[net,v5,0/2] x", 5, 0, 2, "x"},
      {"[RFC][PATCH 1/2] [media] x", 1, 1, 2, "[media] x"},
      {"[media] x", 1, -1, 0, "[media] x"},
      {"[PATCH 5.10 034/200] x", 1, 34, 200, "x"},
      {"[PATCH 1/x] [PATCH", 1, -1, 0, "[PATCH"},
      {"[PATCH -1/2] x", 1, -1, 0, "x"},
      {"[PATCH 99999999999/9] x", 1, -1, 0, "x"},
      {"", 1, -1, 0, ""},
  };
  for (const Row& row : table) {
    const PatchSubject found = patchSubject(row.subject);
    EXPECT_EQ(found.version, row.version) << row.subject;
    EXPECT_EQ(found.number.value_or(-1), row.number) << row.subject;
    EXPECT_EQ(found.total, row.total) << row.subject;
    EXPECT_EQ(found.text, row.text) << row.subject;
    EXPECT_FALSE(found.reply) << row.subject;
  }
}

TEST(PatchSubjectTable, KnowsAnswers) {
  for (const char* subject : {"Re: [PATCH] x", "RE: re: [PATCH] x", "Fwd: [PATCH] x", "\u56de\u590d: [PATCH] x"}) {
    EXPECT_TRUE(patchSubject(subject).reply) << subject;
    EXPECT_EQ(patchSubject(subject).text, "x") << subject;
  }
  EXPECT_FALSE(patchSubject("refs: count them").reply);
}

TEST(PatchNames, CanBeNamesOfFiles) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"nfs: keep the page", "0003-nfs-keep-the-page"},
      {"../../etc/passwd", "0003-.-.-etc-passwd"},
      {"..", "0003"},
      {"a/b\\c\"d'e\n$(rm -rf)", "0003-a-b-c-d-e-rm-rf"},
      {"\u00fcber \u535a\u5ba2", "0003-ber"},
      {"\u535a", "0003"},
      {"", "0003"},
      {"v6.1...2", "0003-v6.1.2"},
      {std::string(500, 'x'), "0003-" + std::string(52, 'x')},
  };
  for (const auto& [subject, name] : table) EXPECT_EQ(fileNameOf(3, subject), name) << subject;
}

TEST(PatchNames, HaveANumber) {
  EXPECT_EQ(numberOfName("0003-x"), 3);
  EXPECT_EQ(numberOfName("v12-0003-x"), 3);
  for (const char* name : {"x", "5.10-x", "0003", "v2", "v2-x", "vfs-0003-x", "", "-", "-1-x"})
    EXPECT_EQ(numberOfName(name), std::nullopt) << name;
}

TEST(PatchesOfMbox, AreInTheOrderOfTheirNumbersWithoutLettersAndReplies) {
  const auto series =
      thread({mail("[PATCH 0/3] all", kPatchNew), mail("[PATCH 3/3] c"), mail("Re: [PATCH 1/3] a", kPatchB),
              mail("[PATCH 1/3] a"), mail("what of it?", "prose\n"), mail("[PATCH 2/3] b")});
  EXPECT_THAT(subjects(series), ElementsAre("a", "b", "c"));
  EXPECT_THAT(names(series), ElementsAre("0001-a", "0002-b", "0003-c"));
}

TEST(PatchesOfMbox, AreOfTheHighestVersion) {
  const auto series = thread({mail("[PATCH v2 1/1] new"), mail("[PATCH 1/2] a"), mail("[PATCH 2/2] b")});
  EXPECT_THAT(subjects(series), ElementsAre("new"));
}

TEST(PatchesOfMbox, OneWithoutANumberIsASeries) {
  const auto series = thread({mail("[PATCH] x", kPatchA, "Message-Id: <7@x>\n")});
  ASSERT_THAT(subjects(series), ElementsAre("x"));
  EXPECT_EQ(series->front().messageId, "7@x");
  EXPECT_EQ(series->front().author, "J <j@x>");
  EXPECT_EQ(series->front().commit, "");
  EXPECT_EQ(series->front().patch.file, "t.mbox");
  EXPECT_EQ(series->front().patch.sha256, sha256(series->front().patch.content));
  EXPECT_THAT(series->front().files, ElementsAre("fs/a.c"));
}

TEST(PatchesOfMbox, WithoutNumbersAreInTheMailboxsOrder) {
  EXPECT_THAT(subjects(thread({mail("[PATCH] b"), mail("[PATCH] a")})), ElementsAre("b", "a"));
  EXPECT_THAT(subjects(thread({mail("b"), mail("a")})), ElementsAre("b", "a"));
}

TEST(PatchesOfMbox, ARobotsCopyIsNotOneMore) {
  EXPECT_THAT(subjects(thread({mail("[PATCH 1/1] a"), mail("[tip: x86/urgent] a"), mail("+ a.patch added to -mm")})),
              ElementsAre("a"));
}

TEST(PatchesOfMbox, ThatCameByTwoListsAreThereOnce) {
  const std::string id = "Message-ID: <1@x>\n";
  EXPECT_THAT(
      subjects(thread({mail("[PATCH 1/1] a", kPatchA, id + "List-Id: one\n"), mail("[PATCH 1/1] a", kPatchA, id)})),
      ElementsAre("a"));
  EXPECT_THAT(refusal(thread({mail("[PATCH 1/1] a", kPatchA, id), mail("[PATCH 1/1] a", kPatchB, id)})),
              HasSubstr("two messages are the same patch"));
}

TEST(PatchesOfMbox, NameWhatIsWrongWithTheThread) {
  struct Row {
    std::vector<std::string> mails;
    const char* refusal;
  };
  const std::vector<Row> table = {
      {{}, "t.mbox: expected a folder of patches, a `series` or an mbox"},
      {{mail("hello", "prose\n")}, "t.mbox: expected patches in this mbox, found none"},
      {{mail("[PATCH 0/2] all"), mail("Re: [PATCH 1/2] a")}, "found none"},
      {{mail("[PATCH 1/3] a"), mail("[PATCH 3/3] c")}, "t.mbox: 1 of the thread's 3 patches is missing: 2"},
      {{mail("[PATCH 2/4] b")}, "3 of the thread's 4 patches are missing: 1, 3, 4"},
      {{mail("[PATCH 1/2000000000] b")},
       "1999999999 of the thread's 2000000000 patches are missing: 2, 3, 4, 5, 6, ..."},
      {{mail("[PATCH v2147483647 2147483647/2147483647] b")},
       "2147483646 of the thread's 2147483647 patches are missing"},
      {{mail("[PATCH 1/2] a"), mail("[PATCH 2/2] b"), mail("[PATCH v2 2/2] b")}, "is missing: 1"},
      {{mail("[PATCH 1/1] a"), mail("[PATCH RESEND 1/1] b")},
       "two messages are the same patch of a series: \"[PATCH 1/1] a\" and \"[PATCH RESEND 1/1] b\""},
      {{mail("[PATCH] a"), mail("[PATCH] a")}, "two messages are the same patch"},
      {{mail("[PATCH 1/2] a"), mail("[PATCH 2/3] b")}, "expected one series of 2 patches, found \"[PATCH 2/3] b\""},
      {{mail("[PATCH 1/2] a"), mail("[PATCH 3/2] b")}, "\"[PATCH 3/2] b\": expected a number up to 2"},
      {{mail("[PATCH 1/1] a"), mail("[PATCH] fix")}, "\"[PATCH] fix\" has a patch and no number"},
      {{mail("[PATCH 1/1] a", "the attachment was removed\n")}, "\"[PATCH 1/1] a\": expected a patch, found no diff"},
      {{mail("[PATCH] a", std::string(kPatchA).substr(0, 66))}, "\"[PATCH] a\": the patch is cut or damaged"},
      {{mail("[PATCH] a", "YWJjZ", "Content-Transfer-Encoding: base64\n")}, "\"[PATCH] a\": its base64 is cut"},
      {{mail("[PATCH] a", "--- /dev/null\n+++ b/../../out\n@@ -0,0 +1 @@\n+x\n")},
       "the path \"../../out\" in it leads out of the source"},
      {{mail("[PATCH] a", "diff --git a/x b/x\nrename from ../x\nrename to x\n")}, "\"../x\" in it leads out"},
  };
  for (const Row& row : table) EXPECT_THAT(refusal(thread(row.mails)), HasSubstr(row.refusal));
}

TEST(PatchesOfMbox, RefuseJunk) {
  std::string junk;
  for (unsigned i = 0; i < 1u << 16; ++i) junk += static_cast<char>((i * 2654435761u) >> 24);
  for (const std::string& text :
       {std::string(), std::string("\0\0\0", 3), junk, std::string(10u << 20, 'x'), "\n\n" + junk})
    EXPECT_THAT(refusal(patchesOfMbox(text, "t.mbox")), HasSubstr("t.mbox: ")) << text.size();
}

TEST(PatchesOfMbox, ALineOfTenMegabytesIsALine) {
  const std::string big(10u << 20, 'x');
  const auto series = thread({mail("[PATCH] a", "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+" + big + "\n")});
  ASSERT_THAT(subjects(series), ElementsAre("a"));
  EXPECT_THAT(series->front().patch.content, HasSubstr(big));
}

TEST(PatchesOfMbox, NameTheCommitThatAStableTreeTook) {
  for (const std::string& line : {"commit " + kId + " upstream.", "[ Upstream commit " + kId + " ]"}) {
    const auto series = thread({mail("[PATCH 5.10 1/1] a", line + "\n\n" + kPatchA)});
    ASSERT_THAT(subjects(series), ElementsAre("a"));
    EXPECT_EQ(series->front().commit, kId);
  }
  EXPECT_EQ(thread({mail("[PATCH] a", "commit 0123 upstream.\ncommit " + kId + "\n" + kPatchA)})->front().commit, "");
}

// Patches as mail gives them, applied.
class MailedPatches : public FolderTest {
 protected:
  MailedPatches() : tree_(root() / "copy") { makeFakeKernel(tree_.source()); }

  std::string apply(const Series& series) {
    if (!series) return series.error().message;
    std::vector<Patch> patches;
    for (const SeriesPatch& patch : *series) patches.push_back(patch.patch);
    const auto uses = putOn(patches, tree_);
    return uses ? readFileIfThere(tree_.source() / "fs/a.c").substr(0, 6) : uses.error().message;
  }

  PatchedTree tree_;
};

TEST_F(MailedPatches, ApplyInEachEncoding) {
  const std::string crlf =
      "Why.\r\n\r\n--- a/fs/a.c\r\n+++ b/fs/a.c\r\n@@ -1,3 +1,3 @@\r\n a1\r\n-a2\r\n+A2\r\n a3\r\n";
  const std::string base64 =
      "V2h5Lg0KDQotLS0gYS9mcy9hLmMNCisrKyBiL2ZzL2EuYw0KQEAgLTEsMyArMSwzIEBADQogYTEN\nCi1hMg0KK0EyDQogYTMNCg==\n";
  const std::string quoted = "Why=2E\n--- a/fs/a.c\n+++ b/fs/=\na.c\n@@ -1,3 +1,3 @@\n=20a1\n-a2\n+A=32\n a3\n";
  EXPECT_EQ(apply(thread({mail("[PATCH] a", kPatchA)})), "a1\nA2\n");
  EXPECT_EQ(apply(thread({mail("[PATCH] a", base64, "Content-Transfer-Encoding: base64\n")})), "a1\nA2\n");
  EXPECT_EQ(apply(thread({mail("[PATCH] a", quoted, "Content-Transfer-Encoding: quoted-printable\n")})), "a1\nA2\n");
  EXPECT_EQ(apply(patchesOfMbox("Subject: [PATCH] a\r\n\r\n" + crlf, "t.mbox")), "a1\nA2\n");
}

class PatchSeriesFolder : public FolderTest {
 protected:
  Series read(const fs::path& name) { return readPatchSeries(root() / name); }
};

TEST_F(PatchSeriesFolder, OfQuiltIsInItsOrder) {
  write("x/6.1/series", "# why\nb.patch -p1\n../../base/6.1/c.patch\n0000-cover-letter.patch\na.patch\n");
  write("x/6.1/a.patch", std::string("Subject: [PATCH] of a\n\n") + kPatchA);
  write("x/6.1/b.patch", kPatchB);
  write("x/6.1/0000-cover-letter.patch", "prose\n");
  write("base/6.1/c.patch", kPatchNew);
  for (const char* what : {"x/6.1", "x/6.1/", "x/6.1/series"}) {
    const auto series = read(what);
    EXPECT_THAT(names(series), ElementsAre("b", "c", "a")) << what;
    EXPECT_THAT(subjects(series), ElementsAre("b", "c", "of a")) << what;
  }
  EXPECT_EQ(read("x/6.1")->at(0).patch.content, kPatchB);
  EXPECT_EQ(read("x/6.1")->at(0).patch.file, root() / "x/6.1/b.patch");
}

TEST_F(PatchSeriesFolder, OfPatchesIsInTheOrderOfTheirNumbers) {
  for (const char* name : {"10-c", "9-b", "1-a"}) write(fs::path("x") / (std::string(name) + ".patch"), kPatchA);
  write("x/.hidden.patch", "");
  write("x/readme", "");
  write("x/folder.patch/y", "");
  EXPECT_THAT(names(read("x")), ElementsAre("1-a", "9-b", "10-c"));
  write("x/other.patch", kPatchA);
  EXPECT_THAT(names(read("x")), ElementsAre("1-a", "10-c", "9-b", "other"));
}

TEST_F(PatchSeriesFolder, TellsPatchesOfOneNameApart) {
  write("x/series", "a/fix.patch\nb/fix.patch\n");
  write("x/a/fix.patch", kPatchA);
  write("x/b/fix.patch", kPatchB);
  EXPECT_THAT(names(read("x")), ElementsAre("fix", "fix-2"));
}

TEST_F(PatchSeriesFolder, HasNamesThatCanBeThoseOfFiles) {
  write("x/series", "...patch\n");
  write("x/...patch", kPatchA);
  EXPECT_THAT(names(read("x")), ElementsAre("0000"));
}

TEST_F(PatchSeriesFolder, SaysWhatIsWrong) {
  write("empty/readme", "");
  write("lines/4.19/series", "");
  write("lines/6.1/series", "");
  write("blank/series", "# nothing\n");
  write("out/series", "../../../../../../../../../../../etc/passwd\n");
  write("none/series", "none.patch\n");
  write("prose/x.patch", "prose\n");
  write("versions/0001-a.patch", kPatchA);
  write("versions/v2-0001-b.patch", kPatchA);
  write("path/a.patch", "--- /dev/null\n+++ b/x/../../out\n@@ -0,0 +1 @@\n+x\n");
  write("cut/a.patch", "--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n x\n");
  write("base64/a.patch", "Subject: a\nContent-Transfer-Encoding: base64\n\nYWJjZ\n");
  write("plain.patch", kPatchA);
  const std::vector<std::pair<const char*, const char*>> table = {
      {"nowhere", "expected a folder of patches, a `series` or an mbox, found nothing"},
      {"empty", "expected a `series` or *.patch in it, found neither"},
      {"lines", "expected the series of one line of kernels, found those of 4.19, 6.1"},
      {"blank", "expected patches, found none"},
      {"out", "leads out of the folder of series"},
      {"none", "none/series:1: "},
      {"prose", "prose/x.patch: expected a patch, found no diff"},
      {"versions", "0001-a.patch and v2-0001-b.patch have one number"},
      {"path", "path/a.patch: the path \"x/../../out\" in it leads out"},
      {"cut", "cut/a.patch: the patch is cut or damaged"},
      {"base64", "base64/a.patch: its base64 is cut or damaged"},
      {"plain.patch", "expected a folder of patches, a `series` or an mbox, found something else"},
      {"/dev/null", "/dev/null: expected a folder of patches"},
  };
  for (const auto& [what, problem] : table) EXPECT_THAT(refusal(read(what)), HasSubstr(problem)) << what;
}

TEST_F(PatchSeriesFolder, TheProjectsOwnAreSeries) {
  int count = 0;
  for (const auto& scenario : fs::directory_iterator(RELAPSE_SOURCE_DIR "/scenarios/series")) {
    for (const std::string& line : kernelLinesIn(scenario.path())) {
      if (fs::file_size(scenario.path() / line / "series") == 0) continue;
      const auto series = readPatchSeries(scenario.path() / line);
      EXPECT_TRUE(series) << series.error().message;
      ++count;
    }
  }
  EXPECT_GT(count, 5);
}

// Three of the nine are the shipped ones: what a bisect of them finds is the bug that is shipped.
TEST_F(PatchSeriesFolder, TheOneToBisectHasTheShippedPatchesAmongHarmlessOnes) {
  const auto shipped = readPatchSeries(RELAPSE_SOURCE_DIR "/scenarios/series/nfs-wb-page/6.1");
  const auto all = readPatchSeries(RELAPSE_SOURCE_DIR "/tests/end-to-end/series/bisect/6.1");
  ASSERT_TRUE(shipped) << shipped.error().message;
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 9u);
  const auto isShipped = [&](const SeriesPatch& patch) {
    return std::ranges::any_of(*shipped, [&](const auto& other) { return other.patch.content == patch.patch.content; });
  };
  std::string which;
  for (const SeriesPatch& patch : *all) which += isShipped(patch) ? '!' : '.';
  EXPECT_EQ(which, "!..!..!..");
}

// What git itself writes.
class FormatPatch : public GitTest {
 protected:
  FormatPatch() {
    write("tree/a", "1\n2\n3\n");
    commit("one");
    write("tree/a", "1\n2\n3\n4\n");
    write("tree/s/b", "b\n");
    commit("[media] nfs: keep the page that was given up, of which there is more than one: ../..");
    write("tree/u/\u00fc", "\u00fc\n");
    git({"mv", "a", "c"});
    commit("\u00fcber alles, with a subject so long that it is folded where git folds, \u535a\u5ba2 and more of it");
    git({"rm", "-q", "s/b"});
    write("tree/e", std::string("\0\1\2", 3));
    commit("three\n\nFrom here on.\n>From there.\n\n-- \nnot a signature");
  }

  // The output of `git format-patch WORDS HEAD~3`.
  std::string formatPatch(std::vector<std::string> words) {
    words.insert(words.begin(), "format-patch");
    words.push_back("HEAD~3");
    return git(words);
  }
  Series folder(const std::string& name, std::vector<std::string> words) {
    words.insert(words.end(), {"-q", "-o", (root() / name).string()});
    formatPatch(words);
    return readPatchSeries(root() / name);
  }
  Series mbox(const std::string& name, std::vector<std::string> words) {
    words.push_back("--stdout");
    return readPatchSeries(write(name, formatPatch(words)));
  }
};

TEST_F(FormatPatch, IsTheSameInAFolderAndInAnMbox) {
  const std::vector<std::vector<std::string>> table = {
      {},     {"--cover-letter"}, {"-v3", "--cover-letter"}, {"-n", "--thread"}, {"-N"},
      {"-k"}, {"--attach"},       {"--from=L <l@x>"}};
  int number = 0;
  for (const auto& words : table) {
    const std::string name = std::to_string(++number);
    const auto one = folder(name, words);
    const auto other = mbox(name + ".mbox", words);
    ASSERT_TRUE(one) << one.error().message;
    ASSERT_TRUE(other) << other.error().message;
    ASSERT_EQ(one->size(), 3u) << name;
    ASSERT_EQ(other->size(), 3u) << name;
    for (std::size_t i = 0; i < 3; ++i) {
      const SeriesPatch &a = one->at(i), &b = other->at(i);
      EXPECT_EQ(a.patch.sha256, b.patch.sha256) << name;
      EXPECT_TRUE(a.name == b.name || a.name.starts_with("v3-")) << a.name << " " << b.name;
      EXPECT_EQ(a.subject, b.subject);
      EXPECT_EQ(a.author, "a <a@b>") << name;
      EXPECT_EQ(b.author, "a <a@b>") << name;
      EXPECT_EQ(a.commit, id("HEAD~" + std::to_string(2 - i)));
      EXPECT_EQ(a.commit, b.commit);
      EXPECT_EQ(a.files, b.files);
    }
  }
}

TEST_F(FormatPatch, IsReadWithSubjectsAndFiles) {
  const auto series = folder("out", {"--cover-letter"});
  ASSERT_TRUE(series) << series.error().message;
  EXPECT_THAT(
      subjects(series),
      ElementsAre(
          "[media] nfs: keep the page that was given up, of which there is more than one: ../..",
          "\u00fcber alles, with a subject so long that it is folded where git folds, \u535a\u5ba2 and more of it",
          "three"));
  EXPECT_THAT(series->at(0).files, ElementsAre("a", "s/b"));
  EXPECT_THAT(series->at(1).files, ElementsAre("a", "c", "u/\u00fc"));
  EXPECT_THAT(series->at(2).files, ElementsAre("e", "s/b"));
}

TEST_F(FormatPatch, AppliesAsItWasRead) {
  const std::string wanted = id("HEAD^{tree}");
  const auto series = mbox("t.mbox", {"--attach"});
  ASSERT_TRUE(series) << series.error().message;
  git({"reset", "-q", "--hard", "HEAD~3"});
  for (const SeriesPatch& patch : *series) git({"apply", "--index", write("one.patch", patch.patch.content).string()});
  EXPECT_EQ(withoutEnd(git({"write-tree"})), wanted);
}

}  // namespace
}  // namespace relapse::kernel
