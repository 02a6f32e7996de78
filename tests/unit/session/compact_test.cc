#include "session/compact.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "fixture.h"
#include "session/packed.h"

namespace pavtest::session {
namespace {

using status::Cause;
using status::Role;
using status::Verdict;
using testing::HasSubstr;

class CompactTest : public StoreTest {
  protected:
    SessionDirectory finished(Verdict second = Verdict::pass) {
        auto made = make_session(2);
        submit_as_usual(made);
        write(made, {7, 0}, "n1",
              {joined(Role::prolog), one(Role::runner, 0, "RUNNING"),
               ended(one(Role::runner, 0, "COMPLETE"), Cause::finished, Verdict::pass),
               ended(one(Role::runner, 1, "COMPLETE"), Cause::finished, second),
               ended(whole(Role::runner, "COMPLETE"), Cause::finished)});
        write(made, {7, 0}, "n2", {joined(Role::prolog), joined(Role::epilog, "left")});
        for (const char* test : {"0000", "0001"}) {
            const std::string place = job() + "/tests/" + test;
            std::filesystem::create_directories(place + "/build");
            std::ofstream(place + "/run.log") << "output of " << test;
            std::ofstream(place + "/results.json") << "{}";
            std::filesystem::create_symlink("/etc/passwd", place + "/build/link");
        }
        std::filesystem::create_directories(session_path() + "/sources");
        std::ofstream(session_path() + "/sources/main.c") << "int main() {}";
        return made;
    }
    [[nodiscard]] std::string job() const { return session_path() + "/jobs/7.0"; }
    static std::string said(const SessionDirectory& session) {
        std::string text;
        const auto view = view_session(session);
        EXPECT_TRUE(view);
        for (const TestView& test : view->jobs.at(0).tests) {
            text += test.state + " " + std::string(to_string(test.result)) + " " + test.note + "\n";
        }
        for (const auto& [name, node] : view->jobs[0].node_views) {
            text += name + (node.joined ? " joined" : "") + (node.left ? " left\n" : "\n");
        }
        const auto all = history(session, nullptr);
        for (const SourcedRecord& each : *all) {
            text += each.file + " " + each.record.state + "\n";
        }
        return text + std::to_string(view->jobs[0].flaws.size()) + " flaws\n";
    }
};

TEST_F(CompactTest, ReadersSeeTheSameInAHandfulOfFiles) {
    const auto made = finished();
    const std::string before = said(made);
    EXPECT_FALSE(is_compact(made));
    ASSERT_TRUE(all_passed(*view_session(made)));
    const auto done = compact(made);
    ASSERT_TRUE(done) << done.error().what;
    EXPECT_EQ(said(made), before);
    EXPECT_TRUE(is_compact(made));
    EXPECT_LE(footprint_of(made.directory()).files, 9U);
    const auto directory = made.job_directory({7, 0});
    EXPECT_EQ(*read_packed(*directory, "tests/0001/run.log", 100), "output of 0001");
    EXPECT_FALSE(read_packed(*directory, "tests/0001/run.log", 3));
    EXPECT_EQ(read_packed(*directory, "tests/0002/run.log", 100).error().kind,
              ErrorKind::not_found);
    struct stat info {};
    ASSERT_EQ(::stat((job() + "/" + kPacked).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    // Again changes nothing.
    ASSERT_TRUE(compact(made));
    EXPECT_EQ(said(made), before);
}

TEST_F(CompactTest, InterruptedBeforeAnythingWasRemoved) {
    const auto made = finished();
    const std::string before = said(made);
    const auto directory = made.job_directory({7, 0});
    std::ofstream(job() + "/.packed.tar.gz.new") << "torn";
    ASSERT_TRUE(pack(*directory, kPacked, 0600));
    EXPECT_EQ(said(made), before);
    ASSERT_TRUE(compact(made));
    EXPECT_EQ(said(made), before);
}

TEST_F(CompactTest, ALateRecordStandsBesideTheArchive) {
    const auto made = finished();
    ASSERT_TRUE(compact(made));
    write(made, {7, 0}, "n1", {joined(Role::epilog, "left")});
    EXPECT_THAT(said(made), HasSubstr("n1 joined left\n"));
    ASSERT_TRUE(compact(made));
    EXPECT_THAT(said(made), HasSubstr("n1 joined left\n"));
}

TEST_F(CompactTest, ATornArchiveIsAFlawAndNothingIsRemovedForIt) {
    const auto made = finished();
    const auto directory = made.job_directory({7, 0});
    ASSERT_TRUE(pack(*directory, kPacked, 0600));
    std::filesystem::resize_file(job() + "/" + kPacked,
                                 std::filesystem::file_size(job() + "/" + kPacked) / 2);
    EXPECT_FALSE(compact(made));
    EXPECT_TRUE(std::filesystem::exists(job() + "/tests/0000/run.log"));
    EXPECT_THAT(said(made), HasSubstr("COMPLETE PASS"));
    EXPECT_EQ(view_session(made)->jobs[0].flaws.size(), 1U);
    std::filesystem::remove(job() + "/" + kPacked);
    ASSERT_EQ(::mkfifo((job() + "/" + kPacked).c_str(), 0600), 0);
    EXPECT_EQ(view_session(made)->jobs[0].flaws.size(), 1U);
}

TEST_F(CompactTest, OnlyWhatPassedAndIsOver) {
    EXPECT_FALSE(all_passed(*view_session(finished(Verdict::fail))));
    const auto live = make_session(1, "1hf7yat00abd");
    EXPECT_FALSE(all_passed(*view_session(live)));
}

TEST_F(CompactTest, RemovingTakesTheMonthWithTheLast) {
    finished();
    make_session(1, "1hf7yat00abd");
    const auto store = Store::open(settings_.store);
    ASSERT_TRUE(remove_session(*store, kId));
    EXPECT_FALSE(store->open_session(kId));
    EXPECT_TRUE(store->open_session("1hf7yat00abd"));
    ASSERT_TRUE(remove_session(*store, "1hf7yat00abd"));
    EXPECT_FALSE(std::filesystem::exists(settings_.store + "/sessions/2023-11"));
}

}  // namespace
}  // namespace pavtest::session
