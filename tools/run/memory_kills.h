// How often the kernel has killed in our memory cgroups: the proof of "out of memory".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"

namespace pavtest::run {

/// The counters of our own cgroup and those above it that belong to the job. Where there are
/// none the count stays 0, and a killed test is just a killed test.
class MemoryKills {
  public:
    /// Of this process; `root` stands before /proc and the mount points, for tests.
    static MemoryKills of_process(const std::string& root = {});

    /// Kills so far, summed over the chain; compare two of them.
    [[nodiscard]] std::uint64_t count() const;

  private:
    std::vector<FileDescriptor> counters_;
};

/// The number after "oom_kill " in memory.events (v2) or memory.oom_control (v1).
std::uint64_t parse_oom_kills(std::string_view text);

/// The path of the memory controller's cgroup in /proc/self/cgroup's text, and whether it is
/// of version 2; empty if there is none.
struct MemoryCgroup {
    std::string path;
    bool version2 = false;
};
MemoryCgroup parse_memory_cgroup(std::string_view text);

/// Where a hierarchy is mounted, from /proc/self/mountinfo's text; empty if it is not.
std::string parse_mount_point(std::string_view mountinfo, bool version2);

}  // namespace pavtest::run
