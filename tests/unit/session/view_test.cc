#include "session/view.h"

#include <gmock/gmock.h>

#include "fixture.h"
#include "status/states.h"

namespace pavtest::session {
namespace {

using status::Cause;
using status::Role;
using status::Verdict;
using testing::HasSubstr;

class ViewTest : public StoreTest {
  protected:
    static SessionView look(const SessionDirectory& session) {
        auto view = view_session(session);
        EXPECT_TRUE(view) << view.error().what;
        return *std::move(view);
    }
};

TEST_F(ViewTest, AFreshSessionIsScheduledAndHasOneNamelessJob) {
    const auto session = make_session(2);
    submit_as_usual(session);
    const SessionView view = look(session);
    ASSERT_EQ(view.jobs.size(), 1U);
    EXPECT_TRUE(view.accepted);
    EXPECT_FALSE(view.jobs[0].job);
    EXPECT_EQ(view.jobs[0].state, "SCHEDULED");
    EXPECT_EQ(view.jobs[0].note, "accepted by Slurm");
    EXPECT_EQ(view.jobs[0].tests[1].state, "SCHEDULED");
    EXPECT_FALSE(view.jobs[0].ended);
}

TEST_F(ViewTest, ASessionWithoutAnyRecordIsUnknown) {
    const SessionView view = look(make_session(1));
    EXPECT_FALSE(view.accepted);
    EXPECT_EQ(view.jobs[0].state, "UNKNOWN");
    EXPECT_EQ(view.jobs[0].tests[0].state, "UNKNOWN");
}

TEST_F(ViewTest, AFinishedRunIsWhatTheRunnerSays) {
    const auto session = make_session(2);
    submit_as_usual(session);
    write(session, {7, 0}, "n1", {joined(Role::prolog), all(Role::prolog, "PREPPING_RUN")});
    status::Record done = ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass);
    done.return_value = 0;
    done.duration = 1.5;
    done.nodes = "n1";
    write(session, {7, 0}, "n1", {one(Role::runner, 0, "RUNNING")});
    clock_.advance(2);
    write(session, {7, 0}, "n1",
          {done, ended(one(Role::runner, 1, "RUN_ERROR"), Cause::failed_to_start, Verdict::error),
           ended(whole(Role::runner, "COMPLETE", "1 of 2 passed"), Cause::finished),
           joined(Role::epilog, "left")});
    const SessionView view = look(session);
    const JobView& job = view.jobs.at(0);
    EXPECT_EQ(job.job, 7U);
    EXPECT_TRUE(job.ended);
    EXPECT_TRUE(job.settled());
    EXPECT_EQ(job.state, "COMPLETE");
    EXPECT_EQ(job.nodes, "n1");
    EXPECT_EQ(job.tests[0].result, Verdict::pass);
    EXPECT_EQ(job.tests[0].return_value, 0);
    EXPECT_EQ(job.tests[0].duration, 1.5);
    EXPECT_EQ(job.tests[0].source, Role::runner);
    EXPECT_EQ(job.tests[0].ended->microseconds - job.tests[0].started->microseconds, 2'000'000);
    EXPECT_EQ(job.tests[1].cause, Cause::failed_to_start);
    EXPECT_TRUE(job.node_views.at("n1").left);
    EXPECT_EQ(job.node_views.at("n1").left_by, "epilog");
    EXPECT_TRUE(job.flaws.empty());
}

TEST_F(ViewTest, TheSessionsStateFollowsFromWhoHasSpoken) {
    const auto session = make_session(1);
    submit_as_usual(session);
    write(session, {7, 0}, "n1", {joined(Role::prolog)});
    EXPECT_EQ(look(session).jobs[0].state, "PREPPING_RUN");
    write(session, {7, 0}, "n1", {one(Role::runner, 0, "RUNNING")});
    EXPECT_EQ(look(session).jobs[0].state, "RUNNING");
}

TEST_F(ViewTest, ClocksOfHostsDoNotOrderRecords) {
    const auto session = make_session(1);
    write(session, {7, 0}, "n1", {one(Role::runner, 0, "RUNNING")});
    clock_.advance(-3600);
    write(session, {7, 0}, "n1",
          {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass)});
    clock_.advance(7200);
    write(session, {7, 0}, "n2", {all(Role::prolog, "PREPPING_RUN")});
    EXPECT_EQ(look(session).jobs[0].tests[0].state, "COMPLETE");
}

TEST_F(ViewTest, TheFirstEndOfARestartStandsAndALaterOneIsFlagged) {
    const auto session = make_session(1);
    write(session, {7, 0}, "n1",
          {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass),
           ended(all(Role::epilog, "ABORTED"), Cause::pending)});
    const SessionView view = look(session);
    EXPECT_EQ(view.jobs[0].tests[0].result, Verdict::pass);
    ASSERT_EQ(view.jobs[0].flaws.size(), 1U);
    EXPECT_THAT(view.jobs[0].flaws[0].what, HasSubstr("second end of test 0"));
}

TEST_F(ViewTest, SlurmsAnswerCompletesAnEndWhoseCauseWasPending) {
    const auto session = make_session(1);
    write(session, {7, 0}, "n1",
          {ended(all(Role::epilog, "ABORTED"), Cause::pending),
           ended(whole(Role::epilog, "ABORTED"), Cause::pending)});
    EXPECT_FALSE(look(session).jobs[0].settled());
    status::Record answer = ended(all(Role::settle, ""), Cause::time_limit);
    answer.note = "Slurm says TIMEOUT";
    write(session, {7, 0}, "login", {answer});
    // Somebody else settled as well: the first answer stands.
    write(session, {7, 0}, "other", {ended(all(Role::settle, ""), Cause::cancelled)});
    const JobView job = look(session).jobs[0];
    EXPECT_EQ(job.tests[0].state, "ABORTED");
    EXPECT_EQ(job.tests[0].cause, Cause::time_limit);
    EXPECT_EQ(job.tests[0].source, Role::settle);
    EXPECT_EQ(job.tests[0].note, "Slurm says TIMEOUT");
    EXPECT_EQ(job.cause, Cause::pending);  // the session's own was not answered
}

TEST_F(ViewTest, AnInterruptedTestGivesWayToTheNextRestartAndARealEndStays) {
    const auto session = make_session(3);
    write(session, {7, 0}, "n1",
          {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::fail),
           again(ended(one(Role::runner, 1, "ABORTED"), Cause::requeued)),
           again(ended(whole(Role::epilog, "ABORTED"), Cause::requeued))});
    JobView job = look(session).jobs[0];
    EXPECT_TRUE(job.again);
    EXPECT_FALSE(job.ended);
    EXPECT_TRUE(job.tests[1].again);
    EXPECT_FALSE(job.tests[1].ended_for_good);

    write(session, {7, 1}, "n2", {joined(Role::prolog), all(Role::prolog, "PREPPING_RUN")});
    job = look(session).jobs[0];
    EXPECT_EQ(job.state, "PREPPING_RUN");
    EXPECT_EQ(job.restarts, 1U);
    EXPECT_EQ(job.nodes, "n2");
    EXPECT_EQ(job.tests[0].state, "COMPLETE");
    EXPECT_EQ(job.tests[1].state, "PREPPING_RUN");
    EXPECT_EQ(job.tests[1].cause, Cause::none);
    EXPECT_EQ(job.tests[2].state, "PREPPING_RUN");

    write(session, {7, 1}, "n2",
          {ended(one(Role::runner, 1, "COMPLETE", 2), Cause::finished, Verdict::pass),
           ended(one(Role::runner, 2, "COMPLETE"), Cause::finished, Verdict::pass),
           ended(whole(Role::runner, "COMPLETE"), Cause::finished)});
    job = look(session).jobs[0];
    EXPECT_TRUE(job.settled());
    EXPECT_EQ(job.tests[0].result, Verdict::fail);
    EXPECT_EQ(job.tests[1].result, Verdict::pass);
    EXPECT_EQ(job.tests[1].attempt, 2U);
    EXPECT_TRUE(job.flaws.empty());
}

TEST_F(ViewTest, ASettledAnswerMakesAnInterruptionFinal) {
    const auto session = make_session(1);
    write(session, {7, 0}, "n1", {again(ended(one(Role::epilog, 0, "ABORTED"), Cause::pending))});
    write(session, {7, 0}, "login",
          {ended(all(Role::settle, "SCHED_CANCELLED"), Cause::cancelled)});
    const TestView test = look(session).jobs[0].tests[0];
    EXPECT_TRUE(test.ended_for_good);
    EXPECT_FALSE(test.again);
    EXPECT_EQ(test.state, "SCHED_CANCELLED");
    EXPECT_EQ(test.cause, Cause::cancelled);
}

TEST_F(ViewTest, ASettledRestartIsClosedForWhatComesLater) {
    const auto session = make_session(2);
    write(session, {7, 0}, "n1", {one(Role::runner, 0, "RUNNING")});
    status::Record closing = ended(whole(Role::settle, "SCHED_ERROR"), Cause::node_failure);
    closing.data = R"({"seen":{"journal.runner-n1.jsonl":0},"ended":"2023-11-14T22:13:30Z"})";
    status::Record tests = ended(all(Role::settle, "ABORTED"), Cause::node_failure);
    tests.data = R"({"ended":"2023-11-14T22:13:30Z"})";
    write(session, {7, 0}, "login", {tests, closing});
    // The runner was alive after all, and the node's epilog comes through its spool.
    write(session, {7, 0}, "n1",
          {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass),
           joined(Role::epilog, "left"), ended(all(Role::epilog, "ABORTED"), Cause::pending)});
    const JobView job = look(session).jobs[0];
    EXPECT_EQ(job.state, "SCHED_ERROR");
    EXPECT_EQ(job.cause, Cause::node_failure);
    EXPECT_EQ(job.tests[0].state, "ABORTED");
    EXPECT_EQ(job.tests[0].result, Verdict::none);
    EXPECT_EQ(job.tests[0].ended->microseconds, 1'700'000'010'000'000);
    EXPECT_TRUE(job.node_views.at("n1").left);
    EXPECT_EQ(job.flaws.size(), 2U);
}

TEST_F(ViewTest, ATestSpeaksOnlyWhileItRuns) {
    const auto session = make_session(1);
    status::Record word = one(Role::user, 0, "RUN_USER");
    word.note = "step 3";
    write(session, {7, 0}, "n1", {one(Role::runner, 0, "RUNNING"), word});
    TestView test = look(session).jobs[0].tests[0];
    EXPECT_EQ(test.state, "RUN_USER");
    EXPECT_EQ(test.note, "step 3");
    EXPECT_EQ(test.source, Role::user);
    write(session, {7, 0}, "n1", {one(Role::runner, 0, "RUN_DONE")});
    EXPECT_EQ(look(session).jobs[0].tests[0].state, "RUN_DONE");
    EXPECT_NE(look(session).jobs[0].tests[0].had & status::state_bit("RUN_USER"), 0U);
    write(session, {7, 0}, "n1", {one(Role::runner, 0, "RUNNING", 2)});
    EXPECT_EQ(look(session).jobs[0].tests[0].state, "RUNNING");
    // A test can't end itself.
    write(session, {7, 0}, "n1",
          {ended(one(Role::user, 0, "RUN_USER", 2), Cause::finished, Verdict::pass)});
    test = look(session).jobs[0].tests[0];
    EXPECT_EQ(test.state, "RUN_USER");
    EXPECT_FALSE(test.ended_for_good);
    EXPECT_EQ(test.result, Verdict::none);
}

TEST_F(ViewTest, AnArrayHasOneJobForEachTask) {
    const auto session = make_session(1);
    submit_as_usual(session);
    write(session, {8, 0}, "n1", {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished)});
    write(session, {7, 0}, "n1", {one(Role::runner, 0, "RUNNING")});
    const SessionView view = look(session);
    ASSERT_EQ(view.jobs.size(), 2U);
    EXPECT_EQ(view.jobs[0].job, 7U);
    EXPECT_EQ(view.jobs[0].tests[0].state, "RUNNING");
    EXPECT_EQ(view.jobs[1].tests[0].state, "COMPLETE");
}

TEST_F(ViewTest, ARefusedSubmissionHasEnded) {
    const auto session = make_session(1);
    submit_as_usual(session);
    submit(session, {ended(whole(Role::submit, "SCHED_ERROR"), Cause::refused),
                     ended(all(Role::submit, "SCHED_ERROR"), Cause::refused)});
    EXPECT_TRUE(look(session).jobs[0].settled());
    // Unless there is a job.
    write(session, {7, 0}, "n1", {joined(Role::prolog)});
    const SessionView view = look(session);
    EXPECT_EQ(view.jobs[0].state, "PREPPING_RUN");
    EXPECT_FALSE(view.jobs[0].ended);
    EXPECT_EQ(view.jobs[0].tests[0].state, "SCHEDULED");
    EXPECT_EQ(view.jobs[0].flaws.size(), 2U);
}

TEST_F(ViewTest, WhatWasSettledWithoutAJobGivesWayToAJobThatDidStart) {
    const auto session = make_session(1);
    submit_as_usual(session);
    {
        auto journal =
            Journal::open(session.directory(), "settle-login.jsonl", "login", clock_, 0600);
        status::Record gone = ended(whole(Role::settle, "SCHED_CANCELLED"), Cause::cancelled);
        gone.job = 7;
        ASSERT_TRUE(journal->append(gone));
        gone.tests = "*";
        ASSERT_TRUE(journal->append(gone));
    }
    SessionView view = look(session);
    EXPECT_EQ(view.jobs[0].job, 7U);
    EXPECT_TRUE(view.jobs[0].settled());
    write(session, {7, 1}, "n1", {joined(Role::prolog)});
    view = look(session);
    ASSERT_EQ(view.jobs.size(), 1U);
    EXPECT_EQ(view.jobs[0].state, "PREPPING_RUN");
    EXPECT_EQ(view.flaws.size(), 2U);
}

TEST_F(ViewTest, ForeignFilesAndLinesAreFlawsAndTheRestStands) {
    const auto session = make_session(1);
    write(session, {7, 0}, "n1", {one(Role::runner, 0, "RUNNING")});
    const std::string job = session_path() + "/jobs/7.0/";
    std::ofstream(job + "journal.runner-n1.jsonl", std::ios::app)
        << std::string("\0\0\xff\n", 4) << "{\"v\":2,\"seq\":9}\n\n"
        << std::string(5000, 'x') << "\n{\"v\":1,\"seq";
    ASSERT_EQ(::symlink("/etc/passwd", (job + "journal.node-n1.jsonl").c_str()), 0);
    ASSERT_EQ(::mkfifo((job + "journal.user-n1.jsonl").c_str(), 0600), 0);
    std::filesystem::create_directory(job + "journal.settle-n1.jsonl");
    const SessionView view = look(session);
    EXPECT_EQ(view.jobs[0].tests[0].state, "RUNNING");
    EXPECT_EQ(view.jobs[0].flaws.size(), 8U);
    // A writer that comes back ends the torn line.
    write(session, {7, 0}, "n1", {one(Role::runner, 0, "RUN_DONE")});
    EXPECT_EQ(look(session).jobs[0].tests[0].state, "RUN_DONE");
}

TEST_F(ViewTest, ManyBadLinesAreCounted) {
    const auto session = make_session(1);
    const auto job = session.make_job_directory({7, 0});
    std::ofstream out(session_path() + "/jobs/7.0/journal.runner-n1.jsonl");
    for (int i = 0; i < 1000; ++i) {
        out << "nonsense\n";
    }
    out.close();
    const JobView view = look(session).jobs[0];
    EXPECT_LT(view.flaws.size(), 50U);
    EXPECT_THAT(view.flaws.back().what, HasSubstr("980 more lines"));
}

TEST_F(ViewTest, ASecondDeliveryChangesNothing) {
    const auto session = make_session(1);
    status::Record spooled = joined(Role::epilog, "left");
    spooled.key = "s/7/0/n1/1";
    spooled.data = R"({"session":"s","store":"/s","exit_code":"0:0"})";
    spooled.when = {1'600'000'000'000'000};
    write(session, {7, 0}, "n1", {spooled, spooled});
    write(session, {7, 0}, "n2", {spooled});
    const auto records = history(session, nullptr);
    ASSERT_TRUE(records);
    ASSERT_EQ(records->size(), 1U);
    EXPECT_EQ(records->front().record.when.microseconds, 1'600'000'000'000'000);
    EXPECT_EQ(look(session).jobs[0].node_views.at("n1").left_by, "spool");
}

TEST_F(ViewTest, HistoryPutsATestsWordsWhereTheyWereSaid) {
    const auto session = make_session(1);
    submit_as_usual(session);
    write(session, {7, 0}, "n1",
          {one(Role::runner, 0, "RUNNING"), one(Role::user, 0, "RUN_USER"),
           one(Role::runner, 0, "RUN_DONE"),
           ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass),
           ended(all(Role::epilog, "ABORTED"), Cause::pending)});
    const auto records = history(session, nullptr);
    ASSERT_TRUE(records);
    std::vector<std::string> states;
    for (const SourcedRecord& each : *records) {
        states.push_back(each.record.state + (each.ignored ? "!" : ""));
    }
    EXPECT_THAT(states, testing::ElementsAre("CREATED", "SCHEDULED", "SCHEDULED", "RUNNING",
                                             "RUN_USER", "RUN_DONE", "COMPLETE", "ABORTED!"));
}

TEST_F(ViewTest, ADamagedHeaderIsAnErrorWithTheSession) {
    const auto session = make_session(1);
    std::ofstream(session_path() + "/session.json") << "{\"format\": 99}";
    const auto view = view_session(session);
    ASSERT_FALSE(view);
    EXPECT_THAT(view.error().what, HasSubstr("newer pavtest"));
    EXPECT_THAT(view.error().what, HasSubstr(kId));
}

}  // namespace
}  // namespace pavtest::session
