// The default result.
#include "run/result.h"

#include <fmt/format.h>

#include <cstring>

#include "base/text.h"
#include "status/states.h"

namespace pavtest::run {

namespace {

using nlohmann::json;

double seconds(Timestamp when) {
    return static_cast<double>(when.microseconds) / 1e6;
}

// Whether the configuration asks for nothing but the default result.
bool default_result(const json& config) {
    const auto found = config.is_object() ? config.find("result_evaluate") : config.end();
    if (!config.is_object() || found == config.end() || !found->is_object()) {
        return true;
    }
    const auto result = found->find("result");
    return result == found->end() || result->is_null() ||
           (result->is_string() && trim(result->get<std::string>()) == "return_value == 0");
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

std::string describe_end(const ScriptEnd& end, std::optional<double> timeout) {
    if (!end.not_started.empty()) {
        return std::string(trim(end.not_started));
    }
    if (end.timed_out) {
        return fmt::format("no output for {} s", timeout.value_or(0));
    }
    std::string text = end.signal != 0 ? fmt::format("killed by signal {} ({})", end.signal,
                                                     ::strsignal(end.signal))
                                       : fmt::format("returned {}", end.return_value.value_or(0));
    if (end.out_of_memory) {
        text += ", out of memory";
    }
    return text;
}

Verdict judge_run(const session::PlannedTest& test, const ScriptEnd& end,
                  std::optional<double> timeout) {
    Verdict verdict;
    verdict.state = status::state::complete;
    verdict.reason = describe_end(end, timeout);
    if (!end.not_started.empty()) {
        verdict.state = status::state::run_error;
        verdict.result = status::Verdict::error;
        return verdict;
    }
    if (end.timed_out) {
        verdict.result = status::Verdict::fail;
        verdict.cause = status::Cause::timeout;
        return verdict;
    }
    if (!default_result(test.config)) {
        verdict.result = status::Verdict::error;
        verdict.reason += "; result_evaluate asks for a result that is not evaluated yet";
        return verdict;
    }
    verdict.result = end.return_value == 0 ? status::Verdict::pass : status::Verdict::fail;
    if (end.out_of_memory) {
        verdict.cause = status::Cause::out_of_memory;
    }
    return verdict;
}

json base_results(const ResultFacts& facts, const ScriptEnd& end, const Verdict& verdict) {
    const session::Header& header = *facts.header;
    const JobContext& job = *facts.job;
    const json& config = facts.test->config;
    json results = {
        {"name", facts.test->name},
        {"id", fmt::format("{}/{}", header.id, facts.test->index)},
        {"uuid",
         fmt::format("{}-{}-{}-{}", header.id, job.mark(), facts.test->index, facts.attempt)},
        {"test_version", text_or_null(config, "test_version")},
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
        {"permute_on", json::object()},
        {"sched", json::object()},
        {"sys_name", header.cluster ? json(*header.cluster) : json()},
        {"pav_result_errors", json::array()},
        {"per_file", json::object()},
        {"return_value", end.return_value ? json(*end.return_value) : json()},
        {"var", variables_of(config)},
        {"result", std::string(status::to_string(verdict.result))},
    };
    if (verdict.result == status::Verdict::error) {
        results["pav_result_errors"].push_back(verdict.reason);
    }
    return results;
}

}  // namespace pavtest::run
