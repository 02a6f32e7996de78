// --json: one shape, null where something isn't known.
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

Json row_json(const Row& row, const session::Header& header,
              const std::vector<std::string>& names) {
    const Counts counts = counts_of(row.job);
    Json tests = Json::array();
    for (const session::TestView& test : row.job.tests) {
        if (!row.test || *row.test == test.index) {
            tests.push_back(test_json(test, names[test.index]));
        }
    }
    return {{"id", header.id},
            {"job_id", or_null(row.job.job)},
            {"cluster", or_null(header.cluster)},
            {"user", text_or_null(header.user)},
            {"request", text_or_null(join(header.request, ","))},
            {"suites", header.suites},
            {"state", row.job.state},
            {"note", text_or_null(row.job.note)},
            {"when", time_or_null(row.job.when)},
            {"submitted", time_or_null(row.job.submitted)},
            {"started", time_or_null(row.job.started)},
            {"ended", time_or_null(row.job.ended_at)},
            {"nodes", text_or_null(row.job.nodes)},
            {"restarts", row.job.restarts},
            {"counts",
             {{"total", counts.total},
              {"pass", counts.pass},
              {"fail", counts.fail},
              {"error", counts.error},
              {"skipped", counts.skipped},
              {"unfinished", counts.unfinished}}},
            {"tests", std::move(tests)}};
}

}  // namespace

std::string sessions_json(const Collected& collected) {
    Json sessions = Json::array();
    std::vector<std::string> names;
    std::size_t names_of = collected.sessions.size();
    for (const Row& row : collected.rows) {
        if (names_of != row.session) {
            names = test_names(collected.sessions[row.session]);
            names_of = row.session;
        }
        sessions.push_back(row_json(row, collected.sessions[row.session].view.header, names));
    }
    // What is no UTF-8 in a foreign record was replaced when it was read; names may still be.
    return Json{{"sessions", std::move(sessions)}}.dump(2, ' ', false,
                                                        Json::error_handler_t::replace) +
           "\n";
}

}  // namespace pavtest::cmd
