#include "status/status_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/text.h"
#include "temporary.h"

namespace pavtest::status {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class StatusFileTest : public TemporaryTest {
  protected:
    [[nodiscard]] StatusFile file() const { return StatusFile(path_ + "/status"); }
    void has(const std::string& content) const { put("status", content); }
};

TEST_F(StatusFileTest, WritesTheSeedsForm) {
    ASSERT_TRUE(file().set("RUNNING", "I'm running!", clock_));
    EXPECT_EQ(get("status"), to_status_stamp(clock_.now()) + " RUNNING I'm running!\n");
    EXPECT_EQ(to_status_stamp(clock_.now()).size(), 26U);
    struct stat info {};
    ASSERT_EQ(::stat((path_ + "/status").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    const StatusInfo current = file().current();
    EXPECT_EQ(current.state, "RUNNING");
    EXPECT_EQ(current.note, "I'm running!");
    EXPECT_EQ(current.when, clock_.now());
    EXPECT_EQ(current.flaw, "");
}

TEST_F(StatusFileTest, HistoryAndHasState) {
    ASSERT_TRUE(file().set("CREATED", "", clock_));
    ASSERT_TRUE(file().set("SCHEDULED", "two words", clock_));
    ASSERT_TRUE(file().set("RUNNING", "", clock_));
    const auto history = file().history();
    ASSERT_EQ(history.size(), 3U);
    EXPECT_EQ(history[1].state, "SCHEDULED");
    EXPECT_EQ(history[1].note, "two words");
    EXPECT_TRUE(file().has_state("CREATED"));
    EXPECT_FALSE(file().has_state("COMPLETE"));
    EXPECT_FALSE(file().has_state("NO SUCH STATE"));
}

TEST_F(StatusFileTest, ReadsBothFormsOfStamps) {
    has("2023-11-14T22:13:20.123456 RUNNING iso\n1700000000.123456 RUN_DONE epoch\n"
        "1700000000 COMPLETE whole seconds\n");
    const auto history = file().history();
    ASSERT_EQ(history.size(), 3U);
    for (const StatusInfo& info : history) {
        EXPECT_EQ(info.flaw, "");
    }
    EXPECT_EQ(to_status_stamp(*history[0].when), "2023-11-14T22:13:20.123456");
    EXPECT_EQ(history[1].when->microseconds, 1'700'000'000'123'456);
    EXPECT_EQ(history[2].when->microseconds, 1'700'000'000'000'000);
}

TEST_F(StatusFileTest, NeighbouringStampsAreReadExactly) {
    has("2023-11-14T22:13:20.000001 INFO a\n2023-11-14T22:13:59.999999 INFO b\n"
        "2023-11-14T22:14:00.000000 INFO c\n2023-11-14T22:14:61.000000 INFO d\n"
        "2023-11-14T22:14:0x.000000 INFO e\n2023-13-14T22:14:00.000000 INFO f\n");
    const auto history = file().history();
    ASSERT_EQ(history.size(), 6U);
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string stamp = to_status_stamp(*history[i].when);
        EXPECT_THAT(get("status"), HasSubstr(stamp));
    }
    EXPECT_EQ(history[2].when->microseconds - history[1].when->microseconds, 1);
    for (std::size_t i = 3; i < 6; ++i) {
        EXPECT_EQ(history[i].flaw, "no time stamp") << i;
        EXPECT_EQ(history[i].state, "INFO");
    }
}

TEST_F(StatusFileTest, EveryNoteComesBackAsItWas) {
    for (const std::string& note :
         {std::string("two\nlines"), std::string("a literal \\n"), std::string("back\\slash\\"),
          std::string("\r\n\\\\r"), std::string("nul\0byte", 8), std::string("größe → ∞"),
          std::string(" spaces  around "), std::string("\ttab")}) {
        std::filesystem::remove(path_ + "/status");
        ASSERT_TRUE(file().set("INFO", note, clock_));
        const std::string written = get("status");
        EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 1);
        EXPECT_EQ(written.find('\0'), std::string::npos);
        EXPECT_EQ(file().current().note, note);
        EXPECT_EQ(file().current().flaw, "");
    }
}

TEST_F(StatusFileTest, PavilionsEscapesAreRead) {
    EXPECT_EQ(unescape_note("two\\nlines"), "two\nlines");
    EXPECT_EQ(unescape_note("C:\\temp \\x"), "C:\\temp \\x");
    EXPECT_EQ(unescape_note("end\\"), "end\\");
    EXPECT_EQ(escape_note("a\\nb"), "a\\\\nb");
}

TEST_F(StatusFileTest, ALongNoteIsCutOnACharacterAndSaysSo) {
    for (const char* unit : {"x", "ö", "→", "😀", "\n", "\\"}) {
        std::string note = "p";
        while (note.size() < 9000) {
            note += unit;
        }
        const std::string line = format_status_line(clock_.now(), "SCHED_CANCELLED", note);
        EXPECT_LE(line.size(), kLineMax);
        EXPECT_GE(line.size(), kLineMax - 20);
        EXPECT_TRUE(is_utf8(line));
        const StatusInfo info =
            parse_status_line(std::string_view(line).substr(0, line.size() - 1));
        EXPECT_EQ(info.flaw, "") << unit;
        EXPECT_THAT(info.note, EndsWith(" [cut]"));
        const std::string kept = info.note.substr(0, info.note.size() - 6);
        EXPECT_THAT(note, StartsWith(kept)) << unit;
    }
    const std::string whole(kNoteMax, 'x');
    const std::string line = format_status_line(clock_.now(), "SCHED_CANCELLED", whole);
    EXPECT_EQ(line.size(), kLineMax);
    EXPECT_THAT(line, EndsWith("xx\n"));
}

TEST_F(StatusFileTest, AnUnknownStateIsWrittenAsInvalid) {
    ASSERT_TRUE(file().set("DANCING", "why not", clock_));
    EXPECT_EQ(file().current().state, "INVALID");
    EXPECT_EQ(file().current().note, "unknown state 'DANCING': why not");
    // Pavilion's newer ones are not ours to write.
    ASSERT_TRUE(file().set("CANCELLED", "", clock_));
    EXPECT_EQ(file().current().state, "INVALID");
    ASSERT_TRUE(file().set("RUN\nNING", "", clock_));
    EXPECT_EQ(file().history().size(), 3U);
}

TEST_F(StatusFileTest, IllFormedTextIsReplaced) {
    ASSERT_TRUE(file().set("INFO", "bad \xff byte", clock_));
    EXPECT_TRUE(is_utf8(get("status")));
    EXPECT_EQ(file().current().flaw, "");
}

TEST_F(StatusFileTest, UnknownStatesPassThroughReaders) {
    has("1700000000.1 FUTURE_STATE hello\n");
    EXPECT_EQ(file().current().state, "FUTURE_STATE");
    EXPECT_EQ(file().current().flaw, "");
    EXPECT_TRUE(file().has_state("FUTURE_STATE"));
}

TEST_F(StatusFileTest, MissingAndEmptyFiles) {
    EXPECT_EQ(file().current().state, "STATUS_ERROR");
    EXPECT_EQ(file().history().at(0).state, "STATUS_ERROR");
    EXPECT_FALSE(file().has_state("STATUS_ERROR"));
    has("");
    EXPECT_EQ(file().current().state, "INVALID");
    EXPECT_TRUE(file().history().empty());
    std::filesystem::remove(path_ + "/status");
    std::filesystem::create_directory(path_ + "/status");
    EXPECT_EQ(file().current().state, "STATUS_ERROR");
    std::filesystem::remove(path_ + "/status");
    ASSERT_EQ(::mkfifo((path_ + "/status").c_str(), 0600), 0);
    EXPECT_EQ(file().current().state, "STATUS_ERROR");
    EXPECT_FALSE(file().set("INFO", "", clock_));
}

TEST_F(StatusFileTest, BadLinesAreFlaggedAndTheRestStands) {
    std::string lines = "1700000000.1 CREATED fine\n";
    lines += "\n";
    lines += "yesterday RUNNING bad stamp\n";
    lines += std::string("1700000000.2 INFO nul\0here\n", 27);
    lines += "1700000000.3 INFO bad\xff\n";
    lines += "1700000000.4 lower case\n";
    lines += "1700000000.5 COMPLETE fine\n";
    lines += "1700000000.6 INFO " + std::string(5000, 'x') + "\n";
    has(lines);
    const auto history = file().history();
    ASSERT_EQ(history.size(), 8U);
    const std::vector<std::string> flaws{"",
                                         "blank line",
                                         "no time stamp",
                                         "NUL bytes",
                                         "not UTF-8",
                                         "no state",
                                         "",
                                         "longer than a line may be"};
    for (std::size_t i = 0; i < flaws.size(); ++i) {
        EXPECT_EQ(history[i].flaw, flaws[i]) << i;
    }
    EXPECT_EQ(history[1].state, "INVALID");
    EXPECT_EQ(history[2].state, "RUNNING");
    EXPECT_EQ(file().current().state, "COMPLETE");
    EXPECT_FALSE(file().has_state("INFO"));
}

TEST_F(StatusFileTest, ATornLastLineIsFlaggedAndTheLastWholeOneIsCurrent) {
    has("1700000000.1 RUNNING whole\n1700000000.2 COMPL");
    EXPECT_EQ(file().current().state, "RUNNING");
    const auto history = file().history();
    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(history[1].flaw, "torn");
    // The next writer ends it.
    ASSERT_TRUE(file().set("COMPLETE", "", clock_));
    EXPECT_EQ(file().current().state, "COMPLETE");
    EXPECT_EQ(file().history().size(), 3U);
}

TEST_F(StatusFileTest, CurrentLooksBehindMuchRubbish) {
    std::string lines = "1700000000.1 RUNNING whole\n";
    for (int i = 0; i < 10000; ++i) {
        lines += "rubbish\n";
    }
    has(lines);
    EXPECT_EQ(file().current().state, "RUNNING");
    has(std::string(3U << 20U, 'x'));
    EXPECT_EQ(file().current().state, "INVALID");
    EXPECT_EQ(file().current().flaw, "no whole line");
}

TEST_F(StatusFileTest, ReadingWritesNothing) {
    has("1700000000.1 RUNNING whole\n1700000000.2 COMPL");
    const std::string before = get("status");
    static_cast<void>(file().current());
    static_cast<void>(file().history());
    static_cast<void>(file().has_state("RUNNING"));
    EXPECT_EQ(get("status"), before);
}

}  // namespace
}  // namespace pavtest::status
