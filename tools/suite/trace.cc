#include "suite/trace.h"

#include <fmt/format.h>

#include "suite/to_json.h"
#include "suite/trace_data.h"

namespace pavtest::suite {

std::shared_ptr<const Trace> make_trace(std::shared_ptr<Arena> arena, const Value& tree,
                                        const VariableSection& variables) {
    auto trace = std::make_shared<Trace>();
    trace->arena = std::move(arena);
    trace->tree = &tree;
    trace->variables = variables;
    return trace;
}

namespace {

TraceStep step_of(const Value& value) {
    TraceStep step;
    step.value = to_json(value).dump();
    if (value.origin.layer == nullptr) {
        step.layer = "default";
        return step;
    }
    step.layer = value.origin.layer->name;
    Place place = value.origin.place();
    if (!place.file.empty()) {
        step.place = std::move(place);
    }
    return step;
}

bool covers(std::string_view asked, std::string_view key) {
    return asked.empty() || key == asked ||
           (key.size() > asked.size() && key.starts_with(asked) && key[asked.size()] == '.');
}

bool leads_to(std::string_view key, std::string_view asked) {
    return asked.size() > key.size() && asked.starts_with(key) && asked[key.size()] == '.';
}

class Explainer {
  public:
    Explainer(std::string_view asked, bool defaults) : asked_(asked), defaults_(defaults) {}

    void walk(const Value& value, const std::string& key) {
        if (value.is_map() && !value.members.empty()) {
            for (const Member& member : value.members) {
                const std::string below =
                    key.empty() ? std::string(member.key) : fmt::format("{}.{}", key, member.key);
                if (covers(asked_, below) || leads_to(below, asked_)) {
                    walk(*member.value, below);
                }
            }
            return;
        }
        if (covers(asked_, key) && (defaults_ || set_by_somebody(value))) {
            out_.push_back(explanation(key, value));
        }
    }

    void variables(const VariableSection& section) {
        for (const VariableEntry& entry : section.entries()) {
            const std::string key = fmt::format("variables.{}", entry.name);
            if (!covers(asked_, key)) {
                continue;
            }
            VariableSection one;
            Explanation explanation;
            explanation.key = key;
            Json items = variables_json(section)[std::string(entry.name)];
            explanation.value = items.dump();
            TraceStep step;
            step.value = explanation.value;
            step.layer = entry.origin.layer == nullptr ? "default" : entry.origin.layer->name;
            Place place = entry.origin.place();
            if (!place.file.empty()) {
                step.place = std::move(place);
            }
            explanation.steps.push_back(std::move(step));
            out_.push_back(std::move(explanation));
        }
    }

    std::vector<Explanation> take() { return std::move(out_); }

  private:
    static bool set_by_somebody(const Value& value) { return value.origin.layer != nullptr; }

    static Explanation explanation(const std::string& key, const Value& value) {
        Explanation out;
        out.key = key;
        out.value = to_json(value).dump();
        const Value* last = nullptr;
        for (const Value* step = &value; step != nullptr; step = step->overrode) {
            // A text and what it was before its strings were resolved are one step.
            const bool same = last != nullptr && step->origin.node != nullptr &&
                              step->origin.node == last->origin.node;
            if (same) {
                out.steps.back().value = to_json(*step).dump();
            } else {
                out.steps.push_back(step_of(*step));
            }
            last = step;
        }
        return out;
    }

    std::string_view asked_;
    bool defaults_;
    std::vector<Explanation> out_;
};

}  // namespace

std::vector<Explanation> explain(const ResolvedTest& test, std::string_view key, bool defaults) {
    if (test.trace == nullptr) {
        return {};
    }
    Explainer explainer(key, defaults);
    explainer.walk(*test.trace->tree, "");
    explainer.variables(test.trace->variables);
    return explainer.take();
}

}  // namespace pavtest::suite
