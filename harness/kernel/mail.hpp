// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"

namespace relapse::kernel {

// A message of an mbox, or a patch that git format-patch made. All but the text is one line of UTF-8.
struct Mail {
  std::string commit;     // of "From COMMIT Mon Sep 17 00:00:00 2001" above it; empty when that names none
  std::string subject;    // as it was sent, with "[PATCH 1/2]"; empty: the text is no message
  std::string author;     // "Name <mail>"; a "From:" at the beginning of the body outdoes the head's
  std::string messageId;  // without <>
  // What `git apply` takes: the message itself with "\n" as line end and ">From " turned back, or, when its body is
  // encoded or in several parts, author, subject and the text parts, decoded. BadInput: they cannot be.
  Result<std::string> text;
};

// The messages of an mbox, each from its "From ... 12:00:00 2001" line on, or the one of a file without such a line.
// None: it is neither.
std::vector<std::string_view> messagesOf(std::string_view mbox);

Mail readMail(std::string_view message);

}  // namespace relapse::kernel
