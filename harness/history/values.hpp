// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// Runs over time.
namespace relapse::history {

// One run. Times are UTC as RFC 3339 has them ("2026-11-28T16:00:00Z").
struct Run {
  std::string id;                   // its directory's name; unique
  std::filesystem::path directory;  // empty: it was not kept
  std::string startedAt;
  std::string scenario;
  std::string cell;     // what was varied, "nfs.mount.version=3 nodes.client.cpus=4"; empty: nothing
  std::string kernel;   // as it was asked for: "debian-6.1", a path
  std::string release;  // "6.1.192"
  std::string buildId;
  std::string line;  // "6.1"
  std::uint64_t seed = 0;
  std::string verdict;                                    // reproduced, survived, other-failure, inconclusive
  std::string expected;                                   // reproduced, survived
  bool held = false;                                      // the expectation
  std::string signature;                                  // of reproduced and other-failure
  std::string title;                                      // of that event
  std::string reason;                                     // of inconclusive
  std::optional<std::chrono::milliseconds> toEvent = {};  // likewise, from the guest's start
  std::chrono::milliseconds took{0};
  bool evidence = false;                 // the directory holds a vmcore or a bundle
  std::string night = {};                // its night, and the place in it; empty: a run by hand
  std::string nightCell = {};            // key of the night's cell
  int number = 0;                        // of the try in its cell, from 1; (night, nightCell, number) is unique
  std::chrono::milliseconds watched{0};  // from the guest's start to the watch's end; 0: not known
  std::string prunedAt = {};             // prune() deleted its directory then; empty: it stands
};

// One night of one matrix.
struct Night {
  std::string id;      // "20261128T160000Z-MATRIX"; unique
  std::string matrix;  // its name
  std::string sum;     // SHA-256 of the matrix as it was: a night goes on only with the same
  std::string startedAt;
  std::string finishedAt;  // empty: not finished
  std::string engine;      // local, slurm
};

// A cell of a night: what was planned, and what became of it.
struct NightCell {
  std::string night;
  std::string key;  // "debian-6.1/nfs-wb-page-soft-lockup/nfs.mount.version=3"
  std::string kernel;
  std::string scenario;
  std::string variant;
  std::string notRun = {};  // why; empty: it was run, or is still to be
  std::string flag = {};    // the judgement's word when the night was over: "new-failure", "fixed", ...
  std::string words = {};   // and its sentence, with the numbers
};

// All runs with one signature.
struct Signature {
  std::string signature;
  std::string title;  // of the latest
  int runs = 0;
  std::string firstSeen;  // startedAt of the first and the last run
  std::string lastSeen;
  std::vector<std::string> scenarios;
  std::filesystem::path evidence = {};  // the latest run's directory that holds some; empty: none is left
};

// What prune() may delete.
struct Retention {
  int days = 30;         // runs younger than this stay
  int perSignature = 1;  // of each signature, so many of the latest runs with evidence stay, however old
  int perCell = 1;       // of each scenario and cell, so many of the latest stay
};

struct Pruned {
  std::vector<std::filesystem::path> directories;  // removed, or with dryRun to be removed
  std::uint64_t bytes = 0;
};

}  // namespace relapse::history
