// Python's answers, recorded from Python's own re module, against ours.
#include "run/parsers/regex.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "run/parsers/python_regex.h"

namespace pavtest::parsers {
namespace {

using nlohmann::json;

json recorded() {
    std::ifstream file(PAVTEST_SOURCE_DIR "/tests/data/results/python_regexes.json");
    return json::parse(file);
}

// What Python finds: the match and its groups, or null.
json search(Regex& regex, const std::string& text) {
    const Deadline deadline(std::chrono::seconds(20));
    if (regex.search(Subject::of(text), deadline) != Regex::Found::yes) {
        return nullptr;
    }
    json groups = json::array();
    for (std::size_t i = 0; i <= regex.groups(); ++i) {
        const Regex::Span span = regex.group(i);
        groups.push_back(span.set ? json(text.substr(span.begin, span.end - span.begin)) : json());
    }
    return groups;
}

TEST(Regex, FindsWhatPythonFinds) {
    // Refused here though Python has it.
    const std::set<std::string> refused = {"\\N{DIGIT ONE}"};
    const json all = recorded();
    for (const json& item : all["cases"]) {
        const auto pattern = item["pattern"].get<std::string>();
        auto regex = Regex::compile(pattern);
        if (item.contains("error") || refused.count(pattern) > 0) {
            EXPECT_FALSE(regex) << pattern;
            continue;
        }
        ASSERT_TRUE(regex) << pattern << ": " << regex.error().what;
        for (std::size_t i = 0; i < all["texts"].size(); ++i) {
            EXPECT_EQ(search(*regex, all["texts"][i]), item["matches"][i])
                << pattern << " on " << all["texts"][i];
        }
    }
}

TEST(Regex, RefusalsNameThePatternAndThePlace) {
    const struct {
        const char* pattern;
        const char* part;
    } cases[] = {{"(?<n>a)", "'(?<n>a)', character 1"},
                 {"ab\\h", "character 3: \\h means nothing in Python"},
                 {"a**", "repeats a repeat"},
                 {"^*", "nothing to repeat"},
                 {"x(?i)y", "stands behind the start"},
                 {"a{70000}", "65535"},
                 {"(?a:x)", "(?a:…) is not supported"},
                 {"\\N{BULLET}", "\\N{…} is not supported"}};
    for (const auto& item : cases) {
        auto regex = Regex::compile(item.pattern);
        ASSERT_FALSE(regex) << item.pattern;
        EXPECT_NE(regex.error().what.find(item.part), std::string::npos) << regex.error().what;
    }
    EXPECT_FALSE(Regex::compile("\xff"));
}

TEST(Regex, WritesPatternsAnew) {
    const struct {
        const char* python;
        const char* pcre;
    } cases[] = {{"(?P<n>a)(?P=n)", "(a)\\g{1}"},
                 {"a\\Z", "a\\z"},
                 {"a{,3}", "a{0,3}"},
                 {"[[:alpha:]]", "[\\[\\:alpha\\:]\\]"},
                 {"(?x) a b # c", "ab"},
                 {"\\v", "\\x{b}"},
                 {"{a}", "\\{a\\}"}};
    for (const auto& item : cases) {
        auto translation = translate_regex(item.python);
        ASSERT_TRUE(translation) << item.python;
        EXPECT_EQ(translation->pattern, item.pcre);
    }
    EXPECT_EQ(translate_regex("a+b*?")->guarded, "a+(?C1)b*?(?C1)");
}

TEST(Regex, KnowsWhichRepeatsMultiply) {
    const struct {
        const char* pattern;
        int ambiguous;  // -1: nested
    } cases[] = {{"world (\\d+)", 1},  {"(\\d+)\\s+(\\d+)\\s+x", 0},
                 {"\\d+:", 0},         {"\\w+\\d", 1},
                 {".*World", 1},       {".*a.*b", 2},
                 {"\\s+x?y", 1},       {"\\s+xy", 0},
                 {"\\s+(x)?\\s", 1},   {"\\s+(x|\\s)", 1},
                 {"\\d+(?=\\d)x", 1},  {"(\\S+\\s+){3}x", 3},
                 {"(\\S+\\s+)*x", -1}, {"(a+)+b", -1},
                 {"(?:a|b)*c", 1},     {"(?i)A+a", 1},
                 {"[a-f]+[g-z]", 0},   {"[^:]+:", 0},
                 {"a{2}b{3}", 0}};
    for (const auto& item : cases) {
        const auto found = translate_regex(item.pattern)->ambiguous;
        EXPECT_EQ(found ? static_cast<int>(*found) : -1, item.ambiguous) << item.pattern;
    }
}

TEST(Regex, CatastrophicPatternsAreGivenUp) {
    const struct {
        const char* pattern;
        std::string text;
    } cases[] = {{"(a+)+[bc]", std::string(5000, 'a')},
                 {"(?:a|a)*[bc]", std::string(5000, 'a')},
                 {"(?:\\w+\\s?)*[!?]", std::string(60, 'w') + std::string(200, ' ')},
                 {"^(\\s*(\\||\\+|-|=)+)+\\s*$", std::string(100, '-') + "x"}};
    for (const auto& item : cases) {
        auto regex = Regex::compile(item.pattern);
        ASSERT_TRUE(regex);
        const auto begin = std::chrono::steady_clock::now();
        const Deadline deadline(std::chrono::seconds(2));
        const auto found = regex->search(Subject::of(item.text), deadline);
        const auto took = std::chrono::steady_clock::now() - begin;
        EXPECT_EQ(found, Regex::Found::gave_up) << item.pattern;
        EXPECT_LT(took, std::chrono::seconds(10)) << item.pattern;
        EXPECT_NE(regex->error().what.find(item.pattern), std::string::npos);
        EXPECT_EQ(regex->error().kind, ErrorKind::infrastructure);
    }
}

TEST(Regex, LongLinesEndByTheDeadline) {
    auto regex = Regex::compile(".*[ab].*[cd].*[ef].*[gh].*[ij]");
    ASSERT_TRUE(regex);
    std::string text;
    while (text.size() < (1U << 20)) {
        text += "acegacegaceg";
    }
    const auto begin = std::chrono::steady_clock::now();
    const Deadline deadline(std::chrono::milliseconds(300));
    EXPECT_EQ(regex->search(Subject::of(text), deadline), Regex::Found::gave_up);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8));
    // The same expression goes on working.
    EXPECT_EQ(regex->search(Subject::of("a c e g i"), Deadline(std::chrono::seconds(5))),
              Regex::Found::yes);
}

TEST(Regex, LongLinesAreSearchedToTheirEnd) {
    auto regex = Regex::compile("needle (\\d+)$");
    ASSERT_TRUE(regex);
    const std::string text = std::string(900000, 'x') + " needle 42\n";
    ASSERT_EQ(regex->search(Subject::of(text), Deadline(std::chrono::seconds(20))),
              Regex::Found::yes);
    const Regex::Span span = regex->group(1);
    EXPECT_EQ(text.substr(span.begin, span.end - span.begin), "42");
}

}  // namespace
}  // namespace pavtest::parsers
