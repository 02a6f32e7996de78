#include "run/runner.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <fstream>
#include <thread>

#include "../session/fixture.h"
#include "base/text.h"
#include "run/cpu_set.h"
#include "run/packing.h"

namespace pavtest::run {
namespace {

using nlohmann::json;
using session::JobView;
using session::TestView;
using status::Cause;
using status::Verdict;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

// A whole runner in this process, on a store of its own.
class RunnerTest : public session::StoreTest {
  protected:
    void SetUp() override {
        StoreTest::SetUp();
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    }
    void TearDown() override {
        StoreTest::TearDown();
        ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    }
    static session::PlannedTest test(const std::string& command, const json& more = {}) {
        session::PlannedTest planned;
        planned.config = {{"run", {{"cmds", {command}}, {"autoexit", "True"}}}};
        if (more.is_object()) {
            planned.config.merge_patch(more);
        }
        return planned;
    }
    void freeze(std::vector<session::PlannedTest> tests) {
        session::Plan frozen;
        frozen.id = kId;
        for (session::PlannedTest& planned : tests) {
            planned.index = static_cast<std::uint32_t>(frozen.tests.size());
            planned.name = "s.t" + std::to_string(planned.index);
            planned.suite = "s";
            frozen.tests.push_back(std::move(planned));
        }
        const auto store = session::Store::create(settings_);
        ASSERT_TRUE(store);
        ASSERT_TRUE(
            store->create_session(header(static_cast<std::uint32_t>(frozen.tests.size())), frozen));
    }
    ExitCode run(std::uint32_t restart = 0, RunnerOptions options = {}) {
        const auto store = session::Store::open(settings_.store);
        const auto session = *store->open_session(kId);
        const auto head = *session.header();
        const auto reader = *PlanReader::open(session);
        JobContext job;
        job.key = {7, restart};
        job.node = "n1";
        job.nodes = {"n1"};
        job.node_list = "n1";
        const Ledger ledger = read_ledger(session, job.key, reader.count());
        const SystemClock clock;
        auto recorder = Recorder::open(session, job, clock);
        EXPECT_TRUE(recorder) << recorder.error().what;
        const Environment environment(
            {{"PATH", "/usr/bin:/bin"}, {"PAVTEST_JOB", job.mark()}, {"PAVTEST_SESSION", kId}});
        const MemoryKills kills;
        build::Registry builds;
        Leaders leaders;
        NodeHelpers helpers("/no/pavrun", {}, environment, leaders);
        TestWorld world{.header = head,
                        .session = session,
                        .store = settings_.store,
                        .job = job,
                        .ledger = ledger,
                        .environment = environment,
                        .kills = kills,
                        .recorder = *recorder,
                        .builds = builds,
                        .leaders = leaders,
                        .helpers = helpers,
                        .node_dir = path_ + "/node",
                        .spare_directory = path_ + "/spare"};
        auto signals = SignalInbox::open();
        const StepDaemon daemon;
        const FileDescriptor output(
            ::open((path_ + "/output").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
        const auto order = ledger.open_tests();
        options.build_ahead = order;
        Report report(output.get(), false, order.size(), job.nodes.size() > 1);
        session::Durations durations = session::Durations::read(*Directory::open(settings_.store));
        options.durations = &durations;
        Runner runner(world, reader,
                      session::Packer(packed_nodes(job), packed_tests(reader, order, durations)), 0,
                      *signals, daemon, OutputTail::of_descriptor(output.get(), restart > 0),
                      report, options);
        return runner.run();
    }
    [[nodiscard]] JobView view() const {
        const auto store = session::Store::open(settings_.store);
        return session::view_session(*store->open_session(kId))->jobs.front();
    }
    [[nodiscard]] std::string output() const { return read_file(path_ + "/output").value_or(""); }
    [[nodiscard]] std::string file(const std::string& name, int restart = 0) const {
        return read_file(session_path() + "/jobs/7." + std::to_string(restart) + "/tests/" + name)
            .value_or("");
    }
    // Sends the signal to this process as soon as the file is there.
    [[nodiscard]] std::jthread when_there(const std::string& path, int signal,
                                          std::chrono::milliseconds later = 0ms) const {
        return std::jthread([path, signal, later](const std::stop_token& stop) {
            // Only the main thread takes signals.
            sigset_t all;
            ::sigfillset(&all);
            ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
            while (!stop.stop_requested() && ::access(path.c_str(), F_OK) != 0) {
                std::this_thread::sleep_for(5ms);
            }
            std::this_thread::sleep_for(later);
            ::kill(::getpid(), signal);
        });
    }
};

TEST_F(RunnerTest, RunsAllAndTellsWhatBecameOfThem) {
    freeze({test("echo hello"), test("exit 3"), test("kill -9 $$")});
    EXPECT_EQ(run(), ExitCode::tests_failed);
    const JobView job = view();
    EXPECT_EQ(job.tests[0].result, Verdict::pass);
    EXPECT_EQ(job.tests[1].result, Verdict::fail);
    EXPECT_EQ(job.tests[1].return_value, 3);
    EXPECT_EQ(job.tests[2].result, Verdict::fail);
    EXPECT_EQ(job.tests[2].return_value, -9);
    EXPECT_EQ(job.tests[2].signal, 9);
    EXPECT_EQ(job.state, "COMPLETE");
    EXPECT_TRUE(job.ended);
    EXPECT_EQ(file("0000/run.log"), "hello\n");
    EXPECT_THAT(file("0000/status"), HasSubstr(" COMPLETE PASS: returned 0\n"));
    EXPECT_EQ(json::parse(file("0001/results.json"))["result"], "FAIL");
    EXPECT_THAT(output(), HasSubstr("again  sbatch --pavtest=s.t1"));
    EXPECT_THAT(output(), HasSubstr("1 passed, 2 failed"));
}

TEST_F(RunnerTest, AllWellIsExitStatusZero) {
    session::PlannedTest skipped = test("exit 1");
    skipped.skip_reasons = {"not here"};
    session::PlannedTest wide = test("exit 1");
    wide.nodes = 2;
    freeze({test("true"), skipped, wide});
    EXPECT_EQ(run(), ExitCode::ok);
    const JobView job = view();
    EXPECT_EQ(job.tests[1].state, "SKIPPED");
    EXPECT_EQ(job.tests[1].note, "not here");
    EXPECT_EQ(job.tests[2].note, "needs 2 nodes, the job has 1");
    EXPECT_EQ(job.tests[2].cause, Cause::skipped);
}

TEST_F(RunnerTest, BuildsOnceForEqualBuilds) {
    const json build = {{"build", {{"cmds", {"echo once >> made"}}}}};
    const json broken = {{"build", {{"cmds", {"echo no; false"}}}}};
    freeze({test("cat made", build), test("grep -c once made", build), test("true", broken),
            test("true", broken)});
    EXPECT_EQ(run(), ExitCode::tests_failed);
    const JobView job = view();
    EXPECT_EQ(file("0000/run.log"), "once\n");
    EXPECT_EQ(file("0001/run.log"), "1\n");
    EXPECT_THAT(file("0001/status"), HasSubstr(" BUILD_REUSED "));
    EXPECT_EQ(job.tests[2].state, "BUILD_FAILED");
    EXPECT_EQ(job.tests[2].result, Verdict::fail);
    EXPECT_EQ(job.tests[3].state, "BUILD_FAILED");
    EXPECT_THAT(job.tests[3].note, HasSubstr("test 2"));
    EXPECT_THAT(file("0002/build.log"), HasSubstr("no"));
}

TEST_F(RunnerTest, ABuildThatWritesElsewhereIsNotSilent) {
    freeze(
        {test("true", {{"build",
                        {{"cmds", {"for i in 1 2 3 4 5 6; do sleep 0.4; echo $i >>progress; done"}},
                         {"timeout", "2"},
                         {"timeout_file", "progress"}}}})});
    EXPECT_EQ(run(), ExitCode::ok);
}

TEST_F(RunnerTest, IndependentBuildsAreMadeSideBySideAheadOfTheTests) {
    if (own_cpus().size() < 2) {
        GTEST_SKIP() << "with one processor one build is made after the other";
    }
    const auto build = [this](const std::string& own, const std::string& other) -> json {
        const std::string place = path_ + "/";
        // Each ends only if the other has begun.
        const std::string wait = "until [ -e " + place + other + " ]; do sleep 0.02; done";
        return {{"build",
                 {{"cmds", {"touch " + place + own, wait, "touch " + place + own + ".made"}}}}};
    };
    const std::string both = "[ -e " + path_ + "/a.made ] && [ -e " + path_ + "/b.made ]";
    freeze({test(both), test(both, build("a", "b")), test(both, build("b", "a"))});
    EXPECT_EQ(run(), ExitCode::ok);
    EXPECT_THAT(output(), HasSubstr("builds: 2 to be made before their tests"));
    EXPECT_THAT(file("0002/status"), testing::ContainsRegex("BUILD_DONE.*\n.* RUNNING "));
    EXPECT_THAT(file("0002/status"), Not(HasSubstr("BUILD_REUSED")));
}

TEST_F(RunnerTest, BuildsAheadEndWithTheJob) {
    const auto build = [this](const std::string& name) -> json {
        return {{"build", {{"cmds", {"touch " + path_ + "/" + name, "sleep 60"}}}}};
    };
    freeze({test("true", build("a")), test("true", build("b")), test("true")});
    const auto killer = when_there(path_ + "/a", SIGTERM);
    EXPECT_EQ(run(), ExitCode::infrastructure);
    const JobView job = view();
    for (const TestView& test : job.tests) {
        EXPECT_EQ(test.state, "ABORTED");
        EXPECT_EQ(test.result, Verdict::none);
        EXPECT_TRUE(test.again);
    }
    EXPECT_TRUE(job.flaws.empty());
    EXPECT_TRUE(std::filesystem::exists(settings_.store));
}

TEST_F(RunnerTest, ATestThatTimesOutFails) {
    freeze({test("sleep 60", {{"run", {{"timeout", "0.2"}}}}),
            test("true", {{"build", {{"cmds", {"sleep 60"}}, {"timeout", "0.2"}}}})});
    EXPECT_EQ(run(), ExitCode::tests_failed);
    const JobView job = view();
    EXPECT_EQ(job.tests[0].result, Verdict::fail);
    EXPECT_EQ(job.tests[0].cause, Cause::timeout);
    EXPECT_THAT(file("0000/status"), HasSubstr(" RUN_TIMEOUT "));
    EXPECT_EQ(job.tests[1].state, "BUILD_TIMEOUT");
    EXPECT_EQ(job.tests[1].cause, Cause::timeout);
}

TEST_F(RunnerTest, AConfigurationThatMakesNoSenseIsAnErrorOfThatTestOnly) {
    freeze({test("true", {{"run", {{"timeout", "soon"}}}}), test("true"),
            test("true", {{"result_parse", {{"regex", {{"k", {{"regex", "("}}}}}}}})});
    EXPECT_EQ(run(), ExitCode::tests_failed);
    const JobView job = view();
    EXPECT_EQ(job.tests[0].state, "RUN_ERROR");
    EXPECT_EQ(job.tests[0].result, Verdict::error);
    EXPECT_EQ(job.tests[1].result, Verdict::pass);
    EXPECT_EQ(job.tests[2].state, "RUN_ERROR");
    EXPECT_THAT(job.tests[2].note, HasSubstr("regex parser, key 'k'"));
}

TEST_F(RunnerTest, ResultsAreParsedEvaluatedAndKept) {
    const json parsed = {{"result_parse", {{"regex", {{"speed", {{"regex", "speed (.*)"}}}}}}},
                         {"result_evaluate", {{"double", "speed * 2"}, {"result", "speed > 10"}}}};
    freeze({test("echo speed 12.50", parsed), test("echo speed 9", parsed),
            test("echo no figure; true", parsed)});
    EXPECT_EQ(run(), ExitCode::tests_failed);
    const JobView job = view();
    EXPECT_EQ(job.tests[0].result, Verdict::pass);
    EXPECT_THAT(file("0000/results.json"), HasSubstr("\"speed\": 12.50"));
    EXPECT_EQ(json::parse(file("0000/results.json"))["double"], 25.0);
    EXPECT_EQ(job.tests[1].result, Verdict::fail);
    EXPECT_EQ(job.tests[1].state, "COMPLETE");
    EXPECT_EQ(job.tests[1].note, "FAIL: returned 0; not speed > 10");
    EXPECT_EQ(job.tests[2].result, Verdict::error);
    EXPECT_EQ(job.tests[2].state, "RESULTS_ERROR");
    EXPECT_EQ(json::parse(file("0002/results.json"))["result"], "ERROR");
    EXPECT_FALSE(json::parse(file("0002/results.json"))["pav_result_errors"].empty());
    const auto lines =
        split(read_file(session_path() + "/jobs/7.0/results.jsonl").value_or(""), '\n');
    ASSERT_EQ(lines.size(), 4);  // the last is empty
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(json::parse(lines[i])["name"], "s.t" + std::to_string(i));
    }
}

TEST_F(RunnerTest, ATestThatTimesOutStillHasItsResults) {
    const json parsed = {{"run", {{"timeout", "0.3"}}},
                         {"result_parse", {{"regex", {{"speed", {{"regex", "speed (.*)"}}}}}}},
                         {"result_evaluate", {{"result", "speed > 10"}}}};
    freeze({test("echo speed 12; sleep 60", parsed)});
    EXPECT_EQ(run(), ExitCode::tests_failed);
    EXPECT_EQ(view().tests[0].result, Verdict::fail);
    EXPECT_EQ(view().tests[0].cause, Cause::timeout);
    const json results = json::parse(file("0000/results.json"));
    EXPECT_EQ(results["speed"], 12);
    EXPECT_EQ(results["result"], "FAIL");
}

TEST_F(RunnerTest, AnInterruptedTestKeepsWhatItHadFound) {
    freeze({test("echo speed 12; touch there; sleep 60",
                 {{"result_parse", {{"regex", {{"speed", {{"regex", "speed (.*)"}}}}}}}})});
    const auto killer = when_there(session_path() + "/jobs/7.0/tests/0000/build/there", SIGTERM);
    EXPECT_EQ(run(), ExitCode::infrastructure);
    EXPECT_EQ(view().tests[0].state, "ABORTED");
    EXPECT_EQ(view().tests[0].result, Verdict::none);
    const json results = json::parse(file("0000/results.json"));
    EXPECT_EQ(results["speed"], 12);
    EXPECT_TRUE(results["result"].is_null());
}

// Fails until it was called so many times.
std::string fails_until(int good, const std::string& directory) {
    return "echo x >> " + directory + "/calls; echo try $PAVTEST_ATTEMPT; [ $(wc -l < " +
           directory + "/calls) -ge " + std::to_string(good) + " ]";
}

TEST_F(RunnerTest, ATestIsTriedAgainAndEveryAttemptIsKept) {
    freeze({test(fails_until(3, path_), {{"retry", {{"count", "2"}}}}), test("true")});
    RunnerOptions options;
    options.hold = 10ms;
    EXPECT_EQ(run(0, options), ExitCode::ok);
    const JobView job = view();
    EXPECT_EQ(job.tests[0].result, Verdict::pass);
    EXPECT_EQ(job.tests[0].attempt, 3U);
    EXPECT_EQ(job.tests[0].note, "PASS: returned 0; attempt 3 of 3");
    EXPECT_EQ(job.tests[0].return_value, 0);
    EXPECT_EQ(file("0000/1/run.log"), "try 1\n");
    EXPECT_EQ(file("0000/2/run.log"), "try 2\n");
    EXPECT_EQ(file("0000/run.log"), "try 3\n");
    EXPECT_EQ(json::parse(file("0000/1/results.json"))["result"], "FAIL");
    EXPECT_EQ(json::parse(file("0000/results.json"))["result"], "PASS");
    EXPECT_THAT(file("0000/status"),
                HasSubstr(" INFO attempt 1 of 3: FAIL: returned 1; runs again\n"));
    const auto lines =
        split(read_file(session_path() + "/jobs/7.0/results.jsonl").value_or(""), '\n');
    EXPECT_EQ(lines.size(), 5U);  // four, and the end of the last
    EXPECT_THAT(output(), HasSubstr("2 passed (1 of them in more than one attempt)"));
    EXPECT_THAT(output(), HasSubstr("returned 1; attempt 1 of 3, runs again"));
}

TEST_F(RunnerTest, TheLastAttemptDecidesAndOnlyWhatIsAskedForRunsAgain) {
    freeze({test("exit 4", {{"retry", {{"count", "1"}}}}),
            test("exit 4", {{"retry", {{"count", "1"}, {"on", {"error", "node-fail"}}}}}),
            test("true",
                 {{"build", {{"cmds", {fails_until(2, path_)}}}}, {"retry", {{"count", "1"}}}})});
    RunnerOptions options;
    options.hold = 10ms;
    EXPECT_EQ(run(0, options), ExitCode::tests_failed);
    const JobView job = view();
    EXPECT_EQ(job.tests[0].note, "FAIL: returned 4; attempt 2 of 2");
    EXPECT_EQ(job.tests[0].return_value, 4);
    EXPECT_EQ(job.tests[1].attempt, 1U);
    EXPECT_EQ(job.tests[1].note, "FAIL: returned 4");
    EXPECT_EQ(job.tests[2].result, Verdict::pass);
    EXPECT_THAT(file("0002/1/build.log"), HasSubstr("try 1"));
    EXPECT_THAT(output(), HasSubstr("1 passed, 2 failed"));
}

TEST_F(RunnerTest, MaxfailEndsATestThatWaitsForItsNextAttempt) {
    freeze({test("exit 4", {{"retry", {{"count", "5"}}}}), test("sleep 0.1; false")});
    RunnerOptions options;
    options.hold = 10ms;
    options.max_failures = 1;
    EXPECT_EQ(run(0, options), ExitCode::tests_failed);
    EXPECT_EQ(view().tests[0].result, Verdict::fail);
    EXPECT_THAT(view().tests[0].note, HasSubstr("no further attempt: not run"));
    EXPECT_EQ(view().tests[0].return_value, 4);
}

TEST_F(RunnerTest, CleanupFollowsWhateverTheEndAndChangesNoVerdict) {
    const auto cleans = [this](const std::string& name) {
        return json{
            {"run", {{"env", {{"WORD", "w"}}}, {"timeout", "0.3"}}},
            {"cleanup",
             {{"cmds", {"false", "echo $WORD $PAVTEST_TEST > " + path_ + "/" + name, "exit 3"}}}}};
    };
    freeze({test("true", cleans("pass")), test("exit 2", cleans("fail")),
            test("sleep 60", cleans("timeout")),
            test("true", {{"cleanup", {{"cmds", {"sleep 60"}}, {"timeout", "0.2"}}}}),
            test("true", {{"build", {{"cmds", {"false"}}}},
                          {"cleanup", {{"cmds", {"touch " + path_ + "/built"}}}}})});
    run();
    const JobView job = view();
    EXPECT_EQ(job.tests[0].result, Verdict::pass);
    EXPECT_EQ(job.tests[1].return_value, 2);
    EXPECT_EQ(job.tests[2].cause, Cause::timeout);
    EXPECT_EQ(job.tests[3].result, Verdict::pass);
    EXPECT_EQ(read_file(path_ + "/pass").value_or(""), "w 0\n");
    EXPECT_EQ(read_file(path_ + "/fail").value_or(""), "w 1\n");
    EXPECT_EQ(read_file(path_ + "/timeout").value_or(""), "w 2\n");
    EXPECT_FALSE(std::filesystem::exists(path_ + "/built"));  // nothing ran
    EXPECT_THAT(file("0000/status"), HasSubstr(" INFO cleanup: returned 3\n"));
    EXPECT_THAT(file("0003/status"), HasSubstr(" INFO cleanup: ended after 0.2 s"));
}

TEST_F(RunnerTest, AnInterruptedTestIsCleanedUp) {
    const std::string mark = path_ + "/running";
    freeze({test("touch " + mark + "; sleep 60",
                 {{"cleanup", {{"cmds", {"touch " + path_ + "/clean", "sleep 60"}}}}})});
    RunnerOptions options;
    options.result_grace = 100ms;
    options.cleanup_grace = 300ms;
    const auto killer = when_there(mark, SIGTERM);
    EXPECT_EQ(run(0, options), ExitCode::infrastructure);
    EXPECT_EQ(view().tests[0].state, "ABORTED");
    EXPECT_TRUE(std::filesystem::exists(path_ + "/clean"));
    EXPECT_THAT(file("0000/status"), HasSubstr(" INFO cleanup: ended with the job"));
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(RunnerTest, HowLongTestsTookIsKept) {
    freeze({test("sleep 0.2"), test("true"), test("true", {{"build", {{"cmds", {"false"}}}}})});
    run();
    const auto durations = session::Durations::read(*Directory::open(settings_.store));
    EXPECT_GE(durations.of("s.t0").value_or(0), 0.2);
    EXPECT_LT(durations.of("s.t1").value_or(9), 0.2);
    EXPECT_FALSE(durations.of("s.t9"));
}

TEST_F(RunnerTest, MaxfailStopsStarting) {
    freeze({test("false"), test("false"), test("true"), test("true")});
    RunnerOptions options;
    options.max_failures = 2;
    EXPECT_EQ(run(0, options), ExitCode::tests_failed);
    const JobView job = view();
    EXPECT_EQ(job.tests[1].result, Verdict::fail);
    EXPECT_EQ(job.tests[2].cause, Cause::not_run);
    EXPECT_EQ(job.tests[3].result, Verdict::none);
    EXPECT_EQ(job.state, "COMPLETE");
}

TEST_F(RunnerTest, ABadVerdictWaitsAndTheNextTestDoesNot) {
    freeze({test("false"), test("sleep 0.1")});
    RunnerOptions options;
    options.hold = 700ms;
    const auto begin = std::chrono::steady_clock::now();
    run(0, options);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 700ms);
    EXPECT_LT(*view().tests[1].ended, *view().tests[0].ended);
}

TEST_F(RunnerTest, AFailureJustBeforeTheEndOfTheJobIsAnInterruption) {
    const std::string mark = path_ + "/failed";
    freeze({test("touch " + mark + "; exit 1"), test("sleep 60"), test("true")});
    RunnerOptions options;
    options.hold = 5s;
    const auto killer = when_there(mark, SIGTERM, 100ms);
    EXPECT_EQ(run(0, options), ExitCode::infrastructure);
    const JobView job = view();
    for (const TestView& each : job.tests) {
        EXPECT_EQ(each.state, "ABORTED");
        EXPECT_EQ(each.result, Verdict::none);
        EXPECT_EQ(each.cause, Cause::pending);
        EXPECT_TRUE(each.again);
    }
    EXPECT_THAT(file("0000/status"), HasSubstr(" RUN_DONE returned 1\n"));
    EXPECT_THAT(job.note, HasSubstr("SIGTERM"));
    EXPECT_FALSE(std::filesystem::exists(session_path() + "/jobs/7.0/tests/0002"));
}

TEST_F(RunnerTest, TheEndOfTheJobTakesAllProcessesAlong) {
    const std::string mark = path_ + "/running";
    freeze({test("trap '' TERM; (setsid sleep 61 &); touch " + mark +
                 "; while true; do sleep 0.05; done")});
    const auto killer = when_there(mark, SIGTERM);
    const auto begin = std::chrono::steady_clock::now();
    run();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(RunnerTest, SlurmsWordsInTheOutputAreTheCause) {
    const std::string mark = path_ + "/running";
    freeze(
        {test("echo 'slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT x DUE TO TIME LIMIT ***' >> " +
              path_ + "/output; touch " + mark + "; sleep 60"),
         test("true")});
    const auto killer = when_there(mark, SIGTERM);
    run();
    EXPECT_EQ(view().tests[0].cause, Cause::time_limit);
    EXPECT_EQ(view().tests[1].cause, Cause::time_limit);
    EXPECT_EQ(view().cause, Cause::time_limit);
}

TEST_F(RunnerTest, ARequeuedJobGoesOnWithWhatHadNotEnded) {
    const std::string mark = path_ + "/running";
    freeze({test("true"), test("[ -e " + mark + " ] || { touch " + mark + "; sleep 60; }"),
            test("true")});
    {
        const auto killer = when_there(mark, SIGTERM);
        run();
    }
    EXPECT_EQ(run(1), ExitCode::ok);
    const JobView job = view();
    EXPECT_EQ(job.restarts, 1U);
    for (const TestView& each : job.tests) {
        EXPECT_EQ(each.result, Verdict::pass);
    }
    EXPECT_EQ(job.tests[1].attempt, 2U);
    EXPECT_FALSE(std::filesystem::exists(session_path() + "/jobs/7.1/tests/0000"));
    EXPECT_TRUE(job.ended);
}

TEST_F(RunnerTest, OtherSignalsAreTheTestsBusiness) {
    const std::string mark = path_ + "/running";
    freeze({test("touch " + mark + "; sleep 0.3")});
    const auto user = when_there(mark, SIGUSR1);
    EXPECT_EQ(run(), ExitCode::ok);
}

TEST_F(RunnerTest, AStoreThatTakesNoFilesIsNoReasonNotToTest) {
    freeze({test("echo spare")});
    std::filesystem::create_directories(session_path() + "/jobs/7.0");
    std::ofstream(session_path() + "/jobs/7.0/tests") << "in the way";
    EXPECT_EQ(run(), ExitCode::ok);
    EXPECT_EQ(view().tests[0].result, Verdict::pass);
    EXPECT_EQ(read_file(path_ + "/spare/tests/0000/run.log").value_or(""), "spare\n");
}

TEST_F(RunnerTest, AStoreThatVanishedIsToldAndNothingHangs) {
    freeze({test("rm -rf " + settings_.store), test("true")});
    RunnerOptions options;
    options.store_patience = 100ms;
    EXPECT_EQ(run(0, options), ExitCode::infrastructure);
    EXPECT_THAT(output(), HasSubstr("is gone"));
    EXPECT_THAT(output(), HasSubstr("records could not be written"));
}

TEST_F(RunnerTest, OneRunnerAJob) {
    freeze({test("true")});
    const auto store = session::Store::open(settings_.store);
    const auto session = *store->open_session(kId);
    JobContext job;
    job.key = {7, 0};
    job.node = "n1";
    job.nodes = {"n1"};
    const SystemClock clock;
    const auto first = Recorder::open(session, job, clock);
    ASSERT_TRUE(first);
    EXPECT_FALSE(Recorder::open(session, job, clock));
}

}  // namespace
}  // namespace pavtest::run
