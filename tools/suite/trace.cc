#include "suite/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "suite/to_json.h"
#include "suite/trace_data.h"

namespace pavtest::suite {

std::shared_ptr<const Trace> make_trace(std::shared_ptr<Arena> arena, const Value& tree,
                                        std::shared_ptr<const VariableSection> variables) {
    auto trace = std::make_shared<Trace>();
    trace->arena = std::move(arena);
    trace->tree = &tree;
    trace->variables = std::move(variables);
    return trace;
}

namespace {

// Who set a value, and where.
template <class Record>
Record record_of(const Origin& origin) {
    Record record;
    record.layer = origin.layer == nullptr ? "default" : origin.layer->name;
    Place place = origin.place();
    if (!place.file.empty()) {
        record.place = std::move(place);
    }
    return record;
}

TraceStep step_of(const Value& value) {
    auto step = record_of<TraceStep>(value.origin);
    step.value = to_json(value).dump();
    return step;
}

// The text that a resolved one was made of: the same place of the same file.
const Value& as_written(const Value& value) {
    const Value* written = &value;
    while (written->overrode != nullptr && written->origin.node != nullptr &&
           written->overrode->origin.node == written->origin.node) {
        written = written->overrode;
    }
    return *written;
}

using Nodes = std::set<const yaml::Node*>;

void collect(const Value& list, Nodes& nodes) {
    for (const Value* item : list.items) {
        nodes.insert(item->origin.node);
    }
}

void collect(const VariableEntry& entry, Nodes& nodes) {
    for (const VariableItem& item : entry.items) {
        for (const Member& member : item.flat()) {
            nodes.insert(member.value->origin.node);
        }
    }
}

template <class Collection>
bool all_in(const Collection& older, const Nodes& nodes) {
    Nodes own;
    collect(older, own);
    return std::includes(nodes.begin(), nodes.end(), own.begin(), own.end());
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

    void variables(const VariableSection& section, const Json& resolved) {
        for (const VariableEntry& entry : section.entries()) {
            const std::string key = fmt::format("variables.{}", entry.name);
            if (!covers(asked_, key)) {
                continue;
            }
            out_.push_back(explanation(key, entry, resolved));
        }
    }

    std::vector<Explanation> take() { return std::move(out_); }

  private:
    static bool set_by_somebody(const Value& value) { return value.origin.layer != nullptr; }

    static Explanation explanation(const std::string& key, const Value& value) {
        Explanation out;
        out.key = key;
        out.value = to_json(value).dump();
        Nodes nodes;
        collect(value, nodes);
        for (const Value* item : value.items) {
            auto part = record_of<TraceItem>(item->origin);
            part.value = to_json(*item).dump();
            part.written = to_json(as_written(*item)).dump();
            out.items.push_back(std::move(part));
        }
        const Value* last = nullptr;
        for (const Value* step = &value; step != nullptr; step = step->overrode) {
            // A text and what it was before its strings were resolved are one step.
            const bool same = last != nullptr && step->origin.node != nullptr &&
                              step->origin.node == last->origin.node;
            if (same) {
                out.steps.back().value = to_json(*step).dump();
            } else {
                out.steps.push_back(step_of(*step));
                out.steps.back().kept = step != &value && step->is_list() && all_in(*step, nodes);
            }
            last = step;
        }
        return out;
    }

    // `resolved` are the values in the end, as in the configuration.
    static Explanation explanation(const std::string& key, const VariableEntry& entry,
                                   const Json& resolved) {
        Explanation out;
        out.key = key;
        const auto found = resolved.find(std::string(entry.name));
        const Json written = variable_entry_json(entry);
        const Json& values = found == resolved.end() ? written : *found;
        out.value = values.dump();
        for (std::size_t i = 0; i < entry.items.size(); ++i) {
            const std::vector<Member> members = entry.items[i].flat();
            auto part = record_of<TraceItem>(members.empty() ? entry.origin
                                                             : members.front().value->origin);
            part.written = written[i].dump();
            part.value = i < values.size() ? values[i].dump() : part.written;
            out.items.push_back(std::move(part));
        }
        Nodes nodes;
        collect(entry, nodes);
        for (const VariableEntry* step = &entry; step != nullptr; step = step->overrode.get()) {
            auto record = record_of<TraceStep>(step->origin);
            record.value = variable_entry_json(*step).dump();
            record.kept = step != &entry && all_in(*step, nodes);
            out.steps.push_back(std::move(record));
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
    const auto variables = test.config.find("variables");
    explainer.variables(*test.trace->variables,
                        variables == test.config.end() ? Json::object() : *variables);
    return explainer.take();
}

}  // namespace pavtest::suite
