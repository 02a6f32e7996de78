#include "base/process.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace pavtest {
namespace {

Command shell(std::string script) {
    Command command;
    command.arguments = {"sh", "-c", std::move(script)};
    return command;
}

TEST(Process, KeepsOutputAndStatus) {
    const auto done = run(shell("echo out; echo err >&2; exit 3"));
    ASSERT_TRUE(done);
    EXPECT_EQ(done->output, "out\n");
    EXPECT_EQ(done->errors, "err\n");
    EXPECT_EQ(done->exit_status, 3);
    EXPECT_FALSE(done->ok());
}

TEST(Process, FeedsStandardInput) {
    Command command = shell("wc -c");
    command.input = std::string(1 << 20, 'x');
    const auto done = run(command);
    ASSERT_TRUE(done);
    EXPECT_EQ(std::stol(done->output), 1 << 20);
}

TEST(Process, InputThatNobodyReadsIsNoError) {
    Command command = shell("exit 0");
    command.input = std::string(1 << 20, 'x');
    const auto done = run(command);
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->ok());
}

TEST(Process, KillsTheWholeGroupAtTheDeadline) {
    Command command = shell("sleep 60 & sleep 60");
    command.deadline = std::chrono::milliseconds(100);
    const auto done = run(command);
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->timed_out);
    EXPECT_EQ(done->signal, SIGKILL);
}

TEST(Process, DoesNotWaitForGrandchildren) {
    const auto before = std::chrono::steady_clock::now();
    const auto done = run(shell("sleep 5 & echo ready"));
    ASSERT_TRUE(done);
    EXPECT_EQ(done->output, "ready\n");
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(3));
}

TEST(Process, SaysWhatCouldNotBeStarted) {
    Command command;
    command.arguments = {"no-such-command-anywhere"};
    const auto done = run(command);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::not_found);
}

TEST(Process, TheDeadlineHoldsForOneThatClosedItsStreams) {
    Command command;
    command.arguments = {"sh", "-c", "exec >&- 2>&- <&-; sleep 60"};
    command.deadline = std::chrono::milliseconds(200);
    const auto done = run(command);
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->timed_out);
    EXPECT_FALSE(done->ok());
}

}  // namespace
}  // namespace pavtest
