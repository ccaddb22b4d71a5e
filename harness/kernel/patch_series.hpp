// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"
#include "kernel/patch.hpp"

namespace relapse::kernel {

// One patch of a series, and what its message says of it.
struct SeriesPatch {
  Patch patch;            // by itself, decoded; `file` is where it was found, of an mbox the mbox
  std::string name;       // "0005-nfs-keep-the-page": a file's name without its ending; made of the subject in an mbox.
                          // Can be a file's name, and is no other patch's of the series
  std::string subject;    // without "[PATCH v2 3/8]"; its name when it has no message
  std::string author;     // "Name <mail>"; empty: not known
  std::string commit;     // 40 hex digits of what it is in a tree: "commit X upstream.", else format-patch's
                          // "From X"; empty: not known
  std::string messageId;  // without <>; empty: it has none
  std::vector<std::string> files;  // that it touches, in its order
};

// The patches of `what`, in their order: a folder with quilt's `series`, a folder of *.patch as git format-patch
// leaves them (in the order of their numbers, or of their names when one has none), such a `series` itself, or an mbox
// of a mailing list's thread (in the order of their "n/m", or of the mbox when none has one; of several versions the
// highest; replies, the cover letter, and what has no "[PATCH]" beside those that do are passed over).
// BadInput: none of these, no patch in it, a file or mail that should be a patch and has no whole diff, a path that
// leads out of the source, a thread of which a part is missing, two patches of one number; a folder of folders per
// line of kernels (says which there are).
Result<std::vector<SeriesPatch>> readPatchSeries(const std::filesystem::path& what);

// The series of an mbox's messages, decoded: quoted-printable and base64 bodies, the text of several parts, RFC 2047
// subjects, ">From " lines, CRLF. Pure; `name` is the mbox's in errors.
Result<std::vector<SeriesPatch>> patchesOfMbox(std::string_view mbox, const std::filesystem::path& name);

}  // namespace relapse::kernel
