// A test's build: found where somebody has built the same before, or built here.
#pragma once

#include <optional>
#include <string>

#include "build/registry.h"
#include "build/shelf.h"
#include "build/spec.h"
#include "run/script_process.h"
#include "run/stage_host.h"

namespace pavtest::run {

class BuildStage {
  public:
    using Duration = ScriptProcess::Duration;

    /// `host` must outlive the stage. The build is made on `node`; empty: on this one.
    BuildStage(StageHost& host, build::Spec spec, std::string node = {});
    BuildStage(const BuildStage&) = delete;
    BuildStage& operator=(const BuildStage&) = delete;
    /// What is still being built then is given up.
    ~BuildStage();

    /// Looks for the build, or begins it. An error is one of ours, not of the build's script.
    Result<> start(Duration now);
    /// Reaped child of it? Then takes note of its end.
    bool child_ended(pid_t pid, int wait_status, Duration now);
    /// Goes on where something has ended or timed out.
    Result<> step(Duration now);
    [[nodiscard]] std::optional<Duration> next_step() const;
    /// Ends its processes; step() until stopped().
    void stop(Duration now, Duration grace);
    [[nodiscard]] bool stopped() const {
        return (!script_ || script_->over()) && (!remote_ || remote_->over());
    }

    /// Somebody else makes it.
    [[nodiscard]] bool waits() const { return waits_for_.has_value(); }
    /// The build is there, or will not be.
    [[nodiscard]] bool over() const { return over_; }
    [[nodiscard]] const build::Built& built() const { return built_; }
    /// Of the build's script, if it ran here.
    [[nodiscard]] const ScriptEnd& end() const { return end_; }
    [[nodiscard]] const build::Spec& spec() const { return spec_; }

  private:
    /// Takes what is there, takes the lock, or sees who has it.
    Result<> look(Duration now);
    Result<> open_shelf();
    bool take_over_failure();
    [[nodiscard]] bool take(const build::Found& found);
    void wait_for(const build::Busy& busy, Duration now);
    Result<> start_script(Duration now);
    Result<> start_remote(Duration now);
    Result<> step_remote();
    Result<> script_ended();
    void node_lost();
    [[nodiscard]] bool is_remote() const { return node_ != host_.job().node; }
    Result<> end_well();
    void end_badly();
    void show_log(const std::string& log, bool ours);

    StageHost& host_;
    build::Spec spec_;
    std::string node_;
    std::string hash_;
    std::optional<build::Shelf> shelf_;
    build::Holder self_;
    std::optional<build::Workspace> workspace_;
    std::optional<build::Holder> waits_for_;
    Duration next_look_{0};
    Duration next_question_{0};
    Duration question_pause_;
    build::Built built_;
    std::optional<ScriptProcess> script_;  // or what prepares the remote one
    std::optional<ScriptStart> prepared_;  // for another node
    std::optional<RemoteScript> remote_;
    ScriptEnd end_;
    bool stopped_ = false;
    bool over_ = false;
};

}  // namespace pavtest::run
