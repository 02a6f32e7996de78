// Wrong input of every kind: each is told with file, line, column, the line itself, a caret
// under the place, the reason and, where one makes sense, what to do. None crashes or hangs.
#include <chrono>

#include "scratch_suites.h"
#include "suite/check.h"

using namespace pavtest;
using namespace pavtest::suite;

namespace {

struct Wrong {
    const char* name;
    std::string text;  // of the suite; ` stands before the place that is to be shown
    const char* reason;
    const char* hint = "";
};

std::string repeated(const std::string& text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) {
        out += text;
    }
    return out;
}

// A test whose only command is `text`.
std::string command(const std::string& text) {
    return "t:\n  run:\n    cmds:\n      - '" + text + "'\n";
}

// Nine levels of nine references each: 387 million values.
std::string alias_bomb() {
    std::string text = "a0: &a0 [x]\n";
    for (int i = 1; i < 9; ++i) {
        const std::string below = "*a" + std::to_string(i - 1);
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below +
                repeated(", " + below, 8) + "]\n";
    }
    return text;
}

std::vector<Wrong> kinds() {
    return {
        // YAML
        {"unclosed bracket", "t:\n  run: {cmds: `[a\n", "did not find expected ',' or ']'",
         "brackets and quotes are closed"},
        {"unclosed quote", "t:\n  summary: `'abc\n", "unexpected end of stream", ""},
        {"list in the subtitle that permutations get",
         "t:\n  variables: {x: '{{y.*}}', y: [a, b]}\n  permute_on: `[x]\n",
         "the text gives a list, and only a single value fits here in '{{x}}'", ""},
        {"tab as indentation", "t:\n`\trun: 1\n", "found character that cannot start any token",
         "indent with spaces"},
        {"colon in a plain value", "t:\n  summary: a`: b\n", "mapping values are not allowed",
         "put quotes around"},
        {"bad indentation", "t:\n  run:\n    timeout: 1\n   `cmds: [a]\n",
         "did not find expected key", "check the indentation"},
        {"at sign", "t:\n  summary: `@home\n", "cannot start any token", "put quotes around"},
        {"undefined alias", "t:\n  summary: `*nowhere\n", "nowhere", ""},
        {"alias of itself", "t: &t\n  run: `*t\n", "lies inside", ""},
        {"aliases that grow", alias_bomb(), "more than 1000000 values", ""},
        {"too deep", "t: " + repeated("[", 300) + repeated("]", 300) + "\n",
         "nested deeper than 100 levels", ""},
        {"deep by indentation",
         repeated("", 0) +
             [] {
                 std::string text;
                 for (std::size_t i = 0; i < 300; ++i) {
                     text += std::string(i, ' ') + "k:\n";
                 }
                 return text;
             }(),
         "nested deeper than 100 levels", ""},
        {"two documents", "t:\n  summary: a\n`---\nu:\n  summary: b\n", "second document", ""},
        {"key given twice", "t:\n  summary: a\n  `summary: b\n", "'summary'", "line 2"},
        {"test given twice", "t:\n  summary: a\n`t:\n  summary: b\n", "'t'", "line 1"},
        {"NUL byte", std::string("t:\n`  summary: a\0b\n", 19), "control characters", "UTF-8"},
        {"control character", "t:\n`  summary: a\x01 b\n", "control characters", "UTF-8"},
        {"not UTF-8", "t:\n`  summary: a\xff\xfe b\n", "UTF-8", "UTF-8"},
        {"a list as key", "t:\n  `[a, b]: c\n", "key", ""},
        {"binary tag", "t:\n  summary: `!!binary aGVsbG8=\n", "tag", ""},
        {"tag of Python", "t:\n  summary: `!!python/object:os.system ls\n", "tag", ""},
        // Shape
        {"a list for a suite", "`- a\n- b\n", "must be a mapping", ""},
        {"a text for a suite", "`hello\n", "must be a mapping", ""},
        {"a text for a test", "t: `hello\n", "must be a mapping", ""},
        {"unknown key", "t:\n  `rnu: {}\n", "no key 'rnu'", "did you mean 'run'"},
        {"unknown key below", "t:\n  run:\n    `timeuot: 3\n", "no key 'timeuot'",
         "did you mean 'timeout'"},
        {"key one level too deep", "t:\n  run:\n    cmds: [a]\n    `variables: {aa: b}\n",
         "no key 'variables'", "indented too far"},
        {"key one level too high", "t:\n  `cmds: [a]\n", "no key 'cmds'",
         "did you mean|belongs under"},
        {"retry on what is no end", "t:\n  retry: {count: 1, on: [fail, `pass]}\n",
         "'on' cannot be 'pass'", "fail, error, node-fail"},
        {"unknown parser", "t:\n  result_parse:\n    `regexp: {a: {regex: b}}\n", "no key 'regexp'",
         "did you mean 'regex'"},
        {"a list for a value", "t:\n  run:\n    timeout: `[1, 2]\n", "takes a single value", ""},
        {"a mapping for a list", "t:\n  run:\n    cmds: `{a: b}\n", "takes a single value", ""},
        {"braces without quotes", "t:\n  summary: {`{name}}\n", "", ""},
        {"a text for a section", "t:\n  run: `go\n", "must be a mapping", ""},
        {"extending no list", "t:\n  run:\n    `timeout+: 3\n", "would extend a list", "timeout:"},
        {"bad choice", "t:\n  run:\n    autoexit: `maybe\n", "'maybe'", "rue"},
        {"a date", "t:\n  summary: `2024-01-01\n", "date", "quotes"},
        // Variables
        {"bad name of a variable", "t:\n  variables:\n    `2x: 1\n", "no name for a variable",
         "letters"},
        {"a list in a variable", "t:\n  variables:\n    aa: [`[1], 2]\n", "takes a single value",
         ""},
        {"items with other keys", "t:\n  variables:\n    aa:\n      `- {k: 1}\n      - {l: 2}\n",
         "keys", ""},
        {"a default that nobody sets", "t:\n  variables:\n    aa?:`\n  run: {cmds: ['{{aa}}']}\n",
         "aa", ""},
        {"variables in a circle",
         "t:\n  variables:\n    aa: '`{{bb}}'\n    bb: '{{aa}}'\n  run: {cmds: ['{{aa}}']}\n", "aa",
         ""},
        {"unknown variable", "t:\n  variables: {size: 3}\n  run: {cmds: ['x {{`siez}}']}\n", "siez",
         "did you mean 'size'"},
        {"index beyond the end", "t:\n  variables: {size: [3]}\n  run: {cmds: ['{{`size.4}}']}\n",
         "size", ""},
        {"unknown part", "t:\n  variables: {size: {aa: 3}}\n  run: {cmds: ['{{`size.ab}}']}\n",
         "ab", ""},
        {"unknown set", "t:\n  run: {cmds: ['{{`syz.sys_name}}']}\n", "syz", ""},
        // Expressions
        {"unclosed expression", command("a `{{len(\"x\")"), "}}", ""},
        {"operator without a value", command("a {{1 + `}}"), "", ""},
        {"unknown function", command("{{`lne(\"x\")}}"), "lne", "did you mean 'len'"},
        {"too few arguments", command("{{`len()}}"), "len", ""},
        {"wrong argument", command("{{`sqrt(\"x\")}}"), "sqrt|x", ""},
        {"division by zero", command("{{1 / `0}}"), "zero", ""},
        {"text in arithmetic", command("{{\"a\" * `2}}"), "", ""},
        {"bad format", command("{{3:`Q}}"), "Q", ""},
        {"format of a text as number", command("`{{\"ab\":d}}"), "", ""},
        {"format that is huge", command("`{{3:999999999999d}}"), "", ""},
        {"power that is huge", command("{{9 ^ 9 `^ 9 ^ 9}}"), "", ""},
        {"unclosed iteration", command("`[~ {{aa}}"), "~", ""},
        {"deep parentheses", command("{{" + repeated("(", 5000) + "1" + repeated(")", 5000) + "}}"),
         "deep", ""},
        {"stray character", command("{{1 `$ 2}}"), "$", ""},
        {"unclosed text", command("{{`\"abc}}"), "", ""},
        // Inheritance
        {"unknown parent", "t:\n  inherits_from: `uw\nuu:\n  summary: x\n",
         "is no test of this suite", "did you mean 'uu'"},
        {"own parent", "t:\n  inherits_from: `t\n", "leads back to itself", ""},
        {"parents in a circle", "t:\n  inherits_from: `u\nu:\n  inherits_from: t\n",
         "leads back to itself", ""},
        // Permutations
        {"permuting on nothing", "t:\n  permute_on: [`size]\n  variables: {sizes: [1]}\n", "size",
         "did you mean 'sizes'"},
        {"permuting on a part", "t:\n  permute_on: [`a.b]\n  variables: {a: [{b: 1}]}\n", "a.b",
         ""},
        {"permuting on what waits", "t:\n  permute_on: [`late]\n", "late", ""},
        {"permutations without end",
         "t:\n  permute_on: `[aa, bb, cc, dd]\n  variables:\n" +
             [] {
                 std::string text;
                 for (const char* name : {"aa", "bb", "cc", "dd"}) {
                     text += std::string("    ") + name + ": [0" + repeated(",1", 200) + "]\n";
                 }
                 return text;
             }(),
         "permutations", ""},
        // Conditions
        {"bad condition", "t:\n  only_if:\n    a: [`'(']\n", "no regular expression", ""},
        {"a condition that is a text", "t:\n  only_if: `always\n", "must be a mapping", ""},
        {"unknown variable in a condition", "t:\n  only_if:\n    '{{`sys_nam}}': [x]\n", "sys_nam",
         "did you mean 'sys_name'"},
        // Schedule, results
        {"no number of nodes", "t:\n  schedule:\n    nodes: `many\n", "many", ""},
        {"bad time limit", "t:\n  schedule:\n    time_limit: `soon\n", "soon", ""},
        {"what waits in schedule", "t:\n  schedule:\n    nodes: '{{`late}}'\n",
         "known on the node only", ""},
        {"what waits in a build that is made once", "t:\n  build:\n    cmds: ['make {{`late}}']\n",
         "known on the node only", "on_nodes"},
        {"bad regex", "t:\n  result_parse:\n    regex:\n      aa: {regex: `'('}\n", "(", ""},
        {"missing option of a parser",
         "t:\n  result_parse:\n    regex:\n      aa: `{action: store}\n", "regex", ""},
        {"reference that is no number",
         "t:\n  reference:\n    gflops:\n      n1: {value: `many, lower: 5%}\n",
         "its value is 'many'", "number"},
        {"reference without a tolerance", "t:\n  reference:\n    gflops:\n      n1: `{value: 5}\n",
         "how far it may be off", "'lower', 'upper'"},
        {"reference with a bad tolerance",
         "t:\n  reference:\n    gflops:\n      n1: {value: 5, lower: `little}\n",
         "'lower' is 'little'", "per cent"},
        {"reference with an unknown key",
         "t:\n  reference:\n    gflops:\n      n1: {`valu: 5, lower: 5%}\n", "valu", "'value'"},
        {"bad evaluation", "t:\n  result_evaluate:\n    result: '1 + `'\n", "", ""},
        {"versions", "t:\n  compatible_pav_versions: `new\n", "no version", "2.3"},
    };
}

class WrongInput : public ScratchSuites {
  protected:
    WrongInput() {
        const std::string fact = write("facts/late", "#!/bin/sh\n# deferrable\necho 1\n");
        std::filesystem::permissions(fact, std::filesystem::perms::owner_all);
    }
};

bool has_one_of(const std::string& text, const std::string& alternatives) {
    std::size_t from = 0;
    while (true) {
        const std::size_t bar = alternatives.find('|', from);
        if (text.find(alternatives.substr(from, bar - from)) != std::string::npos) {
            return true;
        }
        if (bar == std::string::npos) {
            return false;
        }
        from = bar + 1;
    }
}

}  // namespace

TEST_F(WrongInput, IsToldWithItsPlaceAndReason) {
    std::size_t count = 0;
    for (const Wrong& wrong : kinds()) {
        SCOPED_TRACE(wrong.name);
        ++count;
        std::string text = wrong.text;
        const std::size_t marked = text.find('`');
        if (marked != std::string::npos) {
            text.erase(marked, 1);
        }
        const std::string path = write("suites/s.yaml", text);
        const auto start = std::chrono::steady_clock::now();
        const CheckReport report = check(world_, selection_, {"s"});
        // Generous: what is meant is that no kind of input takes for ever.
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
        if (report.errors.empty()) {
            ADD_FAILURE() << "no error\n" << described(report.warnings, "warning");
            continue;
        }
        const Error& error = report.errors.front();
        const std::string shown = described(report.errors);
        if (!error.place) {
            ADD_FAILURE() << "no place\n" << shown;
            continue;
        }
        EXPECT_EQ(error.place->file, path) << shown;
        EXPECT_GT(error.place->line, 0) << shown;
        EXPECT_GT(error.place->column, 0) << shown;
        if (marked != std::string::npos) {
            const std::string before = text.substr(0, marked);
            const std::size_t line_start = before.rfind('\n') + 1;
            EXPECT_EQ(error.place->line, std::count(before.begin(), before.end(), '\n') + 1)
                << shown;
            EXPECT_EQ(static_cast<std::size_t>(error.place->column), marked - line_start + 1)
                << shown;
        }
        EXPECT_TRUE(has_one_of(shown, wrong.reason)) << wrong.reason << "\n" << shown;
        EXPECT_FALSE(error.hint.empty()) << "nothing is suggested\n" << shown;
        EXPECT_TRUE(has_one_of(error.hint, wrong.hint)) << wrong.hint << "\n" << shown;
        EXPECT_NE(shown.find("^\n"), std::string::npos) << shown;
        EXPECT_LT(described({error}).size(), 2000U) << shown;
    }
    EXPECT_GE(count, 40U);
}

// What cannot have a line: the whole file, or the command line.
TEST_F(WrongInput, WithoutALineIsToldToo) {
    const std::string good = "t: {run: {cmds: ['true']}}\n";
    const auto error_of = [&](const std::vector<std::string>& requests) {
        const Resolution resolution = resolved(requests);
        EXPECT_EQ(resolution.errors.size(), 1U) << described(resolution.errors);
        return resolution.errors.empty() ? std::string() : described(resolution.errors);
    };
    write("suites/good.yaml", good);
    EXPECT_TRUE(has_one_of(error_of({"godo"}), "did you mean 'good'")) << error_of({"godo"});
    EXPECT_TRUE(has_one_of(error_of({"good.tt"}), "t")) << error_of({"good.tt"});
    EXPECT_TRUE(has_one_of(error_of({"good."}), "good.")) << error_of({"good."});
    EXPECT_TRUE(has_one_of(error_of({""}), "request")) << error_of({""});
    EXPECT_TRUE(has_one_of(error_of({"../../etc/passwd"}), "etc")) << error_of({""});
    EXPECT_TRUE(has_one_of(error_of({"999999999999999999999*good"}), "9999"))
        << error_of({"999999999999999999999*good"});

    write("suites/twice.yaml", good);
    write("suites/twice/suite.yaml", good);
    const std::string twice = error_of({"twice"});
    EXPECT_TRUE(has_one_of(twice, "twice.yaml")) << twice;
    EXPECT_TRUE(has_one_of(twice, "twice/suite.yaml")) << twice;

    write("suites/large.yaml", std::string(17U << 20U, '#'));
    EXPECT_TRUE(has_one_of(error_of({"large"}), "the limit is")) << error_of({"large"});
    write("suites/binary.yaml", std::string("\x7f\x45LF\0\0\0\x01", 8));
    EXPECT_TRUE(has_one_of(error_of({"binary"}), "binary.yaml:1")) << error_of({"binary"});

    for (const char* override :
         {"run.timeout", "=3", "run..timeout=3", "name=x", "run.timeuot=3", "run.cmds.7=x",
          "variables.2=x", "variables.no.0=x", "run=[", "run.timeout=", "run.timeout=[1]"}) {
        selection_.overrides = {override};
        const std::string error = error_of({"good"});
        const std::string text(override);
        EXPECT_TRUE(
            has_one_of(error, "override '" + text.substr(0, text.find('=')) + "|-c " + text))
            << error;
    }
    selection_.overrides.clear();

    write("modes/quick.yaml", "summary: In a hurry\n");
    selection_.modes = {"quik"};
    EXPECT_TRUE(has_one_of(error_of({"good"}), "did you mean 'quick'")) << error_of({"good"});
}

TEST_F(WrongInput, OfAHostOrModeIsShownInItsFile) {
    write("suites/good.yaml", "t: {run: {cmds: ['true']}}\n");
    const std::string host = write("hosts/big.yaml", "run:\n  timeuot: 3\n");
    selection_.host = "big";
    Resolution resolution = resolved({"good"});
    ASSERT_EQ(resolution.errors.size(), 1U);
    EXPECT_EQ(resolution.errors.front().place->file, host);
    EXPECT_EQ(resolution.errors.front().place->line, 2);
    selection_.host.reset();
    const std::string mode = write("modes/quick.yaml", "run: {cmds: ['{{nope}}']}\n");
    selection_.modes = {"quick"};
    resolution = resolved({"good"});
    ASSERT_EQ(resolution.errors.size(), 1U);
    EXPECT_EQ(resolution.errors.front().place->file, mode);
    EXPECT_EQ(resolution.errors.front().place->column, 17);
}

// Odd, and not wrong.
TEST_F(WrongInput, OddFormsOfFilesAreRead) {
    const auto commands = [&](const std::string& text) {
        write("suites/odd.yaml", text);
        return only("odd").config["run"]["cmds"].dump();
    };
    EXPECT_EQ(commands("t:\r\n  run:\r\n    cmds:\r\n      - a\r\n      - b\r\n"), R"(["a","b"])");
    EXPECT_EQ(commands("\xEF\xBB\xBFt:\n  run: {cmds: [a]}\n"), R"(["a"])");
    EXPECT_EQ(commands("---\nt:\n  run: {cmds: [a]}\n...\n"), R"(["a"])");
    EXPECT_EQ(commands("t:\n  run: {cmds: [a]}"), R"(["a"])");
    EXPECT_EQ(commands("t:\n  run: {cmds: [\"\xC3\xA4\"]}"), "[\"\xC3\xA4\"]");
    write("suites/odd.yaml", "t:\n  run:\n    cmds: &all [a]\nu:\n  run: {cmds: *all}\n");
    EXPECT_EQ(only("odd.u").config["run"]["cmds"].dump(), R"(["a"])");
}
