// Ending a whole tree of processes: asked first, forced after a grace, until none is left.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "run/process_table.h"

namespace pavtest::run {

/// Which processes are to go, of those in the table. Asked anew each time: they may fork.
using Victims = std::function<std::set<pid_t>(const std::vector<ProcessEntry>& table)>;

class TreeKill {
  public:
    using Duration = std::chrono::microseconds;

    /// `grace` is how long after the SIGTERM a process is forced; `patience` how long after
    /// the start we give up on what even SIGKILL does not end (in a hung system call).
    TreeKill(Victims victims, Duration grace, Duration patience, Duration now)
        : victims_(std::move(victims)), kill_at_(now + grace), give_up_at_(now + patience) {}

    /// Looks and signals once; true when nothing is left, or patience is over.
    bool step(Duration now);
    /// What would not go.
    [[nodiscard]] const std::set<pid_t>& left() const { return left_; }

  private:
    Victims victims_;
    Duration kill_at_;
    Duration give_up_at_;
    std::map<pid_t, std::uint64_t> asked_;  // pid and start time of those that got SIGTERM
    std::set<pid_t> left_;
};

/// Runs it to its end, sleeping in between. For where nothing else has to be done meanwhile.
void run_to_end(TreeKill& kill, std::chrono::steady_clock::time_point start);

}  // namespace pavtest::run
