// SPDX-License-Identifier: GPL-2.0-or-later
#include "version/version.hpp"

namespace relapse::version {

// Of the file that harness/packaging/commit.cmake writes at each build.
extern const char* const kCommit;
extern const char* const kDay;

namespace {

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "GCC " __VERSION__;
#endif

}  // namespace

std::string number() {
  return RELAPSE_VERSION;
}

std::string commit() {
  return kCommit;
}

std::string day() {
  return kDay;
}

std::string mark() {
  return commit().empty() ? number() : number() + " (" + commit() + ")";
}

std::string sentence() {
  const std::string from = commit().empty() ? "commit unknown" : commit();
  return "relapse " + number() + " (" + from + ", " + RELAPSE_BUILD_TYPE + ", " + kCompiler + ")";
}

}  // namespace relapse::version
