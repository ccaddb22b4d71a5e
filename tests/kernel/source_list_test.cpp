// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/source_list.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"

namespace relapse::kernel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Sources : public FolderTest {
 protected:
  const std::string hash_ = std::string(64, 'a');
};

TEST_F(Sources, AreReadByName) {
  const auto list =
      loadSources(write("s.yaml", "one:\n  url: https://h/x.tar.xz\n  sha256: " + hash_ + "\ntwo: {package: p}\n"));
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(std::get<UrlSource>(list->at("one")).url, "https://h/x.tar.xz");
  EXPECT_EQ(std::get<PackageSource>(list->at("two")).package, "p");
}

TEST_F(Sources, OfTheProjectAreTheTwoThatItsScenariosName) {
  const auto list = loadSources(RELAPSE_SOURCE_DIR "/kernel-configs/sources.yaml");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_TRUE(list->contains("linux-4.19.325"));
  EXPECT_TRUE(list->contains("debian-6.1"));
}

TEST_F(Sources, ThatAreWrongAreAllReportedWithTheirPlace) {
  const auto list =
      loadSources(write("s.yaml", "one: {url: https://h/x}\ntwo: {url: u, sha256: abc}\nthree: {pakcage: p}\n"));
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().kind, FailureKind::BadInput);
  EXPECT_THAT(list.error().message, AllOf(HasSubstr("s.yaml:1:1: one: "), HasSubstr("s.yaml:2:"),
                                          HasSubstr("64 hex digits"), HasSubstr("s.yaml:3:")));
}

TEST_F(Sources, ComeOverTlsOrFromThisHost) {
  for (const std::string url : {"https://h/x", "file:///x", "http://127.0.0.1:80/x"})
    EXPECT_TRUE(loadSources(write("s.yaml", "one: {url: '" + url + "', sha256: " + hash_ + "}\n"))) << url;
  for (const std::string url : {"http://h/x", "ftp://h/x", "http://127.0.0.1.h/x", "scp://h/x", "/x"}) {
    const auto list = loadSources(write("s.yaml", "one: {url: '" + url + "', sha256: " + hash_ + "}\n"));
    ASSERT_FALSE(list) << url;
    EXPECT_THAT(list.error().message, AllOf(HasSubstr("s.yaml:1:"), HasSubstr("an https:// or file:/// URL")));
  }
}

TEST_F(Sources, AWordIsANameAFolderAFileOrAGitReference) {
  const SourceList list{{"name", PackageSource{"p"}}};
  write("tree/x", "");
  EXPECT_TRUE(std::holds_alternative<PackageSource>(*resolve("name", list)));
  EXPECT_TRUE(std::holds_alternative<TreeSource>(*resolve(root() / "tree", list)));
  EXPECT_TRUE(std::holds_alternative<ArchiveSource>(*resolve(root() / "tree/x", list)));
  const auto git = resolve("git:" + (root() / "tree").string() + "#v4.19", list);
  ASSERT_TRUE(git);
  EXPECT_EQ(std::get<GitSource>(*git).ref, "v4.19");
}

TEST_F(Sources, AnUnknownWordIsQuotedWithWhatIsNear) {
  const SourceList list{{"debian-6.1", PackageSource{"p"}}};
  const auto unknown = resolve("debain-6.1", list);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, FailureKind::BadInput);
  EXPECT_THAT(unknown.error().message, HasSubstr("found \"debain-6.1\"; did you mean \"debian-6.1\"?"));
  EXPECT_THAT(resolve("git:/nowhere", list).error().message, HasSubstr("expected git:DIR#REF"));
  EXPECT_THAT(resolve("git:/nowhere#x", list).error().message, HasSubstr("there is no folder /nowhere"));
}

}  // namespace
}  // namespace relapse::kernel
