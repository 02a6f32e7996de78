#include "session/retry.h"

#include <gtest/gtest.h>

namespace pavtest::session {
namespace {

using nlohmann::json;

TEST(Retry, NoneUnlessAskedFor) {
    EXPECT_EQ(read_retry(json::object())->count, 0U);
    EXPECT_EQ(read_retry({{"retry", {{"on", {"fail"}}}}})->count, 0U);
}

TEST(Retry, AfterAnyBadEndUnlessSaid) {
    const auto any = read_retry({{"retry", {{"count", "2"}}}});
    EXPECT_EQ(any->count, 2U);
    EXPECT_TRUE(any->on_fail && any->on_error && any->on_node_failure);
    EXPECT_FALSE(any->elsewhere);
    const auto some = read_retry(
        {{"retry", {{"count", "1"}, {"on", {"error", "node-fail"}}, {"elsewhere", "true"}}}});
    EXPECT_FALSE(some->on_fail);
    EXPECT_TRUE(some->on_error && some->on_node_failure && some->elsewhere);
}

TEST(Retry, WhatMakesNoSenseIsRefused) {
    for (const char* count : {"x", "-1", "1.5", "101"}) {
        EXPECT_FALSE(read_retry({{"retry", {{"count", count}}}})) << count;
    }
    EXPECT_FALSE(read_retry({{"retry", {{"count", "1"}, {"on", {"pass"}}}}}));
}

}  // namespace
}  // namespace pavtest::session
