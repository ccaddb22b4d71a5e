// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/host_watch.hpp"

#include <algorithm>

namespace relapse::run {
namespace {

using namespace std::chrono_literals;

constexpr console::Instant kRemembered = 5min;
constexpr console::Instant kNear = 1s;  // looks are taken several times a second

}  // namespace

void HostWatch::add(console::Instant at, std::vector<std::chrono::nanoseconds> ran) {
  while (!looks_.empty() && looks_.front().at < at - kRemembered) looks_.pop_front();
  if (!ran.empty()) looks_.push_back({at, std::move(ran)});
}

std::optional<double> HostWatch::share(int vcpu, console::Instant from, console::Instant to) const {
  // The last look before each end.
  const auto lookAt = [&](console::Instant instant) {
    const auto after = std::ranges::upper_bound(looks_, instant, {}, &Look::at);
    return after == looks_.begin() ? after : after - 1;
  };
  const auto first = lookAt(from);
  const auto last = lookAt(to);
  const auto index = static_cast<std::size_t>(vcpu);
  if (vcpu < 0 || first == looks_.end() || last == looks_.end() || last->at <= first->at) return std::nullopt;
  if (first->at > from + kNear || last->at + kNear < to) return std::nullopt;
  if (index >= first->ran.size() || index >= last->ran.size()) return std::nullopt;
  const auto ran = std::chrono::duration<double>(last->ran[index] - first->ran[index]);
  return std::clamp(ran / std::chrono::duration<double>(last->at - first->at), 0.0, 1.0);
}

}  // namespace relapse::run
