#include "checks.h"

#include <gtest/gtest.h>

#include <string>

namespace pavtest::spank {
namespace {

using namespace std::string_literals;

TEST(Checks, SessionIdsHaveTwelveCharactersOfTheirAlphabet) {
    EXPECT_TRUE(is_session_id("1m7zyw8s72b3"));
    for (const std::string& bad :
         {""s, "1m7zyw8s72b"s, "1m7zyw8s72b33"s, "1m7zyw8s72bi"s, "1m7zyw8s72bl"s, "1m7zyw8s72bo"s,
          "1m7zyw8s72bu"s, "1M7zyw8s72b3"s, "1m7zyw8s72b\n"s, "../../../../"s, "1m7zyw8s72b\0"s}) {
        EXPECT_FALSE(is_session_id(bad)) << bad;
    }
}

TEST(Checks, PathsAreAbsoluteAndPlain) {
    for (const char* good : {"/scratch/pavtest/alice", "/a b/c", "/x/..y/z..", "/a/./b"}) {
        EXPECT_TRUE(is_plain_path(good)) << good;
    }
    for (const std::string& bad :
         {""s, "/"s, "relative"s, "/a\nb"s, "/a\"b"s, "/a\\b"s, "/a/../b"s, "/.."s, "/a\x7f"s,
          "/a\xc3\xa9"s, "/a\0b"s, "/" + std::string(1024, 'a'), "/" + std::string(3 << 20, 'a')}) {
        EXPECT_FALSE(is_plain_path(bad)) << bad.substr(0, 40);
    }
    EXPECT_TRUE(is_plain_path("/" + std::string(1023, 'a')));
}

TEST(Checks, NumbersAreDigits) {
    EXPECT_TRUE(is_number("0"));
    EXPECT_TRUE(is_number("18446744073709551615"));
    for (const char* bad : {"", "-1", "1 ", "0x1", "1\n", "184467440737095516150"}) {
        EXPECT_FALSE(is_number(bad)) << bad;
    }
}

TEST(Checks, NamesAreSafeAsFileNames) {
    for (const char* good : {"n1", "node-001.cluster", "a_b"}) {
        EXPECT_TRUE(is_name(good)) << good;
    }
    for (const char* bad : {"", ".", "..", ".hidden", "-rf", "a/b", "a b", "a;b", "a\n", "$(x)"}) {
        EXPECT_FALSE(is_name(bad)) << bad;
    }
    EXPECT_FALSE(is_name(std::string(256, 'a')));
}

TEST(Checks, HostListsAreNamesCommasAndBrackets) {
    EXPECT_TRUE(is_host_list("node[001-004,7],login1"));
    for (const char* bad : {"", "n1 n2", "n1;reboot", "n1\nn2", "`id`"}) {
        EXPECT_FALSE(is_host_list(bad)) << bad;
    }
    EXPECT_FALSE(is_host_list(std::string((64 << 10) + 1, 'a')));
}

TEST(Checks, ExitCodesAreOneOrTwoNumbers) {
    for (const char* good : {"0", "0:15", "256"}) {
        EXPECT_TRUE(is_exit_code(good)) << good;
    }
    for (const char* bad : {"", ":", "0:", ":9", "0:9:1", "0:x"}) {
        EXPECT_FALSE(is_exit_code(bad)) << bad;
    }
}

TEST(Checks, ControlCharactersAreSeen) {
    EXPECT_TRUE(has_control_character("a\nb"));
    EXPECT_TRUE(has_control_character("\x1b[31m"));
    EXPECT_TRUE(has_control_character("a\x7f"));
    EXPECT_FALSE(has_control_character("a b\xc3\xa9"));
}

}  // namespace
}  // namespace pavtest::spank
