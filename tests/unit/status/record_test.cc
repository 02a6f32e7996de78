#include "status/record.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "base/text.h"
#include "status/flat_json.h"

namespace pavtest::status {
namespace {

TEST(Record, RoundTripsEverything) {
    Record record;
    record.seq = 17;
    record.when = {1'700'000'000'123'456};
    record.role = Role::settle;
    record.host = "n1";
    record.restart = 2;
    record.job = 4711;
    record.test = 3;
    record.attempt = 2;
    record.state = "RUNNING";
    record.note = "tab\t \"quoted\" back\\slash\nline \x01 größe";
    record.end = true;
    record.again = true;
    record.result = Verdict::fail;
    record.cause = Cause::time_limit;
    record.return_value = -3;
    record.signal = 9;
    record.duration = 12.5;
    record.nodes = "n[1-3]";
    record.node = "left";
    record.key = "a/b/c";
    record.data = R"({"exit_code":"0:9","more":[1,{"x":null}]})";
    const std::string line = encode(record);
    ASSERT_EQ(line.back(), '\n');
    const auto read = decode(std::string_view(line).substr(0, line.size() - 1));
    ASSERT_TRUE(read) << read.error().what << line;
    EXPECT_EQ(read->seq, record.seq);
    EXPECT_EQ(read->when, record.when);
    EXPECT_EQ(read->role, record.role);
    EXPECT_EQ(read->host, record.host);
    EXPECT_EQ(read->restart, record.restart);
    EXPECT_EQ(read->job, record.job);
    EXPECT_EQ(read->test, record.test);
    EXPECT_EQ(read->attempt, record.attempt);
    EXPECT_EQ(read->state, record.state);
    EXPECT_EQ(read->note, record.note);
    EXPECT_TRUE(read->end);
    EXPECT_TRUE(read->again);
    EXPECT_EQ(read->result, record.result);
    EXPECT_EQ(read->cause, record.cause);
    EXPECT_EQ(read->return_value, record.return_value);
    EXPECT_EQ(read->signal, record.signal);
    EXPECT_EQ(read->duration, record.duration);
    EXPECT_EQ(read->nodes, record.nodes);
    EXPECT_EQ(read->node, record.node);
    EXPECT_EQ(read->key, record.key);
    EXPECT_EQ(read->data, record.data);
}

Record small() {
    Record record;
    record.seq = 1;
    record.when = {1'700'000'000'123'456};
    record.host = "n1";
    return record;
}

std::string_view without_newline(const std::string& line) {
    return std::string_view(line).substr(0, line.size() - 1);
}

TEST(Record, LeavesOutWhatIsNotSaid) {
    const auto json = nlohmann::json::parse(encode(small()));
    EXPECT_EQ(json.size(), 5U);
    EXPECT_EQ(json["v"], 1);
    EXPECT_EQ(json["role"], "runner");
    const auto read = decode(without_newline(encode(small())));
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->test);
    EXPECT_FALSE(read->job);
    EXPECT_EQ(read->cause, Cause::none);
}

TEST(Record, NotesAreCutOnACharacterAndSaySo) {
    for (const char* unit : {"x", "ö", "→", "😀", "\n", "\"", "\x01"}) {
        Record record = small();
        record.end = true;
        record.cause = Cause::node_failure;
        while (record.note.size() < 9000) {
            record.note += unit;
        }
        const std::string line = encode(record);
        EXPECT_LE(line.size(), kRecordMax);
        EXPECT_GT(line.size(), kRecordMax - 20);
        EXPECT_TRUE(is_utf8(line));
        const auto read = decode(without_newline(line));
        ASSERT_TRUE(read) << read.error().what;
        EXPECT_THAT(read->note, testing::EndsWith(" [cut]"));
        EXPECT_THAT(record.note, testing::StartsWith(read->note.substr(0, read->note.size() - 6)));
        EXPECT_EQ(read->cause, Cause::node_failure);
        EXPECT_TRUE(read->end);
    }
}

TEST(Record, ExtrasGoBeforeTheNoteDoes) {
    Record record = small();
    record.note = "short";
    record.nodes = "n1";
    record.data = R"({"x":")" + std::string(5000, 'y') + R"("})";
    auto read = decode(without_newline(encode(record)));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->data, "");
    EXPECT_EQ(read->nodes, "n1");
    EXPECT_EQ(read->note, "short [data left out]");
    record.nodes = std::string(5000, 'n');
    read = decode(without_newline(encode(record)));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->nodes, "");
    EXPECT_EQ(read->note, "short [data left out] [nodes left out]");
    record.note.clear();
    EXPECT_TRUE(decode(without_newline(encode(record))));
    record.key = std::string(5000, 'k');
    record.end = true;
    read = decode(without_newline(encode(record)));
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->end);
    EXPECT_THAT(read->note, testing::HasSubstr("too long"));
}

TEST(Record, WhatIsNoJsonDoesNotGetIn) {
    Record record = small();
    record.data = "{\"x\":1}\n{";
    EXPECT_EQ(decode(without_newline(encode(record)))->data, "");
    record.data = "[1]";
    EXPECT_EQ(decode(without_newline(encode(record)))->data, "");
    record.data.clear();
    record.host = "n\xff\n\"";
    EXPECT_EQ(decode(without_newline(encode(record)))->host, "n\xEF\xBF\xBD\n\"");
    record.duration = std::numeric_limits<double>::infinity();
    EXPECT_FALSE(decode(without_newline(encode(record)))->duration);
}

TEST(Record, RefusesWhatIsNone) {
    const std::string good = encode(small());
    for (const std::string& line :
         {std::string(),
          std::string("  "),
          std::string("x"),
          std::string("[]"),
          std::string("{}"),
          std::string("null"),
          good.substr(0, 40),
          good + good,
          std::string(R"({"v":2,"seq":0,"when":"2023-11-14T22:13:20Z","role":"runner"})"),
          std::string(R"({"v":0,"seq":0,"when":"2023-11-14T22:13:20Z","role":"runner"})"),
          std::string(R"({"v":1,"when":"2023-11-14T22:13:20Z","role":"runner"})"),
          std::string(R"({"v":1,"seq":0,"role":"runner"})"),
          std::string(R"({"v":1,"seq":0,"when":"yesterday","role":"runner"})"),
          std::string(R"({"v":1,"seq":0,"when":"2023-11-14T22:13:20Z","role":"king"})"),
          std::string(R"({"v":1,"seq":-1,"when":"2023-11-14T22:13:20Z","role":"runner"})"),
          std::string(
              R"({"v":1,"seq":0,"when":"2023-11-14T22:13:20Z","role":"runner","test":"3"})"),
          std::string(R"({"v":1,"seq":0,"when":"2023-11-14T22:13:20Z","role":"runner","end":1})"),
          std::string(R"({"v":1,"seq":0,"when":"2023-11-14T22:13:20Z","role":"runner","data":[]})"),
          std::string("{\"v\":1,\"note\":\"\xff\"}"),
          std::string("{\"v\":1,\"note\":\"\0\"}", 16)}) {
        EXPECT_FALSE(decode(line)) << line;
    }
    EXPECT_THAT(decode(R"({"v":2})").error().what, testing::HasSubstr("newer pavtest"));
}

TEST(Record, TakesWhatALaterReleaseAdds) {
    const auto read = decode(
        R"({ "v" : 1, "seq":3,"when":"2023-11-14T22:13:20.5+01:00","role":"settle","host":null,)"
        R"("new":{"a":[1,{}]},"cause":"solar flare","result":"MAYBE","state":"BRAND_NEW"} )");
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->cause, Cause::unknown);
    EXPECT_EQ(read->result, Verdict::none);
    EXPECT_EQ(read->state, "BRAND_NEW");
    EXPECT_EQ(read->when.microseconds, 1'699'996'400'500'000);
}

TEST(Record, StampsAgreeWithTheSlowWay) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 2000; ++i) {
        Record record = small();
        record.when.microseconds = static_cast<std::int64_t>(random() % 7'000'000'000'000'000ULL);
        EXPECT_EQ(decode(without_newline(encode(record)))->when, record.when);
    }
    for (const char* stamp :
         {"2024-02-29T23:59:59.999999+14:00", "1970-01-01T00:00:00.000000-12:00",
          "2000-03-01T00:00:00.000001+00:00", "2100-12-31T12:30:00.000000-03:30"}) {
        const std::string line =
            fmt::format(R"({{"v":1,"seq":0,"when":"{}","role":"runner"}})", stamp);
        EXPECT_EQ(decode(line)->when, *from_rfc3339(stamp)) << stamp;
    }
}

// Whatever a byte is changed to, our scanner and the library agree on what is JSON.
TEST(FlatJson, AgreesWithTheLibrary) {
    const std::string seeds[] = {
        R"({"a":1,"b":-0.5e+3,"c":"x\u00e9\\\"\n","d":[1,{"e":null}],"f":{"g":true},"h":false})",
        R"({"a" : "", "b":[],"c":{} , "d":[[],[0]]})", "{}",
        R"({"k":"\ud83d\ude00","z":"\udead"})"};
    std::mt19937 random(3);
    const std::string_view alphabet = "{}[]:,\"\\0123456789.-+eEtrufalsn \x01\xff";
    for (const std::string& seed : seeds) {
        for (int i = 0; i < 4000; ++i) {
            std::string text = seed;
            for (auto changes = random() % 3; changes > 0; --changes) {
                const std::size_t at = random() % text.size();
                if (random() % 3 == 0) {
                    text.erase(at, 1);
                } else {
                    text[at] = alphabet[random() % alphabet.size()];
                }
                if (text.empty()) {
                    break;
                }
            }
            FlatReader reader(text);
            FlatValue key;
            FlatValue value;
            bool ours = reader.begin();
            std::map<std::string, std::string> strings;
            while (ours && reader.next(key, value)) {
                if (value.kind == FlatValue::Kind::string) {
                    strings[unescaped(key)] = unescaped(value);
                } else {
                    strings.erase(unescaped(key));
                }
            }
            ours = ours && reader.complete() && is_utf8(text);
            const auto parsed = nlohmann::json::parse(text, nullptr, false);
            if (text.find("\\u") == std::string::npos) {
                ASSERT_EQ(ours, parsed.is_object()) << text;
            }
            for (const auto& [name, content] : strings) {
                if (ours && parsed.is_object()) {
                    ASSERT_EQ(parsed[name].get<std::string>(), content) << text;
                }
            }
        }
    }
}

TEST(FlatJson, RefusesEndlessNesting) {
    std::string deep = R"({"a":)" + std::string(100000, '[');
    FlatReader reader(deep);
    FlatValue key;
    FlatValue value;
    ASSERT_TRUE(reader.begin());
    EXPECT_FALSE(reader.next(key, value));
    EXPECT_FALSE(reader.complete());
}

TEST(Tests, RangesThereAndBack) {
    const std::vector<std::uint32_t> indices{0, 1, 2, 3, 7, 9, 10};
    EXPECT_EQ(test_ranges(indices), "0-3,7,9-10");
    EXPECT_EQ(test_ranges({}), "");
    for (std::uint32_t i = 0; i < 12; ++i) {
        EXPECT_EQ(names_test("0-3,7,9-10", i),
                  std::find(indices.begin(), indices.end(), i) != indices.end());
    }
    EXPECT_TRUE(names_test("*", 4'000'000'000U));
    for (const char* malformed :
         {"", "a", "1,", ",1", "3-1", "1-", "-1", "1--2", "1 2", "*,1", "99999999999"}) {
        EXPECT_TRUE(parse_tests(malformed).empty()) << malformed;
    }
}

}  // namespace
}  // namespace pavtest::status
