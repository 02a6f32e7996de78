// Actions, the types of values, and several files.
#include "fixture.h"

namespace pavtest::parsers {
namespace {

// What an action makes of all matches of (\S+) behind "v".
class Actions : public ResultsTest {
  protected:
    std::string act(const std::string& action, const std::string& text,
                    const std::string& select = "all") {
        log(text);
        return key_of("regex", R"j({"regex": "v (\\S+)", "match_select": ")j" + select +
                                   R"j(", "action": ")j" + action + "\"}");
    }
};

TEST_F(Actions, Store) {
    EXPECT_EQ(act("store", "v 1\nv 2.50\nv True\nv x\nv 1_000\n"),
              R"j([1, 2.50, true, "x", "1_000"])j");
    EXPECT_EQ(act("store", "v 7\n", "first"), "7");
    EXPECT_EQ(act("store", "", "first"), "null");
    EXPECT_EQ(act("store", ""), "[]");
    EXPECT_EQ(act("store_str", "v 1\nv True\n"), R"j(["1", "True"])j");
}

TEST_F(Actions, TruthAndCount) {
    EXPECT_EQ(act("store_true", "v 0\n", "first"), "true");
    EXPECT_EQ(act("store_true", "", "first"), "false");
    EXPECT_EQ(act("store_true", ""), "false");
    EXPECT_EQ(act("store_false", "v 0\n"), "false");
    EXPECT_EQ(act("store_false", ""), "true");
    EXPECT_EQ(act("count", "v 1\nv 1\n"), "2");
    EXPECT_EQ(act("count", "v 1\nv 1\n", "uniq"), "1");
    EXPECT_EQ(act("count", ""), "0");
    EXPECT_EQ(act("count", "v 1\nv 1\n", "first"), "1");
    EXPECT_EQ(act("count", "", "first"), "0");
}

TEST_F(Actions, Reductions) {
    const std::string text = "v 5\nv x\nv 6\nv 2.5\n";
    EXPECT_EQ(act("store_sum", text), "13.5");
    EXPECT_EQ(act("store_min", text), "2.5");
    EXPECT_EQ(act("store_max", text), "6");
    EXPECT_EQ(act("store_mean", text), "4.5");
    EXPECT_EQ(act("store_sum", "v 5\nv 6\n"), "11");
    EXPECT_EQ(act("store_mean", "v 5\nv 6\n"), "5.5");
    EXPECT_EQ(act("store_sum", "v 5\nv 5\n", "uniq"), "5");
    for (const char* action :
         {"store_sum", "store_min", "store_median", "store_mean", "store_max"}) {
        EXPECT_EQ(act(action, "v x\n"), "null");
        EXPECT_EQ(act(action, ""), "null");
        EXPECT_EQ(act(action, "v 4\n", "first"), "null");
    }
}

// Pavilion takes the one before the middle of an odd count.
TEST_F(Actions, MedianOfOddAndEvenCounts) {
    EXPECT_EQ(act("store_median", "v 9\nv 1\nv 5\n"), "5");
    EXPECT_EQ(act("store_median", "v 3.50\n"), "3.50");
    EXPECT_EQ(act("store_median", "v 9\nv 1\nv 4\nv 5\n"), "4.5");
    EXPECT_EQ(act("store_median", "v 4\nv 4\n"), "4.0");
    EXPECT_EQ(act("store_median", "v 1\nv nan\nv 3\n"), R"j("NaN")j");
}

TEST_F(Actions, LargeIntegersAreExact) {
    EXPECT_EQ(act("store_sum", "v 9223372036854775807\nv 9223372036854775807\n"),
              "18446744073709551614");
    EXPECT_EQ(act("store_max", "v 9223372036854775808\nv 9223372036854775807\n"),
              "9223372036854775808");
    EXPECT_EQ(act("store_sum", "v -5\nv 5\n"), "0");
}

TEST_F(Actions, ListsOfGroupsAreReducedToo) {
    log("3 1 2\n");
    EXPECT_EQ(key_of("regex", R"j({"regex": "(\\d) (\\d) (\\d)", "action": "store_median"})j"),
              "2");
    EXPECT_EQ(key_of("split", R"j({"action": "count"})j"), "3");
}

TEST(Values, NumbersAsPythonReadsThem) {
    const struct {
        const char* text;
        const char* json;
    } cases[] = {{"7", "7"},
                 {"007", "7"},
                 {"-0", "0"},
                 {"+5", "5"},
                 {" 12\n", "12"},
                 {"123456789012345678901234567890", "123456789012345678901234567890"},
                 {"5.10", "5.10"},
                 {"-.5", "-0.5"},
                 {"5.", "5.0"},
                 {"1e5", "1e5"},
                 {"1.5E-07", "1.5e-07"},
                 {"0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"},
                 {"nan", "\"NaN\""},
                 {"-Inf", "\"-Infinity\""},
                 {"infinity", "\"Infinity\""},
                 {"True", "true"},
                 {"true", "\"true\""},
                 {"1_0", "\"1_0\""},
                 {"0x10", "\"0x10\""},
                 {"1e", "\"1e\""},
                 {".", "\".\""},
                 {"- 5", "\"- 5\""},
                 {"", "\"\""},
                 {"5 6", "\"5 6\""}};
    for (const auto& item : cases) {
        EXPECT_EQ(to_json(convert(Value(std::string(item.text)))), item.json) << item.text;
    }
}

// ---- several files

class PerFileTest : public ResultsTest {
  protected:
    void SetUp() override {
        ResultsTest::SetUp();
        write("node1.out", "nothing\n");
        write("node2.out", "size=2M\n");
        write("node3.out", "size=4K\n");
        write("node4.out", "nothing\n");
    }
    std::string per_file(const std::string& rule, const std::string& more = "") {
        return key_of("regex", R"j({"regex": "size=(.+)", "files": "*.out", "per_file": ")j" +
                                   rule + "\"" + more + "}");
    }
};

TEST_F(PerFileTest, FirstAndLastThatIsNotEmpty) {
    EXPECT_EQ(per_file("first"), R"j("2M")j");
    // Pavilion stores a list.
    EXPECT_EQ(per_file("last"), R"j("4K")j");
    EXPECT_EQ(per_file("first", R"j(, "action": "store_true")j"), "false");
    EXPECT_EQ(per_file("last", R"j(, "match_select": "all")j"), R"j(["4K"])j");
    EXPECT_EQ(per_file("last", R"j(, "match_select": "5")j"), "null");
}

TEST_F(PerFileTest, ByName) {
    const Results results = gather_with(
        R"j({"result_parse": {"regex": {"a, b": {"regex": "(size)=(.+)", "files": "*.out",
            "per_file": "name"}, "one": {
    "regex" : "size", "files" : ["*.out"], "per_file" : "name"}}}})j");
    EXPECT_EQ(at(results, "per_file.node2"), R"j({"a": "size", "b": "2M", "one": "size"})j");
    EXPECT_EQ(at(results, "per_file.node1.one"), "null");
    EXPECT_EQ(per_file("name_list"), R"j(["node2", "node3"])j");
}

TEST_F(PerFileTest, ListAllAny) {
    EXPECT_EQ(per_file("list"), R"j(["2M", "4K"])j");
    EXPECT_EQ(per_file("list", R"j(, "match_select": "all")j"), R"j(["2M", "4K"])j");
    EXPECT_EQ(per_file("list", R"j(, "action": "store_true")j"), "[false, true, true, false]");
    EXPECT_EQ(per_file("all"), "false");
    EXPECT_EQ(per_file("any"), "true");
    EXPECT_EQ(per_file("any", R"j(, "action": "store_false")j"), "true");
    EXPECT_EQ(per_file("all", R"j(, "action": "store_false")j"), "false");
}

// The documentation's table of what counts as true by itself.
TEST_F(PerFileTest, WhatIsTrueByItself) {
    const struct {
        const char* text;
        const char* by_itself;
        const char* stored_true;
    } cases[] = {{"other", "false", "false"},   {"size=2M", "true", "true"},
                 {"size=5", "true", "true"},    {"size=0", "false", "true"},
                 {"size=True", "true", "true"}, {"size=False", "false", "true"},
                 {"size=0.0", "false", "true"}};
    for (const auto& item : cases) {
        write("one.txt", item.text);
        EXPECT_EQ(key_of("regex", R"j({"regex": "size=(.+)", "files": "one.txt",
                                      "per_file": "all"})j"),
                  item.by_itself)
            << item.text;
        EXPECT_EQ(key_of("regex", R"j({"regex": "size=(.+)", "files": "one.txt",
                                      "per_file": "all", "action": "store_true"})j"),
                  item.stored_true)
            << item.text;
    }
}

TEST_F(PerFileTest, NamesAreNormalizedAndDoublesTold) {
    write("Node%5.foo.out", "size=1\n");
    write("node_5.out", "size=2\n");
    EXPECT_EQ(per_file("name_list"), R"j(["node_5", "node2", "node3", "node_5"])j");
    ASSERT_EQ(errors_.size(), 1U);
    EXPECT_NE(errors_[0].find("'node_5': Node%5.foo.out, node_5.out"), std::string::npos)
        << errors_[0];
}

TEST_F(PerFileTest, GlobsInOrderEachFileOnce) {
    EXPECT_EQ(key_of("regex", R"j({"regex": "^.", "files": ["node3*", "*.out"],
                                  "per_file": "list"})j"),
              R"j(["s", "n", "s", "n"])j");
    EXPECT_EQ(key_of("regex", R"j({"regex": "size", "files": "node[12].out",
                                  "per_file": "name_list"})j"),
              R"j(["node2"])j");
}

}  // namespace
}  // namespace pavtest::parsers
