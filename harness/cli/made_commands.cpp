// SPDX-License-Identifier: GPL-2.0-or-later
// relapse manual, relapse completion: what is made from the description of the command line.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/completion.hpp"
#include "cli/manual.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "document/errors.hpp"
#include "version/version.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;

CommandView commandLine() {
  CLI::App app;
  Arguments ignored;
  describe(app, ignored);
  return viewOf(app);
}

std::string pageOf(const CommandView& command, const CommandView& root) {
  return manualPage(command, root, version::number(), version::day());
}

int print(const std::string& text) {
  Output output;
  output.write(text);
  return output.end(0);
}

int failed(const Failure& failure) {
  printFailure(failure);
  return exitStatusOf(failure.kind);
}

Result<void> write(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (out) return {};
  return fail(FailureKind::Exhausted, fmt::format("{} cannot be written: {}", file.string(), std::strerror(errno)));
}

Result<void> writeAll(const CommandView& root, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (auto done = write(folder / (pageName(root) + ".1"), pageOf(root, root)); !done) return done;
  for (const auto& command : root.commands)
    if (auto done = write(folder / (pageName(command) + ".1"), pageOf(command, root)); !done) return done;
  return {};
}

}  // namespace

int manualCommand(const MadeArguments& made) {
  const auto root = commandLine();
  if (!made.folder.empty()) {
    const auto written = writeAll(root, made.folder);
    return written ? 0 : failed(written.error());
  }
  if (made.command.empty()) return print(pageOf(root, root));
  std::vector<std::string_view> names;
  for (const auto& command : root.commands) {
    if (command.name == made.command) return print(pageOf(command, root));
    names.push_back(command.name);
  }
  return failed(
      {FailureKind::BadInput,
       fmt::format("unknown command {}{}", document::quote(made.command), document::didYouMean(made.command, names)),
       "relapse --help"});
}

int completionCommand(const MadeArguments& made) {
  const auto root = commandLine();
  if (made.shell == "bash") return print(bashCompletion(root));
  if (made.shell == "zsh") return print(zshCompletion(root));
  return print(fishCompletion(root));
}

}  // namespace relapse::cli
