// Taking a reference apart: its set, name, index and part, as Pavilion reads them.
#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "suite/variables.h"

namespace pavtest::suite {

Key parse_key(std::string_view first, const std::vector<BoundStep>& steps) {
    const auto failed = [](std::string what) { return tl::make_unexpected(std::move(what)); };
    const auto bracket = [](const BoundStep& step) {
        return step.kind == ReferenceStep::Kind::at || step.kind == ReferenceStep::Kind::slice;
    };
    VariableKey key;
    key.name = first;
    std::size_t at = 0;
    const bool indexed = !steps.empty() && bracket(steps[0]);
    if (indexed) {
        key.index = steps[0].kind == ReferenceStep::Kind::at ? VariableKey::Index::at
                                                             : VariableKey::Index::slice;
        key.from = steps[0].from;
        key.until = steps[0].until;
        ++at;
    } else if (const auto set = variable_set(first)) {
        key.set = set;
        if (steps.empty()) {
            return failed(fmt::format("'{}' is a set of variables; write '{}.NAME'", first, first));
        }
        if (steps[0].kind != ReferenceStep::Kind::name) {
            return failed(fmt::format("behind '{}' comes a variable's name", first));
        }
        key.name = steps[0].name;
        ++at;
    }
    std::vector<const BoundStep*> rest;
    for (; at < steps.size(); ++at) {
        // Brackets behind a part have no effect in Pavilion.
        if (!bracket(steps[at])) {
            rest.push_back(&steps[at]);
        }
    }
    std::size_t next = 0;
    if (!indexed && next < rest.size()) {
        if (rest[next]->kind == ReferenceStep::Kind::all) {
            key.index = VariableKey::Index::all;
            ++next;
        } else if (rest[next]->kind == ReferenceStep::Kind::index) {
            Integer index = 0;
            if (!parse_integer(rest[next]->name, index)) {
                return failed(fmt::format("'{}' is no index", rest[next]->name));
            }
            key.index = VariableKey::Index::at;
            key.from = index;
            ++next;
        }
    }
    if (next < rest.size()) {
        key.part = rest[next]->kind == ReferenceStep::Kind::all ? "*" : rest[next]->name;
        ++next;
    }
    if (next < rest.size()) {
        return failed(
            fmt::format("'{}' has too many parts, or '{}' is no set of variables (var, "
                        "sys, pav, sched)",
                        first, first));
    }
    return key;
}

Key parse_key(const Expression& reference) {
    std::vector<BoundStep> steps;
    for (const ReferenceStep& step : reference.steps) {
        steps.push_back(BoundStep{step.kind, step.name, std::nullopt, std::nullopt});
    }
    return parse_key(reference.name, steps);
}

Key parse_key(std::string_view dotted) {
    std::vector<BoundStep> steps;
    std::string_view first;
    bool begun = false;
    std::size_t at = 0;
    while (true) {
        const std::size_t dot = dotted.find('.', at);
        const std::string_view part = dotted.substr(at, dot - at);
        Integer number = 0;
        if (part.empty()) {
            return tl::make_unexpected(fmt::format("'{}' has an empty part", dotted));
        }
        if (!begun) {
            first = part;
            begun = true;
        } else {
            BoundStep step;
            step.name = part;
            if (part == "*") {
                step.kind = ReferenceStep::Kind::all;
            } else if (parse_integer(part, number)) {
                step.kind = ReferenceStep::Kind::index;
            }
            steps.push_back(step);
        }
        if (dot == std::string_view::npos) {
            return parse_key(first, steps);
        }
        at = dot + 1;
    }
}

}  // namespace pavtest::suite
