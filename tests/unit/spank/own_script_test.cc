#include "own_script.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "scratch.h"

namespace pavtest::spank {
namespace {

class OwnScript : public testing::Test {
  protected:
    // Whether `sbatch -N 1 SCRIPT argument` would only test.
    bool says(const std::string& script, const std::string& argument = "") const {
        std::string words("sbatch");
        for (const std::string& word :
             {std::string("-N"), std::string("1"), scratch_.file("job.sh", script), argument}) {
            words += '\0';
            words += word;
        }
        words += '\0';
        return script_says_test_only(words);
    }
    Scratch scratch_;
};

TEST_F(OwnScript, SaysItInAnSbatchLine) {
    EXPECT_TRUE(says("#!/bin/bash\n#SBATCH --test-only\nsrun x\n"));
    EXPECT_TRUE(says("#!/bin/bash\n# a comment\n\n#SBATCH -N 2 --test\n"));
    EXPECT_TRUE(says("#!/bin/sh\n#SBATCH\t--test-only   # why"));
}

TEST_F(OwnScript, SaysItNowhereElse) {
    EXPECT_FALSE(says("#!/bin/bash\n#SBATCH --time=5\nsbatch --test-only x\n"));
    EXPECT_FALSE(says("#!/bin/bash\ntrue\n#SBATCH --test-only\n"));
    EXPECT_FALSE(says("#!/bin/bash\n#SBATCH --time=5 # not --test-only\n"));
    EXPECT_FALSE(says("#!/bin/bash\n##SBATCH --test-only\n"));
    EXPECT_FALSE(says("#!/bin/bash\n#SBATCH --comment=--test-only\n"));
    EXPECT_FALSE(says("no script\n#SBATCH --test-only\n"));
    EXPECT_FALSE(says(""));
}

// What a job is given to work on is not the job.
TEST_F(OwnScript, IsTheFirstOfTheScriptsThatAreNamed) {
    const std::string other = scratch_.file("other.sh", "#!/bin/sh\n#SBATCH --test-only\n");
    EXPECT_FALSE(says("#!/bin/bash\ntrue\n", other));
}

TEST_F(OwnScript, IsNotWaitedForWhereItIsAFifo) {
    const std::string fifo = scratch_.path("fifo");
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const std::string words = std::string("sbatch") + '\0' + fifo + '\0';
    EXPECT_FALSE(script_says_test_only(words));
}

}  // namespace
}  // namespace pavtest::spank
