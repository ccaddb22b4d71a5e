// SPDX-License-Identifier: GPL-2.0-or-later
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/scenario.hpp"
#include "scenario_file.hpp"

namespace relapse::scenario {
namespace {

using testing::ElementsAre;

const std::string kServer = "nodes: {server: {}}";

TEST_F(ScenarioFile, OneClientIsTheNodeClientAndExportsItself) {
  const Result<Scenario> s = loaded({});
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_THAT(clientsOf(*s), ElementsAre("client"));
  EXPECT_EQ(serverOf(*s), "client");
  EXPECT_FALSE(s->nodes.at("client").reachesHost);
  EXPECT_FALSE(s->nodes.at("client").kernel);
}

TEST_F(ScenarioFile, SeveralClientsAreNumberedAndAlike) {
  const Result<Scenario> s = loaded({.more = "nodes: {client: {count: 4, cpus: 3}, server: {memory: 1GiB}}"});
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_THAT(clientsOf(*s), ElementsAre("client1", "client2", "client3", "client4"));
  EXPECT_EQ(serverOf(*s), "server");
  EXPECT_EQ(s->nodes.at("client4").cpus, 3);
  EXPECT_EQ(s->nodes.at("server").cpus, 2);
  EXPECT_EQ(s->nodes.at("server").memory.value, 1ull << 30);
}

TEST_F(ScenarioFile, TheServersKernelIsTheScenariosButForItsOwnKeys) {
  const Result<Scenario> s =
      loaded({.kernel = "kernel: {source: [a], config: [base, nfs], series: series/a}",
              .more = "nodes: {server: {reaches-host: true, kernel: {source: linux-4.19.325}}}"});
  ASSERT_TRUE(s) << s.error().message;
  const Node& server = s->nodes.at("server");
  EXPECT_TRUE(server.reachesHost);
  ASSERT_TRUE(server.kernel);
  EXPECT_THAT(server.kernel->sources, ElementsAre("linux-4.19.325"));
  EXPECT_THAT(server.kernel->config, ElementsAre("base", "nfs"));
  EXPECT_EQ(server.kernel->series, s->kernel.series);
  EXPECT_FALSE(s->nodes.at("client").kernel);
}

TEST_F(ScenarioFile, AnExportsSizeIsByItsFilesystem) {
  const auto sizeOf = [this](const std::string& filesystem) {
    const Result<Scenario> s = loaded({.nfs = "nfs: {export: {filesystem: " + filesystem + "}}"});
    return s ? s->nfs->exported.size.value : 0;
  };
  EXPECT_EQ(sizeOf("tmpfs"), 64ull << 10);
  EXPECT_EQ(sizeOf("ext4"), 4ull << 20);
  EXPECT_EQ(sizeOf("xfs"), 300ull << 20);
  EXPECT_EQ(sizeOf("btrfs"), 128ull << 20);
}

TEST_F(ScenarioFile, AnExportHoldsWhatIsWritten) {
  const Result<Scenario> s = loaded(
      {.nfs = "nfs: {export: {filesystem: ext4, medium: image, size: 2TiB, full: true, read-only: true, quota: 1MiB, "
              "grace: true}, mount: {version: 3, options: [soft, timeo=50, retrans=0, rsize=1024, wsize=1048576, "
              "sync, sec=sys, nconnect=16, nolock]}}"});
  ASSERT_FALSE(s);
  EXPECT_EQ(shortened(s.error().message),
            "f.yaml:4:55: nfs.export.size: expected a size from 4KiB to 64GiB, found \"2TiB\"");
  const Result<Scenario> t = loaded(
      {.nfs = "nfs: {export: {filesystem: ext4, medium: image, size: 2GiB, full: true, read-only: true, quota: 1MiB, "
              "grace: true}, mount: {version: 3, options: [soft, timeo=50, retrans=0, rsize=1024, wsize=1048576, "
              "sync, sec=sys, nconnect=16, nolock]}}"});
  ASSERT_TRUE(t) << t.error().message;
  const Export& exported = t->nfs->exported;
  EXPECT_EQ(exported.filesystem, "ext4");
  EXPECT_EQ(exported.medium, "image");
  EXPECT_EQ(exported.size.value, 2ull << 30);  // more than the guest's memory
  EXPECT_TRUE(exported.full);
  EXPECT_TRUE(exported.readOnly);
  EXPECT_EQ(exported.quota->value, 1ull << 20);
  EXPECT_TRUE(exported.graceAtStart);
  EXPECT_EQ(t->nfs->mount.options.size(), 9u);
}

TEST_F(ScenarioFile, ErrorsOfNodesAndExportsPointExpectAndQuote) {
  const ErrorCase cases[] = {
      {{.more = "nodes: {client: {count: 2}}"},
       "f.yaml:7:25: nodes.client.count: expected a node `server` beside several clients, found \"2\""},
      {{.more = "nodes: {client: {count: 5}, server: {}}"},
       "f.yaml:7:25: nodes.client.count: expected an integer from 1 to 4, found \"5\""},
      {{.more = "nodes: {client: {count: 99999999999999999999}, server: {}}"},
       "f.yaml:7:25: nodes.client.count: expected an integer from 1 to 4, found \"99999999999999999999\""},
      {{.nfs = "", .steps = "steps: [{wait: 1s}]", .more = kServer},
       "f.yaml:7:17: nodes.server: expected an nfs section in the scenario for a server, found none"},
      {{.more = "nodes: {server: {kernel: {series: none}}}"},
       "f.yaml:7:35: nodes.server.kernel.series: expected a folder below the scenario file's own, found \"none\", "
       "which does not exist"},
      {{.more = "nodes: {client: {reaches-host: maybe}}"},
       "f.yaml:7:32: nodes.client.reaches-host: expected true or false, found \"maybe\""},
      {{.nfs = "nfs: {export: {filesystem: xfs, size: 299MiB}}"},
       "f.yaml:4:39: nfs.export.size: expected 300MiB or more for xfs, found \"299MiB\""},
      {{.nfs = "nfs: {export: {filesystem: btrfs, size: 64KiB, medium: image}}"},
       "f.yaml:4:41: nfs.export.size: expected 128MiB or more for btrfs, found \"64KiB\""},
      {{.nfs = "nfs: {export: {filesystem: xfs}}", .more = "nodes: {client: {memory: 256MiB}}"},
       "f.yaml:4:15: nfs.export.size: expected less than nodes.client.memory (256MiB) on medium ram, found "
       "\"300MiB\""},
      {{.nfs = "nfs: {export: {size: 512MiB}}", .more = "nodes: {client: {memory: 1GiB}, server: {}}"},
       "f.yaml:4:22: nfs.export.size: expected less than nodes.server.memory (512MiB) on medium ram, found "
       "\"512MiB\""},
      {{.nfs = "nfs: {export: {medium: image}}"},
       "f.yaml:4:24: nfs.export.medium: expected ram for tmpfs, found \"image\""},
      {{.nfs = "nfs: {export: {filesystem: btrfs, quota: 1MiB}}"},
       "f.yaml:4:42: nfs.export.quota: expected no quota on btrfs (ext4 alone has one), found \"1MiB\""},
  };
  for (const ErrorCase& c : cases) EXPECT_EQ(errorOf(c.text), c.expected);
}

TEST_F(ScenarioFile, MountOptionsThatCannotBeAreErrors) {
  const auto errorOfOptions = [this](const std::string& options) {
    return errorOf({.nfs = "nfs: {mount: {options: [" + options + "]}}"});
  };
  const std::string at0 = "f.yaml:4:25: nfs.mount.options[0]: expected ";
  EXPECT_EQ(errorOfOptions("sec=krb5"), at0 + "sec=sys (there is no Kerberos here), found \"sec=krb5\"");
  EXPECT_EQ(errorOfOptions("wsize=1000"),
            at0 + "wsize=N with N from 1024 to 1048576 in steps of 1024, found \"wsize=1000\"");
  EXPECT_EQ(errorOfOptions("rsize=0"), at0 + "rsize=N with N from 1024 to 1048576 in steps of 1024, found \"rsize=0\"");
  EXPECT_EQ(errorOfOptions("rsize"), at0 + "rsize=N with N from 1024 to 1048576 in steps of 1024, found \"rsize\"");
  EXPECT_EQ(errorOfOptions("timeo=0"), at0 + "timeo=N with N from 1 to 6000, found \"timeo=0\"");
  EXPECT_EQ(errorOfOptions("retrans=-1"), at0 + "retrans=N with N from 0 to 1000, found \"retrans=-1\"");
  EXPECT_EQ(errorOfOptions("nconnect=17"), at0 + "nconnect=N with N from 1 to 16, found \"nconnect=17\"");
  EXPECT_EQ(errorOfOptions("bg"), at0 + "a mount that is waited for, found \"bg\"");
  EXPECT_EQ(errorOfOptions("hard, soft"),
            "f.yaml:4:31: nfs.mount.options[1]: expected nothing against hard, found \"soft\"");
  EXPECT_EQ(errorOfOptions("async, sync"),
            "f.yaml:4:32: nfs.mount.options[1]: expected nothing against async, found \"sync\"");
  EXPECT_EQ(errorOfOptions("timeo=5, timeo=6"),
            "f.yaml:4:34: nfs.mount.options[1]: expected timeo once, found \"timeo=6\"");
}

}  // namespace
}  // namespace relapse::scenario
