// --json and --yaml: one shape, null where something isn't known.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cmd/pavstat/views.h"

namespace pavtest::cmd {

namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(std::string_view text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json time_or_null(const std::optional<Timestamp>& when) {
    return when ? Json(to_rfc3339(*when)) : Json(nullptr);
}

template <class Value>
Json or_null(const std::optional<Value>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json test_json(const session::TestView& test, const std::string& name) {
    return {{"index", test.index},
            {"name", text_or_null(name)},
            {"state", test.state},
            {"result", text_or_null(to_string(test.result))},
            {"note", text_or_null(test.note)},
            {"when", time_or_null(test.when)},
            {"cause", text_or_null(to_string(test.cause))},
            {"source", test.source ? Json(to_string(*test.source)) : Json(nullptr)},
            {"nodes", text_or_null(test.nodes)},
            {"started", time_or_null(test.started)},
            {"ended", time_or_null(test.ended)},
            {"return_value", or_null(test.return_value)}};
}

Json row_json(const Row& row) {
    const index::JobRow& job = row.job;
    std::vector<std::string> suites = split(job.suites, ',');
    std::erase(suites, "");
    return {{"id", job.id},
            {"job_id", or_null(job.job)},
            {"cluster", text_or_null(job.cluster)},
            {"user", text_or_null(job.user)},
            {"request", text_or_null(job.request)},
            {"suites", suites},
            {"state", job.state},
            {"note", text_or_null(job.note)},
            {"when", time_or_null(job.when)},
            {"submitted", time_or_null(job.submitted)},
            {"started", time_or_null(job.started)},
            {"ended", time_or_null(job.ended_at)},
            {"nodes", text_or_null(job.nodes)},
            {"restarts", job.restarts},
            {"counts",
             {{"total", job.counts.total},
              {"pass", job.counts.pass},
              {"fail", job.counts.fail},
              {"error", job.counts.error},
              {"skipped", job.counts.skipped},
              {"unfinished", job.counts.unfinished}}},
            {"tests", Json::array()}};
}

// JSON leaves DEL and the controls of C1 (U+0080 to U+009F) as they are, which terminals obey.
// What is no UTF-8 in a foreign record was replaced when it was read; names may still be.
std::string dump(const Json& value, int indent) {
    const std::string text = value.dump(indent, ' ', false, Json::error_handler_t::replace);
    std::string safe;
    safe.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto here = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
        if (here == 0x7f) {
            safe += "\\u007f";
        } else if (here == 0xc2 && next >= 0x80 && next <= 0x9f) {
            safe += fmt::format("\\u{:04x}", next);
            ++i;
        } else {
            safe += text[i];
        }
    }
    return safe;
}

// A scalar of YAML 1.2's JSON schema: JSON itself, so that nothing in it can be misread.
std::string scalar(const Json& value) {
    return dump(value, -1);
}

void add_yaml(std::string& out, const Json& value, std::size_t depth) {
    const std::string indent(depth * 2, ' ');
    if (value.is_object() && !value.empty()) {
        for (const auto& [key, member] : value.items()) {
            out += indent + key + ":";
            if (member.is_structured() && !member.empty()) {
                out += '\n';
                add_yaml(out, member, depth + 1);
            } else {
                out += " " + scalar(member) + "\n";
            }
        }
        return;
    }
    for (const Json& element : value) {
        if (element.is_structured() && !element.empty()) {
            std::string inner;
            add_yaml(inner, element, depth + 1);
            inner[depth * 2] = '-';
            out += inner;
        } else {
            out += indent + "- " + scalar(element) + "\n";
        }
    }
}

}  // namespace

nlohmann::ordered_json sessions_json(const Collected& collected) {
    Json sessions = Json::array();
    for (const Row& row : collected.rows) {
        sessions.push_back(row_json(row));
    }
    for (const TestLine& test : collected.tests) {
        sessions[test.row]["tests"].push_back(test_json(test.view, test.name));
    }
    return {{"sessions", std::move(sessions)}};
}

std::string json_text(const nlohmann::ordered_json& document) {
    return dump(document, 2) + "\n";
}

std::string yaml_text(const nlohmann::ordered_json& document) {
    std::string out = "---\n";
    add_yaml(out, document, 0);
    return out;
}

}  // namespace pavtest::cmd
