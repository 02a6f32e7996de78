#include "base/yaml.h"

#include <gtest/gtest.h>

#include "base/float_text.h"

using namespace pavtest;

namespace {

yaml::Document parsed(const std::string& text) {
    auto document = yaml::parse(text, "file.yaml");
    EXPECT_TRUE(document.has_value()) << text << "\n"
                                      << (document ? "" : describe(document.error()));
    return document ? *document : *yaml::parse("", "file.yaml");
}

Error refused(const std::string& text, const yaml::Limits& limits = {}) {
    auto document = yaml::parse(text, "file.yaml", limits);
    EXPECT_FALSE(document.has_value()) << text;
    return document ? Error{} : document.error();
}

// The tree in JSON's manner, types visible in nothing but the text.
std::string shown(const yaml::Node& node) {
    std::string out;
    switch (node.kind) {
        case yaml::Kind::null:
            return "null";
        case yaml::Kind::scalar:
            return '"' + node.text + '"';
        case yaml::Kind::list:
            for (const yaml::Node* item : node.items) {
                out += (out.empty() ? "" : ", ") + shown(*item);
            }
            return "[" + out + "]";
        case yaml::Kind::map:
            for (const yaml::Entry& entry : node.entries) {
                out += (out.empty() ? "" : ", ") + shown(*entry.key) + ": " + shown(*entry.value);
            }
            return "{" + out + "}";
    }
    return out;
}

std::string read(const std::string& text) {
    return shown(parsed(text).root());
}

}  // namespace

TEST(Yaml, ScalarsAsPavilionReadsThem) {
    EXPECT_EQ(read("yes"), "\"True\"");
    EXPECT_EQ(read("Off"), "\"False\"");
    EXPECT_EQ(read("y"), "\"y\"");
    EXPECT_EQ(read("~"), "null");
    EXPECT_EQ(read(""), "null");
    EXPECT_EQ(read("'~'"), "\"~\"");
    EXPECT_EQ(read("010"), "\"8\"");
    EXPECT_EQ(read("09"), "\"09\"");
    EXPECT_EQ(read("0o10"), "\"0o10\"");
    EXPECT_EQ(read("0x1F"), "\"31\"");
    EXPECT_EQ(read("-0x1f"), "\"-31\"");
    EXPECT_EQ(read("0b11"), "\"3\"");
    EXPECT_EQ(read("0xffffffffffffffffffff"), "\"1208925819614629174706175\"");
    EXPECT_EQ(read("123456789012345678901234567890"), "\"123456789012345678901234567890\"");
    EXPECT_EQ(read("1_000"), "\"1000\"");
    EXPECT_EQ(read("+1"), "\"1\"");
    EXPECT_EQ(read("-0"), "\"0\"");
    EXPECT_EQ(read("1:30"), "\"90\"");
    EXPECT_EQ(read("190:20:30.15"), "\"685230.15\"");
    EXPECT_EQ(read("1.10"), "\"1.1\"");
    EXPECT_EQ(read("1."), "\"1.0\"");
    EXPECT_EQ(read(".5"), "\"0.5\"");
    EXPECT_EQ(read("-.5"), "\"-.5\"");
    EXPECT_EQ(read("-0.5"), "\"-0.5\"");
    EXPECT_EQ(read("."), "\".\"");
    EXPECT_EQ(read("1e3"), "\"1e3\"");
    EXPECT_EQ(read("1.e+3"), "\"1000.0\"");
    EXPECT_EQ(read("1.0e+16"), "\"1e+16\"");
    EXPECT_EQ(read(".inf"), "\"inf\"");
    EXPECT_EQ(read("-.INF"), "\"-inf\"");
    EXPECT_EQ(read(".nan"), "\"nan\"");
    EXPECT_EQ(read("1.2.3"), "\"1.2.3\"");
    EXPECT_EQ(read("'010'"), "\"010\"");
    EXPECT_EQ(read("!!str 010"), "\"010\"");
    EXPECT_EQ(read("!!float 3"), "\"3.0\"");
    EXPECT_EQ(parsed("2001-01-01").root().type, yaml::Type::timestamp);
    EXPECT_EQ(parsed("2001-12-14t21:59:43.10-05:00").root().type, yaml::Type::timestamp);
    EXPECT_EQ(parsed("2001-1-1").root().type, yaml::Type::text);
}

TEST(Yaml, UnknownEscapesKeepTheirBackslash) {
    EXPECT_EQ(read(R"("\d+\.\w \\d \" \/ \x41")"), R"("\d+\.\w \d " \/ A")");
    EXPECT_EQ(read(R"(['\d', \d, "\d"])"), R"(["\d", "\d", "\d"])");
    EXPECT_EQ(read("\"x\\\n  y\""), "\"xy\"");
    refused(R"("\xZZ")");
    refused("\"\\");
}

TEST(Yaml, FlowStyleTakesQuestionAndPlus) {
    EXPECT_EQ(read("{m?: none, l+: [t]}"), R"({"m?": "none", "l+": ["t"]})");
    EXPECT_EQ(read("{a: what?, b: [c?, ls *.?]}"), R"({"a": "what?", "b": ["c?", "ls *.?"]})");
    EXPECT_EQ(read("{? a : b}"), R"({"a": "b"})");
    EXPECT_EQ(read("[http://x/y, a:b]"), R"(["http://x/y", "a:b"])");
}

TEST(Yaml, PlacesAreThoseOfTheFile) {
    const auto document = parsed("a:\n  - b\n  - {k: 'v'}\n");
    const yaml::Node& list = *document.root().find("a");
    EXPECT_EQ(list.items[1]->find("k")->position.line, 3U);
    EXPECT_EQ(list.items[1]->find("k")->position.column, 9U);
    const Place place = document.place(*list.items[0]);
    EXPECT_EQ(place.line, 2);
    EXPECT_EQ(place.column, 5);
    EXPECT_EQ(place.line_text, "  - b");
    EXPECT_EQ(place.file, "file.yaml");
}

TEST(Yaml, PlacesInsideScalars) {
    const auto at = [](const std::string& text, const std::string& what) {
        const auto document = parsed(text);
        const yaml::Node& node = *document.root().find("a");
        const Place place = document.place(node, node.text.find(what));
        return place.line_text.substr(static_cast<std::size_t>(place.column) - 1, what.size());
    };
    EXPECT_EQ(at("a: one {{two}} three", "{{two"), "{{two");
    EXPECT_EQ(at("a: 'it''s {{two}}'", "two"), "two");
    EXPECT_EQ(at("a: \"\\x41\\t\\d {{two}}\"", "two"), "two");
    EXPECT_EQ(at("a: |\n   one\n   {{two}}\n\n     three\n", "three"), "three");
    EXPECT_EQ(at("a: >-\n   one\n   {{two}}\n\n   three\n", "two"), "two");
    EXPECT_EQ(at("a: one\n   two\n   three\n", "three"), "three");
    EXPECT_EQ(at("a: ü \xE2\x82\xAC {{two}}", "two"), "two");
}

TEST(Yaml, DuplicateKeysAreErrors) {
    const Error error = refused("a: 1\nb: 2\na: 3\n");
    ASSERT_TRUE(error.place.has_value());
    EXPECT_EQ(error.place->line, 3);
    EXPECT_EQ(error.hint, "the first is on line 1");
}

TEST(Yaml, MergeKeys) {
    EXPECT_EQ(read("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}"),
              R"({"x": {"a": "1", "b": "2"}, "y": {"a": "1", "b": "3"}})");
    refused("y: {<<: 3}");
}

TEST(Yaml, ErrorsNameThePlace) {
    EXPECT_EQ(refused("a: b: c").place->column, 5);
    EXPECT_EQ(refused("a: b\n\tc: d").place->line, 2);
    EXPECT_EQ(refused("foo:\n  bar: ]\n").place->line, 2);
    EXPECT_EQ(refused("a: {{b}}\n").place->column, 5);
    EXPECT_EQ(refused("a: 1\nb: \x01\n").place->line, 2);
    EXPECT_EQ(refused("a: \xff\n").place->line, 1);
    EXPECT_EQ(refused("a: b\n---\nc: d").place->line, 2);
    EXPECT_EQ(refused("a: !foo x").place->column, 4);
    EXPECT_EQ(refused("a: *nope").place->column, 4);
    EXPECT_EQ(refused("a: &x [*x]").place->column, 8);
}

TEST(Yaml, HostileFilesAreRefused) {
    refused(std::string(200, '['));
    refused(std::string(100'000, '['));
    std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 30; ++i) {
        const std::string previous = "*a" + std::to_string(i - 1);
        laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int k = 0; k < 9; ++k) {
            laughs += previous + ",";
        }
        laughs += previous + "]\n";
    }
    EXPECT_NE(refused(laughs).what.find("more than"), std::string::npos);
    yaml::Limits small;
    small.bytes = 10;
    refused("aaaaaaaaaaaaaaaaaaaaaaaaa", small);
}

TEST(FloatText, AsPython) {
    EXPECT_EQ(float_text(0.1), "0.1");
    EXPECT_EQ(float_text(1), "1.0");
    EXPECT_EQ(float_text(-0.0), "-0.0");
    EXPECT_EQ(float_text(1e15), "1000000000000000.0");
    EXPECT_EQ(float_text(1e16), "1e+16");
    EXPECT_EQ(float_text(1.5e300), "1.5e+300");
    EXPECT_EQ(float_text(0.0001), "0.0001");
    EXPECT_EQ(float_text(0.00001), "1e-05");
    EXPECT_EQ(float_text(123456.789), "123456.789");
}
