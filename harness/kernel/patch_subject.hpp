// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace relapse::kernel {

// What a patch's mail says of its place in a series.
struct PatchSubject {
  bool marked = false;        // there is "[PATCH]", "[RFC v2]" or the like
  bool reply = false;         // "Re: ", "Fwd: ", in other words of mail programs, too
  int version = 1;            // "v2"
  std::optional<int> number;  // "3/8"; of a cover letter 0
  int total = 0;              // 0 without a number
  std::string text;           // without all that, but with other brackets: "[media] dvb: fix it"
};
PatchSubject patchSubject(std::string_view subject);

// As git format-patch names a file, without its ending: "0003-nfs-keep-the-page". Only letters, digits and "._-".
std::string fileNameOf(int number, std::string_view subject);

// Whether such a name is the cover letter's: "v2-0000-cover-letter".
bool isNameOfCoverLetter(std::string_view name);

// 3 of "0003-x" and of "v2-0003-x".
std::optional<int> numberOfName(std::string_view name);

}  // namespace relapse::kernel
