// Mistakes that are found before anything runs.
#include "run/parsers/check.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace pavtest::parsers {
namespace {

std::vector<Error> check(const std::string& config) {
    return check_results(nlohmann::json::parse(config),
                         [](std::string_view text) { return text.find("{{") != text.npos; });
}

TEST(Check, FindsNothingInWhatIsGood) {
    EXPECT_TRUE(check("{}").empty());
    EXPECT_TRUE(check("null").empty());
    EXPECT_TRUE(check(R"j({"result_parse": {"regex": {
        "_defaults": {"files": ["*.out"]}, "a, _, b,": {"regex": "(x) (y) (z)"}, "c" : {"regex" : "x", "match_select" : "-2", "action" : null, "preceded_by" : [ "a", "" ]},
        "_, d" : {"regex" : "x"},
                 "result" : {
    "regex" : "x", "per_file" : "all"}}, "table" : {}, "split" : null}, "result_evaluate" : {"e" : "a + 1"}, "reference" : null})j")
                    .empty());
}

TEST(Check, FindsMistakes) {
    const struct {
        const char* config;
        const char* what;
        const char* hint;
    } cases[] = {
        {R"j({"result_parse": {"regexp": {}}})j", "no result parser 'regexp'", "'regex'"},
        {R"j({"result_parse": {"regex": {"a": {}}}})j", "key 'a': regex is missing", ""},
        {R"j({"result_parse": {"regex": {"a": {"regex": "[[["}}}})j", "regular expression '[[['",
         ""},
        {R"j({"result_parse": {"regex": {"a": {"regex": "x", "for_lines_matching": "("}}}})j",
         "a group is not closed", ""},
        {R"j({"result_parse": {"regex": {"a": {"regex": "x", "preceded_by": ["ok", "*"]}}}})j",
         "nothing to repeat", ""},
        {R"j({"result_parse": {"table": {"a": {"delimiter_re": ")"}}}})j", "closes nothing", ""},
        {R"j({"result_parse": {"json": {"a": {"stop_at": "["}}}})j", "not closed", ""},
        {R"j({"result_parse": {"regex": {"a": {"regex": "x", "acton": "store"}}}})j",
         "the regex parser has no option 'acton'", "'action'"},
        {R"j({"result_parse": {"split": {"a": {"regex": "x"}}}})j",
         "the split parser has no option 'regex'", ""},
        {R"j({"result_parse": {"split": {"a": {"action": "stor"}}}})j", "action is 'stor'",
         "'store'"},
        {R"j({"result_parse": {"split": {"a": {"per_file": "every"}}}})j", "per_file is 'every'",
         "name_list"},
        {R"j({"result_parse": {"split": {"a": {"match_select": "1.5"}}}})j",
         "match_select is '1.5'", "a number"},
        {R"j({"result_parse": {"split": {"created": {}}}})j", "'created' is reserved", ""},
        {R"j({"result_parse": {"split": {"a": {}}, "regex": {"b, a": {"regex": "x"}}}})j",
         "'a' is set twice", ""},
        {R"j({"result_parse": {"split": {"a, _defaults": {}}}})j", "cannot be one of several", ""},
        {R"j({"result_parse": {"regex": {"result": {"regex": "x", "per_file": "name"}}}})j",
         "must be one True or False", ""},
        {R"j({"result_parse": {"command": {"result": {"command": "x"}}}})j",
         "a return value is no True or False", ""},
        {R"j({"result_parse": {"constant": {"a": {"const": "x", "preceded_by": "y"}}}})j",
         "'preceded_by' cannot be set", ""},
        {R"j({"result_evaluate": {"started": "bar"}})j", "'started' is reserved", ""},
        {R"j({"result_evaluate": {"foo": "bar.3 +"}})j", "result_evaluate, key 'foo'", ""},
        {R"j({"reference": {"x": {"value": "1", "lowr": "2"}}})j", "there is no 'lowr'", "'lower'"},
        {R"j({"reference": {"x": {"value": "much", "lower": "2"}}})j", "is no number", ""},
        {R"j({"reference": {"x": {"value": "nan", "lower": "2"}}})j", "is no number", ""},
        {R"j({"reference": {"x": {"lower": "2"}}})j", "value is missing", ""},
        {R"j({"reference": {"x": {"value": "1"}}})j", "neither lower nor upper", ""},
        {R"j({"reference": {"x": {"value": "1", "lower": "little"}}})j", "lower is 'little'",
         "per cent"},
        {R"j({"reference": {"x": {"n1": {"value": "1", "lower": "%"}}}})j", "lower is '%'",
         "per cent"},
    };
    for (const auto& item : cases) {
        const auto errors = check(item.config);
        ASSERT_EQ(errors.size(), 1U) << item.config;
        EXPECT_NE(errors[0].what.find(item.what), std::string::npos) << errors[0].what;
        EXPECT_NE(errors[0].hint.find(item.hint), std::string::npos) << errors[0].hint;
        EXPECT_EQ(errors[0].kind, ErrorKind::config);
    }
}

TEST(Check, LeavesAloneWhatIsNotKnownYet) {
    EXPECT_TRUE(check(R"j({"result_parse": {"regex": {"a": {"regex": "[{{x}}"},
                          "b": {"regex": "x", "preceded_by": ["{{y}}("]}}},
                          "result_evaluate": {"c": "{{z}} +"}})j")
                    .empty());
}

}  // namespace
}  // namespace pavtest::parsers
