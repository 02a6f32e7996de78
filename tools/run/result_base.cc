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

}  // namespace

std::string machine_of(const ResultFacts& facts) {
    const json host = text_or_null(facts.test->config, "host");
    if (host.is_string() && !host.get<std::string>().empty() && host != "<unknown>") {
        return host.get<std::string>();
    }
    return facts.header->host.value_or(facts.header->cluster.value_or(facts.job->node));
}

nlohmann::ordered_json base_results(const ResultFacts& facts, const ScriptEnd& end) {
    const session::Header& header = *facts.header;
    const session::PlannedTest& test = *facts.test;
    const JobContext& job = *facts.job;
    const json permuted = test.permute_vars.is_object() ? test.permute_vars : json::object();
    json variables = variables_of(test.config);
    for (const auto& [name, value] : permuted.items()) {
        variables[name] = value;
    }
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
          {"cluster", header.cluster ? json(*header.cluster) : json()},
          {"nodes", job.node_list}}},
        {"permute_on", permuted},
        {"sched",
         {{"test_nodes", test.nodes},
          {"tasks_per_node", test.tasks_per_node},
          {"tasks_total", static_cast<std::uint64_t>(test.nodes) * test.tasks_per_node},
          {"alloc_nodes", job.nodes.size()}}},
        {"sys_name", machine_of(facts)},
        {"return_value", end.return_value ? json(*end.return_value) : json()},
        {"uuid", fmt::format("{}-{}-{}-{}", header.id, job.mark(), test.index, facts.attempt)},
        {"var", variables},
    };
}

}  // namespace pavtest::run
