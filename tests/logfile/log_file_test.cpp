// SPDX-License-Identifier: GPL-2.0-or-later
#include "logfile/log_file.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <optional>

#include "packed.hpp"

namespace relapse::logfile {
namespace {

using testing::HasSubstr;

struct Read {
  std::string text;
  std::optional<Failure> failure = {};
};

Read readAll(const std::string& name) {
  auto log = LogFile::open(name);
  if (!log) return {"", log.error()};
  Read read;
  while (true) {
    const auto piece = log->read();
    if (!piece) return {read.text, piece.error()};
    if (piece->empty()) return read;
    EXPECT_LE(piece->size(), kPiece);
    read.text += *piece;
  }
}

struct PackedBy {
  const char* name;
  std::string (*pack)(std::string_view);
};

class Packed : public testing::TestWithParam<PackedBy> {
 protected:
  std::string packed(std::string_view text) const { return GetParam().pack(text); }
  Folder folder_;
};

TEST_P(Packed, IsReadWhateverItsNameIs) {
  const Read read = readAll(folder_.write("console.log", packed(longLog())));
  EXPECT_FALSE(read.failure);
  EXPECT_TRUE(read.text == longLog());
}

TEST_P(Packed, SeveralOneAfterTheOtherAreOneLog) {
  const Read read = readAll(folder_.write("log", packed("one\n") + packed("") + packed("two\n")));
  EXPECT_FALSE(read.failure);
  EXPECT_EQ(read.text, "one\ntwo\n");
}

TEST_P(Packed, ZeroBytesBehindItAreNoDamage) {
  EXPECT_FALSE(readAll(folder_.write("log", packed("one\n") + std::string(8, '\0'))).failure);
}

TEST_P(Packed, OfNothingIsAnEmptyLog) {
  const Read read = readAll(folder_.write("log", packed("")));
  EXPECT_FALSE(read.failure);
  EXPECT_EQ(read.text, "");
}

TEST_P(Packed, OneThatIsCutOffIsReadUntilThere) {
  const std::string log = longLog();
  const std::string whole = packed(log);
  const Read read = readAll(folder_.write("log", whole.substr(0, whole.size() / 2)));
  ASSERT_TRUE(read.failure);
  EXPECT_EQ(read.failure->kind, FailureKind::BadInput);
  EXPECT_THAT(read.failure->message, HasSubstr(folder_.file("log")));
  EXPECT_THAT(read.failure->message, HasSubstr("it ends in the middle"));
  EXPECT_THAT(read.failure->message, HasSubstr(std::to_string(read.text.size()) + " bytes"));
  EXPECT_GT(read.text.size(), log.size() / 4);
  EXPECT_TRUE(log.starts_with(read.text));
}

TEST_P(Packed, EveryPlaceToCutItOffIsSeen) {
  const std::string whole = packed("watchdog: BUG: soft lockup - CPU#1 stuck for 3s!\n");
  for (std::size_t length = 6; length < whole.size(); ++length)
    EXPECT_TRUE(readAll(folder_.write("log", whole.substr(0, length))).failure) << length << " of " << whole.size();
}

TEST_P(Packed, OneWithAFlippedBitIsReadUntilThere) {
  const std::string log = longLog();
  std::string damaged = packed(log);
  damaged[damaged.size() * 3 / 4] ^= 0x10;
  const Read read = readAll(folder_.write("log", damaged));
  ASSERT_TRUE(read.failure);
  EXPECT_EQ(read.failure->kind, FailureKind::BadInput);
  EXPECT_GT(read.text.size(), log.size() / 4);
}

TEST_P(Packed, OtherBytesBehindItAreDamage) {
  const Read read = readAll(folder_.write("log", packed("one\n") + "and more"));
  ASSERT_TRUE(read.failure);
  EXPECT_EQ(read.text, "one\n");
}

INSTANTIATE_TEST_SUITE_P(LogFile, Packed,
                         testing::Values(PackedBy{"gzip", gzipped}, PackedBy{"xz", xzed}, PackedBy{"zstd", zstded}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(LogFile, APlainOneIsReadAsItIs) {
  const Folder folder;
  const Read read = readAll(folder.write("log.gz", longLog()));
  EXPECT_FALSE(read.failure);
  EXPECT_TRUE(read.text == longLog());
}

TEST(LogFile, AnEmptyOneIsNoFailure) {
  const Folder folder;
  EXPECT_FALSE(readAll(folder.write("log", "")).failure);
}

TEST(LogFile, OneThatBeginsLikeAPackedOneAndEndsThereIsPlain) {
  const Folder folder;
  for (const char* head : {"\x1f",
                           "\xfd"
                           "7zX",
                           "\x28\xb5", "B", "BZ"})
    EXPECT_EQ(readAll(folder.write("log", head)).text, head);
}

TEST(LogFile, WhatIsMissingIsNamed) {
  const Read read = readAll("/nonexistent/console.log");
  ASSERT_TRUE(read.failure);
  EXPECT_EQ(read.failure->kind, FailureKind::BadInput);
  EXPECT_THAT(read.failure->message, HasSubstr("/nonexistent/console.log: expected a console log"));
}

TEST(LogFile, AFolderIsNoLog) {
  const Read read = readAll("/usr");
  ASSERT_TRUE(read.failure);
  EXPECT_EQ(read.failure->kind, FailureKind::BadInput);
  EXPECT_THAT(read.failure->message, HasSubstr("found a directory"));
}

TEST(LogFile, APackingThatIsNotReadIsNotTakenForALogWithoutEvents) {
  const Folder folder;
  const Read read = readAll(folder.write("log", "BZh91AY&SY and so on"));
  ASSERT_TRUE(read.failure);
  EXPECT_EQ(read.failure->kind, FailureKind::BadInput);
  EXPECT_THAT(read.failure->message, HasSubstr("found bzip2"));
  EXPECT_THAT(read.failure->advice, HasSubstr("bzip2 -dc"));
}

TEST(LogFile, ItsDescriptorIsClosedWithIt) {
  const Folder folder;
  const std::string name = folder.write("log", "text\n");
  const int lowest = dup(STDERR_FILENO);
  close(lowest);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(readAll(name).text, "text\n");
  const int now = dup(STDERR_FILENO);
  close(now);
  EXPECT_EQ(lowest, now);
}

}  // namespace
}  // namespace relapse::logfile
