// Each parser, and which lines it looks at.
#include "fixture.h"

namespace pavtest::parsers {
namespace {

TEST_F(ResultsTest, RegexGivesTheMatchAGroupOrAList) {
    log("start\nspeed: 12.5 of 20\nspeed: 13 of 20\n");
    EXPECT_EQ(key_of("regex", R"j({"regex": "speed"})j"), R"j("speed")j");
    EXPECT_EQ(key_of("regex", R"j({"regex": "speed: (\\S+)"})j"), "12.5");
    EXPECT_EQ(key_of("regex", R"j({"regex": "speed: (\\S+) of (\\d+)"})j"), "[12.5, 20]");
    EXPECT_EQ(key_of("regex", R"j({"regex": "(slow)?speed: (\\S+)"})j"), "[null, 12.5]");
    EXPECT_EQ(key_of("regex", R"j({"regex": "(slow)?speed"})j"), "null");
    EXPECT_EQ(key_of("regex", R"j({"regex": "nothing"})j"), "null");
    EXPECT_EQ(key_of("regex", R"j({"regex": ""})j"), R"j("")j");
    EXPECT_TRUE(errors_.empty());
}

TEST_F(ResultsTest, RegexSeesTheNewline) {
    log("last\n");
    EXPECT_EQ(key_of("regex", R"j({"regex": "last$"})j"), R"j("last")j");
    EXPECT_EQ(key_of("regex", R"j({"regex": "last\\Z"})j"), "null");
    EXPECT_EQ(key_of("regex", R"j({"regex": "last(\\s)"})j"), R"j("\n")j");
    EXPECT_EQ(key_of("regex", R"j({"regex": ".*"})j"), R"j("last")j");
}

TEST_F(ResultsTest, SplitGivesTheParts) {
    log("  1 1.2   hello \n1, 3,5 ,, True\n");
    EXPECT_EQ(key_of("split", "{}"), R"j([1, 1.2, "hello"])j");
    EXPECT_EQ(key_of("split", R"j({"sep": ""})j"), R"j([1, 1.2, "hello"])j");
    EXPECT_EQ(key_of("split", R"j({"sep": ",", "preceded_by": ["hello"]})j"),
              R"j([1, 3, 5, "", true])j");
    EXPECT_EQ(key_of("split", R"j({"sep": ", ", "match_select": "last"})j"),
              R"j([1, "3,5 ,", true])j");
}

TEST_F(ResultsTest, ConstantNeedsNoFile) {
    EXPECT_EQ(key_of("constant", R"j({"const": "33"})j"), "33");
    EXPECT_EQ(key_of("constant", R"j({"const": "word"})j"), R"j("word")j");
    EXPECT_EQ(key_of("constant", R"j({"const": "33", "action": "store_str"})j"), R"j("33")j");
    EXPECT_TRUE(errors_.empty());
}

TEST_F(ResultsTest, ForcedOptionsCannotBeSet) {
    EXPECT_EQ(key_of("constant", R"j({"const": "x", "preceded_by": "y"})j"), "null");
    ASSERT_EQ(errors_.size(), 1U);
    EXPECT_NE(errors_[0].find("'preceded_by' cannot be set"), std::string::npos);
    EXPECT_EQ(key_of("filecheck", R"j({"match_select": "all"})j"), "null");
    EXPECT_EQ(key_of("command", R"j({"command": "true", "per_file": "name"})j"), "null");
}

TEST_F(ResultsTest, CommandGivesReturnValueOrOutput) {
    write("here.txt", "x");
    EXPECT_EQ(key_of("command", R"j({"command": "exit 3"})j"), "3");
    EXPECT_EQ(key_of("command", R"j({"command": "kill -9 $$"})j"), "-9");
    EXPECT_EQ(key_of("command", R"j({"command": "ls", "output_type": "stdout"})j"),
              R"j("here.txt")j");
    EXPECT_EQ(key_of("command", R"j({"command": "echo 4; echo 2 >&2", "output_type": "stdout"})j"),
              R"j("4\n2")j");
    EXPECT_EQ(key_of("command", R"j({"command": "echo 4; echo 2 >&2", "output_type": "stdout",
                                    "stderr_dest": "null"})j"),
              "4");
    EXPECT_EQ(key_of("command", R"j({"command": "echo 4", "output_type": "file"})j"), "null");
    EXPECT_NE(errors_[0].find("return_value, stdout"), std::string::npos);
}

TEST_F(ResultsTest, CommandRunsOnceWhereALineAsksForIt) {
    log("one\nready\nready\n");
    EXPECT_EQ(key_of("command", R"j({"command": "echo >> runs; wc -l < runs",
                                    "output_type": "stdout", "for_lines_matching": "ready"})j"),
              "1");
    EXPECT_EQ(key_of("command", R"j({"command": "true", "for_lines_matching": "never"})j"), "null");
}

TEST_F(ResultsTest, CommandThatHangsIsEnded) {
    inputs_.limits.command_time = std::chrono::seconds(1);
    EXPECT_EQ(key_of("command", R"j({"command": "sleep 60"})j"), "null");
    ASSERT_EQ(errors_.size(), 1U);
    EXPECT_NE(errors_[0].find("more than 1 s"), std::string::npos);
}

TEST_F(ResultsTest, FilecheckSaysWhetherAFileIsThere) {
    write("out.dat", "");
    std::filesystem::create_directories(root_ / "build/dir");
    EXPECT_EQ(key_of("filecheck", R"j({"files": "*.dat"})j"), "true");
    EXPECT_EQ(key_of("filecheck", R"j({"files": "dir"})j"), "true");
    EXPECT_EQ(key_of("filecheck", R"j({"files": "*.dat", "action": "store_false"})j"), "false");
    EXPECT_EQ(key_of("filecheck", R"j({"files": "no.dat"})j"), "false");
    EXPECT_EQ(key_of("filecheck", R"j({"files": "no.dat", "action": "store_false"})j"), "true");
    EXPECT_EQ(key_of("filecheck", R"j({"files": ["out.dat", "no.dat"], "per_file": "all"})j"),
              "false");
    EXPECT_EQ(key_of("filecheck", R"j({"files": ["out.dat", "no.dat"], "per_file": "any"})j"),
              "true");
    EXPECT_TRUE(errors_.empty());
}

TEST_F(ResultsTest, JsonIsReadFromALineToALine) {
    log("before\n{\"a\": {\"b\": [1, 2.50],\n \"c\": \"7\"}, \"d\": null}\nafter\n");
    EXPECT_EQ(key_of("json", R"j({"preceded_by": ["before"], "stop_at": "^after"})j"),
              R"j({"a": {"b": [1, 2.50], "c": 7}, "d": null})j");
    EXPECT_EQ(key_of("json", R"j({"for_lines_matching": "^\\{", "stop_at": "^after",
                                 "include_only": ["a.c", "d"]})j"),
              R"j({"a": {"c": 7}, "d": null})j");
    EXPECT_EQ(key_of("json", R"j({"for_lines_matching": "^\\{", "stop_at": "^after",
                                 "exclude": ["a.b", "d"]})j"),
              R"j({"a": {"c": 7}})j");
    EXPECT_TRUE(errors_.empty());
    EXPECT_EQ(key_of("json", R"j({"for_lines_matching": "^\\{"})j"), "null");
    EXPECT_NE(errors_.at(0).find("invalid JSON at its line 3"), std::string::npos) << errors_[0];
}

TEST_F(ResultsTest, JsonComplaintsNameTheKey) {
    log("{\"foo\": {\"bar\": 1}}\n");
    const struct {
        const char* options;
        const char* part;
    } cases[] = {
        {R"j({"exclude": ["foo.bad"]})j", "exclude names 'foo.bad', but there is no 'foo.bad'"},
        {R"j({"exclude": ["foo.bar.bad"]})j", "but 'foo.bar' is no mapping"},
        {R"j({"include_only": ["foo.bad"]})j", "but there is no 'foo.bad'"},
        {R"j({"include_only": ["foo.bad.x"]})j", "but there is no 'foo.bad'"},
        {R"j({"include_only": ["foo.bar.x"]})j", "but 'foo.bar' is no mapping"},
    };
    for (const auto& item : cases) {
        EXPECT_EQ(key_of("json", item.options), "null");
        ASSERT_EQ(errors_.size(), 1U);
        EXPECT_NE(errors_[0].find(item.part), std::string::npos) << errors_[0];
    }
}

TEST_F(ResultsTest, JsonKeepsNumbersAsTheyAre) {
    log(R"j({"big": 123456789012345678901234567890, "exact": 0.10000000000000000001, "e": 1E3,
 "nan": NaN, "inf": [-Infinity, Infinity], "text": "NaN \" Infinity", "twice": 1, "twice": 2})j");
    EXPECT_EQ(key_of("json", "{}"),
              R"j({"big": 123456789012345678901234567890, "exact": 0.10000000000000000001, )j"
              R"j("e": 1E3, "nan": "NaN", "inf": ["-Infinity", "Infinity"], )j"
              R"j("text": "NaN \" Infinity", "twice": 2})j");
    log(std::string(2000, '[') + std::string(2000, ']'));
    EXPECT_EQ(key_of("json", "{}"), "null");
    EXPECT_NE(errors_.at(0).find("nested"), std::string::npos);
    log("\n");
    EXPECT_EQ(key_of("json", "{}"), "null");
    EXPECT_NE(errors_.at(0).find("there is none"), std::string::npos);
}

TEST_F(ResultsTest, TableByRowsAndColumns) {
    log("Title\n"
        "Name  Rate  Max\n"
        "----  ----  ---\n"
        "read  10    20.5\n"
        "write 7     N/A\n"
        "\n"
        "other 1 2\n");
    EXPECT_EQ(key_of("table", R"j({"for_lines_matching": "^Name"})j"),
              R"j({"read": {"rate": 10, "max": 20.5}, "write": {"rate": 7, "max": "N/A"}})j");
    EXPECT_EQ(key_of("table", R"j({"for_lines_matching": "^Name", "by_column": "true"})j"),
              R"j({"rate": {"read": 10, "write": 7}, "max": {"read": 20.5, "write": "N/A"}})j");
    EXPECT_EQ(key_of("table", R"j({"for_lines_matching": "^Name", "has_row_labels": "False"})j"),
              R"j({"row_0": {"name": "read", "rate": 10, "max": 20.5}, )j"
              R"j("row_1": {"name": "write", "rate": 7, "max": "N/A"}})j");
    EXPECT_EQ(key_of("table", R"j({"for_lines_matching": "^read", "col_names": ["a", "", "c"],
                                  "table_end_re": "^write"})j"),
              R"j({"read": {"a": 10, "c": null}})j");
    EXPECT_TRUE(errors_.empty());
}

TEST_F(ResultsTest, TableWithMissingCellsAndDoubledNames) {
    log("  Size | Speed | Speed | Speed | 1st | |x\n"
        "=====+====\n"
        "  a B | 1 | | 3 | 4 | 5|6\n"
        "  a b | 1 | 2\n"
        "   | 9\n");
    EXPECT_EQ(
        key_of("table", R"j({"delimiter_re": "\\|"})j"),
        R"j({"a_b": {"speed": 1, "speed_2": null, "speed_3": 3, "c_1st": 4, "x": 6}, )j"
        R"j("a_b_1": {"speed": 1, "speed_2": 2, "speed_3": null, "c_1st": null, "x": null}, )j"
        R"j("row_2": {"speed": 9, "speed_2": null, "speed_3": null, "c_1st": null, )j"
        R"j("x": null}})j");
}

TEST_F(ResultsTest, TableWithBlanksBeforeItsLines) {
    log("SUMMARY:\n   Operation     Max    Min\n   -----  ---\n"
        "   File stat:  2.5  1\n   Tree removal  :  7  6\n\n");
    EXPECT_EQ(key_of("table", R"j({"preceded_by": ["^SUMMARY"], "delimiter_re": "[ :]{2,}",
                                  "lstrip": "True"})j"),
              R"j({"file_stat": {"max": 2.5, "min": 1}, "tree_removal": {"max": 7, "min": 6}})j");
}

TEST_F(ResultsTest, TableWithoutLinesIsAnError) {
    log("----\n\nx\n");
    EXPECT_EQ(key_of("table", "{}"), "null");
    ASSERT_EQ(errors_.size(), 1U);
    EXPECT_NE(errors_[0].find("has no lines"), std::string::npos);
}

TEST_F(ResultsTest, TablesOneBehindTheOther) {
    log("T a\nx 1\n\nT a\ny 2\n\n");
    EXPECT_EQ(key_of("table", R"j({"for_lines_matching": "^T", "match_select": "all"})j"),
              R"j([{"x": {"a": 1}}, {"y": {"a": 2}}])j");
    EXPECT_EQ(key_of("table", R"j({"for_lines_matching": "^T", "match_select": "last"})j"),
              R"j({"y": {"a": 2}})j");
}

// The window of conditions slides over the lines, and starts anew behind a match.
TEST_F(ResultsTest, LinesAreChosenByWhatPrecedesThem) {
    log("c\na\na\nb\nflm 1\na\nb\nflm 2\nflm 3\n");
    const std::string options = R"j("for_lines_matching": "^flm", "regex": "\\d", )j"
                                R"j("match_select": "all")j";
    EXPECT_EQ(key_of("regex", "{" + options + R"j(, "preceded_by": ["^a", "^b"]})j"), "[1, 2]");
    EXPECT_EQ(key_of("regex", "{" + options + "}"), "[1, 2, 3]");
    EXPECT_EQ(key_of("regex", "{" + options + R"j(, "preceded_by": ["", ""]})j"), "[1, 2]");
    EXPECT_EQ(key_of("regex", "{" + options + R"j(, "preceded_by": "flm"})j"), "[3]");
    EXPECT_EQ(key_of("regex", "{" + options + R"j(, "preceded_by": ["^a", "^a"]})j"), "[]");
    // The third x is the line that was looked at, and nothing is left to precede the y.
    log("x\nx\nx\ny\n");
    EXPECT_EQ(key_of("regex", R"j({"regex": "y", "preceded_by": ["x", "x"]})j"), "null");
    log("z\nx\nx\ny\n");
    EXPECT_EQ(key_of("regex", R"j({"regex": "y", "preceded_by": ["x", "x"]})j"), R"j("y")j");
}

TEST_F(ResultsTest, MatchSelectChooses) {
    log("B: 6\nB: 2\nB: 6\nB: 3\n");
    const auto choose = [&](const std::string& select) {
        return key_of("regex", R"j({"regex": ": (\\d)", "match_select" : ")j" + select + "\"}");
    };
    EXPECT_EQ(choose("first"), "6");
    EXPECT_EQ(choose("last"), "3");
    EXPECT_EQ(choose("all"), "[6, 2, 6, 3]");
    EXPECT_EQ(choose("uniq"), "[6, 2, 3]");
    EXPECT_EQ(choose("1"), "2");
    EXPECT_EQ(choose("-2"), "6");
    EXPECT_EQ(choose("-4"), "6");
    EXPECT_EQ(choose("4"), "null");
    EXPECT_EQ(choose("-5"), "null");
    EXPECT_TRUE(errors_.empty());
    EXPECT_EQ(choose("frist"), "null");
    EXPECT_NE(errors_.at(0).find("did you mean 'first'"), std::string::npos) << errors_[0];
}

TEST_F(ResultsTest, DefaultsOfAParser) {
    write("a.out", "v 1\n");
    log("v 2\n");
    const Results results = gather_with(R"j({"result_parse": {"regex": {
        "_defaults": {"files": ["*.out"], "regex": "v (\\d)", "action": "store_str"}, "mine" : {"action" : null, "files" : []}, "back" : {
    "files" : "../run.log", "action" : "store"}}}})j");
    EXPECT_EQ(at(results, "mine"), R"j("1")j");
    EXPECT_EQ(at(results, "back"), "2");
    EXPECT_EQ(at(results, "_defaults"), "absent");
}

TEST_F(ResultsTest, KeysSpreadLists) {
    log("Multi 1, 2, 3\n");
    const Results results = gather_with(R"j({"result_parse": {"regex": {
        "a, _  ,   c": {"regex": "Multi (\\d), (\\d), (\\d)"}, "d," : {"regex" : "Multi (\\d), (\\d)"},
         "e, f, g" : {"regex" : "Multi (\\d), (\\d)"},
                     "_, h" : {"regex" : "Multi"},
                              "_hidden" : {
    "regex" : "Multi"}}}})j");
    EXPECT_EQ(at(results, "a"), "1");
    EXPECT_EQ(at(results, "c"), "3");
    EXPECT_EQ(at(results, "_"), "absent");
    EXPECT_EQ(at(results, "d"), "1");
    EXPECT_EQ(at(results, "e"), "1");
    EXPECT_EQ(at(results, "g"), "null");
    EXPECT_EQ(at(results, "h"), R"j("Multi")j");
    EXPECT_EQ(at(results, "_hidden"), "absent");
    ASSERT_EQ(results.errors.size(), 2U);
    EXPECT_EQ(results.verdict, status::Verdict::pass);
}

}  // namespace
}  // namespace pavtest::parsers
