// What texts with expressions become: the answers are those of the real Pavilion 2.4, to which
// each of these was given.
#include <fmt/format.h>

#include <map>

#include "scratch_suites.h"

using namespace pavtest;
using namespace pavtest::suite;

namespace {

struct Case {
    const char* text;
    const char* answer;  // the list that it becomes as an item of run.cmds
};
constexpr const char* kError = "error";

// clang-format off
constexpr Case kCases[] = {
    {R"_({{i + 1}})_", R"_(["8"])_"},
    {R"_({{i / 2}})_", R"_(["3.5"])_"},
    {R"_({{i // 2}})_", R"_(["3"])_"},
    {R"_({{neg % 5}})_", R"_(["2"])_"},
    {R"_({{neg // 2}})_", R"_(["-2"])_"},
    {R"_({{2 ^ 3 ^ 2}})_", kError},
    {R"_({{-2 ^ 2}})_", R"_(["4"])_"},
    {R"_({{2 * 3 + 4 / 2}})_", R"_(["8.0"])_"},
    {R"_({{7 % 3 - 1}})_", R"_(["0"])_"},
    {R"_({{f * 2}})_", R"_(["5.0"])_"},
    {R"_({{f // 1}})_", R"_(["2.0"])_"},
    {R"_({{1e3 + 1}})_", kError},
    {R"_({{1 / 0}})_", kError},
    {R"_({{i == 7}})_", R"_(["True"])_"},
    {R"_({{i == "7"}})_", R"_(["False"])_"},
    {R"_({{s < "world"}})_", R"_(["True"])_"},
    {R"_({{s < 1}})_", kError},
    {R"_({{1 < 2 and 2 < 1}})_", R"_(["False"])_"},
    {R"_({{not t}})_", R"_(["False"])_"},
    {R"_({{not e}})_", R"_(["True"])_"},
    {R"_({{s or 0}})_", R"_(["True"])_"},
    {R"_({{b}})_", R"_(["false"])_"},
    {R"_({{t + 1}})_", R"_(["2"])_"},
    {R"_({{"5" + 1}})_", R"_(["6"])_"},
    {R"_({{s + 1}})_", kError},
    {R"_({{s .. i}})_", R"_(["hello7"])_"},
    {R"_({{i .. "-" .. f}})_", R"_(["7-2.5"])_"},
    {R"_({{lst.*}})_", R"_(["a", "b", "c"])_"},
    {R"_({{lst[0]}})_", R"_(["a"])_"},
    {R"_({{lst[-1]}})_", R"_(["c"])_"},
    {R"_({{lst[0:2]}})_", R"_(["a", "b"])_"},
    {R"_({{lst[1:]}})_", R"_(["b", "c"])_"},
    {R"_({{lst[5]}})_", kError},
    {R"_({{lst[0:9]}})_", kError},
    {R"_({{lst.1}})_", R"_(["b"])_"},
    {R"_({{lst.9}})_", kError},
    {R"_({{lst.* .. "x"}})_", R"_(["ax", "bx", "cx"])_"},
    {R"_({{"x" .. lst.*}})_", R"_(["xa", "xb", "xc"])_"},
    {R"_({{nums.* + 1}})_", R"_(["4", "2", "3"])_"},
    {R"_({{nums.* * nums.*}})_", R"_(["9", "1", "4"])_"},
    {R"_({{nums.* + [1, 2]}})_", kError},
    {R"_({{nums.* > 1}})_", kError},
    {R"_({{d.k}})_", R"_(["v1"])_"},
    {R"_({{d}})_", kError},
    {R"_({{d.*.n}})_", R"_(["10", "20"])_"},
    {R"_({{d[1].k}})_", R"_(["v2"])_"},
    {R"_({{d.1.n + 1}})_", R"_(["21"])_"},
    {R"_({{d.zz}})_", kError},
    {R"_({{s.k}})_", kError},
    {R"_({{var.i}})_", R"_(["7"])_"},
    {R"_({{sys.sys_name}})_", R"_(["here"])_"},
    {R"_({{sys_os.name}})_", R"_(["linux"])_"},
    {R"_({{sys_os}})_", kError},
    {R"_({{nosuch}})_", kError},
    {R"_({{big + 1}})_", R"_(["123456789012345678901234567891"])_"},
    {R"_({{0x1f + 1}})_", kError},
    {R"_({{007}})_", R"_(["7"])_"},
    {R"_({{.5 + 1.}})_", kError},
    {R"_({{True}})_", R"_(["True"])_"},
    {R"_({{"a\\nb"}})_", R"_(["a\\\\nb"])_"},
    {R"_({{len(lst.*)}})_", R"_(["3"])_"},
    {R"_({{len(s)}})_", R"_(["5"])_"},
    {R"_({{len(5)}})_", kError},
    {R"_({{sum(nums.*)}})_", R"_(["6"])_"},
    {R"_({{sum([1, 2.5])}})_", R"_(["3.5"])_"},
    {R"_({{avg(nums.*)}})_", R"_(["2.0"])_"},
    {R"_({{avg([])}})_", kError},
    {R"_({{min(nums.*) + max(nums.*)}})_", R"_(["4"])_"},
    {R"_({{max([])}})_", kError},
    {R"_({{round(f)}})_", R"_(["2"])_"},
    {R"_({{round(3.5)}})_", R"_(["4"])_"},
    {R"_({{round_dig(2.675, 2)}})_", R"_(["2.67"])_"},
    {R"_({{floor(neg)}})_", R"_(["-3"])_"},
    {R"_({{ceil(f)}})_", R"_(["3"])_"},
    {R"_({{int("ff", 16)}})_", R"_(["255"])_"},
    {R"_({{int("z", 10)}})_", kError},
    {R"_({{log(8, 2)}})_", R"_(["3.0"])_"},
    {R"_({{log(0, 2)}})_", kError},
    {R"_({{sqrt(16)}})_", R"_(["4.0"])_"},
    {R"_({{all([1, 0])}})_", R"_(["False"])_"},
    {R"_({{any([1, 0])}})_", R"_(["True"])_"},
    {R"_({{all(nums.*)}})_", R"_(["True"])_"},
    {R"_({{re_search("h(.)l", s)}})_", R"_(["e"])_"},
    {R"_({{re_search("zz", s)}})_", R"_([""])_"},
    {R"_({{re_search("(", s)}})_", kError},
    {R"_({{replace(s, "l", "L")}})_", R"_(["heLLo"])_"},
    {R"_({{keys(d)}})_", kError},
    {R"_({{nofunc(1)}})_", kError},
    {R"_({{sum(1)}})_", kError},
    {R"_({{sum(nums.*, 1)}})_", kError},
    {R"_({{i:05d}})_", R"_(["00007"])_"},
    {R"_({{i:x}})_", R"_(["7"])_"},
    {R"_({{i:#b}})_", R"_(["0b111"])_"},
    {R"_({{i:+}})_", R"_(["+7"])_"},
    {R"_({{i:>4}}|)_", R"_(["   7|"])_"},
    {R"_({{s:>8}}|)_", R"_(["   hello|"])_"},
    {R"_({{s:^9}}|)_", R"_(["  hello  |"])_"},
    {R"_({{s:*<8}}|)_", R"_(["hello***|"])_"},
    {R"_({{s:.2}})_", R"_(["he"])_"},
    {R"_({{s:d}})_", kError},
    {R"_({{f:.3f}})_", R"_(["2.500"])_"},
    {R"_({{f:e}})_", R"_(["2.500000e+00"])_"},
    {R"_({{f:g}})_", R"_(["2.5"])_"},
    {R"_({{f:%}})_", R"_(["250.000000%"])_"},
    {R"_({{f:d}})_", kError},
    {R"_({{big:,}})_", R"_(["123,456,789,012,345,678,901,234,567,890"])_"},
    {R"_({{i:_d}})_", R"_(["7"])_"},
    {R"_({{t:d}})_", R"_(["1"])_"},
    {R"_({{t:s}})_", kError},
    {R"_({{lst.*:>3}})_", R"_(["  a", "  b", "  c"])_"},
    {R"_({{i:zz}})_", kError},
    {R"_({{f:08.2f}})_", R"_(["00002.50"])_"},
    {R"_([~{{lst}}~])_", R"_(["abc"])_"},
    {R"_([~-D{{lst}}~ ])_", R"_(["-Da -Db -Dc"])_"},
    {R"_([~{{lst}}={{nums}}~, ])_", R"_(["a=3, a=1, a=2, b=3, b=1, b=2, c=3, c=1, c=2"])_"},
    {R"_([~{{d.k}}:{{d.n}}~;])_", R"_(["v1:10;v2:20"])_"},
    {R"_([~{{lst}} {{lst.0}}~])_", kError},
    {R"_([~x~])_", R"_(["x"])_"},
    {R"_([~{{i}}~,])_", R"_(["7"])_"},
    {R"_([~{{nums + 1}}~,])_", R"_(["4,2,3"])_"},
    {R"_([~{{lst.*}}~])_", kError},
    {R"_(a [~{{lst}}~\n] b)_", R"_(["a a\\nb\\nc b"])_"},
    {R"_({{lst.*}} {{nums.*}})_", kError},
    {R"_(x{{lst.*}})_", kError},
    {R"_( {{lst.*}} )_", R"_(["a", "b", "c"])_"},
    {R"_(\{{i}})_", kError},
    {R"_(\[~i~])_", kError},
    {R"_(a\\b)_", R"_(["a\\\\b"])_"},
    {R"_({{i})_", kError},
    {R"_({{}})_", R"_([""])_"},
    {R"_({{i +}})_", kError},
    {R"_({{(i}})_", kError},
    {R"_({{i i}})_", kError},
    {R"_(}})_", kError},
    {R"_([~{{lst}})_", kError},
    {R"_({{"}}"}})_", R"_(["}}"])_"},
    {R"_({{ i }}{{f}})_", R"_(["72.5"])_"},
    {R"_({i})_", R"_(["{i}"])_"},
    {R"_($((1+2)))_", R"_(["$((1+2))"])_"},
};
// clang-format on

class Expressions : public ScratchSuites {};

}  // namespace

TEST_F(Expressions, GivePavilionsAnswers) {
    std::string suite = R"(
_base:
  variables:
    {i: 7, neg: -3, f: 2.5, s: hello, e: '', t: 'True', b: 'false', lst: [a, b, c],
     nums: [3, 1, 2], d: [{k: v1, n: 10}, {k: v2, n: 20}], big: '123456789012345678901234567890'}
)";
    std::size_t number = 0;
    for (const Case& one : kCases) {
        suite += fmt::format("t{}: {{inherits_from: _base, run: {{cmds: [{}]}}}}\n", number++,
                             Json(one.text).dump());
    }
    write("suites/s.yaml", suite);
    const Resolution resolution = resolved({"s"});
    std::map<std::string, std::string> answers;
    for (const ResolvedTest& test : resolution.tests) {
        answers[test.test] = test.config["run"]["cmds"].dump();
    }
    number = 0;
    std::size_t failures = 0;
    for (const Case& one : kCases) {
        const auto found = answers.find(fmt::format("t{}", number++));
        const std::string ours = found == answers.end() ? kError : found->second;
        const std::string theirs = one.answer == kError ? kError : Json::parse(one.answer).dump();
        EXPECT_EQ(ours, theirs) << one.text;
        failures += theirs == kError ? 1 : 0;
    }
    EXPECT_EQ(resolution.errors.size(), failures) << described(resolution.errors);
}

// An empty list has no items that a text would meet; it is still no operand.
TEST_F(Expressions, TextIsNoOperandBesideAnEmptyList) {
    write("suites/s.yaml",
          "t: {run: {cmds: ['{{len(\"a\" / [])}}']}}\nu: {run: {cmds: ['{{len([] + 1)}}']}}\n");
    const Resolution resolution = resolved({"s"});
    ASSERT_EQ(resolution.errors.size(), 1U) << described(resolution.errors);
    EXPECT_NE(resolution.errors[0].what.find("'a' is no number"), std::string::npos);
    ASSERT_EQ(resolution.tests.size(), 1U);
    EXPECT_EQ(resolution.tests[0].config["run"]["cmds"][0], "0");
}
