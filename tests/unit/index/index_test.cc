#include "index/index.h"

#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "../session/fixture.h"
#include "index/place.h"
#include "index/refresh.h"
#include "status/states.h"

namespace pavtest::index {
namespace {

using session::StoreTest;
using status::Cause;
using status::Role;
using status::Verdict;
using testing::HasSubstr;

class IndexTest : public StoreTest {
  protected:
    [[nodiscard]] std::string file() const { return path_ + "/cache/index.sqlite"; }
    Index open() {
        auto index = open_or_in_memory(file(), settings_.store);
        EXPECT_TRUE(index);
        return *std::move(index);
    }
    Refreshed refresh(Index& index, Timestamp since = {}) {
        const auto store = session::Store::open(settings_.store);
        EXPECT_TRUE(store);
        const auto read = bring_up_to_date(index, *store, {since, {}}, clock_.now());
        EXPECT_TRUE(read) << read.error().what;
        return *read;
    }
    /// A session of job 7 with two tests of which one failed on n1.
    session::SessionDirectory finish(const std::string& id = kId) {
        auto made = make_session(2, id);
        submit_as_usual(made);
        status::Record fail =
            ended(one(Role::runner, 1, "COMPLETE"), Cause::finished, Verdict::fail);
        fail.nodes = "n1";
        fail.note = "return value 1";
        fail.duration = 2.5;
        write(made, {7, 0}, "n1",
              {joined(Role::prolog), one(Role::runner, 0, "RUNNING"),
               ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass), fail,
               ended(whole(Role::runner, "COMPLETE"), Cause::finished)});
        return made;
    }
    void next_day() { clock_.advance(2 * 86400); }
};

TEST_F(IndexTest, HoldsWhatTheJournalsSay) {
    const auto made = finish();
    Index index = open();
    EXPECT_EQ(refresh(index).read, 1U);
    const auto jobs = index.jobs({});
    ASSERT_EQ(jobs->size(), 1U);
    const JobRow& job = jobs->front();
    EXPECT_EQ(job.id, kId);
    EXPECT_EQ(job.job, 7U);
    EXPECT_EQ(job.user, "alice");
    EXPECT_EQ(job.suites, "hpl");
    EXPECT_EQ(job.state, "COMPLETE");
    EXPECT_EQ(job.counts.pass, 1U);
    EXPECT_EQ(job.counts.fail, 1U);
    EXPECT_TRUE(job.settled);
    const auto tests = index.tests(*jobs, {});
    ASSERT_EQ(tests->size(), 2U);
    const auto view = session::view_session(made);
    const session::TestView& said = view->jobs.at(0).tests.at(1);
    const session::TestView& kept = tests->at(1).view;
    EXPECT_EQ(tests->at(1).name, "hpl.t1");
    EXPECT_EQ(kept.note, said.note);
    EXPECT_EQ(kept.result, said.result);
    EXPECT_EQ(kept.when, said.when);
    EXPECT_EQ(kept.duration, said.duration);
    EXPECT_EQ(kept.nodes, "n1");
    EXPECT_EQ(kept.had, said.had);
    EXPECT_EQ(index.nodes(*jobs)->at(0).view.name, "n1");
}

TEST_F(IndexTest, WhatIsFinishedIsReadOnce) {
    finish();
    next_day();
    {
        Index index = open();
        EXPECT_EQ(refresh(index).read, 1U);
    }
    // Its files could go, and nobody would look.
    std::filesystem::permissions(session_path(), std::filesystem::perms::none);
    Index index = open();
    EXPECT_EQ(refresh(index).read, 0U);
    EXPECT_EQ(index.jobs({})->size(), 1U);
    std::filesystem::permissions(session_path(), std::filesystem::perms::owner_all);
}

TEST_F(IndexTest, WhatLivesIsReadWhenItGrew) {
    const auto made = make_session(1);
    submit_as_usual(made);
    write(made, {7, 0}, "n1", {one(Role::runner, 0, "RUNNING")});
    Index index = open();
    EXPECT_EQ(refresh(index).read, 1U);
    EXPECT_EQ(refresh(index).read, 0U);
    write(made, {7, 0}, "n1", {one(Role::runner, 0, "RUN_DONE")});
    EXPECT_EQ(refresh(index).read, 1U);
    EXPECT_EQ(index.tests(*index.jobs({}), {})->at(0).view.state, "RUN_DONE");
}

TEST_F(IndexTest, WhatLivesIsReadOnFromWhereItWasLeft) {
    const auto made = make_session(1);
    submit_as_usual(made);
    write(made, {7, 0}, "n1", {one(Role::runner, 0, "RUNNING")});
    const std::string journal = session_path() + "/jobs/7.0/journal.runner-n1.jsonl";
    {
        Index index = open();
        refresh(index);
    }
    // Its beginning could change, and nobody would look; what is torn is read again.
    const auto spoil = [&] { std::fstream(journal, std::ios::in | std::ios::out) << "no record"; };
    spoil();
    std::ofstream(journal, std::ios::app) << "{\"v\":1,";
    Index index = open();
    EXPECT_EQ(refresh(index).read, 1U);
    EXPECT_EQ(index.jobs({})->at(0).flaws, 1U);
    std::filesystem::resize_file(journal, std::filesystem::file_size(journal) - 7);
    for (const char* state : {"RUN_DONE", "RESULTS"}) {
        const std::string line = status::encode([&] {
            status::Record record = one(Role::runner, 0, state);
            record.seq = state[2] == 'N' ? 8 : 9;
            return record;
        }());
        std::ofstream(journal, std::ios::app) << line;
        EXPECT_EQ(refresh(index).read, 1U);
        EXPECT_EQ(index.tests(*index.jobs({}), {})->at(0).view.state, state);
        EXPECT_EQ(index.jobs({})->at(0).flaws, 0U) << index.jobs({})->at(0).flaw;
    }
    // Another file of that name is read from its beginning.
    std::filesystem::copy_file(journal, journal + ".other");
    std::filesystem::rename(journal + ".other", journal);
    refresh(index);
    EXPECT_EQ(index.jobs({})->at(0).flaws, 1U);
    // What is over is not kept.
    write(made, {7, 0}, "n1",
          {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass),
           ended(whole(Role::runner, "COMPLETE"), Cause::finished)});
    refresh(index);
    EXPECT_TRUE(index.journals(kId)->empty());
}

TEST_F(IndexTest, NewAndRemovedSessionsAreSeen) {
    finish();
    Index index = open();
    refresh(index);
    finish("1hf7yat00abd");
    EXPECT_EQ(refresh(index).read, 1U);
    EXPECT_EQ(index.jobs({})->size(), 2U);
    std::filesystem::remove_all(session_path());
    EXPECT_EQ(refresh(index).removed, 1U);
    EXPECT_EQ(index.jobs({})->at(0).id, "1hf7yat00abd");
    std::filesystem::remove_all(settings_.store + "/sessions/2023-11");
    refresh(index);
    EXPECT_TRUE(index.jobs({})->empty());
}

TEST_F(IndexTest, OldSessionsCostNothingUntilTheyAreAskedFor) {
    finish();
    next_day();
    Index index = open();
    EXPECT_EQ(refresh(index, clock_.now()).read, 0U);
    EXPECT_EQ(refresh(index).read, 1U);
}

TEST_F(IndexTest, ADamagedOrForeignFileIsMadeAnew) {
    finish();
    std::filesystem::create_directories(path_ + "/cache");
    for (const char* content : {"", "no database at all", "SQLite format 3"}) {
        std::ofstream(file()) << content;
        Index index = open();
        EXPECT_EQ(refresh(index).read, 1U) << content;
    }
    {
        sqlite3* other = nullptr;
        std::filesystem::remove(file());
        ASSERT_EQ(sqlite3_open(file().c_str(), &other), SQLITE_OK);
        sqlite3_exec(other, "CREATE TABLE theirs(x); PRAGMA user_version = 77", nullptr, nullptr,
                     nullptr);
        sqlite3_close(other);
        Index index = open();
        EXPECT_EQ(refresh(index).read, 1U);
    }
    // Zeros in the middle, as a lost block leaves them.
    std::fstream damaged(file(), std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(100);
    damaged << std::string(4000, '\0');
    damaged.close();
    Index index = open();
    EXPECT_EQ(refresh(index).read, 1U);
}

TEST_F(IndexTest, AnotherStoreAtTheSamePlaceIsNotTakenForIt) {
    finish();
    {
        Index index = open();
        refresh(index);
    }
    std::filesystem::rename(settings_.store, path_ + "/old");
    finish("1hf7yat00abd");
    Index index = open();
    refresh(index);
    ASSERT_EQ(index.jobs({})->size(), 1U);
    EXPECT_EQ(index.jobs({})->at(0).id, "1hf7yat00abd");
}

TEST_F(IndexTest, WhereNoFileCanBeMemoryServes) {
    finish();
    std::filesystem::create_directories(path_ + "/cache");
    const std::string elsewhere = path_ + "/elsewhere";
    std::ofstream(elsewhere) << "precious";
    std::filesystem::create_symlink(elsewhere, file());
    {
        Index index = open();
        EXPECT_EQ(refresh(index).read, 1U);
    }
    std::ifstream kept(elsewhere);
    std::string text;
    std::getline(kept, text);
    EXPECT_EQ(text, "precious");
    std::filesystem::remove(file());
    ::chmod((path_ + "/cache").c_str(), 0777);
    Index index = open();
    EXPECT_EQ(refresh(index).read, 1U);
    EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(IndexTest, ManyAtOnce) {
    for (int i = 0; i < 8; ++i) {
        finish("1hf7yat00ab" + std::to_string(i));
    }
    Index one = open();
    Index two = open();
    refresh(one);
    refresh(two);
    EXPECT_EQ(two.jobs({})->size(), 8U);
    EXPECT_EQ(refresh(one).read, 0U);
}

TEST_F(IndexTest, WhatCanNotBeReadIsSaidEachTime) {
    finish();
    make_session(1, "1hf7yat00abd");
    std::ofstream(session_path("1hf7yat00abd") + "/session.json") << "{";
    Index index = open();
    for (int i = 0; i < 2; ++i) {
        refresh(index);
        EXPECT_EQ(index.jobs({})->size(), 1U);
        EXPECT_THAT(index.broken({})->at(0), HasSubstr("1hf7yat00abd"));
    }
}

TEST_F(IndexTest, Filters) {
    finish();
    Index index = open();
    refresh(index);
    JobFilter jobs;
    jobs.suites = [](const std::string& suites) { return suites == "stream"; };
    EXPECT_TRUE(index.jobs(jobs)->empty());
    jobs = {};
    jobs.since = {clock_.now().microseconds + 1'000'000};
    EXPECT_TRUE(index.jobs(jobs)->empty());
    jobs = {};
    jobs.jobs = {8};
    EXPECT_TRUE(index.jobs(jobs)->empty());
    jobs.jobs = {7};
    ASSERT_EQ(index.jobs(jobs)->size(), 1U);
    TestFilter tests;
    tests.had = status::state_bit("RUNNING");
    const auto running = index.tests(*index.jobs({}), tests);
    ASSERT_EQ(running->size(), 1U);
    EXPECT_EQ(running->at(0).view.index, 0U);
    tests = {};
    tests.result = [](const session::TestView& test) { return test.result == Verdict::fail; };
    EXPECT_EQ(index.tests(*index.jobs({}), tests)->at(0).view.index, 1U);
}

}  // namespace
}  // namespace pavtest::index
