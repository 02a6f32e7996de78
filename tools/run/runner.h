// The runner: all tests of a job from first to last, and a true end whatever happens.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "run/active_clock.h"
#include "run/builds_ahead.h"
#include "run/notices.h"
#include "run/plan_reader.h"
#include "run/report.h"
#include "run/signals.h"
#include "run/step_daemon.h"
#include "run/test_run.h"
#include "session/durations.h"
#include "session/packer.h"
#include "session/retry.h"

namespace pavtest::run {

struct RunnerOptions {
    /// Start no more tests after so many that did not pass; 0: never stop.
    std::uint32_t max_failures = 0;
    /// How long a bad verdict waits for a sign that Slurm, and not the test, was at fault.
    Milliseconds hold{400};
    /// How long tests have to end by themselves when the job is ended.
    Milliseconds stop_grace{300};
    /// How long the results of tests that were ended with the job are waited for.
    Milliseconds result_grace{5000};
    /// How long after that their cleanup may take.
    Milliseconds cleanup_grace{10000};
    /// How long the store is waited for at the end when it takes no records.
    Milliseconds store_patience{2000};
    /// Tests whose builds are made ahead, in this order.
    std::vector<std::uint32_t> build_ahead = {};
    /// Where it is noted how long tests take; may be none.
    session::Durations* durations = nullptr;
};

class Runner {
  public:
    /// `packer` has the tests to run. `left_out` of the plan's tests are not selected and get
    /// no end here; as long as there are some, neither does the session.
    Runner(TestWorld& world, const PlanReader& plan, session::Packer packer, std::size_t left_out,
           SignalInbox& signals, const StepDaemon& daemon, OutputTail job_output, Report& report,
           RunnerOptions options);

    ExitCode run();

  private:
    using Duration = ScriptProcess::Duration;
    struct Running {
        std::unique_ptr<TestRun> test;
        std::size_t place;
    };
    struct Held {
        Running running;
        Duration due;
    };
    /// A test whose next attempt waits or runs.
    struct Retried {
        std::uint32_t made = 0;  // attempts in this job
        std::size_t place = 0;
        std::set<std::size_t> nodes;  // that they ran on
        Verdict last;
        Trouble trouble;
        double duration = 0;
    };

    void begin();
    void start_tests();
    void start_test(const session::Placement& placement);
    [[nodiscard]] std::unique_ptr<TestRun> make_run(std::uint32_t index, TestPlace where);
    void step_builds();
    void listen_to_helpers();
    void count_busy_time();
    void wait();
    void handle_signals();
    void reap();
    void step_tests();
    void conclude_held(bool all_due);
    void conclude(Running running);
    void conclude_attempt(Running& running, const session::Retry& retry);
    void no_further_attempt(std::uint32_t test, const std::string& why);
    void finish_stopping(Duration grace_over, Duration results_due, Duration cleanup_due);
    [[nodiscard]] bool too_many_failures() const;
    void give_up_waiting(const std::string& why);
    void look_after_store();
    void stop();
    void end_session();
    void keep_durations();
    [[nodiscard]] ExitCode finish();
    [[nodiscard]] Duration now() const { return clock_.now(); }
    [[nodiscard]] int poll_timeout() const;

    TestWorld& world_;
    const PlanReader& plan_;
    session::Packer packer_;
    std::size_t left_out_;
    SignalInbox& signals_;
    const StepDaemon& daemon_;
    OutputTail job_output_;
    Report& report_;
    RunnerOptions options_;
    ActiveClock clock_;
    BuildsAhead builds_ahead_;
    std::list<Running> running_;
    std::list<Held> held_;
    std::map<std::uint32_t, Retried> retried_;
    std::size_t started_ = 0;
    PackingFigures figures_;
    Duration counted_to_{0};
    std::string stop_reason_;  // why we are to stop; empty as long as we are not
    bool stopped_ = false;
    bool store_failed_ = false;
    Tally tally_;
    std::vector<Trouble> troubles_;
};

}  // namespace pavtest::run
