// Whole tests: what a suite's author would write, from output to verdict; and the resolved
// configurations in ../shared/conformance, skipped where they are not there.
#include <iostream>

#include "fixture.h"

namespace pavtest::parsers {
namespace {

using status::Verdict;

constexpr const char* output = R"j(Welcome to the tour!

Ran for: 36.52s
GFlops: 9003

Settings (apples, pears, plums, peeled?)
- - - - - - - - - - - -
32, 98.5, 18.5, True

N-dim     |   Stretch   |  Width
-----------------------------------
 1          | 45.2           | 16
 2          | 25.9           | 121
 4          | 35.1           | 144

That went splendidly.
)j";

constexpr const char* configuration = R"j({
    "result_parse": {
        "regex": {
            "run_time": {"regex": "Ran for: (\\d+\\.\\d+)s"},
            "_gflops": {"regex": "GFlops: (\\d+)"},
            "flops": {"regex": "(\\d+\\.\\d+) a node$", "files": "*.out", "per_file": "name"},
            "result": {"regex": "That went badly", "action": "store_false"}},
        "split": {
            "apples, _, plums": {"preceded_by": ["^Settings", "^- - - "], "sep": ","}},
        "table": {
            "by_dim": {"for_lines_matching": "^N-dim", "delimiter_re": "\\|"}}},
    "result_evaluate": {
        "tflops": "_gflops / 1000", "pflops": "tflops / 1000",
        "average": "avg(per_file.*.flops)",
        "_far": "outliers(per_file.*.flops, keys(per_file), 1.3)", "far": "keys(_far)"}})j";

TEST_F(ResultsTest, ATour) {
    log(output);
    write("node1.out", "Hello\n34.89 a node\n");
    write("node2.out", "37.2 a node\n");
    write("node3.out", "39.49 a node\n");
    write("node4.out", "139.72 a node\n");
    const Results results = gather_with(configuration);
    EXPECT_EQ(results.verdict, Verdict::pass) << results.note;
    EXPECT_EQ(at(results, "run_time"), "36.52");
    EXPECT_EQ(at(results, "_gflops"), "absent");
    EXPECT_EQ(at(results, "tflops"), "9.003");
    EXPECT_EQ(at(results, "apples"), "32");
    EXPECT_EQ(at(results, "plums"), "18.5");
    EXPECT_EQ(at(results, "by_dim"),
              R"j({"1": {"stretch": 45.2, "width": 16}, "2": {"stretch": 25.9, "width": 121}, )j"
              R"j("4": {"stretch": 35.1, "width": 144}})j");
    EXPECT_EQ(at(results, "per_file.node4"), R"j({"flops": 139.72})j");
    EXPECT_EQ(at(results, "far"), R"j(["node4"])j");
    EXPECT_EQ(at(results, "_far"), "absent");

    log(std::string(output) + "That went badly\n");
    const Results failed = gather_with(configuration);
    EXPECT_EQ(failed.verdict, Verdict::fail);
    EXPECT_EQ(failed.note, "the parsed result is false");
}

// The resolved tests of one suite of the conformance data.
nlohmann::json conformance(const std::string& suite) {
    std::ifstream file(std::string(PAVTEST_SOURCE_DIR) +
                       "/../shared/conformance/expected/resolved/" + suite + ".json");
    if (!file) {
        std::cerr << "no conformance data: " << suite << "\n";
        return nullptr;
    }
    return nlohmann::json::parse(file)["tests"];
}

TEST_F(ResultsTest, ConformanceResultTests) {
    const auto tests = conformance("result_tests");
    if (tests.is_null()) {
        GTEST_SKIP();
    }
    const struct {
        const char* log;
        const char* other;
        const char* data;
    } expected[] = {{"hello world 72\n", "2520", "absent"},
                    {"foo1 1 2 3\nfoo2 3 4 5\nfoo3 6 7 8\n", "absent",
                     R"j({"foo1": {"a": 1, "b": 2, "c": 3}, "foo2": {"a": 3, "b": 4, "c": 5}, )j"
                     R"j("foo3": {"a": 6, "b": 7, "c": 8}})j"},
                    {"hello world 72\n", "107", "absent"},
                    {"hello world 72\n", "179", "absent"}};
    ASSERT_EQ(tests.size(), std::size(expected));
    for (std::size_t i = 0; i < tests.size(); ++i) {
        log(expected[i].log);
        const Results results = gather(tests[i]["config"], inputs_);
        EXPECT_EQ(results.verdict, Verdict::fail);
        EXPECT_EQ(at(results, "other"), expected[i].other);
        EXPECT_EQ(at(results, "data"), expected[i].data);
        EXPECT_TRUE(results.errors.empty());
    }
}

TEST_F(ResultsTest, ConformanceReSearch) {
    const auto tests = conformance("re_search");
    if (tests.is_null()) {
        GTEST_SKIP();
    }
    const Results results = gather(tests[0]["config"], inputs_);
    EXPECT_EQ(at(results, "hello"), "33");
    EXPECT_EQ(at(results, "ip"), R"j("127.33.123.43")j");
    EXPECT_EQ(at(results, "all_escapes"), R"j(".^$*\\+?\\{}\\[]|")j");
    EXPECT_EQ(results.verdict, Verdict::pass) << results.note;
}

}  // namespace
}  // namespace pavtest::parsers
