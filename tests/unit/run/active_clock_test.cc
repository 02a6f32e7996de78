#include "run/active_clock.h"

#include <gtest/gtest.h>

namespace pavtest::run {
namespace {

using std::chrono::seconds;
using namespace std::chrono_literals;

TEST(ActiveClock, CountsTheTimeThatPasses) {
    const ActiveClock::Monotonic start{};
    ActiveClock clock(start);
    clock.advance(start + 200ms, 200ms);
    clock.advance(start + 250ms, 1s);
    EXPECT_EQ(clock.now(), 250ms);
}

TEST(ActiveClock, ABusyHostMayKeepUsWaitingALittle) {
    const ActiveClock::Monotonic start{};
    ActiveClock clock(start);
    clock.advance(start + 900ms, 100ms);
    EXPECT_EQ(clock.now(), 900ms);
}

TEST(ActiveClock, ASuspensionDoesNotCount) {
    const ActiveClock::Monotonic start{};
    ActiveClock clock(start);
    clock.advance(start + 1s, 1s);
    clock.advance(start + 3601s, 1s);
    EXPECT_LE(clock.now(), 3s);
    clock.advance(start + 3602s, 1s);
    EXPECT_LE(clock.now(), 4s);
}

}  // namespace
}  // namespace pavtest::run
