// A script on the first of a test's nodes: a child of ours where that is this node, else one of
// the helper's there.
#pragma once

#include <optional>
#include <string>

#include "run/remote_script.h"
#include "run/script_process.h"
#include "run/stage_host.h"

namespace pavtest::run {

class PlacedScript {
  public:
    using Duration = ScriptProcess::Duration;

    /// `log_path` is where `what.log` writes: a helper opens it itself. What is to be prepared
    /// has to be done already if the script does not run here. A node without a helper is no
    /// error: the script is over and lost.
    static Result<PlacedScript> start(PlacedHost& host, ScriptStart what,
                                      const std::string& log_path, Duration now);

    /// Reaped child of it? Then takes note of its end.
    bool child_ended(pid_t pid, int wait_status, Duration now);
    void step(Duration now);
    /// Ends the whole tree, forcing it after `grace`.
    void stop(Duration now, Duration grace);
    [[nodiscard]] bool over() const { return over_; }
    /// Over, because nobody is there any more who could tell how it ended.
    [[nodiscard]] bool lost() const { return lost_; }
    [[nodiscard]] const ScriptEnd& end() const { return end_; }
    [[nodiscard]] std::optional<Duration> next_step() const;

  private:
    PlacedScript() = default;

    std::optional<ScriptProcess> here_;
    std::optional<RemoteScript> there_;
    bool over_ = false;
    bool lost_ = false;
    ScriptEnd end_;
};

/// Whether the scripts of this test run on the node that we are on.
bool runs_here(const PlacedHost& host);

}  // namespace pavtest::run
