#include "session/sizing.h"

#include <gtest/gtest.h>

namespace pavtest::session {
namespace {

PlannedTest test_with(std::uint32_t index, const nlohmann::json& schedule) {
    PlannedTest test;
    test.index = index;
    test.name = "s.t" + std::to_string(index);
    test.config["schedule"] = schedule;
    return test;
}

TEST(Sizing, TakesTheMostNodesAndTheSumOfTheTimes) {
    std::vector<PlannedTest> tests{
        test_with(0, {{"nodes", "2"}, {"tasks_per_node", "4"}, {"time_limit", "0.5"}}),
        test_with(1, {{"nodes", "1"}, {"time_limit", nullptr}})};
    const auto wanted = size_job(tests, {});
    ASSERT_TRUE(wanted);
    EXPECT_EQ(wanted->nodes, "2");
    EXPECT_EQ(wanted->tasks_per_node, "4");
    EXPECT_EQ(wanted->time_limit_minutes, 30 + 5 + 5);
    EXPECT_EQ(tests[0].nodes, 2U);
    EXPECT_EQ(tests[1].nodes, 1U);
}

TEST(Sizing, TheTimeIsThatOfThePacking) {
    std::vector<PlannedTest> tests{test_with(0, {{"nodes", "4"}, {"time_limit", "1"}})};
    for (std::uint32_t i = 1; i <= 8; ++i) {
        tests.push_back(test_with(i, {{"time_limit", "0.5"}}));
    }
    // Eight on four nodes: two after the other.
    EXPECT_EQ(size_job(tests, {})->time_limit_minutes, 60 + 30 + 30 + 5);
    tests[1].config["schedule"]["include_nodes"] = {"n7"};
    tests[2].config["schedule"]["exclude_nodes"] = {"n1"};
    EXPECT_EQ(size_job(tests, {})->time_limit_minutes, 60 + 30 + 30 + 5);
    SizingRules rules;
    rules.given_nodes = 1;  // the wide one will be skipped
    EXPECT_EQ(size_job(tests, rules)->time_limit_minutes, 8 * 30 + 5);
    EXPECT_EQ(size_job(tests, rules)->nodes, "4");
}

TEST(Sizing, TestsThatShareANodeTakeTheirTimeTogether) {
    std::vector<PlannedTest> tests;
    for (std::uint32_t i = 0; i < 8; ++i) {
        tests.push_back(
            test_with(i, {{"time_limit", "0.5"}, {"tasks_per_node", i == 0 ? "4" : "1"}}));
        tests.back().config["run"]["concurrent"] = "4";
    }
    EXPECT_EQ(size_job(tests, {})->time_limit_minutes, 30 + 30 + 30 + 5);
    SizingRules rules;
    rules.given_tasks_per_node = 1;
    EXPECT_EQ(size_job(tests, rules)->time_limit_minutes, 8 * 30 + 5);
}

TEST(Sizing, ManyTestsOnManyNodesAreNotPackedOneByOne) {
    SizingRules rules;
    rules.given_nodes = 1000;
    std::vector<PlannedTest> tests;
    for (std::uint32_t i = 0; i < 5000; ++i) {
        tests.push_back(test_with(i, {{"time_limit", "0.5"}}));
    }
    const std::int64_t minutes = size_job(tests, rules)->time_limit_minutes;
    EXPECT_GE(minutes, 5 * 30);
    EXPECT_LE(minutes, 6 * 30 + 5);
}

TEST(Sizing, EachAttemptTakesItsTime) {
    std::vector<PlannedTest> tests{test_with(0, {{"time_limit", "0.5"}})};
    tests[0].config["retry"]["count"] = "2";
    EXPECT_EQ(size_job(tests, {})->time_limit_minutes, 90 + 5);
    tests[0].config["retry"]["count"] = "often";
    EXPECT_FALSE(size_job(tests, {}));
}

TEST(Sizing, AllNodesAreThoseThatTheTestMayHave) {
    SizingRules rules;
    rules.node_count = [](const std::string&) { return Result<std::uint32_t>(8U); };
    std::vector<PlannedTest> tests{test_with(0, {{"nodes", "all"}, {"exclude_nodes", {"n[1-2]"}}})};
    EXPECT_EQ(size_job(tests, rules)->nodes, "6");
    tests[0] = test_with(0, {{"nodes", "all"}, {"chunking", {{"size", "3"}}}});
    EXPECT_EQ(size_job(tests, rules)->nodes, "3");
    tests[0] = test_with(0, {{"nodes", "50%"}, {"across_nodes", {"n[1-4]"}}});
    EXPECT_EQ(size_job(tests, rules)->nodes, "2");
}

TEST(Sizing, SkippedTestsAskForNothing) {
    std::vector<PlannedTest> tests{test_with(0, {{"nodes", "1"}}),
                                   test_with(1, {{"nodes", "900"}})};
    tests[1].skip_reasons = {"not here"};
    EXPECT_EQ(size_job(tests, {})->nodes, "1");
}

TEST(Sizing, RangesSharesAndAll) {
    SizingRules rules;
    int asked = 0;
    rules.node_count = [&](const std::string&) {
        ++asked;
        return Result<std::uint32_t>(8U);
    };
    std::vector<PlannedTest> tests{test_with(0, {{"nodes", "50%"}}),
                                   test_with(1, {{"nodes", "all"}, {"min_nodes", "50%"}})};
    const auto wanted = size_job(tests, rules);
    ASSERT_TRUE(wanted);
    EXPECT_EQ(wanted->nodes, "4-8");
    EXPECT_EQ(asked, 1);
    std::vector<PlannedTest> range{test_with(0, {{"nodes", "10-20"}})};
    EXPECT_EQ(size_job(range, {})->nodes, "10-20");
}

TEST(Sizing, RefusesNonsense) {
    for (const char* nodes : {"none", "0", "-3", "3-1", "0%", "150%", "4x"}) {
        std::vector<PlannedTest> tests{test_with(0, {{"nodes", nodes}})};
        EXPECT_FALSE(size_job(tests, {})) << nodes;
    }
    for (const char* limit : {"soon", "-1", "0", "1e99"}) {
        std::vector<PlannedTest> tests{test_with(0, {{"time_limit", limit}})};
        EXPECT_FALSE(size_job(tests, {})) << limit;
    }
}

TEST(Sizing, TestsThatCannotShareAnAllocationAreListed) {
    std::vector<PlannedTest> tests{test_with(0, {{"partition", "cpu"}}),
                                   test_with(1, {{"partition", "gpu"}}),
                                   test_with(2, nlohmann::json::object())};
    const auto wanted = size_job(tests, {});
    ASSERT_FALSE(wanted);
    EXPECT_NE(wanted.error().what.find("partition=cpu (2 tests"), std::string::npos)
        << wanted.error().what;
    EXPECT_NE(wanted.error().what.find("partition=gpu"), std::string::npos);
}

TEST(Sizing, GathersConstraintsAndExtras) {
    std::vector<PlannedTest> tests{
        test_with(0,
                  {{"slurm", {{"features", {"ib", "gpu"}}, {"sbatch_extra", {"--gres=gpu:1"}}}}}),
        test_with(1, {{"slurm", {{"features", {"ib"}}, {"sbatch_extra", {"--gres=gpu:1"}}}}})};
    const auto wanted = size_job(tests, {});
    ASSERT_TRUE(wanted);
    EXPECT_EQ(wanted->constraint, "ib&gpu");
    EXPECT_EQ(wanted->extra, std::vector<std::string>{"--gres=gpu:1"});
}

}  // namespace
}  // namespace pavtest::session
