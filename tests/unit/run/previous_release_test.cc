// A store as the release before this one left it: read, and gone on with. tests/data/store-0.1.0
// has a session whose job was requeued while the second of its three tests ran.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/ledger.h"
#include "run/plan_reader.h"
#include "session/plan.h"
#include "session/store.h"
#include "session/view.h"

namespace pavtest::run {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Result<session::SessionDirectory> old_session() {
    const auto store =
        session::Store::open(std::string(PAVTEST_SOURCE_DIR) + "/tests/data/store-0.1.0");
    return store ? store->open_session("1m8hgw34vqpp") : tl::make_unexpected(store.error());
}

TEST(PreviousRelease, ItsPlanIsRead) {
    const auto session = old_session();
    ASSERT_TRUE(session) << session.error().what;
    const auto header = session->header();
    ASSERT_TRUE(header) << header.error().what;
    EXPECT_EQ(header->tests, 3U);
    EXPECT_THAT(header->without, IsEmpty());
    const auto plan = PlanReader::open(*session);
    ASSERT_TRUE(plan) << plan.error().what;
    ASSERT_EQ(plan->count(), 3U);
    const auto test = plan->test(2);
    ASSERT_TRUE(test) << test.error().what;
    EXPECT_EQ(test->name, "small.last");
    EXPECT_EQ(test->config["run"]["cmds"][0], "true");
}

TEST(PreviousRelease, ItsRecordsAreRead) {
    const auto session = old_session();
    ASSERT_TRUE(session);
    const auto view = session::view_session(*session);
    ASSERT_TRUE(view) << view.error().what;
    EXPECT_THAT(view->flaws, IsEmpty());
    ASSERT_EQ(view->jobs.size(), 1U);
    const session::JobView& job = view->jobs[0];
    EXPECT_THAT(job.flaws, IsEmpty());
    EXPECT_EQ(job.job, 1U);
    EXPECT_EQ(job.nodes, "n[1-2]");
    ASSERT_EQ(job.tests.size(), 3U);
    EXPECT_EQ(job.tests[0].result, status::Verdict::pass);
    EXPECT_EQ(job.tests[1].state, "RUNNING");
    EXPECT_TRUE(job.node_views.at("n2").joined);
    EXPECT_TRUE(job.node_views.at("n2").left);
}

TEST(PreviousRelease, ARequeuedJobOfItsGoesOnWithWhatIsOpen) {
    const auto session = old_session();
    ASSERT_TRUE(session);
    EXPECT_THAT(read_ledger(*session, {1, 1}, 3).open_tests(), ElementsAre(1, 2));
}

}  // namespace
}  // namespace pavtest::run
