// A test's run: its directory filled, its script on the first of its nodes, and what its steps
// left behind on the others.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "build/registry.h"
#include "build/section.h"
#include "run/placed_script.h"
#include "run/stage_host.h"

namespace pavtest::run {

/// What is to be run.
struct RunOrder {
    build::Section section;
    std::string shebang;
    build::Built built;                   // that its directory is a copy of; may be none
    std::vector<std::string> copy_files;  // globs of what it may change of that
    double limit = 0;                     // seconds in all; 0: as long as it likes
};

class RunStage {
  public:
    using Duration = ScriptProcess::Duration;

    /// `host` must outlive the stage.
    RunStage(PlacedHost& host, RunOrder order);

    /// run.sh as it is kept and run.
    [[nodiscard]] std::string script();
    /// Begins, with run.sh in place; `log` is run.log.
    Result<> start(FileDescriptor log, Duration now);
    /// Reaped child of it? Then takes note of its end.
    bool child_ended(pid_t pid, int wait_status, Duration now);
    /// Goes on where something has ended or timed out.
    Result<> step(Duration now);
    [[nodiscard]] std::optional<Duration> next_step() const;
    /// Ends its processes; step() until over().
    void stop(Duration now, Duration grace);

    [[nodiscard]] bool over() const { return stage_ == Stage::over; }
    /// The node of the script was lost: nobody knows how it ended.
    [[nodiscard]] bool lost() const { return lost_; }
    [[nodiscard]] const ScriptEnd& end() const { return end_; }

  private:
    enum class Stage { preparing, running, sweeping, over };

    Result<> start_script(Duration now);
    Result<> script_ended(Duration now);
    bool start_sweeps(Duration now);

    PlacedHost& host_;
    RunOrder order_;
    Stage stage_ = Stage::preparing;
    bool stopped_ = false;
    bool lost_ = false;
    std::optional<ScriptProcess> preparation_;
    std::optional<ScriptStart> prepared_;  // what runs once all is in place
    std::optional<PlacedScript> script_;
    std::vector<RemoteScript> sweeps_;
    ScriptEnd end_;
};

}  // namespace pavtest::run
