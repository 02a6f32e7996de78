#include "run/selection.h"

#include <gtest/gtest.h>

namespace pavtest::run {
namespace {

bool matches(const std::string& expression, const std::string& name) {
    const auto filter = NameFilter::parse(expression);
    EXPECT_TRUE(filter) << expression;
    return filter && filter->matches(name);
}

TEST(NameFilter, AWordOccursAnywhereInAnyCase) {
    EXPECT_TRUE(matches("MPI", "suite.mpi_ring"));
    EXPECT_FALSE(matches("mpi", "suite.serial"));
}

TEST(NameFilter, AGlobMatchesTheWholeName) {
    EXPECT_TRUE(matches("suite.*", "suite.ring"));
    EXPECT_FALSE(matches("ring*", "suite.ring"));
}

TEST(NameFilter, AndBindsCloserThanOr) {
    EXPECT_TRUE(matches("a or b and c", "a"));
    EXPECT_FALSE(matches("(a or b) and c", "a"));
    EXPECT_TRUE(matches("(a or b) and c", "bc"));
    EXPECT_TRUE(matches("not a and b", "b"));
    EXPECT_FALSE(matches("not (a or b)", "b"));
    EXPECT_TRUE(matches("not not a", "a"));
}

TEST(NameFilter, RefusesWhatMakesNoSense) {
    for (const char* expression :
         {"", "and", "a b", "(a", "a)", "a or", "not", "a and or b", "()"}) {
        EXPECT_FALSE(NameFilter::parse(expression)) << expression;
    }
    EXPECT_FALSE(NameFilter::parse(std::string(100000, '(')));
}

}  // namespace
}  // namespace pavtest::run
