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
#include "run/cleanup_stage.h"
#include "run/job_context.h"
#include "run/ledger.h"
#include "run/node_builds.h"
#include "run/notices.h"
#include "run/recorder.h"
#include "run/result.h"
#include "run/result_stage.h"
#include "run/run_stage.h"
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
    std::string node_dir;  // below which each test has a directory on its node
    /// Where a test's files go when the store takes none; made when first needed.
    std::string spare_directory;
    /// Of builds, on the nodes' own disks; may be null.
    NodeCopies* copies = nullptr;
};

/// Which attempt at a test it is: over all restarts of the job, in this one, and how many there
/// may be in this one.
struct Attempt {
    std::uint32_t number = 1;
    std::uint32_t here = 1;
    std::uint32_t most_here = 1;

    /// "attempt 2 of 3".
    [[nodiscard]] std::string text() const;
};

/// How a test is ended with the job.
struct StopTimes {
    ScriptProcess::Duration grace{0};        // before it is forced
    ScriptProcess::Duration cleanup_due{0};  // when its cleanup has to be done
};

class TestRun : private PlacedHost {
  public:
    using Duration = ScriptProcess::Duration;

    TestRun(TestWorld& world, session::PlannedTest test, Attempt attempt, TestPlace place);

    /// Makes its files and starts its build or its script. It may be over at once.
    void start(Duration now);
    /// The same, but its run waits for run_at(). For a test whose build is made once.
    void build_ahead(Duration now);
    /// Goes on where it runs.
    void run_at(TestPlace place, Duration now);
    [[nodiscard]] bool waits_for_build() const { return build_stage_ && build_stage_->waits(); }
    /// Its build is under way.
    [[nodiscard]] bool building() const {
        return stage_ == Stage::building && build_stage_ && !over() && !build_stage_->over();
    }
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
    /// The same of an attempt that another one follows.
    void conclude_attempt();
    /// Writes that it was interrupted, ends its processes, and then gathers what results there
    /// are and cleans up; step() until stopped().
    void abort(status::Cause cause, const std::string& note, Duration now, const StopTimes& times);
    [[nodiscard]] bool stopped() const;
    /// After abort(): its own processes are gone; results are gathered or it is cleaned up.
    [[nodiscard]] bool finishing() const;
    /// Results that are not there by now are given up.
    void give_up_results(Duration now);

    [[nodiscard]] const session::PlannedTest& test() const { return test_; }
    [[nodiscard]] double duration() const { return end_.duration; }
    [[nodiscard]] std::string log_path() const;
    [[nodiscard]] const std::string& nodes() const { return nodes_; }
    [[nodiscard]] const Attempt& attempt_made() const { return attempt_; }
    [[nodiscard]] const std::vector<std::string>& node_names() const { return place_.nodes; }
    /// What ends it may not have been its own doing: it may run again in a later job.
    [[nodiscard]] bool lost_its_node() const {
        return verdict_ && verdict_->cause == status::Cause::node_failure;
    }

  private:
    enum class Stage { resolving, building, running, results, cleaning };

    Result<> make_files();
    Result<> move_to_spare(const Error& why);
    Result<FileDescriptor> lay_out_run();
    void go_on(const Result<>& started, Duration now);
    Result<> start_resolving(Duration now);
    Result<> start_stages(Duration now);
    Result<> start_build(Duration now);
    Result<> start_run(Duration now);
    Result<> start_script(ScriptStart what, Duration now);
    void step_script(Duration now);
    Result<> resolving_ended(Duration now);
    Result<> step_build(Duration now);
    Result<> step_run(Duration now);
    void run_ended(Duration now);
    Result<> start_results(Duration now);
    void take(ResultOutcome outcome, Duration now);
    void judged(Verdict verdict, Duration now);
    void clean_up(Duration now);
    void step_cleanup(Duration now);
    [[nodiscard]] TestIdentity identity() const;
    [[nodiscard]] ResultInputs result_inputs() const;
    void write_results();
    void refuse(std::string_view state, const std::string& reason, Duration now);
    [[nodiscard]] bool skip_if_told();
    [[nodiscard]] Environment script_environment() const;
    [[nodiscard]] status::Record end_record();

    // As the host of its stages.
    [[nodiscard]] const JobContext& job() const override { return world_.job; }
    [[nodiscard]] build::Registry& builds() override { return world_.builds; }
    [[nodiscard]] NodeHelpers& helpers() override { return world_.helpers; }
    [[nodiscard]] const std::string& session_id() const override { return world_.header.id; }
    [[nodiscard]] std::uint32_t test_index() const override { return test_.index; }
    [[nodiscard]] std::uint32_t attempt() const override { return attempt_.number; }
    [[nodiscard]] const TestPlace& place() const override { return place_; }
    [[nodiscard]] const Directory& root() const override;
    [[nodiscard]] Modes modes() const override { return world_.recorder.modes(); }
    [[nodiscard]] TestFiles& files() override { return *files_; }
    [[nodiscard]] std::string scratch() const override;
    [[nodiscard]] build::ScriptFrame frame(const std::string& directory) const override;
    [[nodiscard]] std::vector<std::string> nodes_of_test() const override { return place_.nodes; }
    [[nodiscard]] std::string copy_at_hand(const std::string& build) override;
    Result<RemoteScript> launch_on(const std::string& node, ScriptStart what,
                                   const std::string& log, Duration now) override;
    [[nodiscard]] std::vector<Variable> variables() const override;
    [[nodiscard]] std::vector<Variable> mark() const override;
    Result<ScriptProcess> launch_script(ScriptStart what, Duration now) override;
    void write(status::Record record) override;

    [[nodiscard]] status::Record record_of(std::string_view state, std::string note) const;
    void record(status::Record record);
    void record(std::string_view state, std::string note) {
        record(record_of(state, std::move(note)));
    }

    TestWorld& world_;
    session::PlannedTest test_;
    Attempt attempt_;
    TestPlace place_;
    std::string nodes_;
    std::optional<Directory> spare_;
    std::optional<TestFiles> files_;
    build::Spec build_;
    build::Section run_;
    build::Built built_;
    std::optional<BuildStages> build_stage_;
    Stage stage_ = Stage::running;
    bool ahead_ = false;  // it has no place yet
    bool ran_ = false;
    std::optional<std::string> aborted_;  // why
    std::optional<RunStage> run_stage_;
    std::optional<CleanupStage> cleanup_stage_;
    CleanupOrder cleanup_;
    std::optional<Duration> cleanup_due_;
    std::optional<ScriptProcess> script_;  // that resolves strings or gathers results
    ScriptEnd end_;                        // of the stage before the results
    Timestamp started_, finished_;
    std::optional<ResultStage> results_;
    std::string results_json_;
    std::optional<Verdict> judged_;  // as long as it is cleaned up
    std::optional<Verdict> verdict_;
};

}  // namespace pavtest::run
