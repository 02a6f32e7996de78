#include "cmd/sbatch_options.h"

#include <gtest/gtest.h>

namespace pavtest::cmd {
namespace {

session::Wanted two_nodes() {
    session::Wanted wanted;
    wanted.nodes = "2";
    wanted.time_limit_minutes = 35;
    wanted.partition = "debug";
    return wanted;
}

TEST(SbatchOptions, FindsEachFormOfAnOption) {
    const Environment none;
    for (const std::vector<std::string>& line :
         {std::vector<std::string>{"sbatch", "--nodes=4", "--pavtest=x"},
          {"sbatch", "--nodes", "4"},
          {"sbatch", "-N4"},
          {"sbatch", "-N", "4"},
          {"sbatch", "-HN4"},
          {"sbatch", "-N", "3", "-N", "4"}}) {
        const auto found = overrides(line, none, two_nodes());
        ASSERT_EQ(found.size(), 1U) << line[1];
        EXPECT_EQ(found[0].option, "--nodes");
        EXPECT_EQ(found[0].given, "4");
        EXPECT_EQ(found[0].wanted, "2");
        EXPECT_EQ(found[0].from, "command line");
    }
}

TEST(SbatchOptions, SaysNothingWhereTheyAgree) {
    EXPECT_TRUE(overrides({"sbatch", "-N2", "--partition=debug"}, {}, two_nodes()).empty());
}

TEST(SbatchOptions, TheEnvironmentOverridesToo) {
    Environment environment;
    environment.set("SBATCH_PARTITION", "batch");
    const auto found = overrides({"sbatch", "--pavtest=x"}, environment, two_nodes());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].from, "SBATCH_PARTITION");
    const auto both = overrides({"sbatch", "-pdebug"}, environment, two_nodes());
    EXPECT_TRUE(both.empty()) << "the command line beats the environment";
}

TEST(SbatchOptions, AnotherOptionsValueIsNoOption) {
    EXPECT_TRUE(overrides({"sbatch", "--time", "35", "--", "-N4"}, {}, two_nodes()).empty());
    EXPECT_TRUE(overrides({"sbatch", "--nodes-like=4"}, {}, two_nodes()).empty());
}

TEST(SbatchOptions, WritesWhatIsWanted) {
    EXPECT_EQ(as_options(two_nodes()), "--nodes=2 --time=35 --partition=debug");
}

}  // namespace
}  // namespace pavtest::cmd
