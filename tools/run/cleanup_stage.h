// A test's cleanup commands, after its run and its results, whatever became of them. They change
// nothing of its verdict.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "build/section.h"
#include "run/placed_script.h"
#include "run/stage_host.h"

namespace pavtest::run {

struct CleanupOrder {
    std::vector<std::string> commands;
    double timeout = 60;  // seconds in all

    [[nodiscard]] bool empty() const { return commands.empty(); }
};

/// From a test's resolved configuration.
Result<CleanupOrder> read_cleanup(const nlohmann::json& config);

class CleanupStage {
  public:
    using Duration = ScriptProcess::Duration;

    /// `run` gives preamble and environment: those of the run. `host` must outlive the stage.
    CleanupStage(PlacedHost& host, CleanupOrder order, build::Section run, std::string shebang);

    /// What keeps it from running is written down, and the stage is over.
    void start(Duration now);
    bool child_ended(pid_t pid, int wait_status, Duration now);
    void step(Duration now);
    [[nodiscard]] std::optional<Duration> next_step() const;
    /// It has to be over by then.
    void hurry(Duration due) { due_ = due_ ? std::min(*due_, due) : due; }
    [[nodiscard]] bool over() const { return over_; }

  private:
    Result<> launch(Duration now);
    void say(const std::string& text);

    PlacedHost& host_;
    CleanupOrder order_;
    build::Section section_;
    std::string shebang_;
    std::optional<PlacedScript> script_;
    std::optional<Duration> due_;
    bool stopped_ = false;
    bool over_ = false;
};

}  // namespace pavtest::run
