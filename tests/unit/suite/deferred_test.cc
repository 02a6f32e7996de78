#include "suite/deferred.h"

#include <gtest/gtest.h>

#include "base/time.h"
#include "suite/strings.h"

using namespace pavtest;
using namespace pavtest::suite;

namespace {

NodeWorld node_world(const SystemClock& clock) {
    NodeWorld world;
    world.clock = &clock;
    world.nodes.emplace_back().name = "n1";
    return world;
}

std::string deferred(const std::string& text) {
    return std::string(kDeferredMark) + text;
}

}  // namespace

// Long texts, so that what would be read after its end is not by chance still there.
TEST(Deferred, FinishesWhatWaitedFromVariablesOfSubmissionAndTheNode) {
    const SystemClock clock;
    const std::string own(4000, 'x');
    const Json variables = {{"sys", {{"sys_name", {"login"}}}},
                            {"var", {{"own", {own}}, {"later", {deferred("{{own}}!")}}}}};
    const Json config = {
        {"scheduler", "slurm"},
        {"run", {{"cmds", {deferred("echo {{later}} {{sys_name}} {{sched.test_nodes}}")}}}}};
    const auto done = finish_deferred(config, variables, node_world(clock));
    ASSERT_TRUE(done.has_value());
    EXPECT_EQ((*done)["run"]["cmds"][0], "echo " + own + "! login 1");
}

TEST(Deferred, APlanThatHoldsOtherThingsIsNoCrash) {
    const SystemClock clock;
    for (const Json& variables : {Json::object(), Json{{"var", nullptr}}, Json{{"var", "text"}},
                                  Json{{"var", {{"a", 1}}}}, Json{{"directories", {1, 2}}}}) {
        static_cast<void>(finish_deferred(Json::object(), variables, node_world(clock)));
    }
    const auto wrong =
        finish_deferred({{"run", deferred("{{nothing}}")}}, Json::object(), node_world(clock));
    ASSERT_FALSE(wrong.has_value());
    EXPECT_FALSE(wrong.error().front().what.empty());
}
