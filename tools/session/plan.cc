// plan.json to a plan and back.
#include "session/plan.h"

#include "session/json_fields.h"

namespace pavtest::session {

namespace {

using nlohmann::json;

json or_null(const std::optional<std::string>& text) {
    return text ? json(*text) : json(nullptr);
}

json files_json(const std::vector<FrozenFile>& files) {
    json list = json::array();
    for (const FrozenFile& file : files) {
        list.push_back({{"path", file.path}, {"target", file.target}, {"digest", file.digest}});
    }
    return list;
}

std::string read_files(const json& object, const char* key, std::vector<FrozenFile>& files) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) {
        return {};
    }
    if (!found->is_array()) {
        return fmt::format("plan.json: '{}' is not a list", key);
    }
    for (const json& entry : *found) {
        FrozenFile file;
        if (!entry.is_object()) {
            return fmt::format("plan.json: '{}' has an entry that is not an object", key);
        }
        Fields fields(entry, fmt::format("plan.json: {}", key));
        fields.text("path", file.path, true);
        fields.text("target", file.target, true);
        fields.text("digest", file.digest);
        if (!fields.problem().empty()) {
            return fields.problem();
        }
        files.push_back(std::move(file));
    }
    return {};
}

json test_json(const PlannedTest& test) {
    return {{"index", test.index},
            {"name", test.name},
            {"suite", test.suite},
            {"test", test.test},
            {"subtitle", or_null(test.subtitle)},
            {"skip_reasons", test.skip_reasons},
            {"deferred", test.deferred},
            {"nodes", test.nodes},
            {"tasks_per_node", test.tasks_per_node},
            {"source", or_null(test.source)},
            {"source_digest", test.source_digest},
            {"extra_files", files_json(test.extra_files)},
            {"config", test.config},
            {"variables", test.variables},
            {"permute_vars", test.permute_vars}};
}

std::string read_test(const json& object, std::size_t place, PlannedTest& test) {
    const std::string what = fmt::format("plan.json: test {}", place);
    if (!object.is_object()) {
        return what + " is not an object";
    }
    Fields fields(object, what);
    fields.integer("index", test.index, true);
    fields.text("name", test.name, true);
    fields.text("suite", test.suite);
    fields.text("test", test.test);
    fields.text("subtitle", test.subtitle);
    fields.texts("skip_reasons", test.skip_reasons);
    fields.flag("deferred", test.deferred);
    fields.integer("nodes", test.nodes);
    fields.integer("tasks_per_node", test.tasks_per_node);
    fields.text("source", test.source);
    fields.text("source_digest", test.source_digest);
    if (const json* const config = fields.find("config", false)) {
        test.config = *config;
    }
    if (const json* const variables = fields.find("variables", false)) {
        test.variables = *variables;
    }
    if (const json* const permute_vars = fields.find("permute_vars", false)) {
        test.permute_vars = *permute_vars;
    }
    if (test.index != place) {
        fields.wrong("index", "its place in the list");
    }
    const std::string problem = fields.problem();
    return problem.empty() ? read_files(object, "extra_files", test.extra_files) : problem;
}

}  // namespace

std::string to_json(const Plan& plan) {
    json tests = json::array();
    for (const PlannedTest& test : plan.tests) {
        tests.push_back(test_json(test));
    }
    const json document{{"format", kPlanFormat},
                        {"id", plan.id},
                        {"builds",
                         {{"area", plan.builds.area},
                          {"group", plan.builds.group},
                          {"archive_bytes", plan.builds.archive_bytes},
                          {"archive_entries", plan.builds.archive_entries}}},
                        {"tests", std::move(tests)}};
    return document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<Plan> plan_from_json(std::string_view text) {
    const auto document = parse_document(text, "plan.json", kPlanFormat);
    if (!document) {
        return tl::make_unexpected(document.error());
    }
    Plan plan;
    Fields fields(*document, "plan.json");
    fields.text("id", plan.id, true);
    const json* const tests = fields.find("tests", true);
    std::string problem = fields.problem();
    if (const json* const builds = fields.find("builds", false);
        problem.empty() && builds != nullptr && builds->is_object()) {
        Fields rules(*builds, "plan.json: builds");
        rules.text("area", plan.builds.area);
        rules.text("group", plan.builds.group);
        rules.integer("archive_bytes", plan.builds.archive_bytes);
        rules.integer("archive_entries", plan.builds.archive_entries);
        problem = rules.problem();
    }
    if (problem.empty() && !tests->is_array()) {
        problem = "plan.json: 'tests' is not a list";
    }
    if (!problem.empty()) {
        return fail(ErrorKind::infrastructure, problem);
    }
    plan.tests.resize(tests->size());
    for (std::size_t i = 0; i < plan.tests.size(); ++i) {
        problem = read_test((*tests)[i], i, plan.tests[i]);
        if (!problem.empty()) {
            return fail(ErrorKind::infrastructure, problem);
        }
    }
    return plan;
}

}  // namespace pavtest::session
