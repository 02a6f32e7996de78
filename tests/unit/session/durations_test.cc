#include "session/durations.h"

#include <gtest/gtest.h>

#include <fstream>

#include "fixture.h"

namespace pavtest::session {
namespace {

class DurationsTest : public StoreTest {
  protected:
    [[nodiscard]] Directory directory() const { return *Directory::open(path_); }
};

TEST_F(DurationsTest, AreKeptFromSessionToSession) {
    Durations first = Durations::read(directory());
    EXPECT_FALSE(first.of("s.a"));
    first.note("s.a", 1.5);
    first.note("s.b", 2);
    ASSERT_TRUE(first.write(directory(), {}, 0600));
    Durations second = Durations::read(directory());
    second.note("s.b", 3);
    ASSERT_TRUE(second.write(directory(), {}, 0600));
    const Durations third = Durations::read(directory());
    EXPECT_DOUBLE_EQ(*third.of("s.a"), 1.5);
    EXPECT_DOUBLE_EQ(*third.of("s.b"), 3);
}

TEST_F(DurationsTest, WhatAnotherWroteMeanwhileStays) {
    Durations one = Durations::read(directory());
    Durations other = Durations::read(directory());
    one.note("s.a", 1);
    other.note("s.b", 2);
    ASSERT_TRUE(one.write(directory(), {}, 0600));
    ASSERT_TRUE(other.write(directory(), {}, 0600));
    EXPECT_TRUE(Durations::read(directory()).of("s.a"));
}

TEST_F(DurationsTest, AFileThatIsNoneOfOursIsAsIfItWereNotThere) {
    for (const char* text : {"", "{", "[]", R"({"format":1,"tests":[1,"x",null]})",
                             R"({"format":1,"tests":{"a":[1],"b":"x","c":["1",2]}})",
                             R"({"format":2,"tests":{"a":[1.0,2]}})", R"({"format":"x"})"}) {
        std::ofstream(path_ + "/durations.json") << text;
        EXPECT_FALSE(Durations::read(directory()).of("a")) << text;
    }
}

}  // namespace
}  // namespace pavtest::session
