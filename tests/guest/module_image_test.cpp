// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/module_image.hpp"

#include <gmock/gmock.h>

#include "archive_listing.hpp"
#include "process/process.hpp"

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// A folder with one module that was compiled with debug information.
class ModuleImage : public FolderTest {
 protected:
  ModuleImage() : recipe_{root() / "modules", "6.1.9-ky", "sum"} {
    const fs::path source = write("m.c", "int answer(int x) { return x + 42; }\n");
    fs::create_directory(recipe_.folder);
    const auto compiled = process::runChecked(
        {{"aarch64-linux-gnu-gcc", "-g", "-c", "-o", (recipe_.folder / "m.ko").string(), source.string()}});
    EXPECT_TRUE(compiled) << compiled.error().message;
  }

  fs::path made() {
    auto image = makeModuleImage(recipe_, root() / "cache");
    EXPECT_TRUE(image) << image.error().message;
    return image.value_or("");
  }
  Failure failure() {
    auto image = makeModuleImage(recipe_, root() / "cache");
    EXPECT_FALSE(image);
    return image ? Failure{} : image.error();
  }

  ModuleRecipe recipe_;
};

TEST_F(ModuleImage, HoldsTheModulesWithoutDebugInformationWhereModprobeLooks) {
  const std::string whole = bytesOf(recipe_.folder / "m.ko");
  ASSERT_THAT(whole, HasSubstr(".debug_info"));
  auto members = listing(made());
  const std::string module = members["usr/lib/modules/6.1.9-ky/m.ko"].content;
  EXPECT_THAT(module, HasSubstr("\177ELF"));
  EXPECT_THAT(module, HasSubstr("answer"));  // symbols stay: the guest's own traces need them
  EXPECT_THAT(module, Not(HasSubstr(".debug_info")));
  EXPECT_EQ(bytesOf(recipe_.folder / "m.ko"), whole);
}

TEST_F(ModuleImage, HasNoFolderWhereTheRootImageHasALink) {
  for (const auto& [name, member] : listing(made())) EXPECT_TRUE(name.starts_with("usr/lib/modules")) << name;
}

TEST_F(ModuleImage, IsMadeOnceForTheSameModules) {
  const fs::path first = made();
  const auto time = fs::last_write_time(first);
  EXPECT_EQ(made(), first);
  EXPECT_EQ(fs::last_write_time(first), time);
  recipe_.sha256 = "another";
  EXPECT_NE(made(), first);
  recipe_.release = "6.1.10";
  EXPECT_THAT(listing(made()), testing::Contains(testing::Key("usr/lib/modules/6.1.10/m.ko")));
}

TEST_F(ModuleImage, OfAFolderWithoutModulesIsBadInput) {
  fs::remove(recipe_.folder / "m.ko");
  EXPECT_EQ(failure().kind, FailureKind::BadInput);
  EXPECT_THAT(failure().message, HasSubstr("expected kernel modules (*.ko)"));
}

TEST_F(ModuleImage, OfSomethingElseIsBadInputThatNamesItAndLeavesNothing) {
  write("modules/torn.ko", "not a module");
  const Failure failed = failure();
  EXPECT_EQ(failed.kind, FailureKind::BadInput);
  EXPECT_THAT(failed.message, HasSubstr("torn.ko"));
  EXPECT_TRUE(fs::is_empty(root() / "cache/roots"));
}

TEST_F(ModuleImage, NeedsARelease) {
  recipe_.release.clear();
  EXPECT_THAT(failure().message, HasSubstr("whose release is known"));
}

}  // namespace
}  // namespace relapse::guest
