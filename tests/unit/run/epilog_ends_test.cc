#include "run/epilog_ends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pavtest::run {
namespace {

using status::Cause;
using status::Record;
using testing::HasSubstr;

Ledger ledger_of(std::uint32_t tests, bool started = true) {
    Ledger ledger;
    ledger.tests.resize(tests);
    ledger.runner_started = started;
    return ledger;
}

EpilogFacts facts(std::optional<JobExit> exit = std::nullopt) {
    EpilogFacts made;
    made.script = "generated";
    made.exit = exit;
    return made;
}

TEST(EpilogEnds, NothingToSayWhereAllHasEnded) {
    Ledger ledger = ledger_of(2);
    ledger.tests[0].finished = ledger.tests[1].ended_here = true;
    ledger.session_ended = true;
    EXPECT_TRUE(epilog_ends(ledger, facts()).empty());
}

TEST(EpilogEnds, OneRecordForAllThatNeverBeganAndOneForEachThatDid) {
    Ledger ledger = ledger_of(6);
    ledger.tests[0].finished = true;
    ledger.tests[1].begun_here = true;
    ledger.tests[1].attempts = 2;
    const std::vector<Record> records = epilog_ends(ledger, facts());
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[0].test, 1U);
    EXPECT_EQ(records[0].attempt, 2U);
    EXPECT_EQ(records[1].tests, "2-5");
    EXPECT_THAT(records[1].note, HasSubstr("not started"));
    EXPECT_FALSE(records[2].test || !records[2].tests.empty());
    for (const Record& record : records) {
        EXPECT_TRUE(record.end && record.again);
        EXPECT_EQ(record.state, "ABORTED");
        EXPECT_EQ(record.cause, Cause::pending);
        EXPECT_EQ(record.result, status::Verdict::none);
    }
}

TEST(EpilogEnds, SlurmsOwnWordsProveTheCause) {
    EpilogFacts known = facts(JobExit{0, 9});
    known.notice = Notice{Cause::time_limit, "*** JOB 7 … ***"};
    EXPECT_EQ(epilog_ends(ledger_of(1), known).front().cause, Cause::time_limit);
}

TEST(EpilogEnds, KilledByNobodyThatAnnouncedIt) {
    EpilogFacts killed = facts(JobExit{0, 9});
    EXPECT_EQ(epilog_ends(ledger_of(1), killed).front().cause, Cause::pending);
    killed.output_readable = true;
    EXPECT_EQ(epilog_ends(ledger_of(1), killed).front().cause, Cause::runner_killed);
    killed.exit = JobExit{0, 15};
    EXPECT_EQ(epilog_ends(ledger_of(1), killed).front().cause, Cause::pending);
}

TEST(EpilogEnds, AScriptOfTheUsersThatNeverRanPavrun) {
    EpilogFacts own = facts(JobExit{0, 0});
    own.script = "own";
    const auto records = epilog_ends(ledger_of(2, false), own);
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].cause, Cause::not_run);
    EXPECT_EQ(records[0].note, "the job's script never ran pavrun");
    own.script = "allocation";
    EXPECT_THAT(epilog_ends(ledger_of(2, false), own).front().note, HasSubstr("allocation"));
}

TEST(EpilogEnds, TestsThatTheScriptLeftOut) {
    Ledger ledger = ledger_of(2);
    ledger.tests[0].finished = true;
    ledger.left_some_out = true;
    const auto records = epilog_ends(ledger, facts(JobExit{0, 0}));
    EXPECT_EQ(records.front().cause, Cause::not_run);
    EXPECT_EQ(records.front().tests, "1");
}

TEST(EpilogEnds, ARunnerThatCouldNotBeStarted) {
    EXPECT_EQ(epilog_ends(ledger_of(1, false), facts(JobExit{127, 0})).front().cause,
              Cause::failed_to_start);
    EXPECT_EQ(epilog_ends(ledger_of(1, false), facts(JobExit{0, 0})).front().cause, Cause::pending);
}

TEST(EpilogEnds, ARunnerThatDiedBehindItsLastTest) {
    Ledger ledger = ledger_of(1);
    ledger.tests[0].finished = true;
    const auto records = epilog_ends(ledger, facts(JobExit{0, 9}));
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].state, "COMPLETE");
    EXPECT_EQ(records[0].cause, Cause::finished);
    EXPECT_FALSE(records[0].again);
}

TEST(JobExit, IsReadFromWhatSlurmGives) {
    const auto both = parse_job_exit("2:9", "0");
    ASSERT_TRUE(both);
    EXPECT_EQ(both->status, 2);
    EXPECT_EQ(both->signal, 9);
    EXPECT_EQ(parse_job_exit("", "256")->status, 1);
    EXPECT_EQ(parse_job_exit("", "9")->signal, 9);
    EXPECT_FALSE(parse_job_exit("", ""));
    EXPECT_FALSE(parse_job_exit("x:y", "z"));
}

}  // namespace
}  // namespace pavtest::run
