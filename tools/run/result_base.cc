// From header, plan and job to the base keys.
#include "run/result_base.h"

#include <fmt/format.h>

namespace pavtest::run {

namespace {

using nlohmann::json;

double seconds(Timestamp when) {
    return static_cast<double>(when.microseconds) / 1e6;
}

// A variable with one value is that value, one with several a list of them.
json variables_of(const json& config) {
    const auto found = config.is_object() ? config.find("variables") : config.end();
    if (!config.is_object() || found == config.end() || !found->is_object()) {
        return json::object();
    }
    json variables = json::object();
    for (const auto& [name, value] : found->items()) {
        variables[name] = value.is_array() && value.size() == 1 ? value.front() : value;
    }
    return variables;
}

json text_or_null(const json& config, const char* key) {
    const auto found = config.is_object() ? config.find(key) : config.end();
    return config.is_object() && found != config.end() ? *found : json();
}

// Which of the variables this test is one permutation of, with their values.
json permuted(const json& config, const json& variables) {
    json permuted = json::object();
    const json names = text_or_null(config, "permute_on");
    for (const json& name : names.is_array() ? names : json::array()) {
        if (name.is_string()) {
            const auto found = variables.find(name.get<std::string>());
            permuted[name.get<std::string>()] = found == variables.end() ? json() : *found;
        }
    }
    return permuted;
}

}  // namespace

nlohmann::ordered_json base_results(const ResultFacts& facts, const ScriptEnd& end) {
    const session::Header& header = *facts.header;
    const session::PlannedTest& test = *facts.test;
    const JobContext& job = *facts.job;
    const json variables = variables_of(test.config);
    return {
        {"name", test.name},
        {"id", fmt::format("{}/{}", header.id, test.index)},
        {"test_version", text_or_null(test.config, "test_version")},
        {"pav_version", header.pavtest_version},
        {"created", seconds(header.created)},
        {"started", seconds(facts.started)},
        {"finished", seconds(facts.finished)},
        {"duration", end.duration},
        {"user", header.user},
        {"job_info",
         {{"id", fmt::format("{}", job.key.job)},
          {"restart", job.key.restart},
          {"sys_name", header.cluster ? json(*header.cluster) : json()},
          {"nodes", job.node_list}}},
        {"permute_on", permuted(test.config, variables)},
        {"sched",
         {{"nodes", test.nodes},
          {"tasks_per_node", test.tasks_per_node},
          {"alloc_nodes", job.nodes.size()}}},
        {"sys_name", header.cluster ? json(*header.cluster) : json()},
        {"return_value", end.return_value ? json(*end.return_value) : json()},
        {"uuid", fmt::format("{}-{}-{}-{}", header.id, job.mark(), test.index, facts.attempt)},
        {"var", variables},
    };
}

}  // namespace pavtest::run
