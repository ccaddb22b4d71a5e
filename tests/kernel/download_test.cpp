// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/download.hpp"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>

#include "fixture.hpp"
#include "http_server.hpp"
#include "kernel/hash.hpp"

namespace relapse::kernel {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class Download : public FolderTest {
 protected:
  Download() : content_(300'000, 'x'), server_((content_.replace(1000, 5, "hello"), content_)) {}

  Result<void> bring(const DownloadOptions& options = {}) {
    return download(server_.url(), sha256(content_), file(), options);
  }
  fs::path file() const { return root() / "file"; }
  fs::path part() const { return root() / "file.part"; }

  std::string content_;
  HttpServer server_;
};

TEST_F(Download, BringsTheFileAndTellsHowFarItIs) {
  long last = 0, all = 0;
  const auto brought = bring({.onBytes = [&](long done, long total) {
    last = done;
    all = total;
  }});
  ASSERT_TRUE(brought) << brought.error().message;
  EXPECT_EQ(readFile(file()), content_);
  EXPECT_FALSE(fs::exists(part()));
  EXPECT_EQ(last, 300'000);
  EXPECT_EQ(all, 300'000);
}

TEST_F(Download, GoesOnAfterACutWhereItWas) {
  server_.behave({{.cutAfter = 100'000}, {}});
  ASSERT_TRUE(bring());
  EXPECT_EQ(readFile(file()), content_);
  EXPECT_THAT(server_.starts(), ElementsAre(0, 100'000));
}

TEST_F(Download, KeepsWhatCameForTheNextRun) {
  server_.behave({{.cutAfter = 100'000}, {.status = 503}});
  EXPECT_FALSE(bring());
  EXPECT_FALSE(fs::exists(file()));
  EXPECT_EQ(fs::file_size(part()), 100'000u);
  server_.behave({{}});
  ASSERT_TRUE(bring());
  EXPECT_EQ(readFile(file()), content_);
  EXPECT_EQ(server_.starts().back(), 100'000u);
}

TEST_F(Download, StartsAnewWhenTheServerKnowsNoRanges) {
  writeFile(part(), content_.substr(0, 5000));
  server_.behave({{.knowsRanges = false}});
  ASSERT_TRUE(bring());
  EXPECT_EQ(readFile(file()), content_);
}

TEST_F(Download, StartsAnewWhenThePartIsOfAnotherFile) {
  writeFile(part(), std::string(5000, 'y'));
  ASSERT_TRUE(bring());
  EXPECT_EQ(readFile(file()), content_);
}

TEST_F(Download, StartsAnewWhenThePartIsTooLong) {
  writeFile(part(), std::string(400'000, 'y'));
  const auto brought = bring();
  ASSERT_TRUE(brought) << brought.error().message;
  EXPECT_EQ(readFile(file()), content_);
}

TEST_F(Download, TakesAPartThatIsWholeWithoutANetwork) {
  writeFile(part(), content_);
  server_.behave({{.status = 500}});
  ASSERT_TRUE(bring());
  EXPECT_EQ(readFile(file()), content_);
}

TEST_F(Download, OfAnotherContentLeavesNothing) {
  const auto brought = download(server_.url(), sha256("other"), file());
  ASSERT_FALSE(brought);
  EXPECT_EQ(brought.error().kind, FailureKind::HostLacks);
  EXPECT_THAT(brought.error().message, HasSubstr("expected sha256 " + sha256("other") + ", found " + sha256(content_)));
  EXPECT_FALSE(fs::exists(file()));
  EXPECT_FALSE(fs::exists(part()));
}

TEST_F(Download, ThatIsNotThereSaysSoAndLeavesNothing) {
  server_.behave({{.status = 404}});
  const auto brought = bring();
  ASSERT_FALSE(brought);
  EXPECT_EQ(brought.error().kind, FailureKind::HostLacks);
  EXPECT_THAT(brought.error().message, HasSubstr("404"));
  EXPECT_FALSE(fs::exists(file()));
  EXPECT_FALSE(fs::exists(part()));
}

TEST_F(Download, WithoutAServerIsOneLine) {
  const auto brought = download("http://127.0.0.1:1/x", sha256(""), file());
  ASSERT_FALSE(brought);
  EXPECT_EQ(brought.error().kind, FailureKind::HostLacks);
  EXPECT_EQ(brought.error().message.find('\n'), std::string::npos);
  EXPECT_FALSE(fs::exists(part()));
}

TEST_F(Download, StopRequestIsCancelledAndKeepsThePart) {
  std::stop_source source;
  const auto brought = bring({.onBytes =
                                  [&](long done, long) {
                                    if (done > 0) source.request_stop();
                                  },
                              .stop = source.get_token()});
  ASSERT_FALSE(brought);
  EXPECT_EQ(brought.error().kind, FailureKind::Cancelled);
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(Download, OfAFileUrlWorks) {
  write("origin", "content");
  ASSERT_TRUE(download("file://" + (root() / "origin").string(), sha256("content"), file()));
  EXPECT_EQ(readFile(file()), "content");
}

TEST_F(Download, OntoAFullDiskIsExhausted) {
  const bool mounted = ::mount("relapse", root().c_str(), "tmpfs", 0, "size=64k") == 0;
  if (!mounted && errno == EPERM) GTEST_SKIP() << "skipped: no privilege to mount a small disk";
  ASSERT_TRUE(mounted);
  const auto brought = bring();
  ::umount2(root().c_str(), MNT_DETACH);
  ASSERT_FALSE(brought);
  EXPECT_EQ(brought.error().kind, FailureKind::Exhausted);
}

}  // namespace
}  // namespace relapse::kernel
