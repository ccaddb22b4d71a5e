// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/patch_series.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "kernel/described_patch.hpp"
#include "kernel/disk.hpp"
#include "kernel/mail.hpp"
#include "kernel/mail_text.hpp"
#include "kernel/patch_subject.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;

tl::unexpected<Failure> badInput(const fs::path& what, std::string_view problem) {
  return fail(FailureKind::BadInput, fmt::format("{}: {}", what.string(), problem));
}

// A file's name without its ending, made harmless.
std::string nameOf(const fs::path& file) {
  const std::string name = file.stem().string();
  const bool harmless = !name.starts_with('.') && oneLine(name) == name;
  return harmless ? name : fileNameOf(0, name);
}

// Of two patches with one name the later gets "-2".
void tellApart(std::vector<SeriesPatch>& patches) {
  std::set<std::string> names;
  for (SeriesPatch& patch : patches) {
    const std::string name = patch.name;
    for (int count = 2; !names.insert(patch.name).second; ++count) patch.name = fmt::format("{}-{}", name, count);
  }
}

// Its name says so where it quotes a diff between two versions of the series.
bool isCoverLetter(const std::string& name, const Mail& mail) {
  const PatchSubject subject = patchSubject(mail.subject);
  return isNameOfCoverLetter(name) || (subject.number == 0 && subject.total > 0);
}

Result<SeriesPatch> describedFile(Patch file, const Mail& mail) {
  const fs::path place = file.file;
  if (mail.subject.empty()) return describedPatch(std::move(file), nameOf(place), Mail(), place.string());
  if (!mail.text) return badInput(place, mail.text.error().message);
  file.content = *mail.text;
  return describedPatch(std::move(file), nameOf(place), mail, place.string());
}

Result<std::vector<SeriesPatch>> describedFiles(std::vector<Patch> files, const fs::path& what) {
  std::vector<SeriesPatch> patches;
  for (Patch& file : files) {
    const Mail mail = readMail(file.content);
    if (isCoverLetter(nameOf(file.file), mail)) continue;
    auto patch = describedFile(std::move(file), mail);
    if (!patch) return passOn(patch.error());
    patches.push_back(std::move(*patch));
  }
  if (patches.empty()) return badInput(what, "expected patches, found none");
  tellApart(patches);
  return patches;
}

// Its paths may lead where those of a scenario's series may: from X/6.1/series into Y beside X.
Result<std::vector<SeriesPatch>> ofQuilt(const fs::path& series) {
  const fs::path file = fs::absolute(series).lexically_normal();
  auto patches = readQuilt(file, file.parent_path().parent_path().parent_path());
  if (!patches) return passOn(patches.error());
  return describedFiles(std::move(*patches), series);
}

std::vector<fs::path> patchFilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const bool hidden = entry.path().filename().string().starts_with('.');
    if (!hidden && entry.path().extension() == ".patch" && entry.is_regular_file()) files.push_back(entry.path());
  }
  return files;
}

// By their numbers, or by their names when one has no number.
Result<std::vector<fs::path>> inOrder(std::vector<fs::path> files) {
  std::ranges::sort(files);
  std::vector<std::pair<int, fs::path>> numbered;
  for (const fs::path& file : files)
    if (const auto number = numberOfName(file.stem().string())) numbered.emplace_back(*number, file);
  if (numbered.size() < files.size()) return files;
  std::ranges::sort(numbered);
  const auto twice = std::ranges::adjacent_find(numbered, {}, &std::pair<int, fs::path>::first);
  if (twice != numbered.end())
    return fail(FailureKind::BadInput,
                fmt::format("{} and {} have one number: of which versions is the series?", twice->second.string(),
                            std::next(twice)->second.filename().string()),
                "keep one version in the folder, or write a `series` that lists the patches in their order");
  std::ranges::transform(numbered, files.begin(), &std::pair<int, fs::path>::second);
  return files;
}

tl::unexpected<Failure> noPatchesIn(const fs::path& folder) {
  const auto lines = kernelLinesIn(folder);
  if (lines.empty()) return badInput(folder, "expected a `series` or *.patch in it, found neither");
  return badInput(folder, fmt::format("expected the series of one line of kernels, found those of {}: name one, as {}",
                                      fmt::join(lines, ", "), (folder / lines.front()).string()));
}

Result<std::vector<SeriesPatch>> ofFolder(const fs::path& folder) {
  if (fs::is_regular_file(folder / "series")) return ofQuilt(folder / "series");
  const auto files = inOrder(patchFilesIn(folder));
  if (!files) return passOn(files.error());
  if (files->empty()) return noPatchesIn(folder);
  std::vector<Patch> patches;
  for (const fs::path& file : *files) {
    auto patch = readPatch(file);
    if (!patch) return passOn(patch.error());
    patches.push_back(std::move(*patch));
  }
  return describedFiles(std::move(patches), folder);
}

}  // namespace

Result<std::vector<SeriesPatch>> readPatchSeries(const fs::path& what) try {
  if (fs::is_directory(what)) return ofFolder(what);
  if (!fs::exists(what)) return badInput(what, "expected a folder of patches, a `series` or an mbox, found nothing");
  if (!fs::is_regular_file(what)) return badInput(what, "expected a folder of patches, a `series` or an mbox");
  if (what.filename() == "series") return ofQuilt(what);
  const auto mbox = readGiven(what, kMostPatchBytes);
  return mbox ? patchesOfMbox(*mbox, what) : passOn(mbox.error());
} catch (const fs::filesystem_error& error) {
  return badInput(error.path1(), error.code().message());
}

}  // namespace relapse::kernel
