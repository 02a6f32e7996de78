// SIGTERM, SIGKILL, and looking again.
#include "run/tree_kill.h"

#include <signal.h>

#include <thread>

namespace pavtest::run {

bool TreeKill::step(Duration now) {
    const std::vector<ProcessEntry> table = all_processes();
    const std::set<pid_t> victims = victims_(table);
    left_.clear();
    for (const ProcessEntry& entry : table) {
        if (entry.state == 'Z' || entry.state == 'X' || !victims.contains(entry.pid)) {
            continue;
        }
        left_.insert(entry.pid);
        if (now >= kill_at_) {
            signal_process(entry, SIGKILL);
            continue;
        }
        const auto [asked, is_new] = asked_.emplace(entry.pid, entry.start_time);
        if (is_new || asked->second != entry.start_time) {
            asked->second = entry.start_time;
            signal_process(entry, SIGTERM);
            // A stopped process takes no SIGTERM before it goes on.
            signal_process(entry, SIGCONT);
        }
    }
    return left_.empty() || now >= give_up_at_;
}

void run_to_end(TreeKill& kill, std::chrono::steady_clock::time_point start) {
    constexpr std::chrono::milliseconds pause{10};
    const auto since_start = [start] {
        return std::chrono::duration_cast<TreeKill::Duration>(std::chrono::steady_clock::now() -
                                                              start);
    };
    while (!kill.step(since_start())) {
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace pavtest::run
