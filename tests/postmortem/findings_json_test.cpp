// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/findings_json.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace relapse::postmortem {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json whole() {
  return json::parse(R"({
    "version": 1, "release": "6.1.0", "sentence": "not known: nothing",
    "vcpus": [{"cpu": 0, "pc": "0xffffffc008000010", "idle": false, "user": false,
               "task": {"pid": 89, "comm": "a b/c"},
               "stack": [{"pc": "0xffffffc008000010", "symbol": "f", "offset": 16, "size": 32, "module": "nfs",
                          "calls": [{"function": "g", "file": "fs/g.c", "line": 7},
                                    {"function": "f", "file": "fs/f.c", "line": 9}]},
                         {"pc": "0xffffffc008000020", "module": "", "calls": [], "undecoded": "no symbol"}]}],
    "suspect": {"task": {"pid": 89, "comm": "a b/c"}, "how": "crashed", "fault": "0x80", "stack": []},
    "blocked": [{"state": "D", "tasks": [{"pid": 90, "comm": "x"}], "stack": []}],
    "waits": [{"waiter": {"pid": 90, "comm": "x"}, "holder": null, "on": "I/O", "how": "functions", "certain": false}],
    "page": {"address": "0xfffffffe0001e100", "flags_raw": "0x2111", "flags": ["locked"], "mapping": "0x0",
             "index": 64, "private": "0x0", "refcount": 3, "found_by": "page in f", "page_tree": "agrees"},
    "request": null,
    "inode": {"address": "0x1", "ino": 3, "fileid": 18446744073709551615, "size": 1048576, "flags": [],
              "flags_raw": "0x0", "cache_validity": "0x2", "mapping": "0x2", "pages": 2, "requests": 1,
              "wb_err": 28, "wb_err_seen": true, "found_by": "x"},
    "context": {"address": "0x1", "error": -28, "flags": [], "path": "shared"},
    "server": {"address": "0x1", "hostname": "h", "version": "4.1", "mounts": ["h:/e on /mnt"]},
    "commit": {"ncommit": 0, "rpcs_out": 0},
    "rpc": {"clients": [{"address": "0x1", "program": "nfs", "version": 4, "transport": "0x2",
                         "tasks": [{"address": "0x3", "procedure": "WRITE", "state": ["QUEUED"], "status": -11,
                                    "queue": "xprt_pending", "owner": 90}]}],
            "transports": [{"address": "0x2", "state": ["BOUND"], "server": "h", "peer": "p", "sending": 0,
                            "pending": 1, "backlog": 0}]},
    "tasks": [{"task": {"pid": 89, "comm": "a b/c"}, "ppid": 1, "state": "R", "cpu": null, "stack": []}],
    "dmesg": [{"time": 1.5, "text": "hello"}],
    "not_available": [{"what": "a thing", "why": "a reason"}]
  })");
}

std::string errorOf(const json& text) {
  const auto findings = parseFindings(text.dump());
  return findings ? "no error" : findings.error().message;
}

TEST(ParseFindings, KeepsWhatTheScriptTells) {
  const auto findings = parseFindings(whole().dump());
  ASSERT_TRUE(findings) << findings.error().message;
  EXPECT_EQ(findings->release, "6.1.0");
  ASSERT_EQ(findings->vcpus.size(), 1u);
  const auto& stack = findings->vcpus[0].stack;
  ASSERT_EQ(stack.size(), 2u);
  EXPECT_EQ(stack[0].pc, 0xffffffc008000010u);
  EXPECT_EQ(stack[0].frame.raw.text, "f+0x10/0x20 [nfs]");
  ASSERT_EQ(stack[0].frame.calls.size(), 2u);
  EXPECT_EQ(stack[0].frame.calls[0].function, "g");
  EXPECT_EQ(stack[0].frame.calls[1].place.line, 9u);
  EXPECT_EQ(stack[0].frame.calls[1].module, "nfs");
  EXPECT_EQ(stack[1].frame.undecoded, "no symbol");
  EXPECT_EQ(findings->suspect.value().fault, 0x80u);
  EXPECT_FALSE(findings->waits.at(0).holder);
  EXPECT_FALSE(findings->request);
  EXPECT_EQ(findings->inode.value().fileid, 18446744073709551615u);
  EXPECT_EQ(findings->context.value().error, -28);
  EXPECT_EQ(findings->rpc.value().clients.at(0).tasks.at(0).status, -11);
  EXPECT_FALSE(findings->tasks.at(0).cpu);
  EXPECT_EQ(findings->notAvailable.at(0).why, "a reason");
  EXPECT_EQ(json::parse(findings->json), whole());
}

TEST(ParseFindings, TakesPartsThatAreNotThere) {
  const auto findings = parseFindings(R"({"version": 1, "not_available": []})");
  ASSERT_TRUE(findings) << findings.error().message;
  EXPECT_FALSE(findings->page);
}

TEST(ParseFindings, NamesTheKeyThatIsNotAsAgreed) {
  const auto with = [](const char* pointer, json value) {
    json changed = whole();
    changed[json::json_pointer(pointer)] = std::move(value);
    return errorOf(changed);
  };
  EXPECT_THAT(with("/waits/0/waiter/pid", "90"),
              HasSubstr("waits[0].waiter.pid: expected a whole number, found a string"));
  EXPECT_THAT(with("/vcpus/0/cpu", 5000000000), HasSubstr("vcpus[0].cpu: expected a number of 32 bits"));
  EXPECT_THAT(with("/page/address", "0xfgh"), HasSubstr("page.address: expected an address"));
  EXPECT_THAT(with("/page/address", -1), HasSubstr("page.address: expected a number or 0x..."));
  EXPECT_THAT(with("/page/flags/0", 1), HasSubstr("page.flags[0]: expected a string, found a number"));
  EXPECT_THAT(with("/dmesg", json::object()), HasSubstr("dmesg: expected a list, found a object"));
  EXPECT_THAT(with("/suspect", 1), HasSubstr("suspect: expected an object"));
  EXPECT_THAT(with("/server/color", 1), HasSubstr("server.color: unknown key"));
  EXPECT_THAT(with("/color", 1), HasSubstr("color: unknown key"));
}

// Each key of each object, taken away: an error that names it, unless the part is one that may be absent.
TEST(ParseFindings, MissesEveryKeyThatMustBeThere) {
  const json all = whole();
  for (const char* part : {"page", "inode", "context", "server", "commit"}) {
    for (const auto& item : all[part].items()) {
      json changed = all;
      changed[part].erase(item.key());
      EXPECT_THAT(errorOf(changed), HasSubstr(std::string(part) + "." + item.key() + ": missing"));
    }
  }
}

TEST(ParseFindings, TextThatIsNoJsonIsAFailure) {
  for (const char* text : {"", "{", "[]", "\"x\"", "{\"version\": 1}", "nan"}) {
    const auto findings = parseFindings(text);
    ASSERT_FALSE(findings) << text;
    EXPECT_EQ(findings.error().kind, FailureKind::Internal);
  }
}

}  // namespace
}  // namespace relapse::postmortem
