// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "console/values.hpp"

namespace relapse::console {
namespace {

struct KindName {
  EventKind kind;
  std::string_view name;
};

constexpr std::array kNames{
    KindName{EventKind::SoftLockup, "soft-lockup"},
    KindName{EventKind::HardLockup, "hard-lockup"},
    KindName{EventKind::HungTask, "hung-task"},
    KindName{EventKind::RcuStall, "rcu-stall"},
    KindName{EventKind::WorkqueueLockup, "workqueue-lockup"},
    KindName{EventKind::Oops, "oops"},
    KindName{EventKind::KernelBug, "kernel-bug"},
    KindName{EventKind::Panic, "panic"},
    KindName{EventKind::Warning, "warning"},
    KindName{EventKind::Lockdep, "lockdep"},
    KindName{EventKind::Sanitizer, "sanitizer"},
    KindName{EventKind::Kmemleak, "kmemleak"},
    KindName{EventKind::Oom, "oom"},
    KindName{EventKind::StuckWorkload, "stuck-workload"},
    KindName{EventKind::WorkFailed, "work-failed"},
    KindName{EventKind::DumpStack, "dump-stack"},
    KindName{EventKind::BootMilestone, "boot-milestone"},
    KindName{EventKind::NfsServer, "nfs-server"},
    KindName{EventKind::Pattern, "pattern"},
    KindName{EventKind::Silence, "silence"},
    KindName{EventKind::Unparsed, "unparsed"},
};

}  // namespace

std::string_view name(EventKind kind) {
  const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const KindName& row) { return row.kind == kind; });
  return found == kNames.end() ? std::string_view{"unparsed"} : found->name;
}

std::optional<EventKind> eventKindNamed(std::string_view name) {
  const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const KindName& row) { return row.name == name; });
  if (found == kNames.end()) return std::nullopt;
  return found->kind;
}

std::string_view name(Artefact artefact) {
  switch (artefact) {
    case Artefact::None:
      return "";
    case Artefact::ConsoleOutput:
      return "console-output";
    case Artefact::StarvedHost:
      return "host";
  }
  return "";
}

std::optional<Artefact> artefactNamed(std::string_view text) {
  for (const auto artefact : {Artefact::ConsoleOutput, Artefact::StarvedHost})
    if (text == name(artefact)) return artefact;
  return std::nullopt;
}

bool isSpin(EventKind kind) {
  return kind == EventKind::SoftLockup || kind == EventKind::HardLockup || kind == EventKind::RcuStall;
}

bool isFailing(EventKind kind) {
  return kind <= EventKind::WorkFailed;
}

}  // namespace relapse::console
