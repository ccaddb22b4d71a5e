// SPDX-License-Identifier: GPL-2.0-or-later
// The soft lockup on a kernel of the field's shape: 48-bit addresses, stacks in vmalloc space, a slid image, NFS
// and RPC as modules. With what the laboratory wants as well: laboratory_test.cpp takes the same kernel.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <map>
#include <memory>

#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;

// What /relapse/layout said in the guest.
json layoutOf(const fs::path& run) {
  std::ifstream lines(run / "user.client.log");
  for (std::string line; std::getline(lines, line);) {
    const auto start = line.find("{\"text\":");
    if (start != std::string::npos) return json::parse(line.substr(start), nullptr, false);
  }
  return nullptr;
}

struct FieldRun {
  StateFolder state;
  Ran ran = relapse(state, {"run", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1", "--set",
                            "kernel.config=[base, nfs, debug, field-shape, filesystems, faults, probes]"});
  fs::path folder() const { return state.onlyRun(); }
};

class FieldShape : public testing::Test {
 protected:
  static void SetUpTestSuite() { run_ = std::make_unique<FieldRun>(); }
  static void TearDownTestSuite() { run_.reset(); }
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(isReproduced(*run_)); }

  static void isReproduced(const FieldRun& run) {
    ASSERT_TRUE(run.ran.result.is_object()) << run.ran.output << run.ran.errors;
    ASSERT_EQ(run.ran.result["verdict"]["word"], "reproduced") << run.ran.result["verdict"] << run.ran.errors;
  }

  static inline std::unique_ptr<FieldRun> run_;
};

TEST_F(FieldShape, TheSoftLockupIsReproducedAndItsFramesNameTheModule) {
  const json& result = run_->ran.result;
  EXPECT_EQ(run_->ran.status, 0);
  EXPECT_EQ(result["verdict"]["signature"], "soft lockup in nfs_wb_page");
  const json& event = result["events"][result["verdict"]["events"][0].get<std::size_t>()];
  bool found = false;
  for (const auto& frame : event["frames"])
    if (frame["symbol"] == "nfs_wb_page") found = frame.value("module", "") == "nfs";
  EXPECT_TRUE(found) << event["frames"];
  EXPECT_THAT(contentOf(run_->folder() / "console.client.log"), HasSubstr(" nfs_wb_page+"));
}

TEST_F(FieldShape, TheEvidenceHoldsForModulesAndStacksInVmallocSpace) {
  const json& event = run_->ran.result["events"][run_->ran.result["verdict"]["events"][0].get<std::size_t>()];
  for (const auto& frame : event["frames"])
    if (frame["symbol"] == "nfs_wb_page") {
      EXPECT_EQ(frame["calls"].back()["file"], "fs/nfs/write.c");
    }
  EXPECT_THAT(run_->ran.result["spin"].dump(), HasSubstr("\"nfs_wb_page\""))
      << "sampled addresses, slid and of a module";
  EXPECT_THAT(contentOf(run_->folder() / "disassembly.txt"), HasSubstr("=>"));

  const auto found = json::parse(contentOf(run_->folder() / "postmortem.json"), nullptr, false);
  ASSERT_TRUE(found.is_object()) << run_->ran.result["notes"];
  EXPECT_THAT(found["sentence"].get<std::string>(), HasSubstr("nfs_wb_page() cannot end"));
  EXPECT_EQ(found["page"]["index"], 64);
  EXPECT_EQ(found["waits"].size(), 4u);
  bool blockedInModule = false;
  for (const auto& group : found["blocked"])
    for (const auto& frame : group["stack"]) blockedInModule = blockedInModule || frame.value("module", "") == "nfs";
  EXPECT_TRUE(blockedInModule) << found["blocked"];
}

TEST_F(FieldShape, IsThatOfTheKernelsConfiguration) {
  const std::string config = "\n" + contentOf(run_->folder() / "bundle/config");
  for (const char* option : {"CONFIG_ARM64_VA_BITS=48", "CONFIG_VMAP_STACK=y", "CONFIG_RANDOMIZE_BASE=y",
                             "CONFIG_NFS_FS=m", "CONFIG_NFSD=m", "CONFIG_SUNRPC=m", "CONFIG_LOCKD=m"})
    EXPECT_THAT(config, HasSubstr(std::string("\n") + option + "\n"));
}

TEST_F(FieldShape, TheKernelIsSlidAndTheGuestTellsWhereItLies) {
  const json one = layoutOf(run_->folder());
  const FieldRun again;
  ASSERT_NO_FATAL_FAILURE(isReproduced(again));
  const json two = layoutOf(again.folder());
  ASSERT_TRUE(one.is_object() && two.is_object()) << one << two;
  EXPECT_NE(one["text"], two["text"]);
  std::map<std::string, std::string> modules;
  for (const auto& module : one["modules"]) modules[module["name"]] = module["text"];
  for (const char* name : {"nfs", "nfsv4", "nfsd", "lockd", "sunrpc"}) EXPECT_THAT(modules, Contains(Key(name)));
}

// The post-mortem of this shape: what `relapse decode` and `relapse inspect` say of run_->folder() belongs here.

}  // namespace
}  // namespace relapse::e2e
