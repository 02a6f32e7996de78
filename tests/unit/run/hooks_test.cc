#include "run/hooks.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>
#include <thread>

#include "../session/fixture.h"
#include "run/delivery.h"
#include "run/launch.h"
#include "run/process_table.h"
#include "run/scratch.h"

namespace pavtest::run {
namespace {

using session::JobView;
using status::Cause;
using status::Role;
using testing::HasSubstr;
using testing::SizeIs;
using namespace std::chrono_literals;

class HooksTest : public session::StoreTest {
  protected:
    [[nodiscard]] HookCall call(const std::string& node, const std::string& sequence,
                                const std::string& restart = "0") const {
        HookCall made;
        made.environment = Environment({{"PAVTEST_SESSION", kId},
                                        {"PAVTEST_STORE", settings_.store},
                                        {"PAVTEST_HOOK_SEQUENCE", sequence},
                                        {"SLURM_JOB_ID", "7"},
                                        {"SLURM_JOB_RESTART_COUNT", restart},
                                        {"SLURM_NODELIST", "n[1-2]"},
                                        {"SLURMD_NODENAME", node},
                                        {"SLURM_JOB_EXIT_CODE", "0"}});
        made.deadline = 3s;
        return made;
    }
    [[nodiscard]] JobView view() const {
        const auto store = session::Store::open(settings_.store);
        const auto viewed = session::view_session(*store->open_session(kId));
        EXPECT_TRUE(viewed);
        return viewed->jobs.front();
    }
    [[nodiscard]] std::string journal(const std::string& node) const {
        return read_file(session_path() + "/jobs/7.0/journal.node-" + node + ".jsonl").value_or("");
    }
};

TEST_F(HooksTest, EachNodeJoinsAndTheFirstPrepares) {
    make_session(2);
    ASSERT_TRUE(prolog(call("n2", "0"), clock_));
    EXPECT_THAT(journal("n2"), testing::Not(HasSubstr("PREPPING_RUN")));
    ASSERT_TRUE(prolog(call("n1", "0"), clock_));
    const JobView job = view();
    EXPECT_THAT(job.node_views, SizeIs(2));
    EXPECT_EQ(job.tests[1].state, "PREPPING_RUN");
    EXPECT_EQ(job.tests[1].source, Role::prolog);
    EXPECT_THAT(read_file(session_path() + "/jobs/7.0/facts/n1.json").value_or(""),
                HasSubstr("\"boot_id\""));
}

TEST_F(HooksTest, ASecondRunChangesNothing) {
    make_session(2);
    ASSERT_TRUE(prolog(call("n1", "0"), clock_));
    ASSERT_TRUE(epilog(call("n1", "1"), clock_));
    const std::string before = journal("n1");
    ASSERT_TRUE(prolog(call("n1", "0"), clock_));
    ASSERT_TRUE(epilog(call("n1", "1"), clock_));
    EXPECT_EQ(journal("n1"), before);
}

TEST_F(HooksTest, TheEpilogStandsAloneAndEndsEveryTest) {
    make_session(3);
    ASSERT_TRUE(epilog(call("n2", "1"), clock_));
    EXPECT_FALSE(view().tests[0].again);
    ASSERT_TRUE(epilog(call("n1", "1"), clock_));
    const JobView job = view();
    for (const auto& test : job.tests) {
        EXPECT_EQ(test.state, "ABORTED");
        EXPECT_TRUE(test.again);
        EXPECT_EQ(test.cause, Cause::pending);
    }
    EXPECT_TRUE(job.node_views.at("n1").left);
    EXPECT_TRUE(job.node_views.at("n2").left);
}

TEST_F(HooksTest, WhatTestsLeftInTheirScratchDirectoriesGoes) {
    make_session(1);
    HookCall last = call("n1", "1");
    const std::string node_dir = path_ + "/node";
    std::ofstream(path_ + "/pavtest.yaml") << "node_dir: " << node_dir << "\n";
    last.environment.set("PAVTEST_CONFIG", path_ + "/pavtest.yaml");
    const std::string ours = scratch_root(node_dir, kId, "7.0", "n1");
    const std::string others = scratch_root(node_dir, kId, "7.0", "n2");
    std::filesystem::create_directories(ours + "/0000.1/deep");
    std::filesystem::create_directories(others + "/0001.1");
    std::filesystem::create_symlink(others, ours + "/0000.1/link");
    ASSERT_TRUE(epilog(last, clock_));
    EXPECT_FALSE(std::filesystem::exists(ours));
    EXPECT_TRUE(std::filesystem::exists(others + "/0001.1"));
}

TEST_F(HooksTest, ATestThatHadBegunGetsTheLineInItsStatusFile) {
    const auto session = make_session(2);
    write(session, {7, 0}, "n1", {whole(Role::runner, "RUNNING"), one(Role::runner, 0, "RUNNING")});
    const auto directory =
        session::SessionDirectory::make_test_directory(*session.job_directory({7, 0}), 0, 0700);
    std::ofstream(directory->path() + "/status") << "";
    ASSERT_TRUE(epilog(call("n1", "1"), clock_));
    EXPECT_THAT(read_file(directory->path() + "/status").value_or(""), HasSubstr(" ABORTED "));
    EXPECT_FALSE(session.job_directory({7, 0})->open_below("tests/0001"));
}

TEST_F(HooksTest, TheNextRestartIsAnotherStory) {
    make_session(1);
    ASSERT_TRUE(epilog(call("n1", "1"), clock_));
    ASSERT_TRUE(prolog(call("n1", "0", "1"), clock_));
    EXPECT_EQ(view().tests[0].state, "PREPPING_RUN");
}

TEST_F(HooksTest, AStoreThatIsNotThereOrIsSomethingElseIsAnError) {
    EXPECT_FALSE(prolog(call("n1", "0"), clock_));
    EXPECT_FALSE(epilog(call("n1", "1"), clock_));
    ASSERT_EQ(::mkfifo(settings_.store.c_str(), 0600), 0);
    EXPECT_FALSE(prolog(call("n1", "0"), clock_));
    EXPECT_FALSE(epilog(call("n1", "1"), clock_));
}

TEST_F(HooksTest, ASessionBehindALinkIsNotFollowed) {
    make_session(1);
    std::filesystem::rename(session_path(), path_ + "/elsewhere");
    std::filesystem::create_symlink(path_ + "/elsewhere", session_path());
    EXPECT_FALSE(prolog(call("n1", "0"), clock_));
    EXPECT_FALSE(std::filesystem::exists(path_ + "/elsewhere/jobs"));
}

TEST_F(HooksTest, TheEpilogEndsOurProcessesAndNoOthers) {
    make_session(1);
    const FileDescriptor null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    const auto start = [&null](std::vector<std::string> environment) {
        Launch what;
        what.arguments = {"/bin/sleep", "60"};
        what.environment = std::move(environment);
        what.directory = "/";
        what.log = null.get();
        return launch(what)->pid;
    };
    const std::string session = std::string("PAVTEST_SESSION=") + kId;
    const pid_t ours = start({"PAVTEST_JOB=7.0", session});
    const pid_t nested = start({"PAVTEST_JOB=7.0", session, "SLURM_JOB_ID=8"});
    const pid_t later = start({"PAVTEST_JOB=7.1", session});
    ASSERT_TRUE(epilog(call("n1", "1"), clock_));
    int status = 0;
    EXPECT_EQ(::waitpid(ours, &status, WNOHANG), ours);
    for (const pid_t other : {nested, later}) {
        EXPECT_EQ(::waitpid(other, &status, WNOHANG), 0);
        ::kill(other, SIGKILL);
        ::waitpid(other, &status, 0);
    }
    EXPECT_THAT(journal("n1"), HasSubstr("ended 1 processes"));
}

// As root composes it.
std::string spooled(const std::string& store, const std::string& session,
                    const std::string& node = "n1") {
    return R"({"v":1,"seq":0,"when":"2026-11-21T20:00:00.000000+00:00","role":"prolog","host":")" +
           node + R"(","restart":0,"job":7,"node":"joined","note":"n","key":")" + session +
           "/7/0/" + node + R"(/0","data":{"session":")" + session + R"(","store":")" + store +
           R"(","exit_code":null}})" + "\n";
}

TEST_F(HooksTest, SpooledRecordsAreDeliveredOnce) {
    make_session(1);
    HookCall made = call("n1", "1");
    made.spooled = spooled(settings_.store, kId);
    ASSERT_TRUE(epilog(made, clock_));
    const std::string before = journal("n1");
    EXPECT_THAT(before, HasSubstr("\"joined\""));
    ASSERT_TRUE(deliver(made.spooled, clock_));
    EXPECT_EQ(journal("n1"), before);
}

TEST_F(HooksTest, AHookThatWasKilledAfterItsRecordLeavesNoSecondOne) {
    make_session(1);
    ASSERT_TRUE(prolog(call("n1", "0"), clock_));
    const std::string before = journal("n1");
    ASSERT_TRUE(deliver(spooled(settings_.store, kId), clock_));
    EXPECT_EQ(journal("n1"), before);
}

TEST_F(HooksTest, WhatCanNeverBeDeliveredIsNotKept) {
    make_session(1);
    EXPECT_TRUE(deliver(spooled(settings_.store, "1hf7yat00zzz"), clock_));
    EXPECT_TRUE(deliver("garbage\n{}\n", clock_));
    EXPECT_TRUE(deliver(spooled(settings_.store, kId, "../../x"), clock_));
    EXPECT_TRUE(deliver(spooled(settings_.store, "../etc"), clock_));
}

TEST_F(HooksTest, AStoreOutOfReachIsAnErrorAndTheOthersAreServed) {
    make_session(1);
    EXPECT_FALSE(deliver(spooled(path_ + "/away", kId) + spooled(settings_.store, kId), clock_));
    EXPECT_THAT(journal("n1"), HasSubstr("\"joined\""));
}

}  // namespace
}  // namespace pavtest::run
