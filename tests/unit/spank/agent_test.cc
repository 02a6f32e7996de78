#include "agent.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <string>
#include <thread>

#include "agent_environment.h"
#include "job_script.h"
#include "scratch.h"
#include "slurm_stub.h"

namespace pavtest::spank {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

constexpr uid_t nobody = 65534;

// The job's user: another one where root runs the tests.
uid_t user() {
    return ::geteuid() == 0 ? nobody : ::geteuid();
}
gid_t group() {
    return ::geteuid() == 0 ? nobody : ::getegid();
}

class AgentTest : public testing::Test {
  protected:
    Ending run(const std::string& body, int deadline = 10, int input = -1) {
        const std::string program = scratch_.program("pavnode", body);
        messages_ = agent_messages();
        const Agent agent{program.c_str(), Hook::prolog, input, messages_.get(), deadline};
        const Job job{7, user(), group(), "1m7zyw8s72b3", "/store", "n1", "0", ""};
        return run_agent(agent, job);
    }

    // What a script prints into a file, because its standard output goes nowhere.
    std::string probe(const std::string& body, int input = -1) {
        const std::string file = scratch_.path("probe");
        EXPECT_TRUE(run("{ " + body + "; } >" + file, 10, input).ok());
        return scratch_.read("probe");
    }

    std::string said() const {
        char bytes[5000];
        const ssize_t size = ::pread(messages_.get(), bytes, sizeof bytes, 0);
        return {bytes, static_cast<std::size_t>(size)};
    }

    Scratch scratch_;
    Descriptor messages_;
};

TEST_F(AgentTest, IsTheUserForGood) {
    EXPECT_EQ(probe("grep -E '^(Uid|Gid|NoNewPrivs):' /proc/self/status | tr -s '\\t' ' '"), [] {
        const std::string u = std::to_string(user());
        const std::string g = std::to_string(group());
        std::string text = "Uid: ";
        text += u + " " + u + " " + u + " " + u + "\nGid: ";
        text += g + " " + g + " " + g + " " + g + "\nNoNewPrivs: 1\n";
        return text;
    }());
    if (::geteuid() == 0) {
        EXPECT_THAT(probe("grep -E '^(Groups|CapEff|CapPrm):' /proc/self/status"),
                    MatchesRegex("Groups:\t65534 ?\nCapPrm:\t0+\nCapEff:\t0+\n"));
    }
}

TEST_F(AgentTest, HasThreeStreamsAndNoMore) {
    const int leak = ::dup2(0, 77);
    ASSERT_EQ(leak, 77);
    const std::string found = probe("ls -1 /proc/self/fd | tr '\\n' ' '");
    ::close(leak);
    // 3 is ls's own look into the directory.
    EXPECT_EQ(found, "0 1 2 3 ");
    EXPECT_EQ(probe("cat | wc -c"), "0\n");
}

TEST_F(AgentTest, LeadsASessionOfItsOwnInTheRoot) {
    EXPECT_EQ(probe("read -r _ _ _ _ group session _ </proc/$$/stat; "
                    "[[ $group == $$ && $session == $$ ]] && echo leader; pwd; umask"),
              "leader\n/\n0077\n");
}

TEST_F(AgentTest, HasLimitsAndNoBlockedSignals) {
    struct sigaction ignore {};
    struct sigaction before {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &before);
    sigset_t pipe_only;
    ::sigemptyset(&pipe_only);
    ::sigaddset(&pipe_only, SIGPIPE);
    ::sigprocmask(SIG_BLOCK, &pipe_only, nullptr);
    const std::string found = probe(
        "ulimit -c; exec cat /proc/self/status | grep -E '^Sig(Blk|Ign)'; cat "
        "/proc/self/oom_score_adj");
    ::sigprocmask(SIG_UNBLOCK, &pipe_only, nullptr);
    ::sigaction(SIGPIPE, &before, nullptr);
    EXPECT_EQ(found, "0\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n0\n");
}

TEST_F(AgentTest, GetsItsInput) {
    const Descriptor input = memory_file("input");
    ASSERT_EQ(::write(input.get(), "a\nb\n", 4), 4);
    ::lseek(input.get(), 0, SEEK_SET);
    EXPECT_EQ(probe("cat", input.get()), "a\nb\n");
}

TEST_F(AgentTest, IsToldWhichHookItIs) {
    EXPECT_EQ(probe("echo $1/$#"), "prolog/1\n");
}

TEST_F(AgentTest, ItsEndIsKnown) {
    EXPECT_EQ(run("exit 3").exit_status, 3);
    const Ending killed = run("kill -9 $$");
    EXPECT_EQ(killed.signal, 9);
    EXPECT_FALSE(killed.ok());
    EXPECT_FALSE(killed.timed_out);
    EXPECT_TRUE(run("exit 0").ok());
}

TEST_F(AgentTest, ThatCannotBeRunSaysSo) {
    messages_ = agent_messages();
    const Job job{7, user(), group(), "1m7zyw8s72b3", "/store", "n1", "0", ""};
    const Ending ending = run_agent({"/nonexistent", Hook::epilog, -1, messages_.get(), 5}, job);
    EXPECT_EQ(ending.exit_status, 127);
    EXPECT_THAT(said(), StartsWith("cannot run /nonexistent: No such file or directory\n"));
}

TEST_F(AgentTest, CannotFillMemoryWithItsMessages) {
    run("head -c 10000000 /dev/zero | tr '\\0' x >&2");
    EXPECT_EQ(said().size(), 4096U);
}

TEST_F(AgentTest, ThatHangsIsKilledWithAllItsDescendants) {
    const auto start = std::chrono::steady_clock::now();
    // One child in the group, one that leaves it, and one that makes its own session
    // and has a child that has lost its parent.
    const std::string file = scratch_.path("children");
    const Ending ending =
        run("sleep 1000 & echo $! >>" + file + "; set -m; sleep 2000 & echo $! >>" + file +
                "; setsid bash -c 'sleep 3000 & echo $! >>" + file + "'; trap '' TERM; wait",
            1);
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_TRUE(ending.timed_out);
    EXPECT_FALSE(ending.ok());
    EXPECT_GE(took, 1s);
    EXPECT_LT(took, 3s);
    std::istringstream children(scratch_.read("children"));
    int count = 0;
    for (int child = 0; children >> child; ++count) {
        EXPECT_NE(::kill(child, 0), 0) << child;
    }
    EXPECT_EQ(count, 3);
}

TEST_F(AgentTest, LeavesNothingBehindThoughItEndedWell) {
    const std::string file = scratch_.path("children");
    ASSERT_TRUE(
        run("sleep 1000 & echo $! >>" + file + "; setsid sleep 2000 & echo $! >>" + file).ok());
    std::istringstream children(scratch_.read("children"));
    int count = 0;
    for (int child = 0; children >> child; ++count) {
        EXPECT_NE(::kill(child, 0), 0) << child;
    }
    EXPECT_EQ(count, 2);
}

TEST_F(AgentTest, LeavesOtherChildrenAlone) {
    const pid_t other = ::fork();
    if (other == 0) {
        ::pause();
        ::_exit(0);
    }
    ASSERT_TRUE(run("exit 0").ok());
    EXPECT_EQ(::waitpid(other, nullptr, WNOHANG), 0);
    ::kill(other, SIGKILL);
    EXPECT_EQ(::waitpid(other, nullptr, 0), other);
}

TEST_F(AgentTest, ItsStatusIsKnownThoughTheParentIgnoresChildren) {
    struct sigaction ignore {};
    struct sigaction before {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGCHLD, &ignore, &before);
    const Ending ending = run("exit 5");
    struct sigaction now {};
    ::sigaction(SIGCHLD, &before, &now);
    EXPECT_EQ(ending.exit_status, 5);
    EXPECT_EQ(now.sa_handler, SIG_IGN);
}

// ---- the environment ----

std::string environment_of(std::vector<std::string> inherited) {
    std::vector<char*> entries;
    for (std::string& entry : inherited) {
        entries.push_back(entry.data());
    }
    entries.push_back(nullptr);
    const Job job{7, 1, 1, "1m7zyw8s72b3", "/store", "n1", "3", ""};
    AgentEnvironment environment(entries.data(), {"", Hook::epilog, -1, -1, 7}, job);
    environment.set_user("alice", "/home/alice");
    std::string text;
    for (char* const* entry = environment.get(); *entry != nullptr; ++entry) {
        text += std::string(*entry) + "\n";
    }
    return text;
}

constexpr const char* always_before =
    "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin\n";
constexpr const char* always_after =
    "PAVTEST_DEADLINE=7\nPAVTEST_HOOK_SEQUENCE=1\nSLURM_JOB_RESTART_COUNT=3\nUSER=alice\n"
    "HOME=/home/alice\n";

TEST(AgentEnvironment, IsMadeOfWhatIsKnown) {
    EXPECT_EQ(environment_of({"SLURM_JOB_ID=5", "SPANK_PAVTEST_SESSION=1m7zyw8s72b3",
                              "SPANK_PAVTEST_STORE=/s t", "SLURM_NODELIST=n[1-2]",
                              "SLURMD_NODENAME=n1", "SLURM_JOB_EXIT_CODE2=0:15"}),
              std::string(always_before) +
                  "PAVTEST_SESSION=1m7zyw8s72b3\nPAVTEST_STORE=/s t\nSLURM_JOB_ID=5\n"
                  "SLURM_NODELIST=n[1-2]\nSLURMD_NODENAME=n1\nSLURM_JOB_EXIT_CODE2=0:15\n" +
                  always_after);
}

TEST(AgentEnvironment, TakesNothingHostile) {
    EXPECT_EQ(
        environment_of({"LD_PRELOAD=/x", "SPANK_LD_PRELOAD=/x", "PATH=/evil", "HOME=/evil",
                        "BASH_ENV=/x", "SPANK_PAVTEST_SESSION=$(reboot)",
                        "SPANK_PAVTEST_STORE=/a\nLD_PRELOAD=/x", "SLURM_JOB_ID=5;reboot",
                        "SLURM_NODELIST=n1\nX=1",
                        "SLURM_JOB_PARTITION=" + std::string(1 << 22, 'p'), "SLURM_CONF=relative",
                        "PAVTEST_DEADLINE=99999", "SLURM_JOB_COMMENT=x", "SLURMD_NODENAME=../x"}),
        std::string(always_before) + always_after);
}

TEST(AgentEnvironment, KnowsValuesByTheirWholeName) {
    char a[] = "SLURM_JOB_ID_X=1";
    char b[] = "SLURM_JOB_ID=2";
    char* const entries[] = {a, b, nullptr};
    EXPECT_EQ(value_of(entries, "SLURM_JOB_ID"), "2");
    EXPECT_EQ(value_of(entries, "SLURM_JOB"), "");
}

// ---- the hook as a whole ----

class HookTest : public testing::Test {
  protected:
    HookTest() : spool_(scratch_.path("private/spool")) {
        std::filesystem::create_directory(scratch_.path("private"));
        std::filesystem::permissions(scratch_.path("private"), std::filesystem::perms::owner_all);
        slurm() = {};
        slurm().context = S_CTX_JOB_SCRIPT;
        slurm().uid = user();
        slurm().gid = group();
        ::setenv("SPANK_PAVTEST_SESSION", "1m7zyw8s72b3", 1);
        ::setenv("SPANK_PAVTEST_STORE", "/store", 1);
        ::setenv("SLURMD_NODENAME", "n1", 1);
        ::setenv("SLURM_JOB_EXIT_CODE", "0", 1);
    }
    ~HookTest() override {
        for (const char* name : {"SPANK_PAVTEST_SESSION", "SPANK_PAVTEST_STORE", "SLURMD_NODENAME",
                                 "SLURM_JOB_EXIT_CODE"}) {
            ::unsetenv(name);
        }
    }
    void run(Hook hook, const std::string& body) {
        const std::string program = scratch_.program("pavnode", body);
        run_hook(hook, nullptr, {"", program.c_str(), spool_.c_str(), 1});
    }
    [[nodiscard]] std::string record(const std::string& hook) const {
        return scratch_.read("private/spool/n1/" + std::to_string(user()) + "/42.0." + hook);
    }

    Scratch scratch_;
    std::string spool_;
};

TEST_F(HookTest, AJobWithoutASessionIsNotOurs) {
    EXPECT_TRUE(has_session());
    ::unsetenv("SPANK_PAVTEST_SESSION");
    EXPECT_FALSE(has_session());
}

TEST_F(HookTest, AnAgentThatSucceedsLeavesNoRecord) {
    run(Hook::prolog, "exit 0");
    EXPECT_EQ(record("prolog"), "");
    EXPECT_TRUE(slurm().errors.empty());
}

TEST_F(HookTest, AnAgentThatFailsLeavesARecordAndAMessage) {
    run(Hook::prolog, "printf 'cannot write \\033[31m/store\\nmore' >&2; exit 3");
    EXPECT_THAT(record("prolog"), HasSubstr("failed with exit status 3"));
    EXPECT_THAT(slurm().all_errors(),
                HasSubstr("pavtest: prolog: job 42 of user " + std::to_string(user()) +
                          ": the agent on this node failed with exit status 3: cannot write "
                          "?[31m/store; its record waits in the spool\n"));
}

TEST_F(HookTest, AnAgentThatHangsLeavesARecord) {
    run(Hook::epilog, "sleep 1000");
    EXPECT_THAT(record("epilog"), HasSubstr("did not finish within 1 s"));
    EXPECT_THAT(record("epilog"), HasSubstr("\"node\":\"left\""));
}

TEST_F(HookTest, WhatWaitsIsDeliveredByTheNextHookThatSucceeds) {
    run(Hook::prolog, "exit 3");
    const std::string first = record("prolog");
    const std::string got = scratch_.path("got");
    run(Hook::epilog, "cat >" + got + "; exit 3");
    EXPECT_EQ(scratch_.read("got"), first);
    EXPECT_EQ(record("prolog"), first);
    const std::string second = record("epilog");
    EXPECT_FALSE(second.empty());
    run(Hook::epilog, "cat >" + got + "2");
    EXPECT_EQ(scratch_.read("got2").size(), first.size() + second.size());
    EXPECT_EQ(record("prolog"), "");
    EXPECT_EQ(record("epilog"), "");
}

TEST_F(HookTest, AnEpilogSpeaksOfTheRestartThatItsPrologSaw) {
    const std::string seen = scratch_.path("seen");
    const std::string body = "echo $SLURM_JOB_RESTART_COUNT >>" + seen + "; exit 3";
    ::setenv("SLURM_JOB_RESTART_COUNT", "4", 1);
    run(Hook::prolog, body);
    ::setenv("SLURM_JOB_RESTART_COUNT", "5", 1);
    run(Hook::epilog, body);
    // The note is gone, and each run of an epilog without one believes what it is told.
    run(Hook::epilog, body);
    ::unsetenv("SLURM_JOB_RESTART_COUNT");
    EXPECT_EQ(scratch_.read("seen"), "4\n4\n5\n");
    const std::string directory = "private/spool/n1/" + std::to_string(user());
    EXPECT_TRUE(scratch_.exists(directory + "/42.4.epilog"));
    EXPECT_TRUE(scratch_.exists(directory + "/42.5.epilog"));
    EXPECT_FALSE(scratch_.exists(directory + "/.restart.42"));
}

TEST_F(HookTest, HostileValuesStartNothingAndSpoolNothing) {
    for (const auto& [name, value] : std::initializer_list<std::pair<const char*, std::string>>{
             {"SPANK_PAVTEST_SESSION", "$(touch /tmp/x)"},
             {"SPANK_PAVTEST_SESSION", std::string(1 << 20, '0')},
             {"SPANK_PAVTEST_SESSION", ""},
             {"SPANK_PAVTEST_STORE", "/a\n{\"v\":1}"},
             {"SPANK_PAVTEST_STORE", "/a\",\"x\":\""},
             {"SPANK_PAVTEST_STORE", "relative"},
             {"SLURMD_NODENAME", "../../etc"}}) {
        ::setenv("SPANK_PAVTEST_SESSION", "1m7zyw8s72b3", 1);
        ::setenv("SPANK_PAVTEST_STORE", "/store", 1);
        ::setenv("SLURMD_NODENAME", "n1", 1);
        ::setenv(name, value.c_str(), 1);
        run(Hook::prolog, "touch " + scratch_.path("ran") + "; exit 3");
        EXPECT_FALSE(scratch_.exists("ran")) << name;
        EXPECT_FALSE(scratch_.exists("private/spool")) << name;
        EXPECT_THAT(slurm().all_errors(), HasSubstr("nothing done"));
    }
}

TEST_F(HookTest, WithoutSlurmsItemsNothingIsDone) {
    slurm().items_known = false;
    run(Hook::prolog, "touch " + scratch_.path("ran"));
    EXPECT_FALSE(scratch_.exists("ran"));
}

TEST_F(HookTest, ASpoolThatCannotBeUsedIsToldAndNothingWorse) {
    std::filesystem::permissions(scratch_.path("private"), std::filesystem::perms::all);
    run(Hook::prolog, "exit 3");
    EXPECT_THAT(slurm().all_errors(), HasSubstr("no record in the spool"));
}

TEST_F(HookTest, ClosedStandardStreamsAreFilledFirst) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(0);
        ::close(1);
        run(Hook::prolog, "exit 3");
        const bool filled = ::fcntl(0, F_GETFD) == 0 && ::fcntl(1, F_GETFD) == 0;
        ::_exit(filled && record("prolog").size() > 10 ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace pavtest::spank
