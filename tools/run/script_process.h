// One running script with its whole process tree: watched for time-outs, ended completely.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "base/error.h"
#include "run/launch.h"
#include "run/memory_kills.h"
#include "run/output_watch.h"
#include "run/process_mark.h"
#include "run/tree_kill.h"

namespace pavtest::run {

/// How a script ended.
struct ScriptEnd {
    std::optional<int> return_value;  // of the script; -N if signal N ended it, as Pavilion has it
    int signal = 0;
    bool timed_out = false;
    bool over_limit = false;     // it was the whole time that it may take, not the silence
    bool out_of_memory = false;  // the kernel killed for memory while it ran, and it failed
    double duration = 0;         // seconds, without those in which the job was suspended
    std::string not_started;     // what kept it from running
    std::set<pid_t> immortal;    // processes of it that no signal ended

    [[nodiscard]] bool well() const {
        return return_value == 0 && !timed_out && not_started.empty();
    }
};

struct ScriptStart {
    Launch launch;
    FileDescriptor log;
    std::optional<double> timeout;  // seconds without output
    std::optional<double> limit;    // seconds in all
    std::string timeout_file;       // absolute, or empty
    std::string scratch;            // a directory that is its own, and goes with it; or empty
    ProcessMark mark;               // of all its processes
};

/// The children of ours that are no test's leftovers.
struct Leaders {
    std::set<pid_t> scripts;  // that run now, by their leaders
    std::set<pid_t> own;      // what we started for ourselves

    [[nodiscard]] bool contains(pid_t pid) const {
        return scripts.contains(pid) || own.contains(pid);
    }
};

class ScriptProcess {
  public:
    using Duration = std::chrono::microseconds;

    /// `leaders` and `kills` must outlive the script.
    static Result<ScriptProcess> start(ScriptStart what, Leaders& leaders, const MemoryKills& kills,
                                       Duration now);

    [[nodiscard]] pid_t pid() const { return child_.pid; }
    /// Its leader was reaped.
    void leader_ended(int wait_status, Duration now);
    /// Looks for a time-out, and ends what is to be ended.
    void step(Duration now);
    /// Ends the whole tree, forcing it after `grace`.
    void stop(Duration now, Duration grace);
    /// Nothing of it is left.
    [[nodiscard]] bool over() const { return over_; }
    [[nodiscard]] const ScriptEnd& end() const { return end_; }
    /// When step() has something to do at the latest.
    [[nodiscard]] std::optional<Duration> next_step() const;

  private:
    ScriptProcess(ScriptStart what, Launched child, Leaders& leaders, const MemoryKills& kills,
                  Duration now);
    [[nodiscard]] Victims victims() const;
    [[nodiscard]] bool nothing_left_behind() const;
    void finish();

    Launched child_;
    FileDescriptor log_;
    ProcessMark mark_;
    Leaders* leaders_;
    const MemoryKills* kills_;
    std::uint64_t kills_before_;
    Duration started_;
    Duration looked_;
    OutputWatch watch_;
    std::optional<Duration> limit_;  // when it has to be over
    std::string scratch_;
    std::optional<TreeKill> kill_;
    bool leader_gone_ = false;
    bool over_ = false;
    ScriptEnd end_;
};

}  // namespace pavtest::run
