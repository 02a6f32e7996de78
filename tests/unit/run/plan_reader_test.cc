#include "run/plan_reader.h"

#include <gtest/gtest.h>

namespace pavtest::run {
namespace {

session::Plan plan_of(std::uint32_t count) {
    session::Plan plan;
    plan.id = "1hf7yat00abc";
    for (std::uint32_t index = 0; index < count; ++index) {
        session::PlannedTest test;
        test.index = index;
        test.name = "s.t" + std::to_string(index) + " \"]}{[\\";
        test.suite = "s";
        test.test = "t";
        test.config = {{"run", {{"cmds", {"echo ']' \"}\" \\"}}}}};
        plan.tests.push_back(std::move(test));
    }
    return plan;
}

TEST(PlanReader, GivesEachTestAsItWas) {
    const session::Plan plan = plan_of(3);
    const auto reader = PlanReader::from_text(session::to_json(plan));
    ASSERT_TRUE(reader) << reader.error().what;
    ASSERT_EQ(reader->count(), 3U);
    for (std::uint32_t index = 0; index < 3; ++index) {
        const auto test = reader->test(index);
        ASSERT_TRUE(test) << test.error().what;
        EXPECT_EQ(test->index, index);
        EXPECT_EQ(test->name, plan.tests[index].name);
        EXPECT_EQ(test->config, plan.tests[index].config);
    }
    EXPECT_FALSE(reader->test(3));
}

TEST(PlanReader, AnEmptyPlanHasNoTests) {
    const auto reader = PlanReader::from_text(session::to_json(plan_of(0)));
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->count(), 0U);
}

TEST(PlanReader, RefusesATornPlanAndANewerFormat) {
    const std::string whole = session::to_json(plan_of(2));
    for (std::size_t length = 0; length < whole.rfind('}'); length += 7) {
        EXPECT_FALSE(PlanReader::from_text(whole.substr(0, length))) << length;
    }
    EXPECT_FALSE(PlanReader::from_text(R"({"format": 99, "id": "x", "tests": []})"));
    EXPECT_FALSE(PlanReader::from_text("[]"));
}

TEST(PlanReader, ATestThatIsNotInItsPlaceIsAnErrorOfThatTestOnly) {
    const auto reader = PlanReader::from_text(
        R"({"format": 1, "id": "1hf7yat00abc", "tests": [
            {"index": 5, "name": "a"}, 3, {"index": 2, "name": "s.t"}]})");
    ASSERT_TRUE(reader) << reader.error().what;
    EXPECT_FALSE(reader->test(0));
    EXPECT_FALSE(reader->test(1));
    EXPECT_TRUE(reader->test(2));
}

TEST(ElementsOf, LooksOnlyAtTheTopLevel) {
    const auto spans =
        elements_of(R"({"a": {"tests": [1, 2]}, "tests": [ "x" , [3], {} ]})", "tests");
    ASSERT_TRUE(spans);
    EXPECT_EQ(spans->size(), 3U);
}

}  // namespace
}  // namespace pavtest::run
