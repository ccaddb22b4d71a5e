// SPDX-License-Identifier: GPL-2.0-or-later
#include "checksum/checksum.hpp"

#include <gtest/gtest.h>

namespace relapse::checksum {
namespace {

TEST(Checksum, IsTheOneOfTheStandard) {
  EXPECT_EQ(ofText("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(ofText(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Checksum, FieldsDoNotRunIntoEachOther) {
  Sha256 first;
  first.addField("ab");
  first.addField("c");
  Sha256 second;
  second.addField("a");
  second.addField("bc");
  EXPECT_NE(first.hex(), second.hex());
}

TEST(Checksum, AFileThatCannotBeReadIsAFailure) {
  EXPECT_FALSE(ofFile("/nonexistent"));
}

}  // namespace
}  // namespace relapse::checksum
