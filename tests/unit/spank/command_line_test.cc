#include "command_line.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace pavtest::spank {
namespace {

CommandLine scan(std::initializer_list<const char*> words) {
    std::string bytes("sbatch");
    bytes += '\0';
    for (const char* word : words) {
        bytes += word;
        bytes += '\0';
    }
    return scan_command_line(bytes);
}

std::string settings(const CommandLine& line) {
    std::string text(line.choice.settings.view());
    for (char& c : text) {
        c = c == '\0' ? ';' : c;
    }
    return text;
}

TEST(CommandLine, TakesBothForms) {
    EXPECT_EQ(scan({"--pavtest=hpl"}).choice.request.view(), "hpl");
    EXPECT_EQ(scan({"-N2", "--pavtest", "hpl", "-t", "5"}).choice.request.view(), "hpl");
    const CommandLine line =
        scan({"--pavtest-mode", "a,b", "--pavtest-host=h", "--pavtest-os", "o", "--pavtest=x",
              "--pavtest-set=run.env.A=1", "--pavtest-set", "B=2=3"});
    EXPECT_EQ(line.choice.mode.view(), "a,b");
    EXPECT_EQ(line.choice.host.view(), "h");
    EXPECT_EQ(line.choice.os.view(), "o");
    EXPECT_EQ(line.choice.request.view(), "x");
    EXPECT_EQ(settings(line), "run.env.A=1;B=2=3;");
}

TEST(CommandLine, TheLastValueWins) {
    EXPECT_EQ(scan({"--pavtest=a", "--pavtest=b"}).choice.request.view(), "b");
}

TEST(CommandLine, WithoutTheOptionNothingIsAskedFor) {
    for (const auto& line :
         {scan({}), scan({"job.sh"}), scan({"--pavtestx=1"}), scan({"-pavtest=x"}),
          scan({"--pavtest-mode=m"}), scan({"--", "job.sh", "--pavtest=x"}), scan({"--pavtest"})}) {
        EXPECT_FALSE(line.asks);
        EXPECT_FALSE(line.choice.asked());
    }
}

TEST(CommandLine, AnUnusableValueStillAsks) {
    for (const char* word : {"--pavtest=", "--pavtest=,", "--pavtest=a\nb"}) {
        EXPECT_TRUE(scan({word}).asks) << word;
        EXPECT_FALSE(scan({word}).choice.asked()) << word;
    }
}

TEST(CommandLine, AValueIsNotTakenForAnotherOption) {
    const CommandLine line = scan({"--pavtest", "--test-only", ":"});
    EXPECT_EQ(line.choice.request.view(), "--test-only");
    EXPECT_FALSE(line.test_only);
    EXPECT_TRUE(line.has_colon);
}

TEST(CommandLine, TestOnlyMayBeAbbreviated) {
    EXPECT_TRUE(scan({"--test-only"}).test_only);
    EXPECT_TRUE(scan({"--test"}).test_only);
    EXPECT_TRUE(scan({"--te"}).test_only);
    for (const char* word : {"--t", "--time=1", "--test-only-x", "test-only", ""}) {
        EXPECT_FALSE(scan({word}).test_only) << word;
    }
}

TEST(CommandLine, SeesWhatCouldBeWait) {
    for (const char* word : {"--wait", "-W", "-HW"}) {
        EXPECT_TRUE(scan({word}).may_wait) << word;
    }
    for (const char* word : {"--wait-all-nodes=1", "--Wx", "W", "-H"}) {
        EXPECT_FALSE(scan({word}).may_wait) << word;
    }
}

TEST(CommandLine, SeesStandardInputNamedAsTheScript) {
    for (const char* word : {"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}) {
        EXPECT_TRUE(scan({"--pavtest=x", word}).names_standard_input) << word;
    }
    EXPECT_TRUE(scan({"--pavtest=x", "--", "/dev/stdin"}).names_standard_input);
    EXPECT_FALSE(scan({"--pavtest=x", "job.sh"}).names_standard_input);
}

TEST(CommandLine, SurvivesMegabytesAndOddBytes) {
    const std::string huge(4 << 20, 'x');
    const CommandLine line = scan({("--pavtest=" + huge).c_str(), huge.c_str(), "-t1"});
    EXPECT_TRUE(line.asks);
    EXPECT_FALSE(line.choice.asked());
    EXPECT_FALSE(scan_command_line(std::string(100, '\0')).asks);
    EXPECT_FALSE(scan_command_line("sbatch").asks);
    EXPECT_FALSE(scan_command_line("").asks);
    EXPECT_EQ(scan_command_line(std::string_view("sbatch\0--pavtest=a", 18)).choice.request.view(),
              "a");
}

TEST(CommandLine, OfThisProcessHasNoRequest) {
    EXPECT_FALSE(scan_own_command_line().asks);
}

}  // namespace
}  // namespace pavtest::spank
