// Tests handed over one by one, and resolution for its verdict alone.
#include "scratch_suites.h"

using namespace pavtest;
using namespace pavtest::suite;

namespace {

class Sink : public ScratchSuites {
  protected:
    Sink() {
        write("suites/s.yaml", R"(
t:
  permute_on: [a, b]
  variables: {a: [x, y, z], b: ['1', '2'], c: ['{{a}}-{{b}}', plain], d: {k: '{{b}}', l: e}}
  only_if: {'{{a}}': [x, y]}
  run: {cmds: ['echo {{a}} {{c.0}} {{d.k}}']}
  result_evaluate: {v: '{{b}} + 1'}
bad:
  permute_on: a
  variables: {a: [1, '(', 3]}
  result_evaluate: {v: '{{a}}'}
)");
        selection_.all_errors = true;
    }
    std::vector<ResolvedTest> handed_over(Resolution& resolution) {
        std::vector<ResolvedTest> tests;
        selection_.requests = {"2*s"};
        resolution = resolve(world_, selection_,
                             [&](ResolvedTest&& test) { tests.push_back(std::move(test)); });
        return tests;
    }
};

}  // namespace

TEST_F(Sink, GetsTheSameTestsInTheSameOrder) {
    const Resolution kept = resolved({"2*s"});
    Resolution resolution;
    const std::vector<ResolvedTest> tests = handed_over(resolution);
    EXPECT_TRUE(resolution.tests.empty());
    EXPECT_EQ(described(resolution.errors), described(kept.errors));
    ASSERT_EQ(tests.size(), 2U * (6 + 2));
    ASSERT_EQ(tests.size(), kept.tests.size());
    for (std::size_t i = 0; i < tests.size(); ++i) {
        EXPECT_EQ(tests[i].full_name, kept.tests[i].full_name);
        EXPECT_EQ(tests[i].config, kept.tests[i].config);
        EXPECT_EQ(tests[i].skip_reasons, kept.tests[i].skip_reasons);
    }
}

TEST_F(Sink, PermutationsShareNoValueThatDiffers) {
    Resolution resolution;
    const std::vector<ResolvedTest> tests = handed_over(resolution);
    ASSERT_GT(tests.size(), 10U);
    EXPECT_EQ(tests[0].config["variables"]["c"].dump(), R"(["x-1","plain"])");
    EXPECT_EQ(tests[5].config["variables"]["c"].dump(), R"(["z-2","plain"])");
    EXPECT_EQ(tests[5].config["variables"]["d"].dump(), R"([{"k":"2","l":"e"}])");
    EXPECT_EQ(tests[5].config["variables"]["a"].dump(), R"(["x","y","z"])");
    EXPECT_EQ(tests[0].skip_reasons.size(), 0U);
    EXPECT_EQ(tests[5].skip_reasons.size(), 1U);
}

TEST_F(Sink, VerdictIsTheSameWithoutContents) {
    const std::string with = described(resolved({"s"}).errors);
    EXPECT_NE(with, "");
    selection_.contents = false;
    const Resolution without = resolved({"s"});
    EXPECT_EQ(described(without.errors), with);
    ASSERT_EQ(without.tests.size(), 8U);
    EXPECT_EQ(without.tests[0].full_name, "s.t.x-1");
    EXPECT_TRUE(without.tests[0].config.is_null());
}

TEST_F(Sink, RepetitionsComeInRoundsBehindEverythingElse) {
    write("suites/r.yaml", "a: {permute_on: p, variables: {p: [1, 2]}}\nb: {}\n");
    std::string names;
    for (const ResolvedTest& test : resolved({"3*r.a", "r.b*2", "r.b"}).tests) {
        names += test.full_name + " ";
    }
    EXPECT_EQ(names, "r.a.1 r.a.2 r.b r.b r.a.1 r.a.2 r.b r.a.1 r.a.2 ");
}
