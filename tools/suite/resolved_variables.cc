#include "suite/resolved_variables.h"

#include <algorithm>

#include "suite/template_parser.h"
#include "suite/to_json.h"

namespace pavtest::suite {

namespace {

bool has_strings(const VariableEntry& entry) {
    const auto parsed = [](const Member& member) {
        return member.value->is_text() && needs_parsing(member.value->text);
    };
    return std::any_of(entry.items.begin(), entry.items.end(), [&](const VariableItem& item) {
        return std::any_of(item.own.begin(), item.own.end(), parsed) ||
               std::any_of(item.defaults.begin(), item.defaults.end(), parsed);
    });
}

}  // namespace

ResolvedVariables::ResolvedVariables(const VariableSection& section, StringResolver& strings)
    : strings_(strings) {
    entries_.reserve(section.entries().size());
    for (const VariableEntry& entry : section.entries()) {
        Entry& ours = entries_.emplace_back();
        ours.name = entry.name;
        if (!has_strings(entry)) {
            ours.fixed = variable_entry_json(entry);
            continue;
        }
        for (const VariableItem& item : entry.items) {
            ours.items.push_back(item.flat());
        }
    }
}

Json ResolvedVariables::json(const VariableManager& manager, const Functions& functions,
                             Problems& problems, bool& deferred, bool wanted,
                             const Chosen& chosen) {
    Json out = Json::object();
    auto& members = out.get_ref<Json::object_t&>();
    members.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        if (auto own = chosen(entry.name)) {
            members.push_back({std::string(entry.name), std::move(*own)});
            continue;
        }
        if (entry.items.empty()) {
            if (wanted) {
                members.push_back({std::string(entry.name), entry.fixed});
            }
            continue;
        }
        Json items = Json::array();
        for (const std::vector<Member>& item : entry.items) {
            Json parts = nullptr;
            for (const Member& member : item) {
                const Value& value = strings_.section("variables", *member.value, manager,
                                                      functions, problems, deferred);
                if (problems.enough()) {
                    return out;
                }
                if (!wanted) {
                    continue;
                }
                if (member.key.empty()) {
                    parts = to_json(value);
                } else {
                    parts[std::string(member.key)] = to_json(value);
                }
            }
            items.push_back(std::move(parts));
        }
        if (wanted) {
            members.push_back({std::string(entry.name), std::move(items)});
        }
    }
    return out;
}

}  // namespace pavtest::suite
