#include "session/settle.h"

#include <gmock/gmock.h>

#include "fake_slurm.h"
#include "fixture.h"
#include "session/settle_rules.h"

namespace pavtest::session {
namespace {

using status::Cause;
using status::Role;
using status::Verdict;
using testing::HasSubstr;

class SettleTest : public StoreTest {
  protected:
    static SlurmJob job(std::uint32_t id, const std::string& state, const std::string& nodes) {
        SlurmJob made;
        made.job = id;
        made.state = state;
        made.nodes = nodes;
        made.cluster = "blue";
        made.restarts = 0;
        made.exit_code = "0";
        made.submitted = Timestamp{1'700'000'001'000'000};
        made.started = Timestamp{1'700'000'002'000'000};
        made.ended = Timestamp{1'700'000'060'000'000};
        return made;
    }
    static SlurmJob ours(SlurmJob job) {
        job.comment = std::string("pavtest:") + kId;
        return job;
    }
    OpenSession open(const std::string& id = kId) {
        auto session = Store::open(settings_.store)->open_session(id);
        EXPECT_TRUE(session);
        auto view = view_session(*session);
        EXPECT_TRUE(view);
        return {*std::move(session), *std::move(view)};
    }
    /// Settles the one session and gives what is then true of its first job.
    JobView settle_it(uid_t user = 1000) {
        clock_.advance(100);
        std::vector<OpenSession> sessions;
        sessions.push_back(open());
        outcome_ = settle(sessions, slurm_, {user, "login", &clock_});
        return sessions[0].view.jobs[0];
    }
    /// A session whose job 7 has begun test 0 of 2 on n1.
    void begin() {
        const auto session = make_session(2);
        submit_as_usual(session);
        write(session, {7, 0}, "n1",
              {joined(Role::prolog), all(Role::prolog, "PREPPING_RUN"),
               one(Role::runner, 0, "RUNNING")});
    }

    FakeSlurm slurm_;
    Settling outcome_;
};

TEST_F(SettleTest, CancelledWhilePendingByItsComment) {
    submit_as_usual(make_session(2));
    slurm_.queued = {job(8, "RUNNING", "n1"), ours(job(7, "CANCELLED", ""))};
    const JobView job = settle_it();
    EXPECT_EQ(job.job, 7U);
    EXPECT_TRUE(job.settled());
    EXPECT_EQ(job.state, "SCHED_CANCELLED");
    EXPECT_EQ(job.cause, Cause::cancelled);
    EXPECT_EQ(job.source, Role::settle);
    EXPECT_EQ(job.tests[1].state, "SCHED_CANCELLED");
    EXPECT_FALSE(job.started);
    EXPECT_EQ(job.ended_at->microseconds, 1'700'000'060'000'000);
    EXPECT_TRUE(std::filesystem::exists(session_path() + "/settle-login.jsonl"));
    EXPECT_FALSE(std::filesystem::exists(session_path() + "/jobs"));
    EXPECT_EQ(slurm_.asked, std::vector<std::string>{"queue blue 1000"});
    // Once is enough.
    slurm_.asked.clear();
    settle_it();
    EXPECT_TRUE(slurm_.asked.empty());
}

TEST_F(SettleTest, LiveJobsAreLeftAlone) {
    begin();
    for (const char* state : {"PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED",
                              "REQUEUE_HOLD", "SPECIAL_EXIT", "STAGE_OUT", "REQUEUED", "REVOKED"}) {
        slurm_.queued = {ours(job(7, state, "n1"))};
        EXPECT_FALSE(settle_it().settled()) << state;
        EXPECT_EQ(outcome_.settled, 0U);
    }
    EXPECT_EQ(outcome_.live.size(), 0U);
    slurm_.queued = {ours(job(7, "RUNNING", "n1"))};
    settle_it();
    EXPECT_EQ(outcome_.live.at(kId).at(0).job, 7U);
}

struct Mapping {
    const char* slurm;
    const char* state;
    Cause cause;
};
class SettleMapping : public SettleTest, public testing::WithParamInterface<Mapping> {};

TEST_P(SettleMapping, EndsATestThatHadBegun) {
    begin();
    slurm_.queued = {ours(job(7, GetParam().slurm, "n1"))};
    const JobView job = settle_it();
    EXPECT_TRUE(job.settled());
    EXPECT_EQ(job.tests[0].state, GetParam().state);
    EXPECT_EQ(job.tests[0].cause, GetParam().cause);
    EXPECT_EQ(job.tests[0].source, Role::settle);
    EXPECT_EQ(job.tests[0].result, Verdict::none);
    EXPECT_THAT(job.tests[1].note, HasSubstr("before this test had started"));
    EXPECT_EQ(job.state, GetParam().state);
    EXPECT_TRUE(job.flaws.empty());
}

INSTANTIATE_TEST_SUITE_P(SlurmStates, SettleMapping,
                         testing::Values(Mapping{"CANCELLED", "SCHED_CANCELLED", Cause::cancelled},
                                         Mapping{"DEADLINE", "SCHED_CANCELLED", Cause::cancelled},
                                         Mapping{"TIMEOUT", "ABORTED", Cause::time_limit},
                                         Mapping{"NODE_FAIL", "ABORTED", Cause::node_failure},
                                         Mapping{"BOOT_FAIL", "ABORTED", Cause::node_failure},
                                         Mapping{"OUT_OF_MEMORY", "ABORTED", Cause::out_of_memory},
                                         Mapping{"PREEMPTED", "ABORTED", Cause::preempted},
                                         Mapping{"FAILED", "ABORTED", Cause::runner_killed},
                                         Mapping{"COMPLETED", "ABORTED", Cause::unknown}),
                         [](const auto& each) { return std::string(each.param.slurm); });

TEST_F(SettleTest, AJobInWhichPavrunNeverRan) {
    const auto session = make_session(1);
    submit_as_usual(session);
    write(session, {7, 0}, "n1", {joined(Role::prolog), joined(Role::epilog, "left")});
    SlurmJob done = ours(job(7, "FAILED", "n1"));
    done.exit_code = "768";
    slurm_.queued = {done};
    const JobView job = settle_it();
    EXPECT_EQ(job.tests[0].cause, Cause::not_run);
    EXPECT_THAT(job.tests[0].note, HasSubstr("FAILED, exit code 3"));
}

TEST_F(SettleTest, AJobThatSlurmCouldNotStart) {
    submit_as_usual(make_session(1));
    slurm_.queued = {ours(job(7, "FAILED", ""))};
    const JobView job = settle_it();
    EXPECT_EQ(job.state, "SCHED_ERROR");
    EXPECT_EQ(job.cause, Cause::failed_to_start);
}

TEST_F(SettleTest, OnlyWhatHasNoEndGetsOneAndAPendingCauseIsCompleted) {
    const auto session = make_session(4);
    Header with_skipped = header(4);
    write(session, {7, 0}, "n1",
          {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::fail),
           ended(one(Role::epilog, 1, "ABORTED"), Cause::pending),
           again(ended(one(Role::epilog, 2, "ABORTED"), Cause::requeued)),
           ended(whole(Role::epilog, "ABORTED"), Cause::pending)});
    slurm_.queued = {ours(job(7, "TIMEOUT", "n1"))};
    const JobView job = settle_it();
    EXPECT_TRUE(job.settled());
    EXPECT_EQ(job.tests[0].result, Verdict::fail);
    EXPECT_EQ(job.tests[0].source, Role::runner);
    EXPECT_EQ(job.tests[1].state, "ABORTED");
    EXPECT_EQ(job.tests[1].cause, Cause::time_limit);
    EXPECT_EQ(job.tests[2].cause, Cause::time_limit);
    EXPECT_EQ(job.tests[3].cause, Cause::time_limit);
    EXPECT_EQ(job.cause, Cause::time_limit);
    EXPECT_TRUE(job.flaws.empty());
}

TEST_F(SettleTest, AllTestsEndedAndOnlyTheSessionsEndIsMissing) {
    const auto session = make_session(1);
    write(session, {7, 0}, "n1",
          {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass)});
    slurm_.queued = {ours(job(7, "COMPLETED", "n1"))};
    const JobView job = settle_it();
    EXPECT_EQ(job.state, "COMPLETE");
    EXPECT_EQ(job.cause, Cause::finished);
    EXPECT_EQ(job.tests[0].source, Role::runner);
}

TEST_F(SettleTest, CancelledWhileItWaitedToBeStartedAgain) {
    const auto session = make_session(2);
    write(session, {7, 0}, "n1",
          {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass),
           again(ended(one(Role::runner, 1, "ABORTED"), Cause::requeued)),
           again(ended(whole(Role::epilog, "ABORTED"), Cause::requeued))});
    SlurmJob requeued = ours(job(7, "CANCELLED", ""));
    requeued.restarts = 1;
    slurm_.queued = {requeued};
    const JobView job = settle_it();
    EXPECT_TRUE(job.settled());
    EXPECT_EQ(job.restarts, 1U);
    EXPECT_EQ(job.tests[0].result, Verdict::pass);
    EXPECT_EQ(job.tests[1].state, "SCHED_CANCELLED");
    EXPECT_EQ(job.state, "SCHED_CANCELLED");
}

TEST_F(SettleTest, AnAnswerOfAnEarlierRestartSettlesNothing) {
    const auto session = make_session(1);
    write(session, {7, 1}, "n1", {one(Role::runner, 0, "RUNNING")});
    slurm_.queued = {ours(job(7, "NODE_FAIL", "n1"))};
    EXPECT_FALSE(settle_it().settled());
}

TEST_F(SettleTest, TheJobIdOfSomebodyElsesTime) {
    begin();
    slurm_.known.min_job_age = std::chrono::hours(24);
    SlurmJob other = job(7, "COMPLETED", "n9");
    other.submitted = Timestamp{1'600'000'000'000'000};
    slurm_.queued = {other};
    EXPECT_FALSE(settle_it().settled());
    other.submitted = Timestamp{1'700'090'000'000'000};
    slurm_.queued = {other};
    EXPECT_FALSE(settle_it().settled());
    other = job(7, "COMPLETED", "n9");
    other.comment = "pavtest:1hf7yat00zzz";
    slurm_.queued = {other};
    EXPECT_FALSE(settle_it().settled());
    other = job(7, "COMPLETED", "n9");
    other.cluster = "red";
    slurm_.queued = {other};
    EXPECT_FALSE(settle_it().settled());
}

TEST_F(SettleTest, AnUnknownJobIsGoneOnlyAfterMinJobAgeAndASecondLook) {
    begin();
    JobView job = settle_it();
    EXPECT_FALSE(job.settled());
    EXPECT_TRUE(job.not_known_since);
    EXPECT_EQ(job.tests[0].state, "RUNNING");
    job = settle_it();
    EXPECT_FALSE(job.settled()) << "100 s are too few";
    clock_.advance(300);
    job = settle_it();
    EXPECT_TRUE(job.settled());
    EXPECT_EQ(job.tests[0].state, "UNKNOWN");
    EXPECT_EQ(job.cause, Cause::unknown);
    EXPECT_THAT(job.note, HasSubstr("no longer knows job 7"));
}

TEST_F(SettleTest, AJobThatWritesIsNotGone) {
    begin();
    settle_it();
    write(open().directory, {7, 0}, "n1", {one(Role::runner, 0, "RUN_DONE")});
    clock_.advance(1000);
    EXPECT_FALSE(settle_it().settled());
    clock_.advance(1000);
    EXPECT_TRUE(settle_it().settled());
}

TEST_F(SettleTest, TheAccountingKnowsWhatTheControllerHasForgotten) {
    begin();
    slurm_.known.accounting = true;
    SlurmJob first = job(7, "NODE_FAIL", "n1");
    first.restarts.reset();
    SlurmJob last = first;
    last.state = "TIMEOUT";
    last.submitted->microseconds += 50'000'000;
    slurm_.past = {last, first};
    const JobView job = settle_it();
    EXPECT_EQ(job.tests[0].cause, Cause::time_limit);
    EXPECT_EQ(slurm_.asked,
              (std::vector<std::string>{"queue blue 1000", "facts blue", "accounting 7"}));
}

TEST_F(SettleTest, NoAnswerChangesNothing) {
    begin();
    slurm_.silent = true;
    EXPECT_FALSE(settle_it().settled());
    EXPECT_FALSE(outcome_.answered);
    EXPECT_THAT(outcome_.remarks, testing::ElementsAre(HasSubstr("did not answer")));
    EXPECT_FALSE(std::filesystem::exists(session_path() + "/jobs/7.0/journal.settle-login.jsonl"));
}

TEST_F(SettleTest, AnotherClustersAnswerChangesNothing) {
    begin();
    slurm_.known.name = "red";
    settle_it();
    clock_.advance(5000);
    const JobView job = settle_it();
    EXPECT_FALSE(job.settled());
    EXPECT_FALSE(job.not_known_since);
}

TEST_F(SettleTest, SomebodyElsesSessionIsLeftAlone) {
    begin();
    slurm_.queued = {ours(job(7, "TIMEOUT", "n1"))};
    EXPECT_FALSE(settle_it(0).settled());
    EXPECT_TRUE(slurm_.asked.empty());
}

TEST_F(SettleTest, WithoutACommentTheOneJobOfThatMomentIsIt) {
    submit_as_usual(make_session(1));
    slurm_.queued = {job(7, "CANCELLED", "")};
    EXPECT_EQ(settle_it().job, 7U);
    EXPECT_EQ(open().view.jobs[0].cause, Cause::cancelled);
}

TEST_F(SettleTest, WithoutACommentSeveralJobsOfThatMomentProveNothing) {
    submit_as_usual(make_session(1));
    slurm_.queued = {job(7, "CANCELLED", ""), job(8, "CANCELLED", "")};
    for (int i = 0; i < 3; ++i) {
        clock_.advance(1000);
        EXPECT_FALSE(settle_it().settled());
    }
    // Until the controller has forgotten both.
    slurm_.queued.clear();
    settle_it();
    clock_.advance(1000);
    EXPECT_EQ(settle_it().state, "UNKNOWN");
}

TEST_F(SettleTest, AFreshSubmissionIsNotJudged) {
    submit_as_usual(make_session(1));
    clock_.advance(-95);
    EXPECT_FALSE(settle_it().not_known_since);
}

TEST_F(SettleTest, TasksOfAnArrayThatNeverStarted) {
    begin();
    SlurmJob rest = ours(job(9, "CANCELLED", ""));
    rest.array_job = 9;
    rest.array_task = "2-5";
    slurm_.queued = {ours(job(7, "TIMEOUT", "n1")), rest};
    settle_it();
    const SessionView view = open().view;
    ASSERT_EQ(view.jobs.size(), 2U);
    EXPECT_EQ(view.jobs[0].cause, Cause::time_limit);
    EXPECT_EQ(view.jobs[1].job, 9U);
    EXPECT_EQ(view.jobs[1].cause, Cause::cancelled);
    EXPECT_TRUE(view.flaws.empty());
}

// Task 1 of an array of 4 has run and ended; its runner told that it is one.
class SettleArray : public SettleTest {
  protected:
    void SetUp() override {
        SettleTest::SetUp();
        const auto session = make_session(1);
        submit_as_usual(session);
        status::Record first = whole(Role::runner, "RUNNING");
        first.data = R"({"array":{"job":6,"count":4}})";
        write(session, {7, 0}, "n1",
              {first, ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass),
               ended(whole(Role::runner, "COMPLETE"), Cause::finished)});
    }
    // Without a comment: the user may have given another one.
    static SlurmJob task(std::uint32_t id, const std::string& tasks, const std::string& state) {
        SlurmJob made = job(id, state, "");
        made.array_job = 6;
        made.array_task = tasks;
        return made;
    }
};

TEST_F(SettleArray, TasksThatWaitAreLive) {
    slurm_.queued = {task(6, "3-4", "PENDING"), task(9, "2", "CANCELLED")};
    settle_it();
    EXPECT_EQ(outcome_.live.at(kId).size(), 1U);
    EXPECT_EQ(outcome_.settled, 0U);
    EXPECT_EQ(slurm_.asked.size(), 1U);
}

TEST_F(SettleArray, TasksThatWereCancelledWhileTheyWaited) {
    slurm_.queued = {task(6, "3-4", "CANCELLED"), task(9, "2", "CANCELLED")};
    settle_it();
    EXPECT_EQ(outcome_.settled, 2U);
    const SessionView view = open().view;
    ASSERT_EQ(view.jobs.size(), 3U);
    EXPECT_EQ(view.jobs[0].job, 6U);
    EXPECT_EQ(view.jobs[0].cause, Cause::cancelled);
    EXPECT_EQ(view.jobs[2].cause, Cause::cancelled);
    slurm_.asked.clear();
    settle_it();
    EXPECT_TRUE(slurm_.asked.empty());
}

TEST_F(SettleArray, TasksThatSlurmHasForgotten) {
    settle_it();
    EXPECT_EQ(outcome_.settled, 0U);
    clock_.advance(1000);
    settle_it();
    EXPECT_EQ(open().view.jobs[0].state, "UNKNOWN");
    EXPECT_EQ(open().view.jobs[1].state, "COMPLETE");
}

TEST_F(SettleTest, SkippedTestsStaySkipped) {
    auto store = Store::create(settings_);
    Header skipping = header(2);
    skipping.skipped = {1};
    ASSERT_TRUE(store->create_session(skipping, plan(2)));
    slurm_.queued = {ours(job(7, "CANCELLED", ""))};
    const JobView job = settle_it();
    EXPECT_EQ(job.tests[0].state, "SCHED_CANCELLED");
    EXPECT_EQ(job.tests[1].state, "SKIPPED");
    EXPECT_EQ(job.tests[1].cause, Cause::skipped);
}

TEST(SlurmOutput, OfSqueue) {
    const auto jobs = parse_queue(
        "2|2|N/A|PENDING|BeginTime|0|1795295685|N/A|N/A||blue|0|na|me|we|ird|\n"
        "x|\n"
        "5|1|4-6%2|FAILED|None|9|1795295685|1795295685|1795295686|n[1-2]|blue|3|w|(null)|\n");
    ASSERT_EQ(jobs.size(), 2U);
    EXPECT_EQ(jobs[0].job, 2U);
    EXPECT_EQ(jobs[0].reason, "BeginTime");
    EXPECT_FALSE(jobs[0].started);
    EXPECT_EQ(jobs[1].array_job, 1U);
    EXPECT_EQ(jobs[1].array_task, "4-6%2");
    EXPECT_EQ(jobs[1].restarts, 3U);
    EXPECT_EQ(jobs[1].nodes, "n[1-2]");
    EXPECT_EQ(jobs[1].comment, "");
    EXPECT_EQ(jobs[1].ended->microseconds, 1'795'295'686'000'000);
}

TEST(SlurmOutput, OfSacct) {
    const auto jobs = parse_accounting(
        "5|1_1|CANCELLED by 0|None|3:0|1795295685|Unknown|1795295687|None assigned|red|wrap|"
        "pavtest:1hf7yat00abc\n");
    ASSERT_EQ(jobs.size(), 1U);
    EXPECT_EQ(jobs[0].state, "CANCELLED");
    EXPECT_TRUE(never_started(jobs[0]));
    EXPECT_EQ(jobs[0].array_job, 1U);
    EXPECT_EQ(session_in_comment(jobs[0].comment), "1hf7yat00abc");
}

TEST(SlurmOutput, OfScontrol) {
    const auto facts = parse_facts(
        "Configuration data as of now\nClusterName             = Blue\nMinJobAge               = "
        "10 "
        "sec\nPrivateData             = jobs,usage\nAccountingStorageType   = "
        "accounting_storage/slurmdbd\n");
    ASSERT_TRUE(facts);
    EXPECT_TRUE(same_cluster(facts->name, "blue"));
    EXPECT_EQ(facts->min_job_age.count(), 10);
    EXPECT_TRUE(facts->private_jobs);
    EXPECT_TRUE(facts->accounting);
    EXPECT_FALSE(parse_facts("slurm_load_ctl_conf error\n"));
}

}  // namespace
}  // namespace pavtest::session
