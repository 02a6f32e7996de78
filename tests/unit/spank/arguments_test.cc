#include "arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/build_info.h"
#include "slurm_stub.h"

namespace pavtest::spank {
namespace {

using testing::HasSubstr;

Arguments parse(std::vector<const char*> words, Complain complain = Complain::yes) {
    slurm() = {};
    return parse_arguments(static_cast<int>(words.size()), const_cast<char**>(words.data()),
                           complain);
}

TEST(Arguments, HaveDefaults) {
    const Arguments arguments = parse({});
    EXPECT_STREQ(arguments.pavsuite, PAVTEST_BINDIR "/pavsuite");
    EXPECT_STREQ(arguments.pavnode, PAVTEST_LIBEXECDIR "/pavnode");
    EXPECT_STREQ(arguments.spool, PAVTEST_SPOOLDIR);
    EXPECT_EQ(arguments.deadline, 10);
}

TEST(Arguments, AreTaken) {
    const Arguments arguments = parse({"pavsuite=/a", "pavnode=/b", "spool=/c", "deadline=3"});
    EXPECT_STREQ(arguments.pavsuite, "/a");
    EXPECT_STREQ(arguments.pavnode, "/b");
    EXPECT_STREQ(arguments.spool, "/c");
    EXPECT_EQ(arguments.deadline, 3);
    EXPECT_TRUE(slurm().errors.empty());
}

TEST(Arguments, WhatCannotBeUsedIsToldAndLeftOut) {
    for (const char* word :
         {"nonsense", "colour=blue", "deadline=0", "deadline=1000", "deadline=99999999999999999999",
          "deadline=-1", "spool=relative", "pavnode=", "=x"}) {
        const Arguments arguments = parse({word, "deadline=7"});
        EXPECT_EQ(arguments.deadline, 7) << word;
        EXPECT_STREQ(arguments.spool, PAVTEST_SPOOLDIR) << word;
        EXPECT_THAT(slurm().all_errors(), HasSubstr(word));
        parse({word}, Complain::no);
        EXPECT_TRUE(slurm().errors.empty()) << word;
    }
}

}  // namespace
}  // namespace pavtest::spank
