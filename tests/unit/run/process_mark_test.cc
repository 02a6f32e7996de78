#include "run/process_mark.h"

#include <gtest/gtest.h>

namespace pavtest::run {
namespace {

using namespace std::string_view_literals;

const ProcessMark kMark = job_mark("1hf7yat00abc", "7.0", "7", "n1");

TEST(ProcessMark, OurOwnProcessesHaveIt) {
    EXPECT_TRUE(kMark.matches("A=1\0PAVTEST_JOB=7.0\0PAVTEST_SESSION=1hf7yat00abc\0"sv));
    EXPECT_TRUE(
        kMark.matches("PAVTEST_SESSION=1hf7yat00abc\0PAVTEST_JOB=7.0\0SLURM_JOB_ID=7\0"
                      "SLURMD_NODENAME=n1"sv));
}

TEST(ProcessMark, OthersDoNot) {
    EXPECT_FALSE(kMark.matches(""));
    EXPECT_FALSE(kMark.matches("PAVTEST_JOB=7.0\0"sv));
    EXPECT_FALSE(kMark.matches("PAVTEST_JOB=7.01\0PAVTEST_SESSION=1hf7yat00abc\0"sv));
    EXPECT_FALSE(kMark.matches("PAVTEST_JOB=7.1\0PAVTEST_SESSION=1hf7yat00abc\0"sv));
    EXPECT_FALSE(kMark.matches("XPAVTEST_JOB=7.0\0PAVTEST_SESSION=1hf7yat00abc\0"sv));
    EXPECT_FALSE(kMark.matches("PAVTEST_JOB=7.0\0PAVTEST_SESSION=1hf7yat00abd\0"sv));
}

TEST(ProcessMark, AJobThatATestSubmittedIsNotOurs) {
    EXPECT_FALSE(
        kMark.matches("PAVTEST_JOB=7.0\0PAVTEST_SESSION=1hf7yat00abc\0SLURM_JOB_ID=8\0"sv));
}

TEST(ProcessMark, ANodeOnTheSameHostIsNotUs) {
    EXPECT_FALSE(
        kMark.matches("PAVTEST_JOB=7.0\0PAVTEST_SESSION=1hf7yat00abc\0SLURMD_NODENAME=n2\0"sv));
}

TEST(ProcessMark, OfATestTellsAttemptsApart) {
    const ProcessMark mark = test_mark(kMark, 3, 2);
    const std::string job("PAVTEST_JOB=7.0\0PAVTEST_SESSION=1hf7yat00abc\0"sv);
    EXPECT_TRUE(mark.matches(job + std::string("PAVTEST_TEST=3\0PAVTEST_ATTEMPT=2\0"sv)));
    EXPECT_FALSE(mark.matches(job + std::string("PAVTEST_TEST=3\0PAVTEST_ATTEMPT=1\0"sv)));
    EXPECT_FALSE(mark.matches(job + std::string("PAVTEST_TEST=30\0PAVTEST_ATTEMPT=2\0"sv)));
    EXPECT_FALSE(mark.matches(job));
}

TEST(ProcessMark, WithoutRequirementsMatchesNothing) {
    EXPECT_FALSE(ProcessMark{}.matches("A=1\0"sv));
}

}  // namespace
}  // namespace pavtest::run
