// One attempt at one test: its files, its build, its run, until nothing of it is left.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/environment.h"
#include "base/file.h"
#include "build/registry.h"
#include "build/script.h"
#include "build/spec.h"
#include "run/build_stages.h"
#include "run/job_context.h"
#include "run/ledger.h"
#include "run/node_builds.h"
#include "run/notices.h"
#include "run/recorder.h"
#include "run/remote_script.h"
#include "run/result.h"
#include "run/result_stage.h"
#include "run/script_process.h"
#include "run/stage_host.h"
#include "run/test_environment.h"
#include "run/test_files.h"
#include "run/test_place.h"
#include "session/plan.h"
#include "session/store.h"

namespace pavtest::run {

/// What all tests of a job share.
struct TestWorld {
    const session::Header& header;
    const session::SessionDirectory& session;
    const std::string& store;  // its path
    const JobContext& job;
    const Ledger& ledger;
    const Environment& environment;  // of the scripts, but for what each test adds
    const MemoryKills& kills;
    Recorder& recorder;
    build::Registry& builds;
    Leaders& leaders;
    NodeHelpers& helpers;
    std::string scratch_root;  // below which each test has a directory on its node
    /// Where a test's files go when the store takes none; made when first needed.
    std::string spare_directory;
    /// Of builds, on the nodes' own disks; may be null.
    NodeCopies* copies = nullptr;
};

class TestRun : private StageHost {
  public:
    using Duration = ScriptProcess::Duration;

    TestRun(TestWorld& world, session::PlannedTest test, std::uint32_t attempt, TestPlace place);

    /// Makes its files and starts its build or its script. It may be over at once.
    void start(Duration now);
    /// Reaped child of it? Then takes note of its end.
    bool child_ended(pid_t pid, int wait_status, Duration now);
    /// Goes on where something has ended or timed out.
    void step(Duration now);
    [[nodiscard]] std::optional<Duration> next_step() const;
    /// No process of it is left and the verdict is known.
    [[nodiscard]] bool over() const { return verdict_.has_value(); }
    [[nodiscard]] const Verdict& verdict() const { return *verdict_; }

    /// Writes the verdict: results and the final state.
    void conclude();
    /// Writes that it was interrupted, ends its processes and then gathers what results there
    /// are; step() until stopped().
    void abort(status::Cause cause, const std::string& note, Duration now, Duration grace);
    [[nodiscard]] bool stopped() const {
        return !script_ && !remote_ && (!build_stage_ || build_stage_->stopped());
    }
    /// None of its processes is left but those that gather its results.
    [[nodiscard]] bool gathering() const { return stage_ == Stage::results; }

    [[nodiscard]] const session::PlannedTest& test() const { return test_; }
    [[nodiscard]] double duration() const { return end_.duration; }
    [[nodiscard]] std::string log_path() const;
    [[nodiscard]] const std::string& nodes() const { return nodes_; }
    [[nodiscard]] std::uint32_t attempt_number() const { return attempt_; }
    /// What ends it may not have been its own doing: it may run again in a later job.
    [[nodiscard]] bool lost_its_node() const {
        return verdict_ && verdict_->cause == status::Cause::node_failure;
    }

  private:
    enum class Stage { resolving, building, preparing, running, sweeping, results };

    Result<> make_files();
    Result<> move_to_spare(const Error& why);
    Result<FileDescriptor> lay_out_run();
    void go_on(const Result<>& started);
    Result<> start_resolving(Duration now);
    Result<> start_stages(Duration now);
    Result<> start_build(Duration now);
    Result<> start_run(Duration now);
    Result<> start_remote(Duration now);
    Result<> start_script(ScriptStart what, Duration now);
    [[nodiscard]] bool is_remote() const { return place_.node() != world_.job.node; }
    void step_remote(Duration now);
    bool start_sweeps(Duration now);
    void node_lost();
    [[nodiscard]] TestIdentity identity() const;
    [[nodiscard]] std::vector<Variable> mark() const;
    Result<> resolving_ended(Duration now);
    Result<> step_build(Duration now);
    void run_ended(Duration now);
    Result<> start_results(Duration now);
    void take(ResultOutcome outcome);
    [[nodiscard]] ResultInputs result_inputs() const;
    void write_results();
    void refuse(std::string_view state, const std::string& reason);
    [[nodiscard]] bool skip_if_told();
    [[nodiscard]] Environment script_environment() const;

    // As the host of its stages.
    [[nodiscard]] const JobContext& job() const override { return world_.job; }
    [[nodiscard]] build::Registry& builds() override { return world_.builds; }
    [[nodiscard]] const std::string& session_id() const override { return world_.header.id; }
    [[nodiscard]] std::uint32_t test_index() const override { return test_.index; }
    [[nodiscard]] std::uint32_t attempt() const override { return attempt_; }
    [[nodiscard]] const Directory& root() const override;
    [[nodiscard]] Modes modes() const override { return world_.recorder.modes(); }
    [[nodiscard]] const TestFiles& files() const override { return *files_; }
    [[nodiscard]] build::ScriptFrame frame(const std::string& directory) const override;
    [[nodiscard]] std::vector<std::string> nodes_of_test() const override { return place_.nodes; }
    [[nodiscard]] std::string copy_at_hand(const std::string& build) override;
    Result<RemoteScript> launch_on(const std::string& node, ScriptStart what,
                                   const std::string& log, Duration now) override;
    Result<ScriptProcess> launch_script(ScriptStart what, Duration now) override;
    void write(status::Record record) override;

    [[nodiscard]] status::Record record_of(std::string_view state, std::string note) const;
    void record(status::Record record);
    void record(std::string_view state, std::string note) {
        record(record_of(state, std::move(note)));
    }

    TestWorld& world_;
    session::PlannedTest test_;
    std::uint32_t attempt_;
    TestPlace place_;
    std::string nodes_;
    std::optional<Directory> spare_;
    std::optional<TestFiles> files_;
    build::Spec build_;
    build::Section run_;
    build::Built built_;
    std::optional<BuildStages> build_stage_;
    Stage stage_ = Stage::running;
    bool ran_ = false;
    std::optional<std::string> aborted_;  // why
    std::optional<ScriptProcess> script_;
    std::optional<RemoteScript> remote_;
    std::optional<ScriptStart> prepared_;  // what runs on another node once all is in place
    std::vector<RemoteScript> sweeps_;
    ScriptEnd end_;  // of the stage before the results
    Timestamp started_, finished_;
    std::optional<ResultStage> results_;
    std::string results_json_;
    std::optional<Verdict> verdict_;
};

}  // namespace pavtest::run
