// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "report/bisect.hpp"

namespace relapse::report {

// What a bisect came to, in the words that its summary, its page and its mail share. All that a report says is passed
// on as it is: foreign text, to be escaped by who prints it.

// "1 patch", "3 patches"
std::string counted(std::size_t many, std::string_view one);

// "97.3 %"; never 0 or 100 of what is not.
std::string percent(double part);

// "patch", "commit", "option"
std::string_view candidateWord(const BisectReport& bisect);

std::vector<const BisectCandidate*> chosenOf(const BisectReport& bisect);

// What a chosen one is called: "culprit", "fix", or, where it is not the only one, "left".
std::string_view chosenWord(const BisectReport& bisect);

// It ended with culprits. Only then there is one to name.
bool isFound(const BisectReport& bisect);

// "found: 0005-nfs-keep-the-page", "found: one of 3 patches", "not found: the end that should be good, v6.1, is bad"
std::string resultWords(const BisectReport& bisect);

// "the first patch with soft lockup in nfs_wb_page"; of what fixed it: "the first patch without ...: what fixed it"
std::string meaningWords(const BisectReport& bisect);

// Of several candidates: "one of these 3; they could not be told apart: 0004 does not build". Empty: of one.
std::string apartWords(const BisectReport& bisect);

// "5 bad, 1 good"; "no tries"
std::string countWords(const BisectCount& count);

// "97.3 % (95 % asked for); its kernel: 5 bad, 1 good; before it, at 0004-...: 14 good"
std::string sureWords(const BisectReport& bisect);

// "in 81.2 % of the tries where it is (95 %: 58 % to 94 %)"
std::string rateWords(const BisectReport& bisect);

// "held", "did not hold", "not made"
std::string_view checkWords(const BisectCheck& check);

// "the same bisect again with --subset: which patches it takes together"; empty: nothing asks for it.
std::string nextWords(const BisectReport& bisect);

// "0003 and 0006 together: neither alone suffices"
std::string subsetWords(const BisectSubset& subset);

// "49 runs of 6 kernels in 31 min 4 s"
std::string effortWords(const BisectReport& bisect);

// 12 digits of a commit's id; empty when it is none.
std::string shortCommit(std::string_view commit);

// Places of the candidates that a reader wants to see, in order: those chosen with their neighbours, those tried or
// skipped; at most `most`, the likeliest.
std::vector<std::size_t> candidatesToShow(const BisectReport& bisect, std::size_t most);

// "same kernel as 0003-...", "skipped: does not build"
std::string noteWords(const BisectCandidate& candidate);

}  // namespace relapse::report
