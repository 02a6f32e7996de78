// A test's directory to gather results from.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "run/parsers/results.h"

namespace pavtest::parsers {

class ResultsTest : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "results.XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        root_ = name;
        std::filesystem::create_directories(root_ / "build");
        inputs_.places = {root_ / "build", root_, root_ / "run.log"};
        inputs_.base = {{"name", "suite.test"}, {"id", 7}, {"return_value", 0}};
        inputs_.limits.time = std::chrono::seconds(60);
    }

    void TearDown() override { std::filesystem::remove_all(root_); }

    /// A file of the build, or the log.
    void write(const std::string& name, std::string_view text) {
        std::ofstream(name == "run.log" ? root_ / name : root_ / "build" / name, std::ios::binary)
            << text;
    }
    void log(std::string_view text) { write("run.log", text); }

    /// Gathers with a configuration written as JSON.
    Results gather_with(const std::string& config) {
        const auto parsed = nlohmann::json::parse(config, nullptr, false);
        EXPECT_FALSE(parsed.is_discarded()) << config;
        return gather(parsed, inputs_);
    }

    /// The JSON of a key of the results, found by its path.
    static std::string at(const Results& results, const std::string& path) {
        const Map* map = &results.values;
        std::string rest = path;
        while (true) {
            const std::size_t point = rest.find('.');
            const Value* value = find(*map, rest.substr(0, point));
            if (value == nullptr) {
                return "absent";
            }
            if (point == std::string::npos) {
                return to_json(*value);
            }
            map = value->as<Map>();
            if (map == nullptr) {
                return "no mapping";
            }
            rest = rest.substr(point + 1);
        }
    }

    /// What one parser with one key "k" gives.
    std::string key_of(const std::string& parser, const std::string& options) {
        const Results results =
            gather_with(R"({"result_parse": {")" + parser + R"(": {"k": )" + options + "}}}");
        errors_ = results.errors;
        return at(results, "k");
    }

    std::filesystem::path root_;
    ResultInputs inputs_;
    std::vector<std::string> errors_;
};

}  // namespace pavtest::parsers
