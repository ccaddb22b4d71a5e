// SPDX-License-Identifier: GPL-2.0-or-later
#include "document/write.hpp"

#include <gmock/gmock.h>

#include "document/load.hpp"

namespace relapse::document {
namespace {

bool alike(const Value& a, const Value& b) {
  if (a.content.index() != b.content.index()) return false;
  if (a.text() != nullptr) return *a.text() == *b.text();
  if (const auto* list = a.list())
    return std::equal(list->begin(), list->end(), b.list()->begin(), b.list()->end(), alike);
  if (const auto* map = a.map())
    return std::equal(map->begin(), map->end(), b.map()->begin(), b.map()->end(),
                      [](const Entry& x, const Entry& y) { return x.key == y.key && alike(x.value, y.value); });
  return true;
}

Value parsed(std::string_view text) {
  Errors errors;
  const auto value = parse(text, "x", errors);
  EXPECT_TRUE(value && errors.empty()) << errors.text() << "\n" << text;
  return value.value_or(Value{});
}

class Write : public testing::TestWithParam<const char*> {};

TEST_P(Write, IsReadAsTheSameTree) {
  const Value tree = parsed(GetParam());
  const std::string text = write(tree);
  EXPECT_TRUE(alike(parsed(text), tree)) << text;
  EXPECT_EQ(write(parsed(text)), text);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Write,
    testing::Values(
        "", "word", "'two words'", "[]", "{}", "[a, [b, c], {d: e}]", "{a: {b: {c: [1, {d: [[2]]}]}}}",
        "{a: ~, b: '~', c: null, d: 'null', e: ''}", "a: [{b: 1, c: 2}, {b: 3}]\n",
        "{a: 'yes: no', b: '# x', c: '- y', d: \"tab\\tline\\nquote\\\"back\\\\slash\"}",
        "{a: 64KiB, b: \"4.1\", c: -90s, d: 20%, e: '%20', f: '.', g: '@', h: '`', i: '&x', j: '*y', k: '!z'}",
        "{'a key: with': 1, '': 2, '- b': 3, '~': 4}", "{a: ä €}",
        "a: |\n  echo one\n  echo 'two' # three\n\nb: >\n  folded\n  text\n", "- - - x\n- {}\n- []\n- ~\n"));

TEST(WriteScalar, EscapesWhatNoDocumentHolds) {
  EXPECT_EQ(write(Value{{}, std::string("a\x01\x7f\"\\")}), "\"a\\x01\\x7f\\\"\\\\\"\n");
}

}  // namespace
}  // namespace relapse::document
