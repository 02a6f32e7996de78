// The processes of this host, as /proc shows them at one moment.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pavtest::run {

struct ProcessEntry {
    pid_t pid = 0;
    pid_t parent = 0;
    pid_t session = 0;
    char state = '?';              // 'Z' for a zombie
    std::uint64_t start_time = 0;  // with the pid, names a process for ever
    std::string name;              // of the executable, cut to 15 bytes
};

std::optional<ProcessEntry> process_entry(pid_t pid);
std::vector<ProcessEntry> all_processes();

/// The given processes and all that descends from them, as far as they are in the table.
std::set<pid_t> with_descendants(const std::vector<ProcessEntry>& table, std::set<pid_t> roots);

/// Sends a signal to exactly this process, not to one that got its pid meanwhile. False if it
/// is gone.
bool signal_process(const ProcessEntry& process, int signal);

/// Our own children, zombies included; nothing where the kernel does not list them.
std::optional<std::vector<pid_t>> own_children();

}  // namespace pavtest::run
