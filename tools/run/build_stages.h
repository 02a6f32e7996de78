// A test's builds: one, or one on each of its nodes (`build.on_nodes`).
#pragma once

#include <list>
#include <optional>
#include <string>

#include "run/build_stage.h"

namespace pavtest::run {

class BuildStages {
  public:
    using Duration = BuildStage::Duration;

    /// `host` must outlive it.
    BuildStages(StageHost& host, const build::Spec& spec);

    Result<> start(Duration now);
    bool child_ended(pid_t pid, int wait_status, Duration now);
    Result<> step(Duration now);
    [[nodiscard]] std::optional<Duration> next_step() const;
    void stop(Duration now, Duration grace);
    [[nodiscard]] bool stopped() const;

    /// Those that have not ended wait for somebody else's.
    [[nodiscard]] bool waits() const;
    /// All have ended.
    [[nodiscard]] bool over() const;
    /// The build of the first node; the first that failed, if one did.
    [[nodiscard]] const build::Built& built() const { return decisive().built(); }
    [[nodiscard]] const ScriptEnd& end() const { return decisive().end(); }

  private:
    [[nodiscard]] const BuildStage& decisive() const;
    Result<> show_each_node();

    StageHost& host_;
    bool on_nodes_;
    std::vector<std::string> nodes_;  // of on_nodes
    std::list<BuildStage> builds_;
    bool shown_ = false;
};

}  // namespace pavtest::run
