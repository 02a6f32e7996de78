#include "session/journal.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>

#include <iterator>

#include "fixture.h"
#include "session/journal_lines.h"

namespace pavtest::session {
namespace {

using status::Record;
using status::Role;

class JournalTest : public StoreTest {
  protected:
    static constexpr const char* kName = "journal.runner-n1.jsonl";

    [[nodiscard]] std::string text() const {
        std::ifstream in(path_ + "/" + kName, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void put(std::string_view content) const {
        std::ofstream(path_ + "/" + kName, std::ios::binary) << content;
    }
    Result<Journal> open() {
        return Journal::open(*Directory::open(path_), kName, "n1", clock_, 0600);
    }
    static std::vector<SourcedRecord> records(std::string_view text, std::vector<Flaw>& flaws) {
        std::vector<SourcedRecord> read;
        LineTaker lines(kName, read, flaws);
        lines.add(text);
        lines.end();
        return read;
    }
    [[nodiscard]] std::vector<SourcedRecord> records_of_file(std::vector<Flaw>& flaws) const {
        std::vector<SourcedRecord> read;
        read_journal_file(*Directory::open(path_), kName, kName, read, flaws);
        return read;
    }
};

TEST_F(JournalTest, NumbersAndStampsAndGoesOn) {
    ASSERT_TRUE(open()->append(whole(Role::runner, "RUNNING")));
    clock_.advance(5);
    auto journal = open();
    ASSERT_TRUE(journal->append(whole(Role::runner, "RESULTS")));
    ASSERT_TRUE(journal->append(whole(Role::runner, "COMPLETE")));
    std::vector<Flaw> flaws;
    const auto read = records(text(), flaws);
    ASSERT_EQ(read.size(), 3U);
    EXPECT_TRUE(flaws.empty());
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(read[i].record.seq, i);
        EXPECT_EQ(read[i].record.host, "n1");
    }
    EXPECT_EQ(read[2].record.when.microseconds - read[0].record.when.microseconds, 5'000'000);
}

TEST_F(JournalTest, PiecesOfAnySizeGiveTheSameLines) {
    std::string text = "\n";
    for (int i = 0; i < 3; ++i) {
        Record record = whole(Role::runner, "RUNNING");
        record.note = std::string(static_cast<std::size_t>(i) * 100, 'n');
        text +=
            status::encode(record) + std::string(static_cast<std::size_t>(i) * 3000, 'x') + "\n";
    }
    text += "torn";
    std::vector<Flaw> flaws;
    const auto at_once = records(text, flaws);
    ASSERT_EQ(at_once.size(), 3U);
    for (std::size_t size = 1; size < 5000; size = size * 3 + 1) {
        std::vector<SourcedRecord> read;
        std::vector<Flaw> others;
        LineTaker lines(kName, read, others);
        for (std::size_t at = 0; at < text.size(); at += size) {
            lines.add(std::string_view(text).substr(at, size));
        }
        lines.end();
        EXPECT_EQ(read.size(), at_once.size()) << size;
        ASSERT_EQ(others.size(), flaws.size()) << size;
        for (std::size_t i = 0; i < flaws.size(); ++i) {
            EXPECT_EQ(others[i].line, flaws[i].line);
            EXPECT_EQ(others[i].what, flaws[i].what);
        }
    }
}

TEST_F(JournalTest, AGigabyteOfNothingCostsNothing) {
    ASSERT_TRUE(open()->append(whole(Role::runner, "RUNNING")));
    ASSERT_EQ(::truncate((path_ + "/" + kName).c_str(), 1LL << 30), 0);
    std::vector<Flaw> flaws;
    EXPECT_EQ(records_of_file(flaws).size(), 1U);
    ASSERT_EQ(flaws.size(), 1U);
    EXPECT_EQ(flaws[0].what, "a torn last line");
    // What was written behind the hole still counts.
    std::ofstream(path_ + "/" + kName, std::ios::app)
        << "\n"
        << status::encode(whole(Role::runner, "COMPLETE"));
    flaws.clear();
    const auto read = records_of_file(flaws);
    ASSERT_EQ(read.size(), 2U);
    EXPECT_EQ(read[1].record.state, "COMPLETE");
    EXPECT_EQ(flaws.size(), 1U);
}

TEST_F(JournalTest, NamesOfFiles) {
    EXPECT_EQ(journal_name(Role::runner, "n1"), "journal.runner-n1.jsonl");
    EXPECT_EQ(journal_name(Role::prolog, "n1"), "journal.node-n1.jsonl");
    EXPECT_EQ(journal_name(Role::epilog, "n1"), "journal.node-n1.jsonl");
    EXPECT_EQ(journal_name(Role::user, "n1"), "journal.user-n1.jsonl");
    EXPECT_EQ(session_settle_name("login"), "settle-login.jsonl");
}

TEST_F(JournalTest, LongListsOfTestsBecomeSeveralRecords) {
    std::vector<std::uint32_t> odd;
    for (std::uint32_t i = 1; i < 9000; i += 2) {
        odd.push_back(i);
    }
    Record record = whole(Role::settle, "UNKNOWN");
    record.tests = status::test_ranges(odd);
    record.end = true;
    ASSERT_TRUE(open()->append(record));
    std::vector<Flaw> flaws;
    std::vector<std::uint32_t> named;
    for (const SourcedRecord& each : records(text(), flaws)) {
        EXPECT_TRUE(each.record.end);
        for (const auto& [first, last] : status::parse_tests(each.record.tests)) {
            EXPECT_EQ(first, last);
            named.push_back(first);
        }
    }
    EXPECT_EQ(named, odd);
    EXPECT_TRUE(flaws.empty());
}

// A journal that was cut off anywhere is read up to there, and its next writer goes on
// without losing or repeating anything.
TEST_F(JournalTest, CutOffAtEveryByte) {
    {
        auto journal = open();
        for (int i = 0; i < 4; ++i) {
            Record record = one(Role::runner, static_cast<std::uint32_t>(i), "RUNNING");
            record.note = "größe";
            ASSERT_TRUE(journal->append(record));
        }
    }
    const std::string all = text();
    for (std::size_t size = 0; size <= all.size(); ++size) {
        const std::string part = all.substr(0, size);
        const auto whole_lines =
            static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
        const bool torn = !part.empty() && part.back() != '\n';
        std::vector<Flaw> flaws;
        EXPECT_EQ(records(part, flaws).size(), whole_lines);
        EXPECT_EQ(flaws.size(), torn ? 1U : 0U);

        put(part);
        ASSERT_TRUE(open()->append(whole(Role::runner, "COMPLETE")));
        flaws.clear();
        const auto read = records(text(), flaws);
        // A line of which only the newline was missing is whole again.
        const bool mended = torn && size + 1 <= all.size() && all[size] == '\n';
        ASSERT_EQ(read.size(), whole_lines + 1 + (mended ? 1 : 0)) << size;
        EXPECT_EQ(flaws.size(), torn && !mended ? 1U : 0U) << size;
        EXPECT_EQ(read.back().record.state, "COMPLETE");
        EXPECT_EQ(read.back().record.seq, whole_lines + (torn ? 1 : 0));
    }
}

TEST_F(JournalTest, WritersKilledAtRandomMoments) {
    constexpr int rounds = 15;
    for (int round = 0; round < rounds; ++round) {
        const pid_t writer = ::fork();
        ASSERT_GE(writer, 0);
        if (writer == 0) {
            auto journal = open();
            while (journal && journal->append(one(Role::runner, 0, "RUNNING"))) {
            }
            ::_exit(1);
        }
        ::usleep(static_cast<useconds_t>(3000 + round * 251));
        ::kill(writer, SIGKILL);
        ::waitpid(writer, nullptr, 0);
    }
    ASSERT_TRUE(open()->append(whole(Role::runner, "COMPLETE")));
    std::vector<Flaw> flaws;
    const auto read = records(text(), flaws);
    EXPECT_LE(flaws.size(), static_cast<std::size_t>(rounds));
    for (std::size_t i = 1; i < read.size(); ++i) {
        EXPECT_LT(read[i - 1].record.seq, read[i].record.seq);
    }
    EXPECT_EQ(read.back().record.state, "COMPLETE");
}

}  // namespace
}  // namespace pavtest::session
