#include "build/shelf.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/digest.h"

namespace pavtest::build {
namespace {

namespace fs = std::filesystem;

// Says of each process what the test wants it to.
class ToldWitness : public Witness {
  public:
    Life look(const Holder&) override { return seen; }
    Life ask(const Holder&) override {
        ++questions;
        return answer;
    }
    Life seen = Life::unknown;
    Life answer = Life::unknown;
    int questions = 0;
};

class ShelfTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "pavtest-shelf-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
    }
    void TearDown() override {
        for (const auto& entry : fs::recursive_directory_iterator(path_)) {
            if (entry.is_directory() && !entry.is_symlink()) {
                fs::permissions(entry.path(), fs::perms::owner_all, fs::perm_options::add);
            }
        }
        fs::remove_all(path_);
    }

    [[nodiscard]] Shelf shelf(std::function<void(std::string_view)> at_step = {}) const {
        return *Shelf::open(
            {.path = path_ + "/builds", .group = {}, .at_step = std::move(at_step)});
    }
    static Holder holder() { return with_new_token(this_holder({})); }
    Workspace begin(const Shelf& from) {
        auto beginning = from.begin(hash_, holder(), here_, false);
        return std::get<Workspace>(*beginning);
    }
    Found build(const Shelf& on, const std::string& content = "whole") {
        const Workspace workspace = begin(on);
        std::ofstream(workspace.directory() + "/program") << content;
        return *on.finish(workspace);
    }
    // A whole build as somebody without any knowledge of the past makes it.
    void build_as_child(std::function<void(std::string_view)> at_step) const {
        const Shelf own = shelf(std::move(at_step));
        const Holder self = holder();
        HostWitness witness(self, nullptr);
        auto beginning = own.begin(hash_, self, witness, false);
        if (!beginning || !std::holds_alternative<Workspace>(*beginning)) {
            ::_exit(3);
        }
        const Workspace& workspace = std::get<Workspace>(*beginning);
        std::ofstream(workspace.directory() + "/program") << "whole";
        ::_exit(own.finish(workspace) ? 0 : 4);
    }
    static std::size_t count(const std::vector<Entry>& entries, Entry::Kind kind) {
        return static_cast<std::size_t>(
            std::count_if(entries.begin(), entries.end(),
                          [kind](const Entry& entry) { return entry.kind == kind; }));
    }

    std::string path_;
    std::string hash_ = sha256("a build");
    HostWitness here_{this_holder({}), nullptr};
};

TEST_F(ShelfTest, AFinishedBuildIsFoundReadOnlyAtTheVeryPathWhereItWasMade) {
    const Shelf own = shelf();
    EXPECT_FALSE(own.find(hash_));
    const Workspace workspace = begin(own);
    EXPECT_FALSE(own.find(hash_));
    std::ofstream(workspace.directory() + "/program") << "whole";
    ASSERT_TRUE(own.finish(workspace));
    const auto found = own.find(hash_);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->directory(), workspace.directory());
    struct stat info {};
    ASSERT_EQ(::stat((found->directory() + "/program").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0222U, 0U);
    EXPECT_FALSE(fs::exists(path_ + "/builds/" + hash_ + ".lock"));
    EXPECT_TRUE(std::holds_alternative<Found>(*own.begin(hash_, holder(), here_, false)));
}

TEST_F(ShelfTest, WhoComesWhileItIsBuiltIsToldByWhom) {
    const Shelf own = shelf();
    const Workspace workspace = begin(own);
    const auto other = own.begin(hash_, holder(), here_, true);
    ASSERT_TRUE(std::holds_alternative<Busy>(*other));
    EXPECT_EQ(std::get<Busy>(*other).holder, workspace.holder);
    EXPECT_EQ(own.entries()->size(), 1U);
}

TEST_F(ShelfTest, AFailedBuildIsKeptForReadingAndTriedAgain) {
    const Shelf own = shelf();
    const Workspace first = begin(own);
    ASSERT_TRUE(own.failed(first, "no compiler"));
    EXPECT_FALSE(own.find(hash_));
    EXPECT_TRUE(fs::exists(path_ + "/builds/" + hash_ + ".failed/end.json"));
    const Workspace second = begin(own);
    ASSERT_TRUE(own.failed(second, "no compiler"));
    EXPECT_FALSE(fs::exists(first.path));
    EXPECT_TRUE(fs::exists(second.path));
    build(own);
    EXPECT_TRUE(own.find(hash_));
}

TEST_F(ShelfTest, AForeignHoldersLockFallsByProofOnly) {
    const Shelf own = shelf();
    const Workspace workspace = begin(own);
    ToldWitness witness;
    EXPECT_TRUE(std::holds_alternative<Busy>(*own.begin(hash_, holder(), witness, false)));
    EXPECT_EQ(witness.questions, 0);
    EXPECT_TRUE(std::holds_alternative<Busy>(*own.begin(hash_, holder(), witness, true)));
    EXPECT_EQ(witness.questions, 1);
    // However old it is.
    const timespec past[2] = {{1000, 0}, {1000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (path_ + "/builds/" + hash_ + ".lock").c_str(), past, 0), 0);
    EXPECT_TRUE(std::holds_alternative<Busy>(*own.begin(hash_, holder(), witness, true)));
    witness.answer = Life::dead;
    EXPECT_TRUE(std::holds_alternative<Workspace>(*own.begin(hash_, holder(), witness, true)));
}

TEST_F(ShelfTest, WhoNobodyCanEverJudgeIsToldWithTheLock) {
    const Shelf own = shelf();
    const Workspace workspace = begin(own);
    ToldWitness witness;
    const auto unknown = own.begin(hash_, holder(), witness, true);
    EXPECT_EQ(std::get<Busy>(*unknown).unjudged, path_ + "/builds/" + hash_ + ".lock");
    witness.seen = Life::alive;
    const auto alive = own.begin(hash_, holder(), witness, true);
    EXPECT_EQ(std::get<Busy>(*alive).unjudged, "");
}

TEST_F(ShelfTest, OfTwoThatFinishTheFirstStays) {
    const Shelf own = shelf();
    const Workspace slow = begin(own);
    ToldWitness witness;
    witness.seen = Life::dead;  // wrongly: the lock is not what keeps builds whole
    auto beginning = own.begin(hash_, holder(), witness, false);
    const Workspace quick = std::get<Workspace>(*beginning);
    std::ofstream(quick.directory() + "/program") << "quick";
    const auto first = own.finish(quick);
    ASSERT_TRUE(first);
    if (fs::exists(slow.path)) {
        const auto second = own.finish(slow);
        ASSERT_TRUE(second);
        EXPECT_EQ(second->workspace, first->workspace);
    }
    EXPECT_EQ(own.find(hash_)->workspace, quick.path);
}

TEST_F(ShelfTest, KilledAtAnyStepItLeavesNothingThatIsTakenForABuildAndNoLockForEver) {
    std::vector<std::string> steps;
    {
        const Shelf own = shelf([&](std::string_view step) { steps.emplace_back(step); });
        build(own);
    }
    ASSERT_GE(steps.size(), 8U);
    for (std::size_t last = 0; last < steps.size(); ++last) {
        SCOPED_TRACE(steps[last]);
        TearDown();
        SetUp();
        const pid_t child = ::fork();
        if (child == 0) {
            std::size_t done = 0;
            build_as_child([&](std::string_view) {
                if (done++ == last) {
                    ::kill(::getpid(), SIGKILL);
                }
            });
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
        const Shelf own = shelf();
        if (const auto found = own.find(hash_)) {
            // Only with its name it counts, and then it is whole.
            EXPECT_EQ(fs::file_size(found->directory() + "/program"), 5U);
        } else {
            build(own);
        }
        ASSERT_TRUE(own.find(hash_));
        EXPECT_EQ(fs::file_size(own.find(hash_)->directory() + "/program"), 5U);
        const auto entries = own.entries();
        ASSERT_TRUE(entries);
        EXPECT_EQ(count(*entries, Entry::Kind::finished), 1U);
        for (const Entry& entry : *entries) {
            if (entry.kind != Entry::Kind::finished) {
                EXPECT_TRUE(*own.remove(entry, holder(), here_));
            }
        }
        EXPECT_EQ(own.entries()->size(), 1U);
    }
}

TEST_F(ShelfTest, KilledWhileItBreaksALockItKeepsNobodyOut) {
    for (const std::string at : {"lock put aside", "lock broken"}) {
        SCOPED_TRACE(at);
        TearDown();
        SetUp();
        for (const std::string& step : {std::string("lock taken"), at}) {
            const pid_t child = ::fork();
            if (child == 0) {
                build_as_child([&](std::string_view done) {
                    if (done == step) {
                        ::kill(::getpid(), SIGKILL);
                    }
                });
            }
            int status = 0;
            ASSERT_EQ(::waitpid(child, &status, 0), child);
            ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
        }
        const Shelf own = shelf();
        build(own);
        EXPECT_TRUE(own.find(hash_));
    }
}

TEST_F(ShelfTest, ManyAtOnceGetOneWholeBuild) {
    std::vector<pid_t> children;
    for (int i = 0; i < 8; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            const Shelf own = shelf();
            const Holder self = holder();
            HostWitness witness(self, nullptr);
            for (;;) {
                auto beginning = own.begin(hash_, self, witness, false);
                if (!beginning) {
                    ::_exit(3);
                }
                if (std::holds_alternative<Found>(*beginning)) {
                    ::_exit(0);
                }
                if (const auto* workspace = std::get_if<Workspace>(&*beginning)) {
                    std::ofstream(workspace->directory() + "/program") << "whole";
                    ::_exit(own.finish(*workspace) ? 0 : 4);
                }
                ::usleep(1000);
            }
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(shelf().entries()->size(), 1U);
}

TEST_F(ShelfTest, ABuildInUseIsNotRemoved) {
    const Shelf own = shelf();
    const Found found = build(own);
    ASSERT_TRUE(own.use(found, "1hf7yat00abc", holder()));
    Entry entry = own.entries()->front();
    ASSERT_EQ(entry.uses.size(), 1U);
    EXPECT_EQ(entry.uses.front().session, "1hf7yat00abc");
    EXPECT_FALSE(*own.remove(entry, holder(), here_));
    EXPECT_TRUE(own.find(hash_));
    ToldWitness all_dead;
    all_dead.seen = Life::dead;
    EXPECT_TRUE(*own.remove(entry, holder(), all_dead));
    EXPECT_FALSE(own.find(hash_));
    EXPECT_FALSE(own.use(found, "1hf7yat00abc", holder()));
    EXPECT_TRUE(own.entries()->empty());
}

TEST_F(ShelfTest, WhatIsNotWholeOrLeadsElsewhereIsNoBuild) {
    const Shelf own = shelf();
    const Workspace workspace = begin(own);
    fs::create_symlink(workspace.name, path_ + "/builds/" + hash_);
    EXPECT_FALSE(own.find(hash_));
    fs::remove(path_ + "/builds/" + hash_);
    fs::create_directories(path_ + "/elsewhere/build");
    std::ofstream(path_ + "/elsewhere/end.json") << R"({"state":"done"})";
    fs::create_symlink(path_ + "/elsewhere", path_ + "/builds/" + hash_);
    EXPECT_FALSE(own.find(hash_));
    ASSERT_TRUE(own.finish(workspace));
    EXPECT_TRUE(own.find(hash_));
}

TEST_F(ShelfTest, AShelfThatOthersMayWriteIsNotUsed) {
    fs::create_directory(path_ + "/builds");
    fs::permissions(path_ + "/builds", fs::perms(0777));
    EXPECT_FALSE(Shelf::open({.path = path_ + "/builds", .group = {}, .at_step = {}}));
    fs::permissions(path_ + "/builds", fs::perms(0770));
    EXPECT_FALSE(Shelf::open({.path = path_ + "/builds", .group = {}, .at_step = {}}));
}

TEST(HostWitnessTest, AProcessIsDeadWhenItIsGoneOrItsHostWasStartedAnew) {
    const Holder self = this_holder({});
    HostWitness witness(self, nullptr);
    EXPECT_EQ(witness.look(self), Life::alive);
    Holder other = self;
    ++other.start_time;
    EXPECT_EQ(witness.look(other), Life::dead);
    other = self;
    other.boot = "before";
    EXPECT_EQ(witness.look(other), Life::dead);
    other.host = "elsewhere";
    EXPECT_EQ(witness.look(other), Life::unknown);
    other = self;
    other.pid_namespace = "pid:[1]";
    EXPECT_EQ(witness.look(other), Life::unknown);
    EXPECT_EQ(witness.ask(self), Life::unknown);
}

class ToldSlurm : public session::SlurmQuestions {
  public:
    Result<std::vector<session::SlurmJob>> queue(const std::string&, uid_t) override {
        return jobs;
    }
    Result<std::vector<session::SlurmJob>> accounting(const std::string&, uid_t,
                                                      const std::vector<std::uint32_t>&,
                                                      Timestamp) override {
        return fail(ErrorKind::infrastructure, "none");
    }
    Result<session::ClusterFacts> facts(const std::string&) override { return cluster; }
    Result<std::vector<session::SlurmJob>> jobs;
    Result<session::ClusterFacts> cluster = session::ClusterFacts{.name = "blue"};
};

TEST(HostWitnessTest, SlurmProvesAnEndAndSilenceDoesNot) {
    ToldSlurm slurm;
    Holder self = this_holder({});
    HostWitness witness(self, &slurm);
    Holder other = self;
    other.host = "elsewhere";
    EXPECT_EQ(witness.ask(other), Life::unknown);  // in no job
    other.job = 4711;
    other.cluster = "blue";
    session::SlurmJob job;
    job.job = 4711;
    job.state = "RUNNING";
    job.restarts = 0;
    slurm.jobs = std::vector{job};
    EXPECT_EQ(witness.ask(other), Life::alive);
    slurm.jobs->front().restarts = 1;
    EXPECT_EQ(witness.ask(other), Life::dead);
    slurm.jobs->clear();
    EXPECT_EQ(witness.ask(other), Life::dead);
    slurm.cluster->private_jobs = true;
    other.uid = self.uid + 1;
    EXPECT_EQ(witness.ask(other), Life::unknown);
    slurm.cluster->private_jobs = false;
    other.cluster = "red";
    EXPECT_EQ(witness.ask(other), Life::unknown);
    other.cluster = "blue";
    slurm.jobs = fail(ErrorKind::infrastructure, "no answer");
    EXPECT_EQ(witness.ask(other), Life::unknown);
}

}  // namespace
}  // namespace pavtest::build
