#include "submission.h"

#include <gtest/gtest.h>

#include "program.h"

namespace pavtest::spank {
namespace {

TEST(Judge, SuccessIsAcceptance) {
    EXPECT_EQ(judge(Program::sbatch, {0, 5, false, false}), Verdict::accepted);
    EXPECT_EQ(judge(Program::sbatch, {0, 90000, true, false}), Verdict::accepted);
    EXPECT_EQ(judge(Program::salloc, {0, 90000, true, true}), Verdict::accepted);
}

TEST(Judge, ABadStatusOfSbatchIsARefusalUnlessItMayBeTheJobs) {
    EXPECT_EQ(judge(Program::sbatch, {1, 100, false, false}), Verdict::refused);
    EXPECT_EQ(judge(Program::sbatch, {1, 100, true, false}), Verdict::refused);
    EXPECT_EQ(judge(Program::sbatch, {1, 60000, false, false}), Verdict::refused);
    EXPECT_EQ(judge(Program::sbatch, {1, 60000, true, false}), Verdict::unknown);
}

TEST(Judge, ABadStatusOfSallocIsARefusalUnlessItGotItsAllocation) {
    EXPECT_EQ(judge(Program::salloc, {1, 100, false, false}), Verdict::refused);
    EXPECT_EQ(judge(Program::salloc, {1, 100, false, true}), Verdict::accepted);
}

TEST(Program, IsKnownByItsName) {
    EXPECT_EQ(program_of_path("/usr/bin/sbatch"), Program::sbatch);
    EXPECT_EQ(program_of_path("/opt/slurm/libexec/sbatch.real"), Program::sbatch);
    EXPECT_EQ(program_of_path("salloc"), Program::salloc);
    EXPECT_EQ(program_of_path("/usr/bin/srun"), Program::srun);
    EXPECT_EQ(program_of_path("/usr/bin/scrontab"), Program::other);
    EXPECT_EQ(program_of_path(""), Program::other);
    EXPECT_EQ(current_program(), Program::other);
}

}  // namespace
}  // namespace pavtest::spank
