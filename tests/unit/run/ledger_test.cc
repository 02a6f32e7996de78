#include "run/ledger.h"

#include <gmock/gmock.h>

#include "../session/fixture.h"

namespace pavtest::run {
namespace {

using session::JobKey;
using status::Cause;
using status::Role;
using status::Verdict;
using testing::ElementsAre;
using testing::IsEmpty;

class LedgerTest : public session::StoreTest {};

TEST_F(LedgerTest, AtFirstAllIsOpen) {
    const auto session = make_session(3);
    submit_as_usual(session);
    const Ledger ledger = read_ledger(session, {7, 0}, 3);
    EXPECT_THAT(ledger.open_tests(), ElementsAre(0, 1, 2));
    EXPECT_FALSE(ledger.runner_started);
    EXPECT_FALSE(ledger.session_ended);
    ASSERT_EQ(ledger.before.size(), 2U);
    EXPECT_EQ(ledger.before[0].state, "CREATED");
    EXPECT_TRUE(ledger.before[0].holds_for(2));
}

TEST_F(LedgerTest, EndedTestsAreNotOpen) {
    const auto session = make_session(3);
    write(session, {7, 0}, "n1",
          {all(Role::prolog, "PREPPING_RUN"), whole(Role::runner, "RUNNING"),
           one(Role::runner, 0, "RUNNING"),
           ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::fail),
           one(Role::runner, 1, "RUNNING")});
    const Ledger ledger = read_ledger(session, {7, 0}, 3);
    EXPECT_THAT(ledger.open_tests(), ElementsAre(1, 2));
    EXPECT_EQ(ledger.tests[0].verdict, Verdict::fail);
    EXPECT_TRUE(ledger.tests[1].begun_here);
    EXPECT_FALSE(ledger.tests[2].begun_here);
    EXPECT_TRUE(ledger.runner_started);
}

TEST_F(LedgerTest, AnInterruptedTestIsOpenInTheNextRestartOnly) {
    const auto session = make_session(3);
    write(session, {7, 0}, "n1",
          {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass),
           one(Role::runner, 1, "RUNNING"),
           again(ended(one(Role::runner, 1, "ABORTED"), Cause::requeued)),
           again(ended(whole(Role::runner, "ABORTED"), Cause::requeued))});
    EXPECT_THAT(read_ledger(session, {7, 0}, 3).open_tests(), ElementsAre(2));
    const Ledger next = read_ledger(session, {7, 1}, 3);
    EXPECT_THAT(next.open_tests(), ElementsAre(1, 2));
    EXPECT_EQ(next.tests[1].attempts, 1U);
    EXPECT_FALSE(next.runner_started);
    EXPECT_FALSE(next.session_ended);
}

TEST_F(LedgerTest, TheFirstEndOfARestartStands) {
    const auto session = make_session(1);
    write(session, {7, 0}, "n1",
          {again(ended(one(Role::runner, 0, "ABORTED"), Cause::cancelled)),
           ended(one(Role::epilog, 0, "COMPLETE"), Cause::finished, Verdict::pass)});
    const Ledger ledger = read_ledger(session, {7, 0}, 1);
    EXPECT_FALSE(ledger.tests[0].finished);
    EXPECT_TRUE(ledger.tests[0].ended_here);
    EXPECT_THAT(read_ledger(session, {7, 1}, 1).open_tests(), ElementsAre(0));
}

TEST_F(LedgerTest, RangesEndManyTests) {
    const auto session = make_session(5);
    status::Record range = again(ended(whole(Role::epilog, "ABORTED"), Cause::pending));
    range.tests = "1-2,4-900";
    write(session, {7, 0}, "n1", {range});
    EXPECT_THAT(read_ledger(session, {7, 0}, 5).open_tests(), ElementsAre(0, 3));
}

TEST_F(LedgerTest, OtherTasksOfAnArrayDoNotCount) {
    const auto session = make_session(1);
    write(session, {8, 0}, "n1",
          {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass)});
    EXPECT_THAT(read_ledger(session, {7, 0}, 1).open_tests(), ElementsAre(0));
}

TEST_F(LedgerTest, ASubmissionThatSeemedRefusedDoesNotKeepAJobFromRunning) {
    const auto session = make_session(2);
    submit(session, {ended(all(Role::submit, "SCHED_ERROR"), Cause::refused),
                     ended(whole(Role::submit, "SCHED_ERROR"), Cause::refused)});
    EXPECT_THAT(read_ledger(session, {7, 0}, 2).open_tests(), ElementsAre(0, 1));
}

TEST_F(LedgerTest, UnreadableLinesAreNotThere) {
    const auto session = make_session(2);
    write(session, {7, 0}, "n1",
          {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass)});
    std::ofstream(session_path() + "/jobs/7.0/journal.runner-n1.jsonl", std::ios::app)
        << "garbage\n{\"v\":1,\"seq\":1,\"te";
    std::ofstream(session_path() + "/jobs/7.0/journal.runner-n2.jsonl", std::ios::app)
        << std::string("\0\0\n", 3);
    EXPECT_THAT(read_ledger(session, {7, 0}, 2).open_tests(), ElementsAre(1));
}

}  // namespace
}  // namespace pavtest::run
