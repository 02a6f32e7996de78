// Files that are missing, cut short, binary, huge, or no files at all.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "fixture.h"
#include "run/parsers/line_reader.h"

namespace pavtest::parsers {
namespace {

std::vector<std::string> lines_of(const std::string& path, std::size_t limit, bool rest) {
    std::vector<std::string> lines;
    auto reader = LineReader::open(path, limit);
    EXPECT_TRUE(reader);
    Line line;
    while (reader && *reader->next(line, rest)) {
        lines.emplace_back(line.text);
    }
    return lines;
}

using Lines = std::vector<std::string>;

TEST_F(ResultsTest, LinesEndAsInPython) {
    log("a\nb\r\nc\rd\r\r\ne\n\nlast");
    EXPECT_EQ(lines_of(root_ / "run.log", 100, false),
              (Lines{"a\n", "b\n", "c\n", "d\n", "\n", "e\n", "\n", "last"}));
    log("a\r");
    EXPECT_EQ(lines_of(root_ / "run.log", 100, false), Lines{"a\n"});
    log("");
    EXPECT_EQ(lines_of(root_ / "run.log", 100, false), Lines{});
}

TEST_F(ResultsTest, LinesAcrossBlocks) {
    std::string text;
    Lines expected;
    for (int i = 0; i < 40000; ++i) {
        expected.push_back("line " + std::to_string(i) + (i % 3 == 0 ? " é" : "") + "\n");
        text += expected.back();
        if (i % 5 == 0) {
            text.back() = '\r';
            text += '\n';
        }
    }
    log(text);
    EXPECT_EQ(lines_of(root_ / "run.log", 1000, false), expected);
}

TEST_F(ResultsTest, LongLinesComeInPieces) {
    log(std::string(25, 'x') + "\nshort\n" + std::string(10, 'y') + "\n");
    EXPECT_EQ(lines_of(root_ / "run.log", 10, true),
              (Lines{"xxxxxxxxxx", "xxxxxxxxxx", "xxxxx\n", "short\n", "yyyyyyyyyy", "\n"}));
    EXPECT_EQ(lines_of(root_ / "run.log", 10, false),
              (Lines{"xxxxxxxxxx", "short\n", "yyyyyyyyyy"}));
    // No character is cut.
    log("xxxxxxxxé and more\n");
    EXPECT_EQ(lines_of(root_ / "run.log", 9, false), Lines{"xxxxxxxx"});
}

TEST_F(ResultsTest, NoUtf8IsReplaced) {
    write("bad.txt", "This\xb0 character can not be read \xb0");
    EXPECT_EQ(key_of("regex", R"j({"regex": "character (\\w+)", "files": "bad.txt"})j"),
              R"j("can")j");
    EXPECT_EQ(key_of("regex", R"j({"regex": "read (.)", "files": "bad.txt"})j"),
              "\"\xEF\xBF\xBD\"");
    std::string noise;
    for (int i = 0; i < 100000; ++i) {
        noise += static_cast<char>(i * 7919 % 251);
    }
    log(noise + "\nscore: 5\n" + noise);
    EXPECT_EQ(key_of("regex", R"j({"regex": "^score: (\\d)"})j"), "5");
}

TEST_F(ResultsTest, CutOffLog) {
    log("score: 5\nscore: 1");
    EXPECT_EQ(key_of("regex", R"j({"regex": "^score: (\\d+)", "match_select": "last"})j"), "1");
    EXPECT_EQ(key_of("json", R"j({"for_lines_matching": "^score"})j"), "null");
}

TEST_F(ResultsTest, MissingLog) {
    EXPECT_EQ(key_of("regex", R"j({"regex": "x"})j"), "null");
    ASSERT_EQ(errors_.size(), 1U);
    EXPECT_NE(errors_[0].find("there is no file '../run.log'"), std::string::npos);
    EXPECT_EQ(key_of("regex", R"j({"regex": "x", "per_file": "all"})j"), "false");
    EXPECT_EQ(key_of("regex", R"j({"regex": "x", "per_file": "any"})j"), "false");
    EXPECT_EQ(key_of("regex", R"j({"regex": "x", "per_file": "list"})j"), "[]");
    EXPECT_EQ(key_of("regex", R"j({"regex": "x", "per_file": "name_list"})j"), "[]");
}

// In Pavilion each of these is a pass.
TEST_F(ResultsTest, WhatCannotBeLookedAtIsNoPass) {
    const char* const configs[] = {
        R"j({"result_parse": {"regex": {"result": {"regex": "GOOD"}}}})j",
        R"j({"result_parse": {"regex": {"result": {"regex": "BAD", "action": "store_false"}}}})j",
        R"j({"result_parse": {"regex": {"result": {"regex": "BAD", "action": "store_false",
                                                  "per_file": "all"}}}})j",
        R"j({"result_parse": {"regex": {"bad": {"regex": "BAD", "action": "store_true"}}},
            "result_evaluate": {"result": "not worse", "worse": "bad"}})j",
        R"j({"result_parse": {"regex": {"bad": {"regex": "BAD", "files": "*.out", "per_file": "name",
                                               "action": "count"}}},
            "result_evaluate": {"result": "len(keys(per_file)) == 0"}})j"};
    for (const char* config : configs) {
        const Results results = gather_with(config);
        EXPECT_EQ(results.verdict, status::Verdict::error) << config;
        EXPECT_TRUE(results.results_error);
        EXPECT_NE(results.note.find("there is no file"), std::string::npos) << results.note;
        EXPECT_EQ(at(results, "result"), R"j("ERROR")j");
    }
    // A verdict that does not need it stays.
    const Results results = gather_with(R"j({"result_parse": {"regex": {"x": {"regex": "y"}}}})j");
    EXPECT_EQ(results.verdict, status::Verdict::pass);
    EXPECT_FALSE(results.results_error);
    EXPECT_EQ(results.errors.size(), 1U);
}

TEST_F(ResultsTest, OneGlobOfSeveralFindsNothing) {
    log("GOOD\n");
    const std::string files = R"j("files": ["../run.log", "more.out"])j";
    EXPECT_EQ(key_of("regex", R"j({"regex": "GOOD", )j" + files + "}"), R"j("GOOD")j");
    EXPECT_EQ(errors_.size(), 1U);
    EXPECT_EQ(key_of("regex", R"j({"regex": "GOOD", "per_file": "all", )j" + files + "}"), "false");
    EXPECT_EQ(key_of("regex", R"j({"regex": "GOOD", "per_file": "any", )j" + files + "}"), "true");
    const Results results = gather_with(R"j({"result_parse": {"regex": {"result": {"regex": "BAD",
                        "action": "store_false", )j" +
                                        files + "}}}}");
    EXPECT_EQ(results.verdict, status::Verdict::error);
}

TEST_F(ResultsTest, OnlyFilesAreRead) {
    ASSERT_EQ(::mkfifo((root_ / "build/pipe.out").c_str(), 0600), 0);
    std::filesystem::create_directories(root_ / "build/dir.out");
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(key_of("regex", R"j({"regex": "x", "files": "*.out"})j"), "null");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    ASSERT_EQ(errors_.size(), 2U);
    EXPECT_NE(errors_[0].find("it is a directory"), std::string::npos);
    EXPECT_NE(errors_[1].find("it is a FIFO"), std::string::npos);
    EXPECT_EQ(key_of("regex", R"j({"regex": "x", "files": "/dev/zero"})j"), "null");
    EXPECT_NE(errors_[0].find("it is a device"), std::string::npos);
}

TEST_F(ResultsTest, UnreadableFile) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "root reads everything";
    }
    log("x\n");
    ::chmod((root_ / "run.log").c_str(), 0);
    EXPECT_EQ(key_of("regex", R"j({"regex": "x"})j"), "null");
    EXPECT_NE(errors_.at(0).find("Permission denied"), std::string::npos);
}

// Ten gigabytes, nearly all of them a hole: one line of zeros, then a line with text.
TEST_F(ResultsTest, TenGigabytesWithAHole) {
    log("score: 4\n");
    const FileDescriptor fd(::open((root_ / "run.log").c_str(), O_WRONLY));
    constexpr off_t size = static_cast<off_t>(10) << 30U;
    ASSERT_EQ(::ftruncate(fd.get(), size), 0);
    constexpr std::string_view end = "\nscore: 5\n";
    ASSERT_EQ(::pwrite(fd.get(), end.data(), end.size(), size), static_cast<ssize_t>(end.size()));
    EXPECT_EQ(key_of("regex", R"j({"regex": "^score: (\\d)"})j"), "4");
    EXPECT_TRUE(errors_.empty());
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(key_of("regex", R"j({"regex": "^score: (\\d)", "match_select": "last"})j"), "5");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
    ASSERT_EQ(errors_.size(), 1U);
    EXPECT_NE(errors_[0].find("line 2 is so long that only its beginning"), std::string::npos);
}

TEST_F(ResultsTest, JsonOnOneLongLine) {
    std::string json = "[0";
    for (int i = 1; json.size() < (3U << 20); ++i) {
        json += "," + std::to_string(i);
    }
    write("data.json", json + "]\n");
    EXPECT_EQ(key_of("json", R"j({"files": "data.json", "action": "count"})j").size(), 6U);
    EXPECT_TRUE(errors_.empty());
}

TEST_F(ResultsTest, CatastrophicPatternIsAnErrorThatNamesIt) {
    log(std::string(3000, 'a') + "\n");
    const auto begin = std::chrono::steady_clock::now();
    const Results results =
        gather_with(R"j({"result_parse": {"regex": {"x": {"regex": "(a+)+[bc]"}}}})j");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    EXPECT_TRUE(results.results_error);
    EXPECT_EQ(results.verdict, status::Verdict::error);
    EXPECT_NE(results.note.find("'(a+)+[bc]' was given up"), std::string::npos) << results.note;
    EXPECT_NE(results.note.find("run.log: line 1"), std::string::npos) << results.note;
}

TEST_F(ResultsTest, ParsingEndsWhenItsTimeIsOver) {
    std::string text;
    for (int i = 0; i < 200000; ++i) {
        text += "some line of a log " + std::to_string(i) + "\n";
    }
    log(text);
    inputs_.limits.time = std::chrono::seconds(0);
    EXPECT_EQ(key_of("regex", R"j({"regex": "none"})j"), "null");
    EXPECT_NE(errors_.at(0).find("the time for parsing was over"), std::string::npos);
}

TEST_F(ResultsTest, FilesOfTheTestAreFoundThroughALinkedBuild) {
    std::filesystem::create_directories(root_ / "elsewhere/deep");
    std::filesystem::create_directory_symlink(root_ / "elsewhere/deep", root_ / "build@");
    inputs_.places.build_directory = root_ / "build@";
    log("in the log\n");
    std::ofstream(root_ / "side.txt") << "side\n";
    EXPECT_EQ(key_of("regex", R"j({"regex": "in the \\w+"})j"), R"j("in the log")j");
    EXPECT_EQ(key_of("regex", R"j({"regex": "\\w+", "files": "../*.txt"})j"), R"j("side")j");
    EXPECT_EQ(
        key_of("regex", R"j({"regex": "\\w+", "files": ")j" + (root_ / "side.t*").string() + "\"}"),
        R"j("side")j");
}

TEST_F(ResultsTest, GlobsAreTakenLiterallyInTheTestsOwnPath) {
    std::filesystem::create_directories(root_ / "[b]*");
    std::ofstream(root_ / "[b]*" / "a\\b.txt") << "x1\n";
    inputs_.places.build_directory = root_ / "[b]*";
    EXPECT_EQ(key_of("regex", R"j({"regex": "x\\d", "files": "a\\b.*"})j"), R"j("x1")j");
}

}  // namespace
}  // namespace pavtest::parsers
