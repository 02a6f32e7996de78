// The way of results: parse, evaluate, compare with references, judge, tidy up.
#include "run/parsers/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "run/parsers/base_keys.h"
#include "run/parsers/evaluations.h"
#include "run/parsers/parsing.h"
#include "run/parsers/per_file.h"
#include "run/parsers/reference.h"

namespace pavtest::parsers {

namespace {

using nlohmann::json;
using Path = std::vector<std::string>;

const json& section(const json& config, const char* name) {
    static const json none;
    const auto found = config.is_object() ? config.find(name) : config.end();
    return config.is_object() && found != config.end() ? *found : none;
}

Map base_values(const nlohmann::ordered_json& base) {
    Map values;
    for (const std::string_view key : base_keys) {
        if (key != result_key) {
            const auto found = base.find(std::string(key));
            set(values, key, found == base.end() ? Value() : from_json(*found));
        }
    }
    if (base.is_object()) {
        for (const auto& [key, value] : base.items()) {
            if (find(values, key) == nullptr && key != result_key) {
                set(values, key, from_json(value));
            }
        }
    }
    set(values, errors_key, Value(List()));
    set(values, per_file_key, Value(Map()));
    return values;
}

bool holds_nan(const Value& value) {
    if (const auto* number = value.as<Number>()) {
        return number->text == "nan" || number->text == "-nan";
    }
    if (const auto* list = value.as<List>()) {
        return std::any_of(list->begin(), list->end(), holds_nan);
    }
    const auto* map = value.as<Map>();
    return map != nullptr && std::any_of(map->begin(), map->end(), [](const auto& member) {
               return holds_nan(member.second);
           });
}

bool nan_at(const Value& value, const Path& path, std::size_t at) {
    if (at == path.size()) {
        return holds_nan(value);
    }
    if (const auto* map = value.as<Map>()) {
        return std::any_of(map->begin(), map->end(), [&](const auto& member) {
            return (path[at] == "*" || member.first == path[at]) &&
                   nan_at(member.second, path, at + 1);
        });
    }
    return holds_nan(value);
}

class Gathering {
  public:
    Gathering(const json& config, const ResultInputs& inputs)
        : config_(config), inputs_(inputs), evaluator_(make_evaluator(inputs.functions)) {}

    Results run() {
        out_.values = base_values(inputs_.base);
        parse();
        evaluate();
        judge();
        compare_with_references();
        finish();
        return std::move(out_);
    }

  private:
    void parse() {
        parsed_ = parse_all(section(config_, "result_parse"), inputs_);
        for (auto& [key, value] : parsed_.values) {
            set(out_.values, key, std::move(value));
        }
        out_.errors = parsed_.errors;
    }

    void evaluate() {
        Expressions expressions;
        const json& given = section(config_, "result_evaluate");
        for (const auto& [key, value] : given.items()) {
            if (is_reserved(key)) {
                error(fmt::format("result_evaluate: the key '{}' is reserved", key));
            } else if (value.is_string()) {
                expressions.emplace(key, value.get<std::string>());
            }
        }
        const std::string result(result_key);
        if (find(out_.values, result) == nullptr) {
            expressions.emplace(result, "return_value == 0");
        }
        for (const auto& [key, value] : out_.values) {
            evaluator_->define(key, value);
        }
        evaluations_ = evaluate_all(expressions, out_.values, *evaluator_);
        for (const Error& problem : evaluations_.errors) {
            error(problem.hint.empty() ? problem.what
                                       : fmt::format("{} ({})", problem.what, problem.hint));
        }
    }

    // An error that leaves no verdict.
    void error(std::string text) {
        out_.errors.push_back(std::move(text));
        no_verdict_ = true;
    }

    // What the verdict rests on, through expressions: paths that begin at a parsed or base key.
    [[nodiscard]] std::vector<Path> grounds() const {
        std::vector<Path> grounds;
        std::set<std::string> seen;
        std::vector<Path> open = {{std::string(result_key)}};
        while (!open.empty()) {
            const Path path = std::move(open.back());
            open.pop_back();
            const auto found = evaluations_.dependencies.find(path.front());
            if (found == evaluations_.dependencies.end()) {
                grounds.push_back(path);
            } else if (seen.insert(path.front()).second) {
                open.insert(open.end(), found->second.begin(), found->second.end());
            }
        }
        return grounds;
    }

    // Whether a path leads to a key that could not be looked for.
    [[nodiscard]] std::string failed_ground(const Path& path) const {
        if (parsed_.failed.count(path.front()) > 0) {
            return path.front();
        }
        if (path.front() != per_file_key || parsed_.failed.empty()) {
            return {};
        }
        constexpr std::size_t to_key = 3;  // per_file.node.key
        if (path.size() < to_key || path[2] == "*") {
            return *parsed_.failed.begin();
        }
        return parsed_.failed.count(path[2]) > 0 ? path[2] : "";
    }

    void judge() {
        const Value* result = find(out_.values, result_key);
        const bool* flag = result == nullptr ? nullptr : result->as<bool>();
        if (flag == nullptr && !no_verdict_ && parsed_.failed.count(std::string(result_key)) == 0) {
            error(fmt::format("the result must be True or False, not {}",
                              result == nullptr ? "null" : to_json(*result)));
        }
        for (const Path& path : grounds()) {
            const std::string key = failed_ground(path);
            if (!key.empty()) {
                rest_on_nothing(key);
                break;
            }
        }
        if (flag != nullptr && *flag && !no_verdict_) {
            look_for_nan();
        }
        if (no_verdict_ || parsed_.gave_up || flag == nullptr) {
            out_.verdict = status::Verdict::error;
        } else {
            out_.verdict = *flag ? status::Verdict::pass : status::Verdict::fail;
        }
        if (out_.verdict == status::Verdict::fail) {
            out_.note = reason_for_fail();
        }
    }

    void rest_on_nothing(const std::string& key) {
        no_verdict_ = true;
        if (key != result_key) {
            out_.errors.push_back(
                fmt::format("there is no verdict without '{}', which could not be had", key));
        }
    }

    // Comparisons with NaN have an answer, but it means nothing.
    void look_for_nan() {
        for (const Path& path : grounds()) {
            const Value* value = find(out_.values, path.front());
            if (value != nullptr && nan_at(*value, path, 1)) {
                std::string name = path.front();
                for (std::size_t i = 1; i < path.size(); ++i) {
                    name += "." + path[i];
                }
                error(fmt::format("no verdict can rest on '{}': it is NaN", name));
                return;
            }
        }
    }

    [[nodiscard]] std::string reason_for_fail() const {
        const json& given = section(config_, "result_evaluate");
        const auto found = given.is_object() ? given.find(std::string(result_key)) : given.end();
        if (given.is_object() && found != given.end() && found->is_string()) {
            return fmt::format("not {}", found->get<std::string>());
        }
        // How the run ended is not ours to say.
        return parsed_result() ? "the parsed result is false" : "";
    }

    // Whether a parser set the verdict.
    [[nodiscard]] bool parsed_result() const { return find(parsed_.values, result_key) != nullptr; }

    void compare_with_references() {
        auto references =
            read_references(section(config_, "reference"), inputs_.host, inputs_.partition);
        if (!references) {
            out_.verdict = status::Verdict::error;
            out_.errors.push_back(references.error().what);
            return;
        }
        ReferenceOutcome outcome = compare(*references, out_.values);
        if (!references->empty() && find(out_.values, "reference") == nullptr) {
            set(out_.values, "reference", Value(std::move(outcome.report)));
        }
        for (const std::string& text : outcome.missing) {
            out_.errors.push_back(text);
        }
        notes_ = outcome.outside;
        notes_.insert(notes_.end(), outcome.expected.begin(), outcome.expected.end());
        if (!outcome.missing.empty()) {
            out_.verdict = status::Verdict::error;
        } else if (!outcome.outside.empty() && out_.verdict == status::Verdict::pass) {
            out_.verdict = status::Verdict::fail;
        }
    }

    static void remove_temporary(Map& map) {
        map.erase(std::remove_if(map.begin(), map.end(),
                                 [](const auto& member) { return member.first.starts_with('_'); }),
                  map.end());
        for (auto& [key, value] : map) {
            if (auto* below = value.as<Map>()) {
                remove_temporary(*below);
            }
        }
    }

    void finish() {
        remove_temporary(out_.values);
        set(out_.values, result_key, Value(std::string(status::to_string(out_.verdict))));
        List errors;
        for (const std::string& text : out_.errors) {
            errors.emplace_back(text);
        }
        set(out_.values, errors_key, Value(std::move(errors)));
        out_.results_error = out_.verdict == status::Verdict::error;
        std::vector<std::string> parts;
        if (out_.results_error && !out_.errors.empty()) {
            parts.push_back(
                out_.errors.size() == 1
                    ? out_.errors.front()
                    : fmt::format("{} (and {} more)", out_.errors.front(), out_.errors.size() - 1));
        } else if (!out_.note.empty()) {
            parts.push_back(out_.note);
        }
        parts.insert(parts.end(), notes_.begin(), notes_.end());
        out_.note = fmt::format("{}", fmt::join(parts, "; "));
    }

    const json& config_;
    const ResultInputs& inputs_;
    std::unique_ptr<Evaluator> evaluator_;
    Parsed parsed_;
    Evaluations evaluations_;
    Results out_;
    std::vector<std::string> notes_;
    bool no_verdict_ = false;
};

}  // namespace

Results gather(const json& config, const ResultInputs& inputs) {
    return Gathering(config, inputs).run();
}

}  // namespace pavtest::parsers
