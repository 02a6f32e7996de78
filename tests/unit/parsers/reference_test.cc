// Performance references.
#include "run/parsers/reference.h"

#include "fixture.h"
#include "run/parsers/check.h"

namespace pavtest::parsers {
namespace {

using status::Verdict;

class ReferenceTest : public ResultsTest {
  protected:
    void SetUp() override {
        ResultsTest::SetUp();
        inputs_.host = "darwin";
        inputs_.partition = "gpu";
    }
    Results with(const std::string& value, const std::string& reference) {
        log("gflops " + value + "\n");
        return gather_with(R"j({"result_parse": {"regex": {"gflops": {"regex": "gflops (\\S+)"}}},
                               "reference": )j" +
                           reference + "}");
    }
};

constexpr const char* everywhere =
    R"j({"gflops": {"*": {"value": "100", "lower": "-10%", "upper": "5", "unit": "GF/s"}}})j";

TEST_F(ReferenceTest, InsideIsAPass) {
    for (const char* value : {"90", "95.5", "100", "105"}) {
        const Results results = with(value, everywhere);
        EXPECT_EQ(results.verdict, Verdict::pass) << value;
        EXPECT_EQ(at(results, "reference.gflops.outcome"), R"j("inside")j");
        EXPECT_EQ(results.note, "");
    }
}

TEST_F(ReferenceTest, OutsideIsAFailWithItsNumbers) {
    const Results low = with("89.50", everywhere);
    EXPECT_EQ(low.verdict, Verdict::fail);
    EXPECT_FALSE(low.results_error);
    EXPECT_EQ(low.note, "gflops is 89.50 GF/s, below 90.0 (reference 100.0 GF/s -10%)");
    EXPECT_EQ(at(low, "result"), R"j("FAIL")j");
    EXPECT_EQ(at(low, "reference.gflops"),
              R"j({"value": 89.50, "reference": 100.0, "least": 90.0, "most": 105.0, )j"
              R"j("unit": "GF/s", "outcome": "below"})j");
    const Results high = with("inf", everywhere);
    EXPECT_EQ(high.verdict, Verdict::fail);
    EXPECT_EQ(high.note, "gflops is inf GF/s, above 105.0 (reference 100.0 GF/s +5)");
}

TEST_F(ReferenceTest, AnExpectedFailureIsNoted) {
    const char* known = R"j({"gflops": {"*": {"value": "100", "lower": "1%",
                            "expected_fail": "ticket 12"}}})j";
    const Results results = with("50", known);
    EXPECT_EQ(results.verdict, Verdict::pass);
    EXPECT_EQ(results.note,
              "gflops is 50, below 99.0 (reference 100.0 -1%), as expected: ticket 12");
    EXPECT_EQ(with("100", known).verdict, Verdict::pass);
    EXPECT_EQ(with("50", R"j({"gflops": {"value": "100", "lower": "1%",
                             "expected_fail": "False"}})j")
                  .verdict,
              Verdict::fail);
}

TEST_F(ReferenceTest, AMissingValueIsAnError) {
    for (const char* value : {"nan", "fast"}) {
        const Results results = with(value, everywhere);
        EXPECT_EQ(results.verdict, Verdict::error) << value;
        EXPECT_TRUE(results.results_error);
        EXPECT_NE(results.note.find("gflops has a reference, but is"), std::string::npos);
    }
    log("");
    EXPECT_EQ(with("", everywhere).verdict, Verdict::error);
    const Results results = with("5", R"j({"other": {"value": "1", "lower": "1"}})j");
    EXPECT_EQ(results.verdict, Verdict::error);
    EXPECT_EQ(results.note, "other has a reference and no value");
}

TEST_F(ReferenceTest, AFailStaysAFail) {
    inputs_.base["return_value"] = 1;
    const Results results = with("50", everywhere);
    EXPECT_EQ(results.verdict, Verdict::fail);
    EXPECT_EQ(results.note, "gflops is 50 GF/s, below 90.0 (reference 100.0 GF/s -10%)");
}

TEST_F(ReferenceTest, TheMostExactPlaceCounts) {
    const auto section = nlohmann::json::parse(R"j({"x": {
        "*": {"value": "1", "lower": "0"}, "dar*": {"value": "2", "lower": "0"},
        "darwin": {"value": "3", "lower": "0"}, "darwin:gpu": {"value": "4", "lower": "0"},
        ":cpu": {"value": "5", "lower": "0"}, "other:*": {"value": "6", "lower": "0"}}})j");
    const auto value = [&](const std::string& host, const std::string& partition) {
        return read_references(section, host, partition)->at(0).value;
    };
    EXPECT_EQ(value("darwin", "gpu"), 4);
    EXPECT_EQ(value("darwin", "other"), 3);
    EXPECT_EQ(value("dartmoor", "gpu"), 2);
    EXPECT_EQ(value("dartmoor", "cpu"), 5);
    EXPECT_EQ(value("else", "gpu"), 1);
    EXPECT_EQ(value("other", "gpu"), 6);
    EXPECT_TRUE(read_references(nlohmann::json::parse(R"j({"x": {"a": {"value": "1"}}})j"), "b", "")
                    ->empty());
}

TEST_F(ReferenceTest, EachNodeIsChecked) {
    write("node1.out", "gflops 99\n");
    write("node2.out", "gflops 80\n");
    write("node3.out", "gflops 200\n");
    const Results results = gather_with(R"j({"result_parse": {"regex": {"gflops":
        {"regex": "gflops (\\S+)", "files": "*.out", "per_file": "name"}}}, "reference" : {
    "gflops" : {
        "value" : "100", "lower" : "10%"}}})j");
    EXPECT_EQ(results.verdict, Verdict::fail);
    EXPECT_EQ(results.note, "gflops on node2 is 80, below 90.0 (reference 100.0 -10%)");
    EXPECT_EQ(at(results, "reference.gflops.node3.outcome"), R"j("inside")j");
    EXPECT_EQ(at(results, "per_file.node2.gflops"), "80");
}

TEST_F(ReferenceTest, PathsLeadIntoTables) {
    log("T a\nx 1\ny 2\n");
    const Results results = gather_with(R"j({"result_parse": {"table": {"t": {}}},
        "result_evaluate": {"sum": "t.x.a + t.y.a"},
        "reference": {"t.x.a": {"value": "1", "upper": "0"}, "t.*.a": {"value": "1", "upper": "0"},
                      "sum": {"value": "3", "lower": "0", "upper": "0"}}})j");
    EXPECT_EQ(results.note, "t.*.a on y is 2, above 1.0 (reference 1.0 +0)");
}

TEST_F(ReferenceTest, MistakesAreTold) {
    const struct {
        const char* section;
        const char* what;
    } cases[] = {
        {R"j({"x": {"*": {"valeu": "1", "lower": "1"}}})j", "there is no 'valeu'"},
        {R"j({"x": {"*": {"value": "one", "lower": "1"}}})j", "is no number"},
        {R"j({"x": {"a": {"value": "1"}}})j", "neither lower nor upper"},
        {R"j({"x": {"a": {"value": "1", "lower": "a lot"}}})j", "lower is 'a lot'"},
        {R"j({"x": "5"})j", "it is no mapping"},
    };
    for (const auto& item : cases) {
        const auto section = nlohmann::json::parse(item.section);
        const auto errors = check_references(section);
        ASSERT_EQ(errors.size(), 1U) << item.section;
        EXPECT_NE(errors[0].what.find(item.what), std::string::npos) << errors[0].what;
    }
    EXPECT_EQ(check_references(nlohmann::json::parse(R"j({"x": {"*": {"valeu": "1"}}})j"))[0].hint,
              "did you mean 'value'?");
    EXPECT_EQ(with("5", R"j({"gflops": {"value": "x", "lower": "1"}})j").verdict, Verdict::error);
}

}  // namespace
}  // namespace pavtest::parsers
