#include "choice.h"

#include <gtest/gtest.h>

#include <string>

namespace pavtest::spank {
namespace {

TEST(Choice, RefusesWhatNamesNothing) {
    Choice choice;
    EXPECT_NE(choice.choose(Option::request, ""), nullptr);
    EXPECT_NE(choice.choose(Option::request, ",,"), nullptr);
    EXPECT_EQ(choice.choose(Option::request, "a,b.c"), nullptr);
    EXPECT_EQ(choice.request.view(), "a,b.c");
}

TEST(Choice, RefusesControlCharacters) {
    Choice choice;
    for (int i = 0; i < option_count; ++i) {
        EXPECT_NE(choice.choose(static_cast<Option>(i), "a=b\n#SBATCH"), nullptr) << i;
    }
    EXPECT_TRUE(choice == Choice());
}

TEST(Choice, SettingsNeedAKeyAndAddUp) {
    Choice choice;
    EXPECT_NE(choice.choose(Option::set, "novalue"), nullptr);
    EXPECT_NE(choice.choose(Option::set, "=x"), nullptr);
    EXPECT_EQ(choice.choose(Option::set, "a="), nullptr);
    EXPECT_EQ(choice.choose(Option::set, "b=1"), nullptr);
    EXPECT_EQ(choice.settings.view(), std::string_view("a=\0b=1\0", 7));
}

TEST(Choice, RefusesWhatIsTooLong) {
    const std::string huge(1 << 20, 'x');
    Choice choice;
    for (const Option option : {Option::request, Option::mode, Option::host, Option::os}) {
        EXPECT_STREQ(choice.choose(option, huge), "is too long");
    }
    EXPECT_STREQ(choice.choose(Option::set, "a=" + huge), "is too long");
}

TEST(Choice, ComparesAllOptions) {
    Choice a;
    Choice b;
    a.choose(Option::request, "x");
    b.choose(Option::request, "x");
    EXPECT_TRUE(a == b);
    b.choose(Option::os, "y");
    EXPECT_FALSE(a == b);
}

}  // namespace
}  // namespace pavtest::spank
