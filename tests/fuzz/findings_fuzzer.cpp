// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as what the inspection prints of a guest's memory.
#include <cstdint>
#include <string>

#include "postmortem/findings_json.hpp"
#include "require.hpp"

namespace relapse::postmortem {
namespace {

constexpr std::size_t kLongestError = 512;

void check(std::string_view text) {
  const auto findings = parseFindings(std::string(text));
  if (!findings) {
    require(findings.error().kind == FailureKind::Internal, "what is wrong with findings is the inspection's", text);
    require(!findings.error().message.empty() && findings.error().message.size() <= kLongestError,
            "an error is a sentence", findings.error().message);
    return;
  }
  require(findings->json == text, "findings keep their text", text);
  const auto again = parseFindings(findings->json);
  require(again && again->sentence == findings->sentence && again->tasks.size() == findings->tasks.size(),
          "the same text, the same findings", text);
#ifdef RELAPSE_PLANTED_BUG
  for (const VcpuState& vcpu : findings->vcpus) require(vcpu.cpu == 0, "the planted bug", text);
  for (const Wait& wait : findings->waits) require(wait.waiter.pid == 90, "the planted bug", text);
  require(!findings->page || findings->page->index == 64, "the planted bug", text);
#endif
}

}  // namespace
}  // namespace relapse::postmortem

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  relapse::postmortem::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
