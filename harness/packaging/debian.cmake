# SPDX-License-Identifier: GPL-2.0-or-later
# Read by cpack: the libraries of the program. CPack's own CPACK_DEBIAN_PACKAGE_SHLIBDEPS would look for those of the
# guests' arm64 programs as well, which are not of this host.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(folder ${CPACK_TOPLEVEL_DIRECTORY}/shlibdeps)
  file(WRITE ${folder}/debian/control "Source: relapse\n\nPackage: relapse\nArchitecture: any\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C dpkg-shlibdeps -O ${CPACK_RELAPSE_PROGRAM}
    WORKING_DIRECTORY ${folder} OUTPUT_VARIABLE libraries ERROR_VARIABLE errors RESULT_VARIABLE status)
  if(NOT libraries MATCHES "shlibs:Depends=([^\n]+)")
    message(FATAL_ERROR "dpkg-shlibdeps (package dpkg-dev) names no libraries: ${status} ${errors}")
  endif()
  string(PREPEND CPACK_DEBIAN_PACKAGE_DEPENDS "${CMAKE_MATCH_1}, ")
endif()
