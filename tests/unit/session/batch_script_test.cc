#include "session/batch_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pavtest::session {
namespace {

using testing::HasSubstr;
using testing::Not;

Header header() {
    Header header;
    header.id = "06abcdefghjk";
    header.request = {"hpl", "io.*"};
    header.pavtest_version = "0";
    header.wanted.nodes = "2";
    header.wanted.time_limit_minutes = 35;
    return header;
}

TEST(BatchScript, HasDirectivesBeforeTheFirstCommand) {
    const auto script = batch_script(header(), "/store", "/bin/pavrun");
    ASSERT_TRUE(script);
    EXPECT_THAT(*script, testing::StartsWith("#!/bin/bash\n"));
    EXPECT_THAT(*script, HasSubstr("#SBATCH --nodes=\"2\"\n"));
    EXPECT_THAT(*script, HasSubstr("#SBATCH --comment=\"pavtest:06abcdefghjk\"\n"));
    EXPECT_THAT(*script, HasSubstr("exec '/bin/pavrun' --session 06abcdefghjk --store '/store'\n"));
    EXPECT_LT(script->rfind("#SBATCH"), script->find("exec"));
}

TEST(BatchScript, ValuesCannotLeaveTheirLine) {
    Header hostile = header();
    hostile.wanted.account = "x\n#SBATCH --uid=0";
    EXPECT_FALSE(batch_script(hostile, "/store", "/bin/pavrun"));
    hostile.wanted.account = "a\"b\\c #d";
    const auto script = batch_script(hostile, "/store", "/bin/pavrun");
    ASSERT_TRUE(script);
    EXPECT_THAT(*script, HasSubstr(R"(--account="a\"b\\c #d")"));
    hostile = header();
    hostile.request = {"x\nrm -rf ~"};
    EXPECT_THAT(*batch_script(hostile, "/store", "/bin/pavrun"), Not(HasSubstr("\nrm")));
    hostile = header();
    hostile.wanted.extra = {"--gres=gpu:1\nrm"};
    EXPECT_FALSE(batch_script(hostile, "/store", "/bin/pavrun"));
    EXPECT_FALSE(batch_script(header(), "/sto\nre", "/bin/pavrun"));
}

TEST(BatchScript, PathsAreQuotedForTheShell) {
    EXPECT_THAT(*batch_script(header(), "/it's here", "/bin/pavrun"),
                HasSubstr("--store '/it'\\''s here'"));
}

}  // namespace
}  // namespace pavtest::session
