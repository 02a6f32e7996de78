// A test's build: found where somebody has built the same before, or built here.
#pragma once

#include <optional>
#include <string>

#include "build/registry.h"
#include "build/spec.h"
#include "run/script_process.h"
#include "run/stage_host.h"

namespace pavtest::run {

class BuildStage {
  public:
    using Duration = ScriptProcess::Duration;

    /// `host` must outlive the stage.
    BuildStage(StageHost& host, build::Spec spec);

    /// Looks for the build, or begins it. An error is one of ours, not of the build's script.
    Result<> start(Duration now);
    /// Reaped child of it? Then takes note of its end.
    bool child_ended(pid_t pid, int wait_status, Duration now);
    /// Goes on where something has ended or timed out.
    Result<> step(Duration now);
    [[nodiscard]] std::optional<Duration> next_step() const;
    /// Ends its processes; step() until stopped().
    void stop(Duration now, Duration grace);
    [[nodiscard]] bool stopped() const { return !script_ || script_->over(); }

    /// The build is there, or will not be.
    [[nodiscard]] bool over() const { return over_; }
    [[nodiscard]] const build::Built& built() const { return built_; }
    /// Of the build's script, if it ran here.
    [[nodiscard]] const ScriptEnd& end() const { return end_; }
    [[nodiscard]] const build::Spec& spec() const { return spec_; }

  private:
    bool take_over_earlier();
    Result<> start_script(Duration now);
    void script_ended();

    StageHost& host_;
    build::Spec spec_;
    std::string identity_;
    build::Built built_;
    std::optional<ScriptProcess> script_;
    ScriptEnd end_;
    bool over_ = false;
};

}  // namespace pavtest::run
