#include "run/notices.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/file_descriptor.h"

namespace pavtest::run {
namespace {

using status::Cause;
using testing::HasSubstr;

Cause cause(std::string_view line, std::uint32_t job = 7) {
    const auto notice = find_notice(line, job);
    return notice ? notice->cause : Cause::none;
}

TEST(Notices, SlurmSaysWhyItEndsAJob) {
    EXPECT_EQ(cause("slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-21T20:58:23 DUE TO "
                    "TIME LIMIT ***\n"),
              Cause::time_limit);
    EXPECT_EQ(cause("slurmstepd-n1: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-21T20:58:23 DUE TO "
                    "PREEMPTION ***"),
              Cause::preempted);
    EXPECT_EQ(cause("slurmstepd-n1: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-21T20:58:23 DUE TO "
                    "NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***"),
              Cause::node_failure);
    EXPECT_EQ(cause("slurmstepd-n1: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-21T20:58:23 DUE TO "
                    "JOB REQUEUE ***"),
              Cause::requeued);
    EXPECT_EQ(cause("slurmstepd-n1: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-21T20:58:23 ***"),
              Cause::cancelled);
    EXPECT_EQ(cause("slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-21T20:58:23 DUE to "
                    "SIGNAL Terminated ***"),
              Cause::cancelled);
    EXPECT_EQ(cause("slurmstepd: error: *** STEP 7.0 ON n1 CANCELLED AT 2026-11-21T20:58:23 ***"),
              Cause::cancelled);
}

TEST(Notices, AReasonThatIsNotKnownProvesNothing) {
    EXPECT_EQ(cause("slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-21T20:58:23 DUE TO "
                    "TASK FAILURE ***"),
              Cause::none);
}

TEST(Notices, OutOfMemoryOfOldAndNewSlurms) {
    EXPECT_EQ(cause("slurmstepd-n1: error: Detected 1 oom-kill event(s) in StepId=7.batch. Some of "
                    "your processes may have been killed by the cgroup out-of-memory handler."),
              Cause::out_of_memory);
    EXPECT_EQ(cause("slurmstepd: error: Detected 2 oom_kill events in StepId=7.batch. Some of the "
                    "step tasks have been OOM Killed."),
              Cause::out_of_memory);
}

TEST(Notices, OnlyOfThisJobAndOnlySlurms) {
    constexpr const char* line =
        "slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-21T20:58:23 ***";
    EXPECT_EQ(cause(line, 70), Cause::none);
    EXPECT_EQ(cause("slurmstepd: error: *** JOB 77 ON n1 CANCELLED AT 2026-11-21T20:58:23 ***"),
              Cause::none);
    EXPECT_EQ(cause("# " + std::string(line)), Cause::none);
    EXPECT_EQ(cause("slurmstepd: error: *** JOB 7 ON n1 CANC"), Cause::none);
}

TEST(Notices, TheFirstOneCounts) {
    EXPECT_EQ(cause("output\nslurmstepd: error: *** JOB 7 ON n1 CANCELLED AT x DUE TO TIME LIMIT "
                    "***\nslurmstepd: error: *** JOB 7 ON n1 CANCELLED AT y ***\n"),
              Cause::time_limit);
}

class OutputTailTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "pavtest-output-XXXXXX";
        file_ = FileDescriptor(::mkstemp(pattern.data()));
        path_ = pattern;
    }
    void TearDown() override { ::unlink(path_.c_str()); }
    void add(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }

    static constexpr const char* kRequeue =
        "slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT x DUE TO JOB REQUEUE ***\n";
    FileDescriptor file_;
    std::string path_;
};

TEST_F(OutputTailTest, ReadsWhatWasWrittenSince) {
    const OutputTail tail = OutputTail::of_descriptor(file_.get(), false);
    EXPECT_EQ(tail.path, path_);
    EXPECT_FALSE(tail.notice(7));
    add(std::string(1'000'000, 'x') + "\n" + kRequeue);
    ASSERT_TRUE(tail.notice(7));
    EXPECT_THAT(tail.notice(7)->text, HasSubstr("JOB REQUEUE"));
}

TEST_F(OutputTailTest, ARequeuedJobIsNotFooledByItsPast) {
    add(kRequeue);
    EXPECT_TRUE(OutputTail::of_descriptor(file_.get(), false).notice(7));
    const OutputTail tail = OutputTail::of_descriptor(file_.get(), true);
    EXPECT_FALSE(tail.notice(7));
    add("slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT x DUE TO TIME LIMIT ***\n");
    ASSERT_TRUE(tail.notice(7));
    EXPECT_EQ(tail.notice(7)->cause, Cause::time_limit);
}

TEST_F(OutputTailTest, WhatIsNoRegularFileIsLeftAlone) {
    const FileDescriptor null(::open("/dev/null", O_WRONLY));
    EXPECT_EQ(OutputTail::of_descriptor(null.get(), false).path, "");
    ::unlink(path_.c_str());
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    EXPECT_FALSE((OutputTail{path_, 0}.notice(7)));
}

}  // namespace
}  // namespace pavtest::run
