#include "suite/result_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/text.h"
#include "suite/datum.h"
#include "suite/expression_parser.h"
#include "suite/regex.h"
#include "suite/strings.h"

namespace pavtest::suite {

namespace {

/// Filled in by the runner itself.
const std::set<std::string_view> kReserved = {"name",         "id",
                                              "test_version", "pav_version",
                                              "created",      "started",
                                              "finished",     "duration",
                                              "user",         "job_info",
                                              "permute_on",   "sched",
                                              "sys_name",     "pav_result_errors",
                                              "per_file",     "return_value",
                                              "uuid",         "var"};
constexpr std::string_view kDefaults = "_defaults";

using Choices = std::vector<std::string>;
const Choices kActions = {"store",      "store_str", "store_sum",  "store_min",   "store_median",
                          "store_mean", "store_max", "store_true", "store_false", "count"};
const Choices kPerFile = {"first", "last", "name", "name_list", "list", "all", "any"};
const Choices kMatch = {"first", "last", "all", "uniq"};

/// The options that a parser takes at their default alone.
const std::map<std::string_view, std::vector<std::string_view>> kForced = {
    {"command", {"match_select", "files", "per_file"}},
    {"constant", {"match_select", "files", "per_file", "for_lines_matching", "preceded_by"}},
    {"filecheck", {"match_select"}}};

class Checker {
  public:
    explicit Checker(Problems& problems) : problems_(problems) {}

    void parsers(const Value& section) {
        for (const Member& parser : section.members) {
            const Value* defaults = parser.value->get(kDefaults);
            for (const Member& entry : parser.value->members) {
                if (problems_.enough()) {
                    return;
                }
                if (keys(parser.key, entry)) {
                    options(parser.key, entry, defaults);
                }
            }
        }
    }

    void evaluations(const Value& section) {
        for (const Member& member : section.members) {
            if (problems_.enough()) {
                return;
            }
            if (kReserved.count(member.key) > 0) {
                problems_.add(fmt::format("the result '{}' is reserved", member.key),
                              "choose another name", member.value->origin.place());
                continue;
            }
            if (!member.value->is_text() || member.value->deferred) {
                continue;
            }
            const auto parsed = parse_expression(member.value->text);
            if (!parsed) {
                // A text that was resolved has no exact place in the file any more.
                Value shown = *member.value;
                const Value* written = shown.overrode;
                const bool resolved =
                    written != nullptr && written->is_text() && written->text != shown.text;
                SyntaxError error = parsed.error();
                if (resolved) {
                    error.offset = 0;
                    error.what = fmt::format("{} in '{}'", error.what, shown.text);
                }
                problems_.add(error_in(shown, error));
            }
        }
    }

    void references(const Value& section) {
        for (const Member& result : section.members) {
            for (const Member& place : result.value->members) {
                if (problems_.enough()) {
                    return;
                }
                if (place.value->is_map() && !any_deferred(*place.value)) {
                    reference(result.key, *place.value);
                }
            }
        }
    }

  private:
    void reference(std::string_view key, const Value& given) {
        const auto text = [&](std::string_view name) {
            const Value* value = given.get(name);
            return value != nullptr && value->is_text() ? trim(value->text) : std::string_view();
        };
        const auto refuse = [&](std::string_view name, std::string why, std::string hint) {
            const Value* value = given.get(name);
            problems_.add(fmt::format("the reference of '{}': {}", key, why), std::move(hint),
                          (value == nullptr ? given : *value).origin.place());
        };
        double number = 0;
        if (!parse_float(text("value"), number) || !std::isfinite(number)) {
            refuse("value", fmt::format("its value is '{}'", text("value")), "it must be a number");
        }
        if (text("lower").empty() && text("upper").empty()) {
            refuse("", "nothing says how far it may be off", "give 'lower', 'upper' or both");
        }
        for (const std::string_view name : {"lower", "upper"}) {
            std::string_view distance = text(name);
            if (distance.ends_with('%')) {
                distance.remove_suffix(1);
            }
            if (!text(name).empty() &&
                (!parse_float(trim(distance), number) || !std::isfinite(number))) {
                refuse(name, fmt::format("'{}' is '{}'", name, text(name)),
                       "per cent of the value, as in 10%, or a number in its unit");
            }
        }
    }

    bool keys(std::string_view parser, const Member& entry) {
        std::vector<std::string> names;
        for (const std::string& part : split(entry.key, ',')) {
            const std::string_view name = trim(part);
            if (!name.empty()) {
                names.emplace_back(name);
            }
        }
        for (const std::string& name : names) {
            if (name == kDefaults) {
                if (names.size() > 1) {
                    refuse(entry, fmt::format("'{}' cannot be part of a list of keys", kDefaults));
                }
                return false;
            }
            if (kReserved.count(name) > 0) {
                refuse(entry, fmt::format("the result '{}' is reserved", name),
                       "choose another name");
                return false;
            }
            if (name != "_" && !seen_.insert(name).second) {
                refuse(entry, fmt::format("the result '{}' is set twice, the second time under "
                                          "'{}'",
                                          name, parser));
                return false;
            }
        }
        return true;
    }

    void refuse(const Member& entry, std::string what, std::string hint = {}) {
        problems_.add(std::move(what), std::move(hint), entry.value->origin.place());
    }

    // What an option is set to: by the entry, its parser's defaults, or nobody.
    static const Value* option(std::string_view name, const Member& entry, const Value* defaults) {
        for (const Value* from : {static_cast<const Value*>(entry.value), defaults}) {
            const Value* value = from == nullptr ? nullptr : from->get(name);
            if (value != nullptr && !value->is_null() &&
                !(value->is_list() && value->items.empty())) {
                return value;
            }
        }
        return nullptr;
    }

    void choice(std::string_view name, const Value* value, const Choices& choices) {
        if (value != nullptr &&
            std::find(choices.begin(), choices.end(), value->text) == choices.end()) {
            problems_.add(fmt::format("'{}' cannot be '{}'", name, value->text),
                          fmt::format("it takes {}", join(choices, ", ")), value->origin.place());
        }
    }

    void regex(const Value* value) {
        if (value == nullptr || !value->is_text()) {
            return;
        }
        const auto compiled = Regex::compile(value->text);
        if (!compiled) {
            problems_.add(
                fmt::format("'{}' is no regular expression: {}", value->text, compiled.error()),
                kRegexHint, value->origin.place());
        }
    }

    static bool any_deferred(const Value& entry) {
        for (const Member& member : entry.members) {
            if (member.value->deferred ||
                std::any_of(member.value->items.begin(), member.value->items.end(),
                            [](const Value* item) { return item->deferred; })) {
                return true;
            }
        }
        return false;
    }

    void options(std::string_view parser, const Member& entry, const Value* defaults) {
        if (any_deferred(*entry.value)) {
            return;
        }
        const auto get = [&](std::string_view name) { return option(name, entry, defaults); };
        const Value* action = get("action");
        const Value* per_file = get("per_file");
        const std::string_view per = per_file == nullptr ? "first" : per_file->text;
        const bool stores_truth =
            action != nullptr && (action->text == "store_true" || action->text == "store_false");
        const std::vector<std::string> names = split(entry.key, ',');
        const bool is_result = std::any_of(names.begin(), names.end(), [](const std::string& name) {
            return trim(name) == "result";
        });
        if (is_result && !stores_truth && per != "first" && per != "last") {
            refuse(entry, "the result 'result' must be true or false",
                   "use 'action: store_true' or 'store_false'");
        }
        const Value* match = get("match_select");
        Integer number = 0;
        if (match != nullptr && !parse_integer(match->text, number)) {
            choice("match_select", match, kMatch);
        }
        if (const auto forced = kForced.find(parser); forced != kForced.end()) {
            for (const std::string_view name : forced->second) {
                if (const Value* value = get(name); value != nullptr && !is_default(name, *value)) {
                    problems_.add(fmt::format("'{}' cannot be set for '{}'", name, parser), "",
                                  value->origin.place());
                }
            }
        }
        choice("action", action, kActions);
        choice("per_file", per_file, kPerFile);
        regex(get("for_lines_matching"));
        if (const Value* before = get("preceded_by")) {
            for (const Value* item : before->items) {
                regex(item);
            }
        }
        if (parser == "regex") {
            regex(get("regex"));
        } else if (parser == "table") {
            regex(get("delimiter_re"));
            regex(get("row_ignore_re"));
            regex(get("table_end_re"));
        } else if (parser == "command") {
            choice("output_type", get("output_type"), {"return_value", "stdout"});
            choice("stderr_dest", get("stderr_dest"), {"null", "stdout"});
        }
    }

    static bool is_default(std::string_view name, const Value& value) {
        if (name == "files") {
            return value.items.size() == 1 && value.items.front()->text == "../run.log";
        }
        if (name == "preceded_by") {
            return value.items.empty();
        }
        return value.text == (name == "for_lines_matching" ? "" : "first");
    }

    Problems& problems_;
    std::set<std::string> seen_;
};

}  // namespace

void CheckedResults::check(const Value& config, Problems& problems) {
    Checker checker(problems);
    const auto changed = [&](const Value*& good, std::string_view key, auto check) {
        const Value* section = config.get(key);
        if (section != nullptr && section != good) {
            check(*section);
            good = problems.any() ? nullptr : section;
        }
    };
    changed(parse_, "result_parse", [&](const Value& section) { checker.parsers(section); });
    changed(evaluate_, "result_evaluate",
            [&](const Value& section) { checker.evaluations(section); });
    changed(reference_, "reference", [&](const Value& section) { checker.references(section); });
}

}  // namespace pavtest::suite
