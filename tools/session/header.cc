// session.json to a header and back.
#include "session/header.h"

#include "session/json_fields.h"

namespace pavtest::session {

namespace {

using nlohmann::json;

json or_null(const std::optional<std::string>& text) {
    return text ? json(*text) : json(nullptr);
}

json wanted_json(const Wanted& wanted) {
    return {{"nodes", or_null(wanted.nodes)},
            {"tasks", or_null(wanted.tasks)},
            {"tasks_per_node", or_null(wanted.tasks_per_node)},
            {"time_limit_minutes", wanted.time_limit_minutes},
            {"partition", or_null(wanted.partition)},
            {"account", or_null(wanted.account)},
            {"qos", or_null(wanted.qos)},
            {"reservation", or_null(wanted.reservation)},
            {"constraint", or_null(wanted.constraint)},
            {"include", or_null(wanted.include)},
            {"exclude", or_null(wanted.exclude)},
            {"core_spec", or_null(wanted.core_spec)},
            {"extra", wanted.extra}};
}

std::string read_wanted(const json& object, Wanted& wanted) {
    Fields fields(object, "session.json: wanted");
    fields.text("nodes", wanted.nodes);
    fields.text("tasks", wanted.tasks);
    fields.text("tasks_per_node", wanted.tasks_per_node);
    fields.integer("time_limit_minutes", wanted.time_limit_minutes);
    fields.text("partition", wanted.partition);
    fields.text("account", wanted.account);
    fields.text("qos", wanted.qos);
    fields.text("reservation", wanted.reservation);
    fields.text("constraint", wanted.constraint);
    fields.text("include", wanted.include);
    fields.text("exclude", wanted.exclude);
    fields.text("core_spec", wanted.core_spec);
    fields.texts("extra", wanted.extra);
    return fields.problem();
}

}  // namespace

std::string to_json(const Header& header) {
    const json document{{"format", kPlanFormat},
                        {"id", header.id},
                        {"created", to_rfc3339(header.created)},
                        {"user", header.user},
                        {"uid", header.uid},
                        {"cluster", or_null(header.cluster)},
                        {"submit_host", header.submit_host},
                        {"submit_dir", header.submit_dir},
                        {"pavtest_version", header.pavtest_version},
                        {"request", header.request},
                        {"suites", header.suites},
                        {"modes", header.modes},
                        {"host", or_null(header.host)},
                        {"os", or_null(header.os)},
                        {"overrides", header.overrides},
                        {"script", header.script},
                        {"tests", header.tests},
                        {"wanted", wanted_json(header.wanted)},
                        {"skipped", header.skipped},
                        {"without", header.without}};
    return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<Header> header_from_json(std::string_view text) {
    const auto document = parse_document(text, "session.json", kPlanFormat);
    if (!document) {
        return tl::make_unexpected(document.error());
    }
    Header header;
    Fields fields(*document, "session.json");
    fields.text("id", header.id, true);
    fields.time("created", header.created);
    fields.text("user", header.user, true);
    fields.integer("uid", header.uid, true);
    fields.text("cluster", header.cluster);
    fields.text("submit_host", header.submit_host);
    fields.text("submit_dir", header.submit_dir);
    fields.text("pavtest_version", header.pavtest_version);
    fields.texts("request", header.request);
    fields.texts("suites", header.suites);
    fields.texts("modes", header.modes);
    fields.text("host", header.host);
    fields.text("os", header.os);
    fields.texts("overrides", header.overrides);
    fields.text("script", header.script);
    fields.integer("tests", header.tests, true);
    fields.indices("skipped", header.skipped);
    fields.texts("without", header.without);
    std::string problem = fields.problem();
    if (const json* const wanted = fields.find("wanted", false);
        wanted != nullptr && problem.empty()) {
        problem = wanted->is_object() ? read_wanted(*wanted, header.wanted)
                                      : "session.json: 'wanted' is not an object";
    }
    if (!problem.empty()) {
        return fail(ErrorKind::infrastructure, problem);
    }
    return header;
}

}  // namespace pavtest::session
