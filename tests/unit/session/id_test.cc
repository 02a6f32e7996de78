#include "session/id.h"

#include <gtest/gtest.h>

namespace pavtest::session {
namespace {

TEST(Id, KeepsItsMomentAndSortsByIt) {
    const Timestamp when{1'795'287'994'123'456};
    const std::string id = make_id(when, 0xFFFFFFFF);
    EXPECT_TRUE(is_id(id)) << id;
    EXPECT_EQ(id_time(id)->microseconds, 1'795'287'994'123'000);
    EXPECT_EQ(id_month(id), "2026-11");
    EXPECT_LT(id, make_id({when.microseconds + 1000}, 0));
    EXPECT_EQ(id.substr(9), "zzz");
}

TEST(Id, RefusesWhatIsNone) {
    EXPECT_FALSE(is_id(""));
    EXPECT_FALSE(is_id("4711"));
    EXPECT_FALSE(is_id("0123456789ai"));
    EXPECT_FALSE(is_id("../../../etc"));
    EXPECT_FALSE(id_time("0123456789A0"));
    EXPECT_EQ(id_month("x"), "");
}

}  // namespace
}  // namespace pavtest::session
