// SPDX-License-Identifier: GPL-2.0-or-later
// The mbox of a mailing list's thread: which of its messages are the series.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "document/errors.hpp"
#include "kernel/described_patch.hpp"
#include "kernel/diff.hpp"
#include "kernel/hash.hpp"
#include "kernel/mail.hpp"
#include "kernel/patch_series.hpp"
#include "kernel/patch_subject.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;
using document::quote;
constexpr std::size_t kNamedMissing = 5;

struct Part {
  Mail mail;
  PatchSubject subject;
  int number() const { return subject.number.value_or(0); }
};
using Parts = std::vector<Part>;

tl::unexpected<Failure> badInput(const fs::path& mbox, std::string_view problem) {
  return fail(FailureKind::BadInput, fmt::format("{}: {}", mbox.string(), problem));
}

// A mail that cannot be decoded may be one.
bool holdsPatch(const Mail& mail) {
  return !mail.text || !outlineOf(*mail.text).files.empty();
}

// A numbered one without a diff is kept: its patch was taken off on the way, and must be missed.
bool isPart(const Part& part) {
  if (part.mail.subject.empty() || part.subject.reply) return false;
  return part.subject.number ? part.number() > 0 : holdsPatch(part.mail);
}

// Without the blank lines behind it.
std::string diffOf(const std::string& text) {
  std::string diff = text.substr(std::min(outlineOf(text).begin, text.size()));
  while (diff.ends_with('\n')) diff.pop_back();
  return diff;
}

// A mail that came by two lists is there twice, with other headers.
std::string identityOf(const Mail& mail) {
  const std::string text = mail.text ? diffOf(*mail.text) : mail.text.error().message;
  return sha256OfFields({mail.messageId, text});
}

Parts partsOf(const std::vector<std::string_view>& messages) {
  Parts parts;
  std::set<std::string> seen;
  for (const std::string_view message : messages) {
    Part part{readMail(message), {}};
    part.subject = patchSubject(part.mail.subject);
    const bool isNew = isPart(part) && (part.mail.messageId.empty() || seen.insert(identityOf(part.mail)).second);
    if (isNew) parts.push_back(std::move(part));
  }
  return parts;
}

// A maintainer's robot sends the patch that was taken once more, as "[tip: core/urgent]" or "+ x.patch added".
void keepMarked(Parts& parts) {
  const auto isMarked = [](const Part& part) { return part.subject.marked; };
  if (std::ranges::any_of(parts, isMarked)) std::erase_if(parts, std::not_fn(isMarked));
}

void keepHighestVersion(Parts& parts) {
  int highest = 0;
  for (const Part& part : parts) highest = std::max(highest, part.subject.version);
  std::erase_if(parts, [&](const Part& part) { return part.subject.version < highest; });
}

// The numbers that none has, not more than are named.
std::vector<long> missing(const Parts& sorted, int total) {
  std::vector<long> numbers;
  long next = 1;
  const auto missBelow = [&](long number) {
    for (; next < number && numbers.size() < kNamedMissing; ++next) numbers.push_back(next);
    next = number + 1;
  };
  for (const Part& part : sorted) missBelow(part.number());
  missBelow(total + 1L);
  return numbers;
}

Result<void> requireWhole(const Parts& sorted, const fs::path& mbox) {
  const int total = sorted.front().subject.total;
  for (const Part& part : sorted) {
    if (part.subject.total != total)
      return badInput(mbox,
                      fmt::format("expected one series of {} patches, found {}, too", total, quote(part.mail.subject)));
    if (part.number() > total)
      return badInput(mbox, fmt::format("{}: expected a number up to {}", quote(part.mail.subject), total));
  }
  const auto gaps = missing(sorted, total);
  if (gaps.empty()) return {};
  const std::size_t all = static_cast<std::size_t>(total) - sorted.size();
  return badInput(mbox, fmt::format("{} of the thread's {} patches {} missing: {}{}", all, total,
                                    all == 1 ? "is" : "are", fmt::join(gaps, ", "), all > gaps.size() ? ", ..." : ""));
}

tl::unexpected<Failure> twoForOne(const Part& one, const Part& other, const fs::path& mbox) {
  return badInput(mbox, fmt::format("two messages are the same patch of a series: {} and {}", quote(one.mail.subject),
                                    quote(other.mail.subject)));
}

Result<void> sortNumbered(Parts& parts, const fs::path& mbox) {
  std::ranges::stable_sort(parts, {}, &Part::number);
  const auto twice = std::ranges::adjacent_find(parts, {}, &Part::number);
  if (twice != parts.end()) return twoForOne(*twice, *std::next(twice), mbox);
  return requireWhole(parts, mbox);
}

// Without numbers the mbox's order is the series'.
Result<void> checkUnnumbered(const Parts& parts, const fs::path& mbox) {
  std::map<std::string, const Part*> known;
  for (const Part& part : parts)
    if (const auto [at, isNew] = known.emplace(part.subject.text, &part); !isNew)
      return twoForOne(*at->second, part, mbox);
  return {};
}

Result<void> putInOrder(Parts& parts, const fs::path& mbox) {
  const auto isNumbered = [](const Part& part) { return part.subject.number.has_value(); };
  const auto numbered = std::ranges::count_if(parts, isNumbered);
  if (numbered == 0) return checkUnnumbered(parts, mbox);
  if (numbered == std::ssize(parts)) return sortNumbered(parts, mbox);
  const auto stray = std::ranges::find_if_not(parts, isNumbered);
  return badInput(mbox, fmt::format("{} has a patch and no number, beside those that have one: which place is its own?",
                                    quote(stray->mail.subject)));
}

Result<SeriesPatch> describe(const Part& part, int number, const fs::path& mbox) {
  const std::string called = fmt::format("{}: {}", mbox.string(), quote(part.mail.subject));
  if (!part.mail.text)
    return fail(FailureKind::BadInput, fmt::format("{}: {}", called, part.mail.text.error().message));
  return describedPatch({mbox, *part.mail.text, {}}, fileNameOf(number, part.subject.text), part.mail, called);
}

}  // namespace

Result<std::vector<SeriesPatch>> patchesOfMbox(std::string_view mbox, const fs::path& name) {
  const auto messages = messagesOf(mbox);
  if (messages.empty())
    return badInput(name, "expected a folder of patches, a `series` or an mbox, found something else");
  Parts parts = partsOf(messages);
  if (parts.empty()) return badInput(name, "expected patches in this mbox, found none");
  keepMarked(parts);
  keepHighestVersion(parts);
  if (auto ordered = putInOrder(parts, name); !ordered) return passOn(ordered.error());
  std::vector<SeriesPatch> patches;
  for (const Part& part : parts) {
    auto patch = describe(part, static_cast<int>(patches.size()) + 1, name);
    if (!patch) return passOn(patch.error());
    patches.push_back(std::move(*patch));
  }
  return patches;
}

}  // namespace relapse::kernel
