#include "run/tree_kill.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "base/file.h"
#include "run/launch.h"

namespace pavtest::run {
namespace {

using namespace std::chrono_literals;

// Processes below a shell, which only a name in their arguments tells from others.
class TreeTest : public testing::Test {
  protected:
    void SetUp() override {
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        log_ = FileDescriptor(::open("/dev/null", O_WRONLY));
    }
    void TearDown() override {
        TreeKill kill(below(), 0us, 5s, 0us);
        run_to_end(kill, std::chrono::steady_clock::now());
        while (::waitpid(-1, nullptr, 0) > 0) {
        }
        ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    }
    pid_t start(const std::string& script) {
        Launch what;
        what.arguments = {"/bin/bash", "-c", script};
        what.environment = {"PATH=/usr/bin:/bin"};
        what.directory = "/";
        what.log = log_.get();
        const auto child = launch(what);
        EXPECT_TRUE(child);
        return child->pid;
    }
    static Victims below() {
        return [](const std::vector<ProcessEntry>& table) {
            std::set<pid_t> all = with_descendants(table, {::getpid()});
            all.erase(::getpid());
            return all;
        };
    }
    static std::size_t alive() {
        const auto table = all_processes();
        const std::set<pid_t> all = below()(table);
        return static_cast<std::size_t>(
            std::count_if(table.begin(), table.end(), [&all](const ProcessEntry& entry) {
                return all.contains(entry.pid) && entry.state != 'Z';
            }));
    }
    static bool wait_for(std::size_t count) {
        for (int i = 0; i < 500 && alive() != count; ++i) {
            std::this_thread::sleep_for(10ms);
        }
        return alive() == count;
    }

    FileDescriptor log_;
};

TEST_F(TreeTest, EndsAllOfIt) {
    start("sleep 60 & (setsid sleep 60 &) ; sleep 60; true");
    ASSERT_TRUE(wait_for(4));
    TreeKill kill(below(), 2s, 10s, 0us);
    run_to_end(kill, std::chrono::steady_clock::now());
    EXPECT_TRUE(kill.left().empty());
    EXPECT_EQ(alive(), 0U);
}

TEST_F(TreeTest, ForcesTheStubbornAfterTheGrace) {
    start("trap '' TERM; while true; do sleep 0.05; done");
    std::this_thread::sleep_for(200ms);
    const auto begin = std::chrono::steady_clock::now();
    TreeKill kill(below(), 300ms, 10s, 0us);
    run_to_end(kill, begin);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 300ms);
    EXPECT_EQ(alive(), 0U);
}

TEST_F(TreeTest, GivesTheOthersTimeToTidyUp) {
    std::string file = testing::TempDir() + "pavtest-tidy-XXXXXX";
    ::close(::mkstemp(file.data()));
    start("trap 'echo tidy > " + file + "; exit' TERM; while true; do sleep 0.02; done");
    std::this_thread::sleep_for(200ms);
    TreeKill kill(below(), 5s, 10s, 0us);
    run_to_end(kill, std::chrono::steady_clock::now());
    EXPECT_EQ(read_file(file).value_or(""), "tidy\n");
    ::unlink(file.c_str());
}

TEST_F(TreeTest, EndsStoppedProcesses) {
    const pid_t pid = start("kill -STOP $$; sleep 60");
    std::this_thread::sleep_for(200ms);
    ASSERT_EQ(process_entry(pid)->state, 'T');
    TreeKill kill(below(), 5s, 10s, 0us);
    const auto begin = std::chrono::steady_clock::now();
    run_to_end(kill, begin);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
}

TEST(ProcessTable, ASignalReachesOnlyTheProcessThatIsMeant) {
    ProcessEntry self = *process_entry(::getpid());
    EXPECT_TRUE(signal_process(self, 0));
    self.start_time += 1;
    EXPECT_FALSE(signal_process(self, SIGKILL));
}

TEST(ProcessTable, KnowsOurselves) {
    const auto self = process_entry(::getpid());
    ASSERT_TRUE(self);
    EXPECT_EQ(self->parent, ::getppid());
    EXPECT_EQ(self->session, ::getsid(0));
    EXPECT_FALSE(process_entry(-1));
}

}  // namespace
}  // namespace pavtest::run
