#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/text.h"
#include "cmd/pavstat/changes.h"
#include "cmd/pavstat/prune.h"
#include "cmd/pavstat/screen.h"
#include "cmd/pavstat/show.h"
#include "cmd/pavstat/verify.h"
#include "cmd/pavstat/watch.h"
#include "pavstat_store.h"
#include "session/compact.h"

namespace pavtest::cmd {
namespace {

using status::Cause;
using status::Role;
using status::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class PavstatLive : public PavstatTestStore {
  protected:
    static constexpr const char* kNext = "1hf7yat01abd";

    void finish(const std::string& id, std::uint32_t job, const std::vector<Verdict>& results) {
        const auto made = make_session(static_cast<std::uint32_t>(results.size()), id);
        submit_as_usual(made);
        std::vector<status::Record> records;
        for (std::uint32_t i = 0; i < results.size(); ++i) {
            records.push_back(ended(one(Role::runner, i, "COMPLETE"), Cause::finished, results[i]));
        }
        records.push_back(ended(whole(Role::runner, "COMPLETE"), Cause::finished));
        write(made, {job, 0}, "n1", records);
    }
    static PavstatOptions past() {
        PavstatOptions options;
        options.since = Timestamp{};
        options.with_past = options.of_tests = true;
        return options;
    }
};

TEST_F(PavstatLive, WhatChangedSinceTheSessionBefore) {
    finish(kId, 7, {Verdict::pass, Verdict::fail, Verdict::pass});
    EXPECT_THAT(*changes_of(look(past())), IsEmpty());
    finish(kNext, 8, {Verdict::pass, Verdict::pass, Verdict::error, Verdict::pass});
    const auto changes = changes_of(look(past()));
    ASSERT_TRUE(changes);
    std::vector<std::string> said;
    for (const Change& each : *changes) {
        said.push_back(each.before_id + " " + each.id + " " + each.name + ": " + each.before + " " +
                       each.now);
    }
    EXPECT_THAT(
        said, ElementsAre("7 8 hpl.t1: FAIL PASS", "7 8 hpl.t2: PASS ERROR", "7 8 hpl.t3:  PASS"));
    EXPECT_THAT(changes_table(*changes, true), HasSubstr("(new)"));
    EXPECT_TRUE(changes_json(*changes)["changes"][2]["was"].is_null());
    // The older one has none before it.
    PavstatOptions options = past();
    options.wishes = {*parse_wish("7")};
    EXPECT_THAT(*changes_of(look(options)), IsEmpty());
    options.wishes = {*parse_wish("8")};
    EXPECT_EQ(changes_of(look(options))->size(), 3U);
}

TEST_F(PavstatLive, ATestThatIsGoneAndOneThatHasNoResultYet) {
    finish(kId, 7, {Verdict::pass, Verdict::pass});
    const auto made = make_session(1, kNext);
    submit_as_usual(made);
    write(made, {8, 0}, "n1", {one(Role::runner, 0, "RUNNING")});
    PavstatOptions options = past();
    options.offline = true;
    const auto changes = changes_of(look(options));
    ASSERT_EQ(changes->size(), 1U);
    EXPECT_EQ(changes->front().name, "hpl.t1");
    EXPECT_EQ(changes->front().now, "");
}

TEST_F(PavstatLive, AScreenWritesOnlyWhatChanged) {
    Screen screen;
    const ScreenSize size{20, 10};
    EXPECT_EQ(screen.draw("one\ntwo\nthree\n", size), "one\ntwo\nthree\n");
    EXPECT_EQ(screen.draw("one\ntwo\nthree\n", size), "");
    EXPECT_EQ(screen.draw("one\n2\nthree\n", size), "\x1b[2A\r2\x1b[K\x1b[2B\r");
    // Another number of lines, or another size, is drawn anew.
    EXPECT_EQ(screen.draw("one\n2\n", size), "\x1b[3A\r\x1b[Jone\n2\n");
    EXPECT_EQ(screen.draw("one\n2\n", {10, 10}), "\x1b[2A\r\x1b[Jone\n2\n");
    EXPECT_EQ(screen.clear(), "\x1b[2A\r\x1b[J");
    EXPECT_EQ(screen.clear(), "");
}

TEST_F(PavstatLive, AScreenKeepsHeadingAndEnd) {
    Screen screen;
    EXPECT_EQ(screen.draw("head\n1\n2\n3\n4\n5\nlast line\n", {6, 5}), "head\n... 4\n5\nlast \n");
    EXPECT_EQ(Screen().draw("gr\xc3\xbc\xc3\xbc\xc3\xbcn\n", {5, 5}), "gr\xc3\xbc\xc3\xbc\n");
}

TEST_F(PavstatLive, ProgressOfAll) {
    finish(kId, 7, {Verdict::pass, Verdict::fail});
    const auto made = make_session(2, kNext);
    submit_as_usual(made);
    write(made, {8, 0}, "n1",
          {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass),
           one(Role::runner, 1, "RUNNING")});
    PavstatOptions options;
    options.offline = true;
    EXPECT_EQ(progress_line(look(options), 60),
              "1 of 2 sessions are over, 3 of 4 tests [#############.....]");
    EXPECT_EQ(progress_line(look(options), 40), "1 of 2 sessions are over, 3 of 4 tests");
}

TEST_F(PavstatLive, WatchingEndsWhenAllIsOver) {
    const auto made = make_session(1);
    submit_as_usual(made);
    write(made, {7, 0}, "n1", {one(Role::runner, 0, "RUNNING")});
    PavstatOptions options;
    options.offline = true;
    look(options);
    int turns = 0;
    const Render render = [&](const Collected& collected, std::size_t) -> Result<std::string> {
        if (++turns == 2) {
            write(made, {7, 0}, "n1",
                  {ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass),
                   ended(whole(Role::runner, "COMPLETE"), Cause::finished)});
        }
        return collected.rows.front().job.state + "\n";
    };
    WatchHow how{std::chrono::milliseconds(1), false, true};
    std::string written;
    const Write take = [&](const std::string& text) {
        written += text;
        return true;
    };
    ASSERT_TRUE(watch(viewer_, options, how, render, take));
    EXPECT_EQ(written, "RUNNING\n\nCOMPLETE\n");
    // What is over already is shown once.
    written.clear();
    how.each_change = false;
    ASSERT_TRUE(watch(viewer_, options, how, render, take));
    EXPECT_EQ(written, "COMPLETE\n");
}

TEST_F(PavstatLive, SlurmIsAskedRarelyAndItsAnswerKept) {
    const auto made = make_session(1);
    submit_as_usual(made);
    session::SlurmJob job;
    job.job = 7;
    job.state = "PENDING";
    job.comment = std::string("pavtest:") + kId;
    job.cluster = "blue";
    job.submitted = Timestamp{1'700'000'001'000'000};
    slurm_.queued = {job};
    int turns = 0;
    const Render render = [&](const Collected& collected, std::size_t) -> Result<std::string> {
        EXPECT_THAT(collected.rows.front().job.note, HasSubstr("waits in the queue"));
        ++turns;
        return std::string("x\n");
    };
    const Write take = [&](const std::string&) { return turns < 3; };
    look({});
    slurm_.asked.clear();
    WatchHow how{std::chrono::milliseconds(1), true, true};
    ASSERT_TRUE(watch(viewer_, {}, how, render, take));
    EXPECT_EQ(turns, 3);
    EXPECT_EQ(slurm_.asked.size(), 1U);
}

TEST_F(PavstatLive, PruningSparesWhatIsYoungOrNotOver) {
    const auto cancelled = make_session(1);
    submit_as_usual(cancelled);
    write(cancelled, {7, 0}, "n1",
          {again(ended(one(Role::runner, 0, "ABORTED"), Cause::cancelled)),
           again(ended(whole(Role::runner, "ABORTED"), Cause::cancelled))});
    const auto live = make_session(1, kNext);
    submit_as_usual(live);
    write(live, {8, 0}, "n1", {one(Role::runner, 0, "RUNNING")});
    clock_.advance(10 * 86400);
    const auto before = [&](std::int64_t days) {
        return Timestamp{clock_.now().microseconds - days * 86400 * 1'000'000};
    };
    PavstatOptions options = past();
    options.offline = true;
    Collected all = look(options);
    EXPECT_TRUE(tidy(viewer_, all, {Tidy::remove, before(11), true}).lines.empty());
    TidyHow how{Tidy::remove, before(9), false};
    Tidied tidied = tidy(viewer_, all, how);
    ASSERT_EQ(tidied.lines.size(), 1U);
    EXPECT_EQ(tidied.unfinished, 1U);
    EXPECT_THAT(tidied_text(tidied, how, true), HasSubstr("to remove: add --yes; 1 that are not"));
    EXPECT_TRUE(std::filesystem::exists(session_path()));
    // Only what passed is packed.
    EXPECT_TRUE(tidy(viewer_, all, {Tidy::compact, before(9), true}).lines.empty());
    // The index says that it is over; its journals do not any more.
    write(cancelled, {7, 1}, "n1", {one(Role::runner, 0, "RUNNING")});
    how.earnest = true;
    EXPECT_TRUE(tidy(viewer_, all, how).lines.empty());
    std::filesystem::remove_all(session_path() + "/jobs/7.1");
    EXPECT_EQ(tidy(viewer_, all, how).lines.size(), 1U);
    EXPECT_FALSE(std::filesystem::exists(session_path()));
    EXPECT_EQ(look(options).rows.size(), 1U);
}

TEST_F(PavstatLive, Ages) {
    EXPECT_EQ(*parse_age("90d"), 90LL * 86400 * 1'000'000);
    EXPECT_EQ(*parse_age("2"), 2LL * 86400 * 1'000'000);
    EXPECT_EQ(*parse_age("3h"), 3LL * 3600 * 1'000'000);
    for (const char* wrong : {"", "0d", "-1d", "3x", "d", "999999999999d"}) {
        EXPECT_FALSE(parse_age(wrong)) << wrong;
    }
}

class PavstatVerify : public PavstatLive {
  protected:
    void SetUp() override {
        PavstatLive::SetUp();
        finish(kId, 7, {Verdict::pass, Verdict::fail});
        for (const char* test : {"0000", "0001"}) {
            const std::string place = session_path() + "/jobs/7.0/tests/" + test;
            std::filesystem::create_directories(place);
            std::ofstream(place + "/status") << "2023-11-14T22:13:20.000000 RUNNING \n"
                                                "2023-11-14T22:13:20.000000 COMPLETE fine\n";
        }
        clock_.advance(3 * 86400);
    }
    [[nodiscard]] std::string status_file() const {
        return session_path() + "/jobs/7.0/tests/0001/status";
    }
    std::string verified() {
        const auto result = verify(viewer_, look({}));
        EXPECT_TRUE(result) << result.error().what;
        return verified_text(*result);
    }
};

TEST_F(PavstatVerify, AllAgree) {
    make_session(1, kNext);
    EXPECT_EQ(verified(),
              "compared 1 sessions, 2 tests, 2 status files: all agree; 1 sessions are not over\n");
}

TEST_F(PavstatVerify, ACompactSessionAgreesAndItsFilesAreFound) {
    const auto directory = session::Store::open(settings_.store)->open_session(kId);
    std::ofstream(session_path() + "/jobs/7.0/tests/0001/run.log") << "one\n\x1b[31mred";
    std::ofstream(session_path() + "/jobs/7.0/tests/0001/results.json") << R"({"result": "FAIL"})";
    ASSERT_TRUE(session::compact(*directory));
    EXPECT_THAT(verified(), HasSubstr("2 status files: all agree"));
    PavstatOptions options;
    options.of_tests = true;
    options.wishes = {*parse_wish("7.1")};
    std::string text;
    const auto shown = show_logs(look(options),
                                 [&](const std::string& piece) {
                                     text += piece;
                                     return true;
                                 },
                                 {});
    ASSERT_TRUE(shown) << shown.error().what;
    EXPECT_EQ(text, "one\n\\x1b[31mred");
    EXPECT_THAT(*results_json(look(options)), HasSubstr("\"result\": \"FAIL\""));
}

TEST_F(PavstatVerify, AJournalThatChangedAfterItWasRead) {
    look({});
    const std::string journal = session_path() + "/jobs/7.0/journal.runner-n1.jsonl";
    std::ifstream in(journal);
    std::stringstream text;
    text << in.rdbuf();
    std::string changed = text.str();
    changed.replace(changed.find("PASS"), 4, "FAIL");
    std::ofstream(journal) << changed;
    EXPECT_THAT(verified(), HasSubstr("the index has 0 hpl.t0 COMPLETE PASS"));
}

TEST_F(PavstatVerify, StatusFilesThatSayOtherwise) {
    std::ofstream(status_file(), std::ios::app) << "2023-11-14T22:13:21.000000 RUNNING again\n";
    EXPECT_THAT(verified(), HasSubstr("status file says RUNNING, the journals COMPLETE"));
    std::ofstream(status_file(), std::ios::app) << "torn";
    EXPECT_THAT(verified(), HasSubstr("torn"));
    std::filesystem::remove(status_file());
    EXPECT_THAT(verified(), HasSubstr("1 differences"));
}

}  // namespace
}  // namespace pavtest::cmd
