// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as an mbox of a mailing list: what comes out are patches, with names that can be files'.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "kernel/diff.hpp"
#include "kernel/mail.hpp"
#include "kernel/mail_text.hpp"
#include "kernel/patch_series.hpp"
#include "kernel/patch_subject.hpp"
#include "require.hpp"

namespace relapse::kernel {
namespace {

constexpr std::size_t kLongestName = 250;

void requireOneLine(std::string_view text, const char* law) {
  require(isCleanText(text) && text.find('\t') == std::string_view::npos, law, text);
}

bool isFileName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && !name.starts_with('.') &&
         name.find('/') == std::string_view::npos && isCleanText(name);
}

bool isId(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void requirePatchLaws(const SeriesPatch& patch, std::string_view mbox) {
  require(isFileName(patch.name), "a patch's name can be a file's", patch.name);
  requireOneLine(patch.subject, "a subject is one line");
  requireOneLine(patch.author, "an author is one line");
  requireOneLine(patch.messageId, "a message's id is one line");
  require(patch.commit.empty() || isId(patch.commit), "a commit is 40 hex digits", patch.commit);
  require(patch.patch.content.size() <= 3 * mbox.size() + 1024, "a patch is bounded by its mail", mbox);
  require(patch.patch.sha256.size() == 64, "a patch has its sum", mbox);
  require(!patch.files.empty(), "a patch changes something", patch.patch.content);
  for (const std::string& file : patch.files) require(!leadsOut(file), "no patch leads out of the source", file);
  const DiffOutline outline = outlineOf(patch.patch.content);
  require(!outline.cut && outline.files == patch.files, "a patch's files are those of its diff", patch.patch.content);
}

void checkSeries(std::string_view mbox) {
  const auto series = patchesOfMbox(mbox, "a.mbox");
  if (!series) {
    require(series.error().kind == FailureKind::BadInput, "what is no series is bad input", mbox);
    requireOneLine(series.error().message, "an error is one clean line");
    return;
  }
  std::set<std::string> names;
  for (const SeriesPatch& patch : *series) {
    requirePatchLaws(patch, mbox);
    require(names.insert(patch.name).second, "each patch has a name of its own", patch.name);
#ifdef RELAPSE_PLANTED_BUG
    for (const std::string& told : {patch.subject, patch.author, patch.messageId, patch.files.front()})
      require(told.find_first_of("^|~") == std::string::npos, "the planted bug", told);
#endif
  }
  require(!series->empty(), "a series has patches", mbox);
}

void checkMessages(std::string_view mbox) {
  std::size_t sum = 0;
  for (const std::string_view message : messagesOf(mbox)) {
    require(message.data() >= mbox.data() && message.data() + message.size() <= mbox.data() + mbox.size(),
            "a message is part of its mbox", mbox);
    sum += message.size();
    requireOneLine(readMail(message).subject, "a subject is one line");
  }
  require(sum <= mbox.size(), "messages do not overlap", mbox);
}

void checkText(std::string_view text) {
  const std::string line = oneLine(text);
  requireOneLine(line, "one line is one line");
  require(oneLine(line) == line, "one line of one line is it", line);
  const PatchSubject subject = patchSubject(line);
  require(subject.total >= 0 && subject.number.value_or(0) >= 0, "numbers of patches are natural", line);
  const std::string name = fileNameOf(1, line);
  require(isFileName(name), "a name that is made of a subject can be a file's", name);
  require(fromQuotedPrintable(text).size() <= text.size(), "decoding makes nothing longer", text);
  if (const auto decoded = fromBase64(text)) require(decoded->size() <= text.size(), "nor does it of base64", text);
  const DiffOutline outline = outlineOf(text);
  require((outline.begin == std::string_view::npos) == outline.files.empty(), "a diff begins where there is one", text);
  require(outline.files.empty() || outline.begin < text.size(), "a diff begins in its text", text);
}

void check(std::string_view mbox) {
  checkMessages(mbox);
  checkSeries(mbox);
  checkText(mbox);
}

}  // namespace
}  // namespace relapse::kernel

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  relapse::kernel::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
