#include "base/text.h"

#include <gtest/gtest.h>

namespace pavtest {
namespace {

TEST(Text, Utf8PrefixDoesNotCutACharacter) {
    EXPECT_EQ(utf8_prefix("aé", 2), "a");
    EXPECT_EQ(utf8_prefix("aé", 3), "aé");
    EXPECT_EQ(utf8_prefix("abc", 2), "ab");
    EXPECT_EQ(utf8_prefix("\x80\x80\x80\x80\x80", 3).size(), 3U);
}

TEST(Text, PrintableShowsControlCharacters) {
    EXPECT_EQ(printable("a\x1b[31mb"), "a\\x1b[31mb");
    EXPECT_EQ(printable("a\nb"), "a\\nb");
    EXPECT_EQ(printable("a\nb", "\n"), "a\nb");
    EXPECT_EQ(printable("\xC2\x9B"
                        "31m"),
              "\\x9b31m");
    EXPECT_EQ(printable("grün"), "grün");
    EXPECT_EQ(printable("\xff"), "\\xff");
}

TEST(Text, NearestFindsSlips) {
    EXPECT_EQ(nearest("ndoes", {"nodes", "tasks"}), "nodes");
    EXPECT_EQ(nearest("zzz", {"nodes", "tasks"}), "");
    EXPECT_EQ(did_you_mean("helth", {"health"}), "did you mean 'health'?");
}

TEST(Text, GlobsAreThoseOfFnmatch) {
    EXPECT_TRUE(glob_match("h*o", "hello"));
    EXPECT_TRUE(glob_match("[a-c]?", "bz"));
    EXPECT_TRUE(glob_match("[!a]x", "bx"));
    EXPECT_FALSE(glob_match("[!a]x", "ax"));
    EXPECT_TRUE(glob_match("[", "["));
    EXPECT_TRUE(glob_match("*", ""));
    EXPECT_FALSE(glob_match("a", ""));
}

TEST(Text, ShellQuote) {
    EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
}

TEST(Text, Utf8IsStrict) {
    EXPECT_TRUE(is_utf8("é€😀"));
    EXPECT_FALSE(is_utf8("\xC0\xAF"));
    EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
    EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));
    EXPECT_EQ(to_utf8("a\xff"), "a\xEF\xBF\xBD");
}

}  // namespace
}  // namespace pavtest
