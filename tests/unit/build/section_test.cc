#include "build/section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pavtest::build {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Section, MissingKeysHavePavilionsDefaults) {
    for (const json& config : {json::object(), json{{"run", json::object()}}, json()}) {
        const auto section = read_section(config, "run");
        ASSERT_TRUE(section);
        EXPECT_TRUE(section->commands.empty());
        EXPECT_TRUE(section->autoexit);
        EXPECT_FALSE(section->verbose);
        EXPECT_FALSE(section->timeout);
    }
}

TEST(Section, ReadsWhatIsThere) {
    const json config = {{"run",
                          {{"cmds", {"one", "two"}},
                           {"preamble", "only"},
                           {"env", {{"A", "1"}, {"B", nullptr}}},
                           {"autoexit", "False"},
                           {"verbose", "true"},
                           {"timeout", "2.5"},
                           {"timeout_file", "out.txt"},
                           {"create_files", {{"a/b", {"x", "y"}}}}}}};
    const auto section = read_section(config, "run");
    ASSERT_TRUE(section);
    EXPECT_THAT(section->commands, ElementsAre("one", "two"));
    EXPECT_THAT(section->preamble, ElementsAre("only"));
    ASSERT_EQ(section->environment.size(), 2U);
    EXPECT_EQ(section->environment[0].value, "1");
    EXPECT_FALSE(section->environment[1].value);
    EXPECT_FALSE(section->autoexit);
    EXPECT_TRUE(section->verbose);
    EXPECT_EQ(section->timeout, 2.5);
    EXPECT_EQ(section->timeout_file, "out.txt");
    ASSERT_EQ(section->files.size(), 1U);
    EXPECT_EQ(section->files[0].path, "a/b");
}

TEST(Section, AnEmptyTimeoutIsNone) {
    for (const json& timeout : {json(""), json()}) {
        const auto section = read_section({{"run", {{"timeout", timeout}}}}, "run");
        ASSERT_TRUE(section);
        EXPECT_FALSE(section->timeout);
    }
}

TEST(Section, ATimeoutThatIsNoNumberIsAnError) {
    for (const char* timeout : {"soon", "1x", "-1", "nan", "inf"}) {
        const auto section = read_section({{"build", {{"timeout", timeout}}}}, "build");
        ASSERT_FALSE(section) << timeout;
        EXPECT_THAT(section.error().what, HasSubstr("build.timeout"));
    }
}

TEST(Section, FilesStayBelowTheDirectory) {
    for (const char* path : {"/etc/passwd", "../x", "a/../../x", "a/.."}) {
        EXPECT_FALSE(read_section({{"run", {{"create_files", {{path, {"x"}}}}}}}, "run")) << path;
    }
    EXPECT_TRUE(stays_below("a/..b/c"));
    EXPECT_FALSE(stays_below(""));
}

}  // namespace
}  // namespace pavtest::build
