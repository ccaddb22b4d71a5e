// SPDX-License-Identifier: GPL-2.0-or-later
#include <string>

#include <gtest/gtest.h>

#include "document/load.hpp"

namespace relapse::document {
namespace {

struct Tree {
  Value root;
  Errors errors;
};

Tree overridden(std::string_view text, std::string_view assignment) {
  Tree tree;
  tree.root = parse(text, "f.yaml", tree.errors).value();
  applyOverride(tree.root, assignment, tree.errors);
  return tree;
}

std::string errorOf(std::string_view assignment) {
  return overridden("a: {b: [x, {c: y}], e: []}\ns: t\n", assignment).errors.text();
}

TEST(Override, ReplacesAScalar) {
  const Tree tree = overridden("a: {b: 1, c: 2}\n", "a.b=9");
  EXPECT_EQ(*tree.root.find("a")->find("b")->text(), "9");
  EXPECT_EQ(*tree.root.find("a")->find("c")->text(), "2");
  EXPECT_TRUE(tree.errors.empty());
}

TEST(Override, ReplacesAListsItemByNumber) {
  for (const std::string_view assignment : {"a.1.b=9", "a[1].b=9"}) {
    const Tree tree = overridden("a: [x, {b: 1}]\n", assignment);
    EXPECT_EQ(tree.root.find("a")->list()->at(0).text()->compare("x"), 0);
    EXPECT_EQ(*tree.root.find("a")->list()->at(1).find("b")->text(), "9") << assignment;
    EXPECT_TRUE(tree.errors.empty());
  }
}

TEST(Override, MakesTheMapsOnTheWay) {
  const Tree tree = overridden("a: 1\nempty:\n", "b.c.d=9");
  EXPECT_EQ(*tree.root.find("b")->find("c")->find("d")->text(), "9");
  EXPECT_EQ(*overridden("a:\n", "a.b=9").root.find("a")->find("b")->text(), "9");
  EXPECT_EQ(*overridden("", "a=9").root.find("a")->text(), "9");
}

TEST(Override, ReadsItsValueAsYaml) {
  EXPECT_EQ(overridden("a: 1\n", "a=[x, y]").root.find("a")->list()->size(), 2u);
  EXPECT_EQ(*overridden("a: 1\n", "a={b: c}").root.find("a")->find("b")->text(), "c");
  EXPECT_EQ(*overridden("a: 1\n", "a='x: y=z'").root.find("a")->text(), "x: y=z");
  EXPECT_TRUE(overridden("a: 1\n", "a=").root.find("a")->isEmpty());
}

TEST(Override, IsThePlaceOfAllItBrings) {
  const Tree tree = overridden("a: 1\n", "n.m=[{k: v}]");
  const Value& item = tree.root.find("n")->find("m")->list()->front();
  EXPECT_EQ(describe(item.place), "--set n.m");
  EXPECT_EQ(describe(item.map()->front().place), "--set n.m");
  EXPECT_EQ(describe(tree.root.map()->back().place), "--set n.m");
}

TEST(Override, LeavesTheOtherCopiesOfAnAliasAlone) {
  const Tree tree = overridden("a: &k {x: 1}\nb: *k\n", "b.x=2");
  EXPECT_EQ(*tree.root.find("a")->find("x")->text(), "1");
  EXPECT_EQ(*tree.root.find("b")->find("x")->text(), "2");
}

TEST(Override, ThatCannotBePutSaysWhy) {
  const struct {
    std::string_view assignment, expected;
  } cases[] = {
      {"a", "--set: expected KEY=VALUE such as nodes.client.cpus=4, found \"a\""},
      {"=1", "--set: expected KEY=VALUE such as nodes.client.cpus=4, found \"=1\""},
      {"a..b=1", "--set: expected KEY=VALUE such as nodes.client.cpus=4, found \"a..b=1\""},
      {"a.b.2=1", "--set a.b.2: expected the number of an item (0 to 1) at a.b, found \"2\""},
      {"a.b.x=1", "--set a.b.x: expected the number of an item (0 to 1) at a.b, found \"x\""},
      {"a.b.-1=1", "--set a.b.-1: expected the number of an item (0 to 1) at a.b, found \"-1\""},
      {"a.b.99999999999999999999=1",
       "--set a.b.99999999999999999999: expected the number of an item (0 to 1) at a.b, found "
       "\"99999999999999999999\""},
      {"a.e.0=1", "--set a.e.0: expected the number of an item (an empty list has none) at a.e, found \"0\""},
      {"a.b[1].c.d=1", "--set a.b[1].c.d: expected a map or a list at a.b[1].c, found \"y\""},
      {"s=[1", "--set s:1:3: expected YAML, found a fault in it: end of sequence flow not found"},
  };
  for (const auto& c : cases) EXPECT_EQ(errorOf(c.assignment), c.expected);
}

TEST(Override, OfMoreLevelsThanADocumentHasIsRefused) {
  std::string key = "a";
  for (std::size_t i = 1; i < kMostDepth; ++i) key += ".a";
  EXPECT_EQ(errorOf(key.substr(2) + "=1"), errorOf("a.a=1"));  // as far as the tree lets it
  EXPECT_TRUE(errorOf("z." + key.substr(2) + "=1").empty());
  EXPECT_EQ(errorOf("z." + key + "=1").substr(0, 22), "--set: expected KEY=VA");
}

TEST(Put, KeepsThePlacesOfItsValue) {
  Errors errors;
  Value tree = parse("a: 1\n", "f", errors).value();
  const Value value = parse("x: {y: 2}", "g", errors).value();
  put(tree, "b.c", value, {"h", 3, 4}, errors);
  EXPECT_EQ(errors.text(), "");
  EXPECT_EQ(describe(tree.find("b")->find("c")->find("x")->place), "g:1:4");
  EXPECT_EQ(describe(tree.map()->back().place), "h:3:4");
  put(tree, "a..b", value, {"h", 3, 4}, errors);
  EXPECT_EQ(errors.text(), "h:3:4: expected a key such as nodes.client.cpus, found \"a..b\"");
}

TEST(Put, CoversTheSamePathAndThoseBelow) {
  EXPECT_TRUE(covers("a", "a"));
  EXPECT_TRUE(covers("a", "a.b"));
  EXPECT_TRUE(covers("s[1].b", "s.1.b.c"));
  EXPECT_FALSE(covers("a.b", "a"));
  EXPECT_FALSE(covers("a", "ab"));
  EXPECT_FALSE(covers("", ""));
  EXPECT_FALSE(covers("a..b", "a..b"));
}

}  // namespace
}  // namespace relapse::document
