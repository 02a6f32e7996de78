// The child that gathers results, and what becomes of one that fails.
#include "run/result_stage.h"

#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "../session/fixture.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PAVTEST_ADDRESS_SANITIZER
#endif
#endif

namespace pavtest::run {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using namespace std::chrono_literals;

class ResultStageTest : public session::StoreTest {
  protected:
    void SetUp() override {
        StoreTest::SetUp();
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        std::filesystem::create_directories(path_ + "/test/build");
        job_.key = {7, 0};
        job_.node = "n1";
        job_.nodes = {"n1"};
        job_.node_list = "n1";
        header_ = header(1);
        test_.name = "s.t";
        inputs_.facts = {.header = &header_, .test = &test_, .job = &job_};
        inputs_.end.return_value = 0;
        inputs_.places = {path_ + "/test/build", path_ + "/test", path_ + "/test/run.log"};
        inputs_.environment = Environment({{"PATH", "/usr/bin:/bin"}});
    }
    void TearDown() override {
        ::prctl(PR_SET_CHILD_SUBREAPER, 0);
        StoreTest::TearDown();
    }
    void log(const std::string& text) { std::ofstream(path_ + "/test/run.log") << text; }
    // As the runner does it.
    ResultOutcome gather(const json& config) {
        test_.config = config;
        ResultStage stage(inputs_);
        EXPECT_TRUE(stage.needs_child());
        auto start = stage.child();
        EXPECT_TRUE(start);
        if (timeout_) {
            start->timeout = timeout_;
        }
        Leaders leaders;
        const MemoryKills kills;
        const auto begin = std::chrono::steady_clock::now();
        const auto now = [begin] {
            return std::chrono::duration_cast<ScriptProcess::Duration>(
                std::chrono::steady_clock::now() - begin);
        };
        auto child = ScriptProcess::start(std::move(*start), leaders, kills, now());
        EXPECT_TRUE(child);
        while (!child->over()) {
            int how = 0;
            for (pid_t pid = 0; (pid = ::waitpid(-1, &how, WNOHANG)) > 0;) {
                if (pid == child->pid()) {
                    child->leader_ended(how, now());
                }
            }
            child->step(now());
            std::this_thread::sleep_for(2ms);
        }
        return stage.collect(child->end());
    }
    void expect_error(const ResultOutcome& outcome, const std::string& text) {
        EXPECT_TRUE(outcome.failed);
        EXPECT_EQ(outcome.verdict.state, "RESULTS_ERROR");
        EXPECT_EQ(outcome.verdict.result, status::Verdict::error);
        EXPECT_THAT(outcome.verdict.reason, HasSubstr(text));
        const json results = json::parse(outcome.json);
        EXPECT_EQ(results["result"], "ERROR");
        EXPECT_THAT(results["pav_result_errors"].dump(), HasSubstr(text));
        EXPECT_EQ(results["name"], "s.t");
    }

    session::Header header_;
    session::PlannedTest test_;
    JobContext job_;
    ResultInputs inputs_;
    std::optional<double> timeout_;
};

json command(const std::string& text) {
    return {
        {"result_parse", {{"command", {{"k", {{"command", text}, {"output_type", "stdout"}}}}}}},
        {"result_evaluate", {{"result", "k == 1"}}}};
}

TEST_F(ResultStageTest, OnlyTheDefaultResultNeedsNoChild) {
    const json none = json::object();
    const json empty = {{"result_parse", {{"regex", json::object()}, {"json", nullptr}}},
                        {"result_evaluate", {{"result", " return_value == 0 "}}}};
    for (const json& config : {json(), none, empty}) {
        test_.config = config;
        EXPECT_FALSE(ResultStage(inputs_).needs_child()) << config;
        EXPECT_EQ(ResultStage(inputs_).judge().verdict.result, status::Verdict::pass);
    }
    test_.config = {{"result_evaluate", {{"other", "1"}}}};
    EXPECT_TRUE(ResultStage(inputs_).needs_child());
    test_.config = {{"reference", {{"k", {{"*", {{"value", "1"}, {"upper", "1"}}}}}}}};
    EXPECT_TRUE(ResultStage(inputs_).needs_child());
}

TEST_F(ResultStageTest, WhatTheChildFoundComesBackWhole) {
    log("speed 1234567890123456789012.50\n");
    const ResultOutcome outcome =
        gather({{"result_parse", {{"regex", {{"speed", {{"regex", "speed (.*)"}}}}}}}});
    EXPECT_EQ(outcome.verdict.result, status::Verdict::pass);
    EXPECT_EQ(outcome.verdict.state, "COMPLETE");
    EXPECT_EQ(outcome.verdict.reason, "returned 0");
    EXPECT_THAT(outcome.json, HasSubstr("\"speed\": 1234567890123456789012.50"));
}

TEST_F(ResultStageTest, AChildThatIsKilledIsAnError) {
    expect_error(gather(command("kill -9 $PPID")), "killed by signal 9");
}

TEST_F(ResultStageTest, TooMuchMemoryIsAnError) {
#ifdef PAVTEST_ADDRESS_SANITIZER
    GTEST_SKIP() << "AddressSanitizer hangs where memory is limited: the debug build runs this";
#endif
    std::string text;
    for (int i = 0; i < 200000; ++i) {
        text += "value number " + std::to_string(i) + " of very many in this log\n";
    }
    log(text);
    inputs_.limits.memory = 8U << 20;
    expect_error(gather({{"result_parse",
                          {{"regex", {{"k", {{"regex", "(.*)"}, {"match_select", "all"}}}}}}}}),
                 "more than 8 MiB of memory");
}

TEST_F(ResultStageTest, ACommandHasItsTime) {
    inputs_.limits.command_time = 1s;
    expect_error(gather(command("sleep 600")), "it took more than 1 s");
}

TEST_F(ResultStageTest, AChildThatHangsIsEnded) {
    timeout_ = 0.3;
    expect_error(gather(command("sleep 600")), "took more than");
}

TEST_F(ResultStageTest, ARunThatTimedOutFailsWhateverIsFound) {
    log("k 1\n");
    inputs_.end.timed_out = true;
    inputs_.timeout = 5;
    const ResultOutcome outcome =
        gather({{"result_parse", {{"regex", {{"k", {{"regex", "k (.*)"}}}}}}},
                {"result_evaluate", {{"result", "k == 1"}}}});
    EXPECT_EQ(outcome.verdict.result, status::Verdict::fail);
    EXPECT_EQ(outcome.verdict.cause, status::Cause::timeout);
    EXPECT_EQ(outcome.verdict.state, "COMPLETE");
    EXPECT_EQ(json::parse(outcome.json)["k"], 1);
    EXPECT_EQ(json::parse(outcome.json)["result"], "FAIL");
}

TEST_F(ResultStageTest, InterruptedResultsHaveNoVerdictAndAllTheirDigits) {
    EXPECT_EQ(
        interrupted_results(R"({"k": 0.10, "pav_result_errors": [], "result": "PASS"})", "x"),
        R"({"k": 0.10, "pav_result_errors": ["the test was interrupted: x"], "result": null})");
    EXPECT_EQ(interrupted_results("torn", "x"), "torn");
}

}  // namespace
}  // namespace pavtest::run
