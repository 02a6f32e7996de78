#include "suite/request.h"

#include <gtest/gtest.h>

using namespace pavtest::suite;

TEST(Request, Parts) {
    const auto request = parse_request("3*suite.te?t.sub-*");
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->count, 3U);
    EXPECT_EQ(request->suite, "suite");
    EXPECT_EQ(request->test, "te?t");
    EXPECT_EQ(request->subtitle, "sub-*");
    EXPECT_EQ(parse_request("suite * 4")->count, 4U);
    EXPECT_EQ(parse_request("suite.*5")->count, 1U);
}
