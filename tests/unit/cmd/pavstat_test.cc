#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "../session/fake_slurm.h"
#include "../session/fixture.h"
#include "cmd/pavstat/collect.h"
#include "cmd/pavstat/set.h"
#include "cmd/pavstat/stores.h"
#include "cmd/pavstat/views.h"
#include "session/id.h"
#include "status/status_file.h"

namespace pavtest::cmd {
namespace {

using session::SlurmJob;
using status::Cause;
using status::Role;
using status::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class PavstatTest : public session::StoreTest {
  protected:
    Viewer viewer() {
        settings_.store_templates = {settings_.store};
        clock_.advance(10);
        return {Environment({{"XDG_CACHE_HOME", path_ + "/cache"}}),
                {1000, "alice", path_},
                settings_,
                &clock_,
                &slurm_};
    }
    static SlurmJob queued(std::uint32_t id, const std::string& state, const std::string& reason) {
        SlurmJob job;
        job.job = id;
        job.state = state;
        job.reason = reason;
        job.cluster = "blue";
        job.restarts = 0;
        job.submitted = Timestamp{1'700'000'001'000'000};
        job.comment = std::string("pavtest:") + kId;
        return job;
    }
    static PavstatOptions of(const std::string& wish) {
        PavstatOptions options;
        options.wishes = {*parse_wish(wish)};
        options.of_tests = true;
        return options;
    }
    static PavstatOptions tests() {
        PavstatOptions options;
        options.of_tests = true;
        return options;
    }
    /// A finished session of job 7: test 0 passed, 1 failed, 2 was skipped.
    void finish() {
        const auto made = make_session(3);
        submit_as_usual(made);
        session::HandClock& clock = clock_;
        write(made, {7, 0}, "n1", {joined(Role::prolog), one(Role::runner, 0, "RUNNING")});
        clock.advance(3);
        status::Record pass =
            ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass);
        pass.return_value = 0;
        pass.nodes = "n1";
        status::Record fail =
            ended(one(Role::runner, 1, "COMPLETE"), Cause::finished, Verdict::fail);
        fail.note = "return value 1";
        write(made, {7, 0}, "n1",
              {pass, fail, ended(one(Role::runner, 2, "SKIPPED"), Cause::skipped),
               ended(whole(Role::runner, "COMPLETE", "1 passed"), Cause::finished),
               joined(Role::epilog, "left")});
    }

    session::FakeSlurm slurm_;
};

TEST_F(PavstatTest, FinishedSessionsCostNoQuestion) {
    finish();
    const auto collected = collect(viewer(), {});
    ASSERT_TRUE(collected);
    EXPECT_TRUE(slurm_.asked.empty());
    EXPECT_TRUE(collected->remarks.empty());
    const index::Counts counts = collected->rows.at(0).job.counts;
    EXPECT_EQ(counts.total, 3U);
    EXPECT_EQ(counts.pass, 1U);
    EXPECT_EQ(counts.fail, 1U);
    EXPECT_EQ(counts.skipped, 1U);
    EXPECT_EQ(counts.unfinished, 0U);
    EXPECT_THAT(sessions_table(*collected, clock_.now(), true), HasSubstr("COMPLETE"));
}

TEST_F(PavstatTest, NoStoreIsNoSession) {
    const auto collected = collect(viewer(), {});
    ASSERT_TRUE(collected);
    EXPECT_TRUE(collected->rows.empty());
    EXPECT_TRUE(collected->remarks.empty());
}

TEST_F(PavstatTest, JsonHasTheShapeThatIsPromised) {
    finish();
    const auto collected = collect(viewer(), tests());
    const auto json = nlohmann::json::parse(json_text(sessions_json(*collected)));
    const auto& one = json.at("sessions").at(0);
    std::vector<std::string> keys;
    for (const auto& [key, value] : one.items()) {
        keys.push_back(key);
    }
    EXPECT_THAT(
        keys, testing::UnorderedElementsAre("id", "job_id", "cluster", "user", "request", "suites",
                                            "state", "note", "when", "submitted", "started",
                                            "ended", "nodes", "restarts", "counts", "tests"));
    EXPECT_EQ(one["id"], kId);
    EXPECT_EQ(one["job_id"], 7);
    EXPECT_EQ(one["cluster"], "blue");
    EXPECT_EQ(one["request"], "hpl");
    EXPECT_EQ(one["suites"], nlohmann::json({"hpl"}));
    EXPECT_EQ(one["counts"]["pass"], 1);
    const auto& test = one["tests"][0];
    EXPECT_EQ(test.size(), 12U);
    EXPECT_EQ(test["name"], "hpl.t0");
    EXPECT_EQ(test["result"], "PASS");
    EXPECT_EQ(test["cause"], "finished");
    EXPECT_EQ(test["source"], "runner");
    EXPECT_EQ(test["return_value"], 0);
    EXPECT_TRUE(one["tests"][1]["return_value"].is_null());
    EXPECT_TRUE(one["tests"][1]["started"].is_null());
    EXPECT_TRUE(one["tests"][2]["result"].is_null());
}

TEST_F(PavstatTest, AJobThatWaitsIsShownAsTheQueueHasIt) {
    submit_as_usual(make_session(2));
    slurm_.queued = {queued(9, "PENDING", "Resources")};
    auto collected = collect(viewer(), {});
    ASSERT_EQ(collected->rows.size(), 1U);
    EXPECT_EQ(collected->rows[0].job.job, 9U);
    EXPECT_EQ(collected->rows[0].job.state, "SCHEDULED");
    EXPECT_THAT(sessions_table(*collected, clock_.now(), true), HasSubstr("(Resources)"));
    EXPECT_EQ(slurm_.asked.size(), 1U);
    // Its number finds it, too.
    collected = collect(viewer(), of("9"));
    ASSERT_TRUE(collected);
    EXPECT_EQ(collected->tests.size(), 2U);
}

TEST_F(PavstatTest, TasksOfAnArrayThatWaitAreRowsOfTheirOwn) {
    const auto made = make_session(1);
    submit_as_usual(made);
    write(made, {9, 0}, "n1", {joined(Role::prolog), one(Role::runner, 0, "RUNNING")});
    SlurmJob rest = queued(8, "PENDING", "JobArrayTaskLimit");
    rest.array_job = 8;
    rest.array_task = "2-5%1";
    SlurmJob first = queued(9, "RUNNING", "");
    first.nodes = "n1";
    slurm_.queued = {first, rest};
    const auto collected = collect(viewer(), tests());
    ASSERT_EQ(collected->rows.size(), 2U);
    EXPECT_EQ(collected->rows[0].job.state, "RUNNING");
    EXPECT_EQ(collected->rows[1].job.job, 8U);
    EXPECT_EQ(collected->tests.at(1).view.state, "SCHEDULED");
    EXPECT_THAT(collected->rows[1].job.note, HasSubstr("array tasks 2-5%1"));
}

TEST_F(PavstatTest, OfflineAsksNothing) {
    submit_as_usual(make_session(1));
    PavstatOptions options;
    options.offline = true;
    ASSERT_TRUE(collect(viewer(), options));
    EXPECT_TRUE(slurm_.asked.empty());
}

TEST_F(PavstatTest, ASilentSlurmLeavesStatesAndSaysSo) {
    submit_as_usual(make_session(1));
    slurm_.silent = true;
    const auto collected = collect(viewer(), {});
    EXPECT_EQ(collected->rows[0].job.state, "SCHEDULED");
    EXPECT_THAT(collected->remarks,
                ElementsAre(HasSubstr("did not answer"), HasSubstr("as of their last records")));
}

TEST_F(PavstatTest, FindsByJobSessionAndTest) {
    finish();
    EXPECT_EQ(collect(viewer(), of("7"))->rows.size(), 1U);
    EXPECT_EQ(collect(viewer(), of(kId))->rows.size(), 1U);
    const auto one = collect(viewer(), of("7.1"));
    const std::string table = tests_table(*one, clock_.now(), true);
    EXPECT_THAT(table, HasSubstr("hpl.t1"));
    EXPECT_THAT(table, Not(HasSubstr("hpl.t0")));
    const auto none = collect(viewer(), of("8"));
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, ErrorKind::nothing_selected);
}

TEST_F(PavstatTest, OldSessionsAreShownWhenAskedFor) {
    finish();
    clock_.advance(8 * 86400);
    EXPECT_TRUE(collect(viewer(), {})->rows.empty());
    PavstatOptions options;
    options.since = parse_start_time("now-9days", clock_.now()).value();
    EXPECT_EQ(collect(viewer(), options)->rows.size(), 1U);
}

TEST_F(PavstatTest, HistoryTellsWhoSaidWhat) {
    finish();
    const auto history = history_table(*collect(viewer(), of("7.1")), true);
    ASSERT_TRUE(history);
    EXPECT_THAT(*history, HasSubstr("CREATED"));
    EXPECT_THAT(*history, HasSubstr("end; return value 1"));
    EXPECT_THAT(*history, Not(HasSubstr("RUNNING")));
}

TEST_F(PavstatTest, NodesTellWhoTookPart) {
    finish();
    const std::string table = *nodes_table(*collect(viewer(), of("7")), true);
    EXPECT_THAT(table, HasSubstr("n1"));
    EXPECT_THAT(table, HasSubstr("epilog"));
}

TEST_F(PavstatTest, WhatWasLeftOutTakesOneLine) {
    finish();
    std::ofstream(session_path() + "/jobs/7.0/journal.runner-n1.jsonl", std::ios::app) << "x\ny\n";
    const auto collected = collect(viewer(), {});
    EXPECT_THAT(collected->remarks, ElementsAre(HasSubstr("2 lines or files left out")));
}

TEST_F(PavstatTest, NothingForeignReachesTheTerminal) {
    const auto made = make_session(1);
    status::Record evil = one(Role::runner, 0, "RUN\x1b[2JNING");
    evil.note = "\x1b]0;title\x07 \xc2\x9b";
    write(made, {7, 0}, "n1", {evil});
    const auto collected = collect(viewer(), of("7"));
    const std::string text =
        tests_table(*collected, clock_.now(), true) + *history_table(*collected, true);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\x07'), std::string::npos);
    EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
}

TEST_F(PavstatTest, SettleAllFindsOldSessionsToo) {
    submit_as_usual(make_session(1));
    clock_.advance(30 * 86400);
    slurm_.queued = {queued(7, "CANCELLED", "")};
    const auto collected = settle_all(viewer(), {});
    EXPECT_EQ(collected->settled, 1U);
    EXPECT_TRUE(collected->rows.at(0).job.settled);
}

TEST_F(PavstatTest, ATestSetsAStateOfItsOwn) {
    const auto made = make_session(1);
    write(made, {7, 0}, "n1", {one(Role::runner, 0, "RUNNING")});
    const auto job = made.make_job_directory({7, 0});
    ASSERT_TRUE(session::SessionDirectory::make_test_directory(*job, 0, 0700));
    const status::StatusFile status(session_path() + "/jobs/7.0/tests/0000/status");
    ASSERT_TRUE(status.set("RUNNING", "", clock_));
    Environment environment({{"PAVTEST_STORE", settings_.store},
                             {"PAVTEST_SESSION", kId},
                             {"PAVTEST_JOB", "7.0"},
                             {"PAVTEST_TEST", "0"},
                             {"PAVTEST_ATTEMPT", "1"},
                             {"SLURMD_NODENAME", "n1"}});
    ASSERT_TRUE(set_user_state(environment, "step 2", clock_));
    EXPECT_EQ(status.current().state, "RUN_USER");
    EXPECT_EQ(status.current().note, "step 2");
    // Another host's goes to its journal only.
    environment.set("SLURMD_NODENAME", "n2");
    ASSERT_TRUE(set_user_state(environment, "step 3", clock_));
    EXPECT_EQ(status.current().note, "step 2");
    const auto view = session::view_session(made);
    EXPECT_EQ(view->jobs[0].tests[0].state, "RUN_USER");
    EXPECT_EQ(view->jobs[0].tests[0].note, "step 3");
    environment.unset("PAVTEST_SESSION");
    EXPECT_FALSE(set_user_state(environment, "x", clock_));
}

TEST_F(PavstatTest, StoresOfEverybodyBelowATemplate) {
    std::filesystem::create_directories(path_ + "/all/alice/store");
    std::filesystem::create_directories(path_ + "/all/bob/store");
    Viewer who = viewer();
    who.settings.store = path_ + "/all/alice/store";
    who.settings.store_templates = {path_ + "/all/{user}/store"};
    EXPECT_THAT(*stores_of(who, {}), ElementsAre(path_ + "/all/alice/store"));
    PavstatOptions all;
    all.all_users = true;
    EXPECT_THAT(*stores_of(who, all),
                ElementsAre(path_ + "/all/alice/store", path_ + "/all/bob/store"));
    PavstatOptions root;
    root.users = {"root"};
    EXPECT_THAT(*stores_of(who, root), ElementsAre(path_ + "/all/root/store"));
    root.users = {"no such user"};
    EXPECT_FALSE(stores_of(who, root));
}

TEST(PavstatWords, StartTimes) {
    const Timestamp now{1'700'000'000'000'000};
    EXPECT_EQ(parse_start_time("now", now)->microseconds, now.microseconds);
    EXPECT_EQ(parse_start_time("now-2hours", now)->microseconds,
              now.microseconds - 7200 * 1'000'000LL);
    EXPECT_EQ(parse_start_time("now-1day", now)->microseconds,
              now.microseconds - 86400 * 1'000'000LL);
    EXPECT_TRUE(parse_start_time("2026-11-21", now));
    EXPECT_TRUE(parse_start_time("2026-11-21T20:30", now));
    for (const char* wrong : {"", "now-", "now-x", "now*2", "2026", "2026-11-21T", "yesterday"}) {
        EXPECT_FALSE(parse_start_time(wrong, now)) << wrong;
    }
}

TEST(PavstatWords, Wishes) {
    EXPECT_EQ(parse_wish("4711")->job, 4711U);
    EXPECT_EQ(parse_wish("4711.3")->test, 3U);
    EXPECT_EQ(parse_wish("1hf7yat00abc")->session, "1hf7yat00abc");
    for (const char* wrong : {"", "0", "x", "4711.", "4711.x", "-1", "99999999999"}) {
        EXPECT_FALSE(parse_wish(wrong)) << wrong;
    }
}

}  // namespace
}  // namespace pavtest::cmd
