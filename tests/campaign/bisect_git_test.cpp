// SPDX-License-Identifier: GPL-2.0-or-later
// A bisect of a real git tree, with kernels of a simulated world.
#include <gmock/gmock.h>

#include "bisect_world.hpp"
#include "process/process.hpp"

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::SizeIs;

// 64 commits after the first: eight times five on the trunk, two beside it, and their merge.
class BisectGit : public BisectTest {
 protected:
  BisectGit() {
    fs::create_directories(tree());
    git({"init", "-q", "-b", "main"});
    addCommit({});
    std::size_t head = 0;
    for (int block = 0; block < 8; ++block) {
      const std::size_t fork = addCommit({head});
      const std::size_t trunk = addCommit({fork});
      const std::size_t side = addCommit({addCommit({fork})});
      head = addCommit({addCommit({trunk}), side});
      head = addCommit({addCommit({head})});
    }
    import();
    git({"checkout", "-q", "main"});
    std::ofstream(tree() / "f3") << "the user's own change\n";
  }

  fs::path tree() const { return root_ / "tree"; }

  void git(std::vector<std::string> words) const {
    words.insert(words.begin(), {"git", "-C", tree().string()});
    const auto done = process::runChecked({.argv = words});
    EXPECT_TRUE(done) << done.error().message;
  }

  // It changes a file of its own, a merge those that it brings as well.
  std::size_t addCommit(std::vector<std::size_t> parents) {
    const std::size_t number = parents_.size();
    Held holds{number};
    for (const auto parent : parents) holds.insert(holds_[parent].begin(), holds_[parent].end());
    parents_.push_back(std::move(parents));
    holds_.push_back(std::move(holds));
    return number;
  }

  // What a commit has that its first parent has not.
  Held brings(std::size_t commit) const {
    Held brought = holds_[commit];
    if (!parents_[commit].empty())
      for (const auto held : holds_[parents_[commit].front()]) brought.erase(held);
    return brought;
  }

  void import() {
    std::string stream;
    for (std::size_t number = 0; number < parents_.size(); ++number) {
      stream += fmt::format("commit refs/heads/main\nmark :{}\ncommitter a <a@b> {} +0000\ndata <<.\nc{}\n.\n",
                            number + 1, 1'700'000'000 + number, number);
      for (std::size_t i = 0; i < parents_[number].size(); ++i)
        stream += fmt::format("{} :{}\n", i == 0 ? "from" : "merge", parents_[number][i] + 1);
      for (const auto file : brings(number)) stream += fmt::format("M 100644 inline f{0}\ndata <<.\nof {0}\n.\n", file);
      stream += "\n";
    }
    const fs::path marks = root_ / "marks";
    std::ofstream(root_ / "stream") << stream;
    const auto done =
        process::runChecked({.argv = {"sh", "-c", "git -C \"$1\" fast-import --quiet --export-marks=\"$2\" <\"$3\"",
                                      "sh", tree().string(), marks.string(), (root_ / "stream").string()}});
    EXPECT_TRUE(done) << done.error().message;
    std::ifstream in(marks);
    for (std::string mark, id; in >> mark >> id;) numberOf_[id] = std::stoul(mark.substr(1)) - 1;
    ids_.resize(parents_.size());
    for (const auto& [id, number] : numberOf_) ids_[number] = id;
  }

  // What the kernel of a command holds: "git:TREE#COMMIT", and patches of commits or what takes them away.
  Held heldBy(const std::vector<std::string>& argv) const {
    const std::string& source = argv[2];
    Held held = holds_[numberOf_.at(source.substr(source.find('#') + 1))];
    for (const auto& word : argv) {
      if (!word.ends_with(".patch")) continue;
      const std::string name = fs::path(word).filename();
      const auto of =
          std::ranges::find_if(numberOf_, [&](const auto& one) { return name.starts_with(one.first.substr(0, 12)); });
      for (const auto brought : brings(of->second))
        name.ends_with("-reversed.patch") ? void(held.erase(brought)) : void(held.insert(brought));
    }
    return held;
  }

  // The bug is there with the commit; of some commits no kernel can be built.
  BisectWorld worldOf(std::size_t culprit, const std::set<std::size_t>& broken = {}) const {
    auto world = BisectWorld::needing({culprit});
    world.heldBy = [this](const auto& argv) { return heldBy(argv); };
    world.failed = [this, broken](const engine::Job& job) -> std::optional<Failure> {
      const std::string& source = job.argv[2];
      if (!broken.contains(numberOf_.at(source.substr(source.find('#') + 1)))) return std::nullopt;
      return Failure{FailureKind::BuildFailed, "does not build", ""};
    };
    return world;
  }

  BisectPlan planOfTree(bool firstParent) const {
    auto plan = planGit({tree(), ids_.front(), "main", firstParent}, {});
    EXPECT_TRUE(plan) << plan.error().message;
    return plan ? *plan : BisectPlan();
  }

  // Every file of it, .git's as well.
  std::map<std::string, std::string> snapshot() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(tree())) {
      std::ifstream in(entry.path(), std::ios::binary);
      files[entry.path()] = entry.is_regular_file() ? std::string(std::istreambuf_iterator<char>(in), {}) : "";
    }
    return files;
  }

  std::vector<std::vector<std::size_t>> parents_;
  std::vector<Held> holds_;
  std::map<std::string, std::size_t> numberOf_;
  std::vector<std::string> ids_;
};

TEST_F(BisectGit, OfAGraphFindsTheCommitWhereverItIsAndLeavesTheTreeAlone) {
  const auto before = snapshot();
  for (const std::size_t culprit : {1U, 2U, 3U, 4U, 6U, 30U, 35U, 36U, 38U, 63U, 64U}) {
    begin(planOfTree(false));
    ASSERT_TRUE(begun_.plan.graph);
    ASSERT_EQ(begun_.plan.size(), 64U);
    const auto report = goIn(worldOf(culprit));
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_THAT(report->culprits, SizeIs(1)) << culprit << report->words;
    EXPECT_EQ(report->culprits[0].commit, ids_[culprit]) << culprit;
    EXPECT_EQ(report->culprits[0].subject, fmt::format("c{}", culprit));
    EXPECT_LE(report->kernels, 14);
  }
  EXPECT_EQ(snapshot(), before);
}

TEST_F(BisectGit, AlongFirstParentsFindsTheMergeThatBroughtIt) {
  const auto before = snapshot();
  for (const std::size_t culprit : {1U, 3U, 4U, 6U, 35U, 38U, 63U, 64U}) {
    begin(planOfTree(true));
    ASSERT_FALSE(begun_.plan.graph);
    ASSERT_EQ(begun_.plan.size(), 48U);
    const auto report = goIn(worldOf(culprit));
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_THAT(report->culprits, SizeIs(1)) << culprit << report->words;
    EXPECT_TRUE(brings(numberOf_.at(report->culprits[0].commit)).contains(culprit)) << report->words;
    EXPECT_LE(report->kernels, 2 + 6 + 2);
  }
  EXPECT_EQ(snapshot(), before);
}

TEST_F(BisectGit, WhereCommitsDoNotBuildNamesTheCulpritOrAGroupThatHoldsIt) {
  const std::set<std::size_t> broken = {7, 20, 21, 22, 29, 30, 31, 32, 33, 36, 50};
  for (const bool firstParent : {false, true})
    for (const std::size_t culprit : {8U, 21U, 30U, 33U, 37U, 50U, 51U}) {
      begin(planOfTree(firstParent));
      const auto report = goIn(worldOf(culprit, broken));
      ASSERT_TRUE(report) << report.error().message;
      EXPECT_EQ(report->ending, "found") << culprit;
      bool held = false;
      for (const auto& one : report->culprits)
        held = held || (firstParent ? brings(numberOf_.at(one.commit)).contains(culprit) : one.commit == ids_[culprit]);
      EXPECT_TRUE(held) << culprit << " " << report->words;
      EXPECT_LE(report->culprits.size(), 7U) << "no more than the commits that do not build, and the next";
    }
}

TEST_F(BisectGit, FindsWhatFixedIt) {
  for (const bool firstParent : {false, true}) {
    begun_.question.fixedBy = true;
    begin(planOfTree(firstParent));
    auto world = worldOf(27);
    world.failure = [](const Held& held) { return std::string(held.contains(27) ? "" : kLockup); };
    const auto report = goIn(world);
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_THAT(report->culprits, SizeIs(1)) << report->words;
    EXPECT_TRUE(brings(numberOf_.at(report->culprits[0].commit)).contains(27));
  }
}

TEST_F(BisectGit, MakesAKernelOfACommitWithSomeMoreAndSomeLess) {
  const auto plan = planOfTree(true);
  const auto plain = optionsOf(plan, {0}, root_, {});
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_TRUE(plain->withoutSeries);
  EXPECT_THAT(plain->patches, SizeIs(0));
  EXPECT_TRUE(plain->source.starts_with("git:")) << plain->source;
  EXPECT_TRUE(plain->source.ends_with("#" + ids_.front())) << plain->source;
  const auto mixed = optionsOf(plan, {2, {5}, {1}}, root_, {});
  ASSERT_TRUE(mixed) << mixed.error().message;
  EXPECT_TRUE(mixed->source.ends_with("#" + plan.candidate(2).commit));
  EXPECT_THAT(mixed->patches, ElementsAre(root_ / "patches" / (plan.candidate(1).name + "-reversed.patch"),
                                          root_ / "patches" / (plan.candidate(5).name + ".patch")));
  for (const auto& patch : mixed->patches) EXPECT_GT(fs::file_size(patch), 0U);
}

TEST_F(BisectGit, ACommitThatChangesNothingMakesNoKernelOfItsOwn) {
  git({"-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "nothing"});
  auto plan = planGit({tree(), ids_.back(), "main", true}, {});
  ASSERT_TRUE(plan) << plan.error().message;
  const auto options = optionsOf(*plan, {1, {}, {1}}, root_, {});
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().kind, FailureKind::BadInput);
}

TEST_F(BisectGit, RefusesRefsThatAreNoneOrNotInThatOrder) {
  struct Row {
    const char* good;
    const char* bad;
  };
  for (const auto& [good, bad] :
       {Row{"nowhere", "main"}, Row{"main~3", "nowhere"}, Row{"main", "main~3"}, Row{"main", "main"}}) {
    const auto plan = planGit({tree(), good, bad, false}, {});
    ASSERT_FALSE(plan) << good << bad;
    EXPECT_EQ(plan.error().kind, FailureKind::BadInput);
  }
}

}  // namespace
}  // namespace relapse::campaign
