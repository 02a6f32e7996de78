#include "cmd/command_line.h"

#include <gmock/gmock.h>

namespace pavtest::cmd {
namespace {

class CommandLine : public testing::Test {
  protected:
    CommandLine() {
        app_.add_flag("--json");
        app_.add_subcommand("show")->add_flag("--raw");
        app_.add_subcommand("hidden")->group("");
    }
    std::optional<Error> wrong(const std::string& words) {
        try {
            app_.parse(words);
        } catch (const CLI::ParseError& error) {
            return unknown_word(app_, error);
        }
        return std::nullopt;
    }
    CLI::App app_{"", "pavx"};
};

TEST_F(CommandLine, AMistypedOptionIsToldWithWhatWasMeant) {
    const auto error = wrong("--jso");
    ASSERT_TRUE(error);
    EXPECT_EQ(error->what, "'pavx' has no option '--jso'");
    EXPECT_EQ(error->hint, "did you mean '--json'?");
    EXPECT_EQ(error->kind, ErrorKind::usage);
}

TEST_F(CommandLine, AnOptionOfASubcommandIsLookedForThere) {
    const auto error = wrong("show --json2");
    ASSERT_TRUE(error);
    EXPECT_EQ(error->what, "'pavx show' has no option '--json2'");
    EXPECT_EQ(error->hint, "'pavx show --help' shows its options");
}

TEST_F(CommandLine, AMistypedSubcommandIsTold) {
    app_.require_subcommand(1);
    EXPECT_EQ(wrong("shwo x")->hint, "did you mean 'show'?");
    EXPECT_EQ(wrong("zzzzzz")->hint, "it is one of show");
}

TEST_F(CommandLine, WhatElseIsWrongIsNotItsAffair) {
    EXPECT_FALSE(wrong("--help"));
    EXPECT_FALSE(wrong("show more"));
    app_.require_subcommand(1);
    EXPECT_FALSE(wrong(""));
}

}  // namespace
}  // namespace pavtest::cmd
