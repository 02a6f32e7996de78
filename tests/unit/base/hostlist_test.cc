#include "base/hostlist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pavtest {
namespace {

using testing::ElementsAre;

TEST(Hostlist, Expands) {
    EXPECT_THAT(*expand_hostlist("n[1-3,7],login"), ElementsAre("n1", "n2", "n3", "n7", "login"));
    EXPECT_THAT(*expand_hostlist("n[08-11]"), ElementsAre("n08", "n09", "n10", "n11"));
    EXPECT_THAT(*expand_hostlist("r[1-2]c[1-2]"), ElementsAre("r1c1", "r1c2", "r2c1", "r2c2"));
}

TEST(Hostlist, RefusesNonsense) {
    for (const char* text : {"n[1", "n1]", "n[[1]]", "n[a]", "n[3-1]", "n[1-9999999999]", "n[]"}) {
        EXPECT_FALSE(expand_hostlist(text)) << text;
    }
}

TEST(Hostlist, Compresses) {
    EXPECT_EQ(compress_hostlist({"n3", "n1", "n2", "n7", "n1"}), "n[1-3,7]");
    EXPECT_EQ(compress_hostlist({"n1"}), "n1");
    EXPECT_EQ(compress_hostlist({"n09", "n10", "n08"}), "n[08-10]");
    EXPECT_EQ(compress_hostlist({"login", "n2"}), "login,n2");
    EXPECT_EQ(compress_hostlist({}), "");
}

}  // namespace
}  // namespace pavtest
