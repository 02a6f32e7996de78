// A shelf that the members of a group share: real users, so only root can run these.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/digest.h"
#include "build/shelf.h"

namespace pavtest::build {
namespace {

namespace fs = std::filesystem;

// Two users with the same first group, and one who is not in it.
struct Team {
    uid_t one = 0, two = 0, stranger = 0;
    gid_t group = 0, other_group = 0;
    std::string group_name;
};

std::optional<Team> find_team() {
    std::map<gid_t, std::vector<uid_t>> users;
    ::setpwent();
    while (const passwd* entry = ::getpwent()) {
        if (entry->pw_uid != 0 && entry->pw_gid != 0) {
            users[entry->pw_gid].push_back(entry->pw_uid);
        }
    }
    ::endpwent();
    Team team;
    for (const auto& [group, members] : users) {
        const ::group* named = ::getgrgid(group);
        if (members.size() >= 2 && named != nullptr && team.one == 0) {
            team.one = members[0];
            team.two = members[1];
            team.group = group;
            team.group_name = named->gr_name;
        } else if (team.stranger == 0) {
            team.stranger = members.front();
            team.other_group = group;
        }
    }
    return team.one != 0 && team.stranger != 0 ? std::optional(team) : std::nullopt;
}

class SharedShelfTest : public testing::Test {
  protected:
    void SetUp() override {
        const auto team = ::geteuid() == 0 ? find_team() : std::nullopt;
        if (!team) {
            GTEST_SKIP() << "needs root, and two users with one first group";
        }
        team_ = *team;
        make_area();
    }
    void TearDown() override {
        if (!path_.empty()) {
            fs::remove_all(path_);
        }
    }
    void make_area() {
        std::string pattern = "/tmp/pavtest-shared-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
        ASSERT_EQ(::chmod(path_.c_str(), 0755), 0);
        ASSERT_EQ(::mkdir(area().c_str(), 0700), 0);
        ASSERT_EQ(::chown(area().c_str(), 0, team_.group), 0);
        ASSERT_EQ(::chmod(area().c_str(), 02770), 0);
    }
    [[nodiscard]] std::string area() const { return path_ + "/area"; }
    Shelf shelf(std::function<void(std::string_view)> at_step = {}) const {
        return *Shelf::open(
            {.path = area(), .group = team_.group_name, .at_step = std::move(at_step)});
    }

    // What a child does as that user, whose files go to a group of the user's own but for the
    // area's setgid bit; its exit status, or the signal that ended it as a negative number.
    template <class Action>
    [[nodiscard]] int as_user(uid_t user, const Action& action) const {
        const pid_t child = ::fork();
        if (child == 0) {
            ::umask(077);
            const gid_t groups[] = {team_.group};
            const std::size_t count = user == team_.stranger ? 0 : 1;
            if (::setgroups(count, &groups[0]) != 0 ||
                ::setresgid(team_.other_group, team_.other_group, team_.other_group) != 0 ||
                ::setresuid(user, user, user) != 0) {
                ::_exit(99);
            }
            ::_exit(action());
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    }

    enum Outcome { built = 0, found = 1, busy = 2, failed = 3 };
    // Builds or finds it, as one who knows nothing of the past; and reads what is there.
    [[nodiscard]] Outcome use_build(std::function<void(std::string_view)> at_step) const {
        auto own =
            Shelf::open({.path = area(), .group = team_.group_name, .at_step = std::move(at_step)});
        if (!own) {
            return failed;
        }
        const Holder self = this_holder({});
        HostWitness witness(self, nullptr);
        auto beginning = own->begin(hash_, self, witness, false);
        if (!beginning || std::holds_alternative<Busy>(*beginning)) {
            return beginning ? busy : failed;
        }
        if (const auto* there = std::get_if<Found>(&*beginning)) {
            std::string text;
            std::ifstream(there->directory() + "/sub/program") >> text;
            return text == "whole" && own->use(*there, "1hf7yat00abc", self) ? found : failed;
        }
        const Workspace& workspace = std::get<Workspace>(*beginning);
        fs::create_directory(workspace.directory() + "/sub");
        std::ofstream(workspace.directory() + "/sub/program") << "whole";
        return own->finish(workspace) ? built : failed;
    }

    std::string path_;
    Team team_;
    std::string hash_ = sha256("a build");
};

TEST_F(SharedShelfTest, WhatOneMemberBuiltTheOtherUses) {
    EXPECT_EQ(as_user(team_.one, [&] { return use_build({}); }), built);
    EXPECT_EQ(as_user(team_.two, [&] { return use_build({}); }), found);
    const auto entries = shelf().entries();
    ASSERT_EQ(entries->size(), 1U);
    EXPECT_EQ(entries->front().holder.uid, team_.one);
    ASSERT_EQ(entries->front().uses.size(), 1U);
    EXPECT_EQ(entries->front().uses.front().holder.uid, team_.two);
    // Only who built it, or root, takes it away.
    EXPECT_EQ(as_user(team_.two,
                      [&] {
                          const Holder self = this_holder({});
                          HostWitness witness(self, nullptr);
                          const Shelf own = shelf();
                          return own.remove(own.entries()->front(), self, witness) ? 1 : 0;
                      }),
              0);
    EXPECT_TRUE(shelf().find(hash_));
}

TEST_F(SharedShelfTest, AStrangersShelfItIsNot) {
    EXPECT_EQ(as_user(team_.stranger, [&] { return use_build({}); }), failed);
    // Nor is what a stranger has brought into it a build of anybody's.
    EXPECT_EQ(as_user(team_.one, [&] { return use_build({}); }), built);
    const std::string workspace = shelf().find(hash_)->workspace;
    ASSERT_EQ(::lchown(workspace.c_str(), team_.stranger, team_.group), 0);
    EXPECT_EQ(as_user(team_.two, [&] { return shelf().find(hash_) ? 1 : 0; }), 0);
}

TEST_F(SharedShelfTest, KilledAtAnyStepOneMemberKeepsTheOtherNeitherOutNorFooled) {
    int steps = 0;
    {
        const Shelf own = shelf([&](std::string_view) { ++steps; });
        const Holder self = this_holder({});
        HostWitness witness(self, nullptr);
        auto beginning = own.begin(hash_, self, witness, false);
        ASSERT_TRUE(own.finish(std::get<Workspace>(*beginning)));
    }
    ASSERT_GE(steps, 8);
    for (int last = 0; last < steps; ++last) {
        SCOPED_TRACE(last);
        TearDown();
        make_area();
        EXPECT_EQ(as_user(team_.one,
                          [&] {
                              int done = 0;
                              return use_build([&](std::string_view) {
                                  if (done++ == last) {
                                      ::kill(::getpid(), SIGKILL);
                                  }
                              });
                          }),
                  -SIGKILL);
        const int next = as_user(team_.two, [&] { return use_build({}); });
        EXPECT_TRUE(next == built || next == found) << next;
        EXPECT_EQ(as_user(team_.one, [&] { return use_build({}); }), found);
    }
}

}  // namespace
}  // namespace pavtest::build
