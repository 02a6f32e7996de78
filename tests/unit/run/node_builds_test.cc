#include "run/node_builds.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "../session/fixture.h"
#include "build/registry.h"
#include "build/spec.h"
#include "run/hooks.h"

namespace pavtest::run {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

// A session whose test 0 has no build, 1 and 2 the same one, 3 another, 4 one for each node.
class NodeBuildsTest : public session::StoreTest {
  protected:
    void SetUp() override {
        StoreTest::SetUp();
        node_dir_ = path_ + "/node";
        std::ofstream(path_ + "/pavtest.yaml") << "node_dir: " << node_dir_ << "\n";
        session::Plan plan;
        plan.id = kId;
        for (const json& build :
             {json(), build_of("make"), build_of("make"), build_of("make other"),
              json{{"cmds", {"make"}}, {"on_nodes", "True"}}}) {
            session::PlannedTest test;
            test.index = static_cast<std::uint32_t>(plan.tests.size());
            test.name = "s.t" + std::to_string(test.index);
            test.suite = "s";
            test.config = {{"run", {{"cmds", {"true"}}}}};
            if (!build.is_null()) {
                test.config["build"] = build;
            }
            plan.tests.push_back(std::move(test));
        }
        tests_ = plan.tests;
        const auto store = session::Store::create(settings_);
        ASSERT_TRUE(store);
        ASSERT_TRUE(store->create_session(header(5), plan));
    }
    void TearDown() override {
        static_cast<void>(remove_builds(node_dir_, kId, "7.0"));
        for (const auto& entry : fs::recursive_directory_iterator(path_)) {
            if (entry.is_directory() && !entry.is_symlink()) {
                fs::permissions(entry.path(), fs::perms::owner_all, fs::perm_options::add);
            }
        }
        StoreTest::TearDown();
    }
    static json build_of(const std::string& command) { return {{"cmds", {command}}}; }

    // Finishes the build of a test, of so many bytes.
    std::string finish(std::size_t test, std::uint64_t bytes, const std::string& node = {}) {
        Digests digests;
        std::string identity =
            *build::identity(*build::read_spec(tests_[test], session_path()), digests);
        if (!node.empty()) {
            identity = build::identity_on(identity, node);
        }
        const auto shelf = build::Shelf::open(build::shelf_places({}, settings_.store).front());
        const build::Holder self = build::with_new_token(build::this_holder({}));
        build::HostWitness witness(self, nullptr);
        auto begun = shelf->begin(identity, self, witness, false);
        const auto& workspace = std::get<build::Workspace>(*begun);
        fs::create_directory(workspace.directory() + "/bin");
        std::ofstream(workspace.directory() + "/bin/program") << "content";
        fs::create_symlink("bin/program", workspace.directory() + "/link");
        fs::resize_file(workspace.directory() + "/bin/program", bytes);
        EXPECT_TRUE(shelf->finish(workspace));
        return identity;
    }
    [[nodiscard]] HookCall call(const std::string& node) const {
        HookCall made;
        made.environment = Environment({{"PAVTEST_SESSION", kId},
                                        {"PAVTEST_STORE", settings_.store},
                                        {"PAVTEST_CONFIG", path_ + "/pavtest.yaml"},
                                        {"PAVTEST_HOOK_SEQUENCE", "0"},
                                        {"HOME", path_},
                                        {"SLURM_JOB_ID", "7"},
                                        {"SLURM_JOB_RESTART_COUNT", "0"},
                                        {"SLURM_NODELIST", "n[1-2]"},
                                        {"SLURMD_NODENAME", node},
                                        {"SLURM_JOB_EXIT_CODE", "0"}});
        made.deadline = 10s;
        return made;
    }
    [[nodiscard]] std::string journal(const std::string& node) const {
        return read_file(session_path() + "/jobs/7.0/journal.node-" + node + ".jsonl").value_or("");
    }
    [[nodiscard]] std::string place() const { return node_dir_ + "/builds." + kId + ".7.0"; }

    std::string node_dir_;
    std::vector<session::PlannedTest> tests_;
};

TEST_F(NodeBuildsTest, FinishedBuildsAreCopiedLargeOnesLinkedTheRestLeftToTheJob) {
    const std::string small = finish(1, 1000);
    const std::string large = finish(3, kCopiedBuilds + 1);
    ASSERT_TRUE(prolog(call("n1"), clock_));
    EXPECT_TRUE(fs::is_directory(fs::symlink_status(place() + "/" + small)));
    EXPECT_EQ(fs::file_size(place() + "/" + small + "/link"), 1000U);
    EXPECT_TRUE(fs::is_symlink(place() + "/" + large));
    EXPECT_TRUE(fs::exists(place() + "/" + large + "/bin/program"));
    struct stat info {};
    ASSERT_EQ(::stat((place() + "/" + small + "/bin/program").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0222U, 0U);

    const auto store = session::Store::open(settings_.store);
    const auto view = session::view_session(*store->open_session(kId))->jobs.front();
    EXPECT_EQ(view.tests[0].state, "PREPPING_RUN");
    EXPECT_EQ(view.tests[1].state, "BUILD_REUSED");
    EXPECT_EQ(view.tests[3].state, "BUILD_REUSED");
    EXPECT_EQ(view.tests[4].state, "BUILD_DEFERRED");
    EXPECT_THAT(journal("n1"), HasSubstr("BUILD_CREATED"));
}

TEST_F(NodeBuildsTest, AFurtherNodeSaysWhatItHasWithoutAStateOfTheTests) {
    const std::string own = finish(4, 10, "n2");
    ASSERT_TRUE(prolog(call("n2"), clock_));
    EXPECT_THAT(journal("n2"), HasSubstr("BUILD_REUSED"));
    EXPECT_THAT(journal("n2"), Not(HasSubstr("\"tests\"")));
    EXPECT_TRUE(fs::exists(place() + "/" + own));
}

TEST_F(NodeBuildsTest, ASecondPrologChangesNothingAndTheEpilogTakesItAllAway) {
    finish(1, 1000);
    ASSERT_TRUE(prolog(call("n1"), clock_));
    const std::string before = journal("n1");
    ASSERT_TRUE(prolog(call("n1"), clock_));
    EXPECT_EQ(journal("n1"), before);
    ASSERT_TRUE(fs::exists(place()));
    HookCall last = call("n1");
    last.environment.set("PAVTEST_HOOK_SEQUENCE", "1");
    ASSERT_TRUE(epilog(last, clock_));
    EXPECT_FALSE(fs::exists(node_dir_));
}

TEST_F(NodeBuildsTest, WhatOthersMayWriteIsNoPlaceForBuilds) {
    finish(1, 1000);
    fs::create_directory(node_dir_);
    fs::permissions(node_dir_, fs::perms::all);
    ASSERT_TRUE(prolog(call("n1"), clock_));
    EXPECT_TRUE(fs::is_empty(node_dir_));
    EXPECT_THAT(journal("n1"), HasSubstr("no safe place"));
    EXPECT_THAT(journal("n1"), Not(HasSubstr("BUILD_")));
}

TEST_F(NodeBuildsTest, ALinkInTheDirectorysPlaceIsNotFollowed) {
    finish(1, 1000);
    fs::create_directories({node_dir_});
    fs::permissions(node_dir_, fs::perms::owner_all);
    fs::create_directory(path_ + "/elsewhere");
    fs::create_symlink(path_ + "/elsewhere", place());
    ASSERT_TRUE(prolog(call("n1"), clock_));
    EXPECT_TRUE(fs::is_empty(path_ + "/elsewhere"));
    EXPECT_THAT(journal("n1"), Not(HasSubstr("BUILD_REUSED")));
}

TEST_F(NodeBuildsTest, WhenTheTimeIsOverTheRestIsLeftToTheJob) {
    finish(1, 1000);
    finish(3, 1000);
    const auto store = session::Store::open(settings_.store);
    const auto session = store->open_session(kId);
    JobContext job;
    job.key = {7, 0};
    job.node = "n1";
    job.nodes = {"n1"};
    const auto builds = set_up_builds({.session = *session,
                                       .store = settings_.store,
                                       .node_dir = node_dir_,
                                       .job = job,
                                       // As long as it takes to look at the first of them.
                                       .may_go_on = [left = 2]() mutable { return left-- > 0; }});
    ASSERT_TRUE(builds);
    EXPECT_TRUE(builds->any());
    EXPECT_TRUE(builds->reused.empty());
    EXPECT_TRUE(fs::is_empty(place()));
}

TEST_F(NodeBuildsTest, ACopyIsUsedOnlyWhereEachNodeOfTheTestHasIt) {
    const std::string identity = finish(1, 1000);
    ASSERT_TRUE(prolog(call("n1"), clock_));
    const auto job = Directory::open(session_path() + "/jobs/7.0");
    EXPECT_EQ(NodeCopies(*job).everywhere(identity, {"n1"}, "n1"), place() + "/" + identity);
    EXPECT_EQ(NodeCopies(*job).everywhere(identity, {"n1", "n2"}, "n1"), "");
    ASSERT_TRUE(prolog(call("n2"), clock_));
    EXPECT_EQ(NodeCopies(*job).everywhere(identity, {"n1", "n2"}, "n1"), place() + "/" + identity);
    EXPECT_EQ(NodeCopies(*job).everywhere(build::identity_on(identity, "n1"), {"n1"}, "n1"), "");
    ASSERT_TRUE(remove_builds(node_dir_, kId, "7.0"));
    EXPECT_EQ(NodeCopies(*job).everywhere(identity, {"n1"}, "n1"), "");
}

}  // namespace
}  // namespace pavtest::run
