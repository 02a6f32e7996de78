// bench_results FILE PATTERN: how long the regex parser takes to count a pattern's matches in a
// file; prints "SECONDS MATCHES".
#include "run/parsers/results.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

int main(int count, char** words) {
    if (count != 3) {
        fmt::print(stderr, "usage: bench_results FILE PATTERN\n");
        return 2;
    }
    using namespace pavtest::parsers;
    const nlohmann::json config = {
        {"result_parse",
         {{"regex",
           {{"found", {{"regex", words[2]}, {"match_select", "all"}, {"action", "count"}}}}}}}};
    ResultInputs inputs;
    inputs.places.run_log = words[1];
    inputs.base = {{"return_value", 0}};
    const auto start = std::chrono::steady_clock::now();
    const Results results = gather(config, inputs);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const Value* found = find(results.values, "found");
    if (!results.errors.empty() || found == nullptr) {
        fmt::print(stderr, "{}\n", results.json());
        return 1;
    }
    fmt::print("{} {}\n", took.count(), to_json(*found));
}
