#include "session/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pavtest::session {
namespace {

using testing::HasSubstr;

TEST(Policy, AllowsEverythingUnlessTheSiteSaysOtherwise) {
    Header header;
    header.modes = {"any"};
    header.tests = 100'000;
    header.wanted.time_limit_minutes = 100'000;
    EXPECT_TRUE(check_policy(header, Settings{}));
}

TEST(Policy, NamesTheModeThatIsNotAllowed) {
    Settings settings;
    settings.site_file = "/etc/pavtest/pavtest.yaml";
    settings.policy.allowed_modes = {"night*", "quick"};
    Header header;
    header.modes = {"quick", "nightly"};
    EXPECT_TRUE(check_policy(header, settings));
    header.modes = {"quick", "root"};
    ASSERT_FALSE(check_policy(header, settings));
    EXPECT_THAT(check_policy(header, settings).error().what, HasSubstr("'root'"));
    settings.policy.allowed_modes->clear();
    EXPECT_FALSE(check_policy(header, settings));
}

TEST(Policy, LimitsTestsAndTime) {
    Settings settings;
    settings.policy.max_tests = 10;
    settings.policy.max_job_time = std::chrono::minutes(60);
    Header header;
    header.tests = 10;
    header.wanted.time_limit_minutes = 60;
    EXPECT_TRUE(check_policy(header, settings));
    header.tests = 11;
    EXPECT_THAT(check_policy(header, settings).error().what, HasSubstr("11 tests"));
    header.tests = 1;
    header.wanted.time_limit_minutes = 61;
    EXPECT_THAT(check_policy(header, settings).error().what, HasSubstr("61 minutes"));
}

}  // namespace
}  // namespace pavtest::session
