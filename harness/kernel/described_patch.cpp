// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/described_patch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "document/errors.hpp"
#include "kernel/diff.hpp"
#include "kernel/hash.hpp"
#include "kernel/patch_subject.hpp"

namespace relapse::kernel {

namespace {

tl::unexpected<Failure> badInput(const std::string& called, std::string_view problem) {
  return fail(FailureKind::BadInput, fmt::format("{}: {}", called, problem));
}

// How stable trees name the commit that they took.
std::string upstreamCommitIn(std::string_view line) {
  constexpr std::size_t kId = 40;
  for (const auto& [start, end] :
       {std::pair<std::string_view, std::string_view>{"commit ", " upstream"}, {"[ Upstream commit ", " ]"}}) {
    if (!line.starts_with(start) || line.size() < start.size() + kId) continue;
    const std::string_view id = line.substr(start.size(), kId);
    const bool isId = id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    if (isId && line.substr(start.size() + kId).starts_with(end)) return std::string(id);
  }
  return {};
}

std::string upstreamCommit(std::string_view message) {
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    std::string_view line = message.substr(0, end);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (std::string commit = upstreamCommitIn(line); !commit.empty()) return commit;
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return {};
}

}  // namespace

Result<SeriesPatch> describedPatch(Patch patch, std::string name, const Mail& mail, const std::string& called) {
  DiffOutline outline = outlineOf(patch.content);
  if (outline.files.empty()) return badInput(called, "expected a patch, found no diff");
  if (outline.cut)
    return badInput(called, "the patch is cut or damaged: a hunk has not the lines that its head promises");
  if (const auto out = std::ranges::find_if(outline.files, leadsOut); out != outline.files.end())
    return badInput(called, fmt::format("the path {} in it leads out of the source", document::quote(*out)));
  SeriesPatch described;
  described.name = std::move(name);
  described.subject = patchSubject(mail.subject).text;
  if (described.subject.empty()) described.subject = described.name;
  described.author = mail.author;
  described.messageId = mail.messageId;
  described.commit = upstreamCommit(std::string_view(patch.content).substr(0, outline.begin));
  if (described.commit.empty()) described.commit = mail.commit;
  described.files = std::move(outline.files);
  described.patch = std::move(patch);
  described.patch.sha256 = sha256(described.patch.content);
  return described;
}

}  // namespace relapse::kernel
