#include "status/append_log.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <thread>

#include "temporary.h"

namespace pavtest::status {
namespace {

using testing::HasSubstr;

class AppendLogTest : public TemporaryTest {
  protected:
    Result<AppendLog> open(int patience = 0) {
        return AppendLog::open(*Directory::open(path_), "log", 0640, patience);
    }
};

TEST_F(AppendLogTest, AppendsAndGivesExactlyItsMode) {
    const mode_t before = ::umask(077);
    {
        auto log = open();
        ASSERT_TRUE(log);
        ASSERT_TRUE(log->append("one\n"));
    }
    ::umask(before);
    struct stat info {};
    ASSERT_EQ(::stat((path_ + "/log").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0640U);
    ASSERT_TRUE(open()->append("two\n"));
    EXPECT_EQ(get("log"), "one\ntwo\n");
}

TEST_F(AppendLogTest, OneWriterAtATime) {
    auto first = open();
    ASSERT_TRUE(first);
    const auto second = open();
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().what, HasSubstr("another process"));
    std::thread release([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        AppendLog done = *std::move(first);
    });
    EXPECT_TRUE(open(5000));
    release.join();
}

TEST_F(AppendLogTest, OpeningWritesNothingAndTheFirstAppendEndsATornLine) {
    put("log", "torn");
    auto log = open();
    ASSERT_TRUE(log);
    EXPECT_EQ(get("log"), "torn");
    ASSERT_TRUE(log->append("whole\n"));
    EXPECT_EQ(get("log"), "torn\nwhole\n");
}

TEST_F(AppendLogTest, AFullDiskTearsALineAndTheNextAppendEndsIt) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        auto log = open();
        const rlimit small{10, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &small);
        const bool refused = !log->append("0123456789abcdef\n");
        const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &all);
        const bool healed = log->append("next\n").has_value();
        ::_exit(refused && healed ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(get("log"), "0123456789\nnext\n");
}

TEST_F(AppendLogTest, RefusesWhatIsNoLineAndNoPlainFile) {
    auto log = open();
    EXPECT_FALSE(log->append("no newline"));
    EXPECT_FALSE(log->append(""));
    EXPECT_FALSE(AppendLog::open(*Directory::open(path_), "../log", 0600));
    ASSERT_EQ(::symlink("/etc/passwd", (path_ + "/link").c_str()), 0);
    EXPECT_FALSE(AppendLog::open(*Directory::open(path_), "link", 0600));
    ASSERT_EQ(::mkfifo((path_ + "/fifo").c_str(), 0600), 0);
    EXPECT_FALSE(AppendLog::open(*Directory::open(path_), "fifo", 0600));
}

TEST_F(AppendLogTest, ReservingChangesNoSize) {
    auto log = open();
    ASSERT_TRUE(log->append("one\n"));
    log->reserve(1U << 20U);
    EXPECT_EQ(std::filesystem::file_size(path_ + "/log"), 4U);
    ASSERT_TRUE(log->append("two\n"));
    EXPECT_EQ(get("log"), "one\ntwo\n");
}

// Writers that are killed at any moment leave whole lines and torn ones, and those that come
// after them lose nothing.
TEST_F(AppendLogTest, WritersKilledAtRandomMoments) {
    const std::string line = std::string(200, 'x') + "\n";
    for (int round = 0; round < 20; ++round) {
        const pid_t writer = ::fork();
        ASSERT_GE(writer, 0);
        if (writer == 0) {
            auto log = open(5000);
            while (log && log->append(line)) {
            }
            ::_exit(1);
        }
        ::usleep(static_cast<useconds_t>(500 + round * 137));
        ::kill(writer, SIGKILL);
        ::waitpid(writer, nullptr, 0);
        auto log = open(5000);
        ASSERT_TRUE(log);
        ASSERT_TRUE(log->append("mark\n"));
    }
    std::istringstream lines(get("log"));
    int marks = 0;
    for (std::string each; std::getline(lines, each);) {
        if (each == "mark") {
            ++marks;
        } else {
            EXPECT_EQ(line.substr(0, each.size()), each);
        }
    }
    EXPECT_EQ(marks, 20);
}

}  // namespace
}  // namespace pavtest::status
