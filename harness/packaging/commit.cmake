# SPDX-License-Identifier: GPL-2.0-or-later
# cmake -DSOURCE=DIR -DOUTPUT=FILE -P commit.cmake: a C++ file with the commit of the tree, by git or, in what
# `git archive` made, by harness/version/archived. The file is only written when it changes.
function(git output)
  execute_process(COMMAND git --no-optional-locks -c safe.directory=${SOURCE} -C ${SOURCE} ${ARGN}
    RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    set(said "")
  endif()
  set(${output} "${said}" PARENT_SCOPE)
endfunction()

set(commit "")
set(day "")
git(above rev-parse --show-prefix)  # a repository around an unpacked tarball is not ours
if(EXISTS ${SOURCE}/.git AND above STREQUAL "")
  git(commit describe --tags --always --dirty)
  git(day log -1 --format=%cs)
else()
  file(STRINGS ${SOURCE}/harness/version/archived archived LIMIT_COUNT 1)
  if(archived MATCHES "^([0-9a-f]+) ([-0-9]+)$")
    set(commit ${CMAKE_MATCH_1})
    set(day ${CMAKE_MATCH_2})
  endif()
endif()

file(CONFIGURE OUTPUT ${OUTPUT} CONTENT [[
namespace relapse::version {
extern const char* const kCommit;
extern const char* const kDay;
const char* const kCommit = "@commit@";
const char* const kDay = "@day@";
}  // namespace relapse::version
]] @ONLY)
