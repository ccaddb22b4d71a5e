// SPDX-License-Identifier: GPL-2.0-or-later
#include "document/load.hpp"

#include <sys/stat.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace relapse::document {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

std::string errorsOf(std::string_view text) {
  Errors errors;
  parse(text, "f.yaml", errors);
  return errors.text();
}

// The tree on one line, each node with its place: "{a@1:1: x@1:4}".
std::string show(const Value& value);

std::string showContent(const Value& value) {
  if (value.isEmpty()) return "~";
  if (const std::string* text = value.text()) return *text;
  std::string result;
  if (const Value::List* list = value.list()) {
    for (const Value& item : *list) result += (result.empty() ? "" : ", ") + show(item);
    return "[" + result + "]";
  }
  for (const Entry& entry : *value.map()) {
    result += fmt::format("{}{}@{}:{}: {}", result.empty() ? "" : ", ", entry.key, entry.place.line, entry.place.column,
                          show(entry.value));
  }
  return "{" + result + "}";
}

std::string show(const Value& value) {
  return fmt::format("{}@{}:{}", showContent(value), value.place.line, value.place.column);
}

std::string treeOf(std::string_view text) {
  Errors errors;
  const std::optional<Value> value = parse(text, "f.yaml", errors);
  return value && errors.empty() ? show(*value) : "errors: " + errors.text();
}

struct Case {
  std::string_view name;
  std::string text;
  std::string expected;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}
std::string nameOf(const testing::TestParamInfo<Case>& info) {
  return std::string(info.param.name);
}

class TreeOf : public testing::TestWithParam<Case> {};
TEST_P(TreeOf, HasThesePlaces) {
  EXPECT_EQ(treeOf(GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Yaml, TreeOf,
    testing::Values(
        Case{"AMapAndAList", "a: 1\nb: [x, y]\n", "{a@1:1: 1@1:4, b@2:1: [x@2:5, y@2:8]@2:4}@1:1"},
        Case{"AListOfMaps", "- a: 1\n  b: 2\n- c\n", "[{a@1:3: 1@1:6, b@2:3: 2@2:6}@1:3, c@3:3]@1:1"},
        Case{"AnEmptyFile", "", "~@1:1"}, Case{"AFileOfComments", "# nothing\n", "~@1:1"},
        Case{"CrlfLines", "a: 1\r\nb: x\r\n", "{a@1:1: 1@1:4, b@2:1: x@2:4}@1:1"},
        Case{"AByteOrderMark", "\xEF\xBB\xBF"s + "a: 1\n", "{a@1:1: 1@1:4}@1:1"},
        Case{"ColumnsCountCharactersNotBytes", "{é: ü, b: 1}", "{é@1:2: ü@1:5, b@1:8: 1@1:11}@1:1"},
        Case{"QuotesAreGone", "a: \"x\\ty\"\nb: 'it''s'\n", "{a@1:1: x\ty@1:4, b@2:1: it's@2:4}@1:1"},
        Case{"QuotedNullIsText", "a: \"null\"\nb: ''\n", "{a@1:1: null@1:4, b@2:1: @2:4}@1:1"},
        Case{"ABlockOfText", "a: |\n  x\n  y\nb: 1\n", "{a@1:1: x\ny\n@1:4, b@4:1: 1@4:4}@1:1"},
        Case{"AWrittenNullIsInItsPlace", "a: ~\nb: null\n", "{a@1:1: ~@1:4, b@2:1: ~@2:4}@1:1"},
        Case{"AnEmptyValueIsAtItsKey", "a:\n\n# c\nb: 1\n", "{a@1:1: ~@1:1, b@4:1: 1@4:4}@1:1"},
        Case{"AnEmptyValueBeforeAKeyCalledNull", "a:\nnull: 1\n", "errors: f.yaml:2:1: expected a key, found nothing"},
        Case{"AnEmptyValueInAFlowMap", "{a, b: }", "{a@1:2: ~@1:2, b@1:5: ~@1:5}@1:1"},
        Case{"AnEmptyItemIsAtItsDash", "a:\n  - # c\n  # - d\n\n  -\n  - x\n",
             "{a@1:1: [~@2:3, ~@5:3, x@6:5]@2:3}@1:1"},
        Case{"AWrittenNullItem", "- ~\n- x\n", "[~@1:3, x@2:3]@1:1"},
        Case{"AnAliasIsWhereItIsUsed", "a: &k [1]\nb: *k\n", "{a@1:1: [1@1:8]@1:7, b@2:1: [1@1:8]@2:4}@1:1"},
        Case{"AnAliasOfAScalar", "a: &k x\nb: [*k, *k]\n", "{a@1:1: x@1:7, b@2:1: [x@2:5, x@2:9]@2:4}@1:1"},
        Case{"AnAnchorThatIsSetAgain", "a: &k x\nb: &k y\nc: *k\n", "{a@1:1: x@1:7, b@2:1: y@2:7, c@3:1: y@3:4}@1:1"}),
    nameOf);

class ErrorsOf : public testing::TestWithParam<Case> {};
TEST_P(ErrorsOf, AreThese) {
  EXPECT_EQ(errorsOf(GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Yaml, ErrorsOf,
    testing::Values(
        Case{"ASecondKey", "a: 1\nb:\n  c: 1\n  c: 2\n",
             "f.yaml:4:3: b.c: expected each key once, found \"c\" again (first on line 3)"},
        Case{"ASecondKeyInQuotes", "a: 1\n\"a\": 2\n",
             "f.yaml:2:1: a: expected each key once, found \"a\" again (first on line 1)"},
        Case{"TwoSecondKeys", "x: [{a: 1, a: 2}]\nx: 3\n",
             "f.yaml:1:12: x[0].a: expected each key once, found \"a\" again (first on line 1)\n"
             "f.yaml:2:1: x: expected each key once, found \"x\" again (first on line 1)"},
        Case{"AnUnknownAlias", "a: *b\n",
             "f.yaml:1:4: expected YAML, found a fault in it: the referenced anchor is not defined"},
        Case{"AnAliasOfItself", "a: &k [*k]\n",
             "f.yaml:1:8: a[0]: expected an alias of something complete, found one of what it stands in"},
        Case{"AnAliasAsKey", "a: &k x\n*k : 1\n", "f.yaml:2:1: expected a key, found an alias"},
        Case{"AListAsKey", "? [a]\n: b\n", "f.yaml:1:3: expected a key that is text, found a list"},
        Case{"ATag", "a: !!str x\n", "f.yaml:1:10: a: expected a value without a tag, found \"tag:yaml.org,2002:str\""},
        Case{"TwoDocuments", "a: 1\n---\nb: 1\n", "f.yaml:2:1: expected one YAML document, found another"},
        Case{"AnOpenBracket", "a: [1, 2\n",
             "f.yaml:1:9: expected YAML, found a fault in it: end of sequence flow not found"},
        Case{"ADoubleQuoteThatIsNotClosed", "a: 1\nb: \"x\n",
             "f.yaml:2:4: b: expected a closing quote, found the end of the file"},
        Case{"ASingleQuoteThatIsNotClosed", "b: 'it''s\n",
             "f.yaml:1:4: b: expected a closing quote, found the end of the file"},
        Case{"AnAnchoredQuoteThatIsNotClosed", "b: &k 'x\n",
             "f.yaml:1:7: b: expected a closing quote, found the end of the file"},
        Case{"AMapAfterAScalar", "a: 1\n  b: 2\n", "f.yaml:2:4: expected YAML, found a fault in it: illegal map value"},
        Case{"ANulByte", "a: x\0y\n"s, "f.yaml:1:5: expected text, found the control character 0x00"},
        Case{"AnEscapeByte", "# \x1B[31m\n", "f.yaml:1:3: expected text, found the control character 0x1b"},
        Case{"AnEscapedEscape", "a: \"\\e[31m\"\n",
             "f.yaml:1:4: a: expected text without control characters, found \"\\x1b[31m\""},
        Case{"AnEscapedC1Control", "a: \"\\x9b31m\"\n",
             "f.yaml:1:4: a: expected text without control characters, found \"\\x9b31m\""},
        Case{"ALoneCarriageReturn", "a: 1\rb: 2\n", "f.yaml:1:5: expected text, found the control character 0x0d"},
        Case{"Latin1", "a: caf\xE9\n", "f.yaml:1:7: expected UTF-8 text, found the byte 0xe9"},
        Case{"AnOverlongSlash", "a: \xC0\xAF\n", "f.yaml:1:4: expected UTF-8 text, found the byte 0xc0"},
        Case{"AnOverlongInThreeBytes", "a: \xE0\x80\xAF\n", "f.yaml:1:4: expected UTF-8 text, found the byte 0xe0"},
        Case{"ASurrogate", "a: \xED\xA0\x80\n", "f.yaml:1:4: expected UTF-8 text, found the byte 0xed"},
        Case{"BeyondUnicode", "a: \xF4\x90\x80\x80\n", "f.yaml:1:4: expected UTF-8 text, found the byte 0xf4"},
        Case{"ACharacterCutOff", "a: \xC3", "f.yaml:1:4: expected UTF-8 text, found the byte 0xc3"},
        Case{"Utf16",
             "\xFF\xFE"
             "a\0"s,
             "f.yaml:1:1: expected UTF-8 text, found the byte 0xff"}),
    nameOf);

TEST(Limits, AFileOfOneMebibyteIsReadAndOneByteMoreIsNot) {
  EXPECT_EQ(errorsOf("#" + std::string(kMostBytes - 1, 'x')), "");
  EXPECT_EQ(errorsOf("#" + std::string(kMostBytes, 'x')), "f.yaml: expected at most 1048576 bytes, found more");
}

TEST(Limits, DeepNestingIsRefusedWhereItIsTooDeep) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_EQ(errorsOf(nested(kMostDepth)), "");
  EXPECT_THAT(errorsOf(nested(kMostDepth + 1)), HasSubstr("f.yaml:1:33: "));
  EXPECT_THAT(errorsOf(nested(kMostDepth + 1)), HasSubstr(": expected at most 32 levels, found more"));
  EXPECT_THAT(errorsOf(std::string(kMostBytes, '[')), HasSubstr("expected at most 32 levels, found more"));
}

TEST(Limits, AliasesDoNotGetAroundTheDepth) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 40; ++i) text += fmt::format("a{0}: &a{0} [*a{1}]\n", i, i - 1);
  // The map, a30's list and the 31 levels of a29 are 33.
  EXPECT_EQ(errorsOf(text), "f.yaml:31:12: a30[0]: expected at most 32 levels, found more");
}

TEST(Limits, ABombOfAliasesIsRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    text += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  EXPECT_THAT(errorsOf(text), HasSubstr("expected at most 20000 values, aliases expanded; found more"));
}

TEST(Limits, ABombOfLongTextIsRefused) {
  std::string text = "a: &a " + std::string(500'000, 'x') + "\nb: [";
  for (int i = 0; i < 9; ++i) text += "*a, ";
  EXPECT_EQ(errorsOf(text + "]\n"), "f.yaml:2:33: b[7]: expected at most 4194304 bytes, aliases expanded; found more");
}

TEST(Limits, LongKeysCountInABomb) {
  std::string text = "a: &a {" + std::string(900, 'x') + ": 1}\nb: [";
  for (int i = 0; i < 6000; ++i) text += "*a, ";
  EXPECT_THAT(errorsOf(text + "]\n"), HasSubstr("expected at most 4194304 bytes, aliases expanded; found more"));
}

TEST(Limits, TooManyValuesAreRefused) {
  std::string text;
  for (std::size_t i = 0; i < kMostValues; ++i) text += "- x\n";
  EXPECT_EQ(errorsOf(text), "f.yaml:20000:3: [19999]: expected at most 20000 values, aliases expanded; found more");
}

class LoadedFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "documentXXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(LoadedFile, IsReadWithItsPathInEachPlace) {
  const std::filesystem::path file = folder_ / "a.yaml";
  std::ofstream(file) << "a: 1\n";
  const Result<Value> value = load(file);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->find("a")->place.file, file.string());
}

TEST_F(LoadedFile, IsRefusedWithEveryErrorAsBadInput) {
  const std::filesystem::path file = folder_ / "a.yaml";
  std::ofstream(file) << "a: 1\na: 2\na: !x 3\n";
  const Result<Value> value = load(file);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().kind, FailureKind::BadInput);
  EXPECT_EQ(value.error().message,
            fmt::format("{0}:2:1: a: expected each key once, found \"a\" again (first on line 1)\n"
                        "{0}:3:1: a: expected each key once, found \"a\" again (first on line 1)\n"
                        "{0}:3:7: a: expected a value without a tag, found \"!x\"",
                        file.string()));
}

TEST_F(LoadedFile, ThatIsAPipeOrADeviceIsRefusedAtOnce) {
  const std::filesystem::path pipe = folder_ / "pipe.yaml";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(load(pipe).error().message,
            pipe.string() + ": expected a file that can be read, found: a pipe or a device");
  EXPECT_EQ(load("/dev/zero").error().message,
            "/dev/zero: expected a file that can be read, found: a pipe or a device");
}

TEST_F(LoadedFile, ThatIsMissingOrAFolderSaysSo) {
  const std::filesystem::path missing = folder_ / "none.yaml";
  EXPECT_EQ(load(missing).error().message,
            missing.string() + ": expected a file that can be read, found: No such file or directory");
  EXPECT_EQ(load(folder_).error().message, folder_.string() + ": expected a file that can be read, found: a folder");
}

}  // namespace
}  // namespace relapse::document
