// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace relapse::stacktrace {

// Files as the compiler wrote them -> relative to the kernel tree: "/home/me/linux/./fs/nfs/write.c" and
// "./fs/nfs/write.c" become "fs/nfs/write.c". What lies elsewhere (a module built outside of the tree) stays absolute.
// Not thread-safe.
class SourcePaths {
 public:
  // `mainFile`: what the compiler wrote for init/main.c; it tells the tree's place. Another one: only what is relative
  // already is shown so.
  explicit SourcePaths(std::string_view mainFile = {});

  const std::string& shown(const std::string& file);

 private:
  std::string root_;  // ends with '/', or is empty
  std::unordered_map<std::string, std::string> shown_;
};

}  // namespace relapse::stacktrace
