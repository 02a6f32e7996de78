// Expressions over results, and the verdict.
#include "run/parsers/evaluations.h"

#include "fixture.h"

namespace pavtest::parsers {
namespace {

using status::Verdict;

class Evaluating : public ResultsTest {
  protected:
    Results with(const std::string& expressions) {
        return gather_with(R"j({"result_evaluate": )j" + expressions + "}");
    }
};

TEST_F(Evaluating, TheDefaultIsTheReturnValue) {
    EXPECT_EQ(gather_with("{}").verdict, Verdict::pass);
    inputs_.base["return_value"] = 3;
    const Results failed = gather_with("{}");
    EXPECT_EQ(failed.verdict, Verdict::fail);
    EXPECT_EQ(failed.note, "");
    EXPECT_FALSE(failed.results_error);
    inputs_.base["return_value"] = nullptr;
    EXPECT_EQ(gather_with("{}").verdict, Verdict::fail);
}

TEST_F(Evaluating, TheVerdictIsABoolean) {
    EXPECT_EQ(at(with(R"j({"result": "True"})j"), "result"), R"j("PASS")j");
    const Results failed = with(R"j({"result": "return_value != 0"})j");
    EXPECT_EQ(at(failed, "result"), R"j("FAIL")j");
    EXPECT_EQ(failed.note, "not return_value != 0");
    for (const char* other : {"1", "\\\"True\\\"", "[True]"}) {
        const Results results = with(R"j({"result": ")j" + std::string(other) + "\"}");
        EXPECT_EQ(results.verdict, Verdict::error) << other;
    }
    EXPECT_NE(with(R"j({"result": "12"})j").note.find("must be True or False, not 12"),
              std::string::npos);
}

TEST_F(Evaluating, InAnyOrder) {
    const Results results = with(R"j({"a": "b * 2", "b": "c + 1", "c": "3",
                                     "text": "\"x\" .. \"y\"", "list": "[1, 2, 3] == 2"})j");
    EXPECT_EQ(at(results, "a"), "8");
    EXPECT_EQ(at(results, "b"), "4");
    EXPECT_EQ(at(results, "list"), "[false, true, false]");
    EXPECT_EQ(results.verdict, Verdict::pass);
}

TEST_F(Evaluating, LoopsAreNamed) {
    const Results results = with(R"j({"a": "b + 1", "b": "c", "c": "a", "d": "a", "e": "5"})j");
    EXPECT_EQ(results.verdict, Verdict::error);
    ASSERT_EQ(results.errors.size(), 2U);
    EXPECT_NE(results.errors[0].find("'a' → 'b' → 'c' → 'a'"), std::string::npos)
        << results.errors[0];
    EXPECT_NE(results.errors[1].find("'d': it needs 'a'"), std::string::npos) << results.errors[1];
    EXPECT_EQ(at(results, "e"), "5");
    EXPECT_EQ(at(with(R"j({"x": "x + 1"})j"), "result"), R"j("ERROR")j");
}

TEST_F(Evaluating, ErrorsLeaveNoVerdict) {
    for (const char* bad :
         {"undefined_a", "parse_error ++", "\\\"hello\\\" + 3", "really.complicated.*.error"}) {
        const Results results = with(R"j({"val": ")j" + std::string(bad) + "\"}");
        EXPECT_EQ(results.verdict, Verdict::error) << bad;
        EXPECT_TRUE(results.results_error);
        EXPECT_NE(results.note.find("result_evaluate, key 'val'"), std::string::npos)
            << results.note;
    }
    EXPECT_EQ(with(R"j({"started": "3"})j").verdict, Verdict::error);
}

TEST_F(Evaluating, ParsedValuesAndThoseByFile) {
    log("speed 12.50\n");
    write("a.out", "True");
    write("b.out", "2.3");
    write("c.out", "1");
    write("d.out", "blarg");
    write("m1.txt", "missing: 4");
    write("m2.txt", "missing:");
    write("m3.txt", "missing: 3");
    const Results results = gather_with(R"j({"result_parse": {"regex": {
            "_speed": {"regex": "speed (.*)"}, "data" : {"regex" : ".*", "per_file" : "name", "files" : "*.out"}, "missing" : {
    "regex" : "missing: (\\d+)", "per_file" : "name", "files" : "m*.txt"}}}, "result_evaluate" : {
    "result" : "_speed > 12",
               "double" : "_speed * 2",
                          "same" : "_speed",
                                   "types" : "per_file.*.data",
                                             "sum" : "sum(per_file.*.missing)",
                                                     "one" : "per_file.b.data"}})j");
    EXPECT_EQ(results.verdict, Verdict::pass) << results.note;
    EXPECT_EQ(at(results, "double"), "25.0");
    EXPECT_EQ(at(results, "types"), R"j([true, 2.3, 1, "blarg"])j");
    EXPECT_EQ(at(results, "sum"), "7");
    EXPECT_EQ(at(results, "one"), "2.3");
    EXPECT_EQ(at(results, "_speed"), "absent");
}

TEST_F(Evaluating, AParserMaySetTheVerdict) {
    const auto verdict = [&](const std::string& text, const std::string& options) {
        log(text);
        return gather_with(R"j({"result_parse": {"regex": {"result": )j" + options + "}}}").verdict;
    };
    const std::string good = R"j({"regex": "went (\\w+)"})j";
    EXPECT_EQ(verdict("it went well\n", good), Verdict::pass);
    EXPECT_EQ(verdict("it did not\n", good), Verdict::fail);
    // What says False is no pass.
    EXPECT_EQ(verdict("it went False\n", good), Verdict::fail);
    EXPECT_EQ(verdict("it went True\n", good), Verdict::pass);
    const std::string bad = R"j({"regex": "went", "action": "store_false"})j";
    EXPECT_EQ(verdict("it went\n", bad), Verdict::fail);
    EXPECT_EQ(verdict("\n", bad), Verdict::pass);
    EXPECT_EQ(verdict("it went\n", R"j({"regex": "went", "action": "count"})j"), Verdict::error);
}

TEST_F(Evaluating, AReturnValueIsNoVerdict) {
    const Results results =
        gather_with(R"j({"result_parse": {"command": {"result": {"command": "true"}}}})j");
    EXPECT_EQ(results.verdict, Verdict::error);
}

TEST_F(Evaluating, NoVerdictRestsOnNaN) {
    log("error: nan\nlimit: inf\n");
    const std::string parse = R"j({"result_parse": {"regex": {
        "error": {"regex": "error: (\\S+)"}, "limit": {"regex": "limit: (\\S+)"}}},
        "result_evaluate": {"twice": "error * 2", "result": ")j";
    const Results passed = gather_with(parse + "twice != 0\"}}");
    EXPECT_EQ(passed.verdict, Verdict::error);
    EXPECT_NE(passed.note.find("'error': it is NaN"), std::string::npos) << passed.note;
    EXPECT_EQ(at(passed, "error"), R"j("NaN")j");
    EXPECT_EQ(at(passed, "limit"), R"j("Infinity")j");
    EXPECT_EQ(gather_with(parse + "error < 5\"}}").verdict, Verdict::fail);
    EXPECT_EQ(gather_with(parse + "limit > 5\"}}").verdict, Verdict::pass);
    EXPECT_EQ(gather_with(parse + "return_value == 0\"}}").verdict, Verdict::pass);
}

TEST_F(Evaluating, ReservedKeysStayTheRunners) {
    log("5\n");
    const Results results =
        gather_with(R"j({"result_parse": {"regex": {"return_value": {"regex": "\\d"}}}})j");
    EXPECT_EQ(at(results, "return_value"), "0");
    EXPECT_EQ(results.verdict, Verdict::error);
}

TEST_F(Evaluating, TheOrderOfKeys) {
    inputs_.base["extra"] = "x";
    inputs_.base["name"] = "quoted \"name\"\n";
    const Results results = with(R"j({"z": "1", "a": "2"})j");
    EXPECT_TRUE(results.json().starts_with(
        R"j({"name": "quoted \"name\"\n", "id": 7, "test_version": null, )j"));
    EXPECT_LT(results.json().find("\"uuid\""), results.json().find("\"extra\""));
    const auto parsed = nlohmann::json::parse(results.json(), nullptr, false);
    ASSERT_FALSE(parsed.is_discarded());
    for (const char* key :
         {"name", "id", "test_version", "pav_version", "created", "started", "finished", "duration",
          "user", "job_info", "permute_on", "sched", "sys_name", "pav_result_errors", "per_file",
          "return_value", "uuid", "var", "result"}) {
        EXPECT_TRUE(parsed.contains(key)) << key;
    }
    EXPECT_EQ(parsed["pav_result_errors"], nlohmann::json::array());
}

}  // namespace
}  // namespace pavtest::parsers
