#include "run/script_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/file.h"

namespace pavtest::run {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Duration = ScriptProcess::Duration;

class ScriptProcessTest : public testing::Test {
  protected:
    void SetUp() override {
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        path_ = testing::TempDir() + "pavtest-script-XXXXXX";
        ::close(::mkstemp(path_.data()));
    }
    void TearDown() override {
        ::unlink(path_.c_str());
        ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    }
    [[nodiscard]] ScriptStart script(const std::string& text) const {
        ScriptStart what;
        what.launch.arguments = {"/bin/bash", "-c", text};
        what.launch.environment = {"PATH=/usr/bin:/bin", "PAVTEST_JOB=7.0", "PAVTEST_SESSION=s",
                                   "PAVTEST_TEST=0", "PAVTEST_ATTEMPT=1"};
        what.launch.directory = "/";
        what.log = FileDescriptor(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
        what.mark = test_mark(job_mark("s", "7.0", "7", "n1"), 0, 1);
        return what;
    }
    [[nodiscard]] static Duration now() {
        return std::chrono::duration_cast<Duration>(
            std::chrono::steady_clock::now().time_since_epoch());
    }
    // Until nothing of it is left; what the runner's loop does.
    static void finish(ScriptProcess& process) {
        const auto until = std::chrono::steady_clock::now() + 20s;
        while (!process.over() && std::chrono::steady_clock::now() < until) {
            int status = 0;
            for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
                if (pid == process.pid()) {
                    process.leader_ended(status, now());
                }
            }
            process.step(now());
            std::this_thread::sleep_for(2ms);
        }
        ASSERT_TRUE(process.over());
    }
    ScriptEnd run(ScriptStart what) {
        auto process = ScriptProcess::start(std::move(what), leaders_, kills_, now());
        EXPECT_TRUE(process);
        finish(*process);
        EXPECT_TRUE(leaders_.scripts.empty());
        return process->end();
    }
    [[nodiscard]] std::string log() const { return read_file(path_).value_or(""); }

    std::string path_;
    Leaders leaders_;
    MemoryKills kills_;
};

TEST_F(ScriptProcessTest, ReturnsWhatTheScriptReturns) {
    EXPECT_TRUE(run(script("echo out; echo err >&2")).well());
    EXPECT_EQ(log(), "out\nerr\n");
    EXPECT_EQ(run(script("exit 7")).return_value, 7);
}

TEST_F(ScriptProcessTest, ASignalIsANegativeReturnValue) {
    const ScriptEnd end = run(script("kill -SEGV $$"));
    EXPECT_EQ(end.signal, SIGSEGV);
    EXPECT_EQ(end.return_value, -SIGSEGV);
    EXPECT_FALSE(end.well());
}

TEST_F(ScriptProcessTest, LeadsASessionAndHasDefaultSignalsAndNoInput) {
    run(script(
        "ps -o sid= -p $$ | tr -d ' '; echo $$; cat; grep -E 'Sig(Blk|Ign)' /proc/$$/status"));
    const std::string text = log();
    const std::string pid = text.substr(0, text.find('\n'));
    EXPECT_THAT(text, HasSubstr(pid + "\n" + pid + "\n"));
    EXPECT_THAT(text, HasSubstr("SigBlk:\t0000000000000000"));
    EXPECT_THAT(text, HasSubstr("SigIgn:\t0000000000000000"));
}

TEST_F(ScriptProcessTest, WhatItLeavesBehindGoesWithIt) {
    const auto begin = std::chrono::steady_clock::now();
    const ScriptEnd end = run(script("sleep 60 & (setsid env -i sleep 60 &); true"));
    EXPECT_TRUE(end.well());
    EXPECT_TRUE(end.immortal.empty());
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ScriptProcessTest, TimesOutWithoutOutput) {
    ScriptStart what = script("echo start; sleep 60");
    what.timeout = 0.3;
    const ScriptEnd end = run(std::move(what));
    EXPECT_TRUE(end.timed_out);
    EXPECT_FALSE(end.well());
    EXPECT_LT(end.duration, 5);
}

TEST_F(ScriptProcessTest, OutputKeepsItAlive) {
    ScriptStart what = script("for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done");
    what.timeout = 0.6;
    EXPECT_TRUE(run(std::move(what)).well());
}

TEST_F(ScriptProcessTest, TheTimeoutFileIsWatchedOnceItIsThere) {
    const std::string other = path_ + ".watched";
    ScriptStart what = script("for i in 1 2 3 4 5 6; do echo $i >> " + other +
                              "; sleep 0.2; done; "
                              "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.2; done");
    what.timeout = 0.6;
    what.timeout_file = other;
    const ScriptEnd end = run(std::move(what));
    EXPECT_TRUE(end.timed_out);
    EXPECT_GT(end.duration, 1.2);
    ::unlink(other.c_str());
}

TEST_F(ScriptProcessTest, StopEndsItAndWhatIgnoresTheRequest) {
    auto process =
        ScriptProcess::start(script("trap '' TERM; sleep 60 & while true; do sleep 0.05; done"),
                             leaders_, kills_, now());
    ASSERT_TRUE(process);
    std::this_thread::sleep_for(200ms);
    process->stop(now(), 100ms);
    finish(*process);
    EXPECT_EQ(process->end().signal, SIGKILL);
}

TEST_F(ScriptProcessTest, APreparationThatFailsIsNotTheScriptsFailure) {
    ScriptStart what = script("echo ran");
    what.launch.preparation = []() -> Result<> {
        return fail(ErrorKind::infrastructure, "no room");
    };
    const ScriptEnd end = run(std::move(what));
    EXPECT_THAT(end.not_started, HasSubstr("no room"));
    EXPECT_FALSE(end.well());
    EXPECT_EQ(log(), "");
}

TEST_F(ScriptProcessTest, APreparationHappensBeforeTheScript) {
    ScriptStart what = script("cat");
    const std::string made = path_ + ".d";
    what.launch.arguments = {"/bin/bash", "-c", "pwd"};
    what.launch.directory = made;
    what.launch.preparation = [made]() -> Result<> {
        return ::mkdir(made.c_str(), 0700) == 0 ? Result<>{} : fail_errno("make", made, errno);
    };
    EXPECT_TRUE(run(std::move(what)).well());
    EXPECT_EQ(log(), made + "\n");
    ::rmdir(made.c_str());
}

TEST_F(ScriptProcessTest, WhatCannotBeStartedIsAnError) {
    ScriptStart what = script("true");
    what.launch.arguments[0] = "/no/such/shell";
    const auto process = ScriptProcess::start(std::move(what), leaders_, kills_, now());
    ASSERT_FALSE(process);
    EXPECT_THAT(process.error().what, HasSubstr("/no/such/shell"));
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ScriptProcessTest, AnotherTestsProcessesAreLeftAlone) {
    ScriptStart other = script("sleep 60");
    other.launch.environment = {"PATH=/usr/bin:/bin", "PAVTEST_JOB=7.0", "PAVTEST_SESSION=s",
                                "PAVTEST_TEST=1", "PAVTEST_ATTEMPT=1"};
    other.mark = test_mark(job_mark("s", "7.0", "7", "n1"), 1, 1);
    auto neighbour = ScriptProcess::start(std::move(other), leaders_, kills_, now());
    ASSERT_TRUE(neighbour);
    auto process =
        ScriptProcess::start(script("(setsid sleep 60 &); true"), leaders_, kills_, now());
    ASSERT_TRUE(process);
    finish(*process);
    EXPECT_EQ(::kill(neighbour->pid(), 0), 0);
    neighbour->stop(now(), 0us);
    finish(*neighbour);
}

}  // namespace
}  // namespace pavtest::run
