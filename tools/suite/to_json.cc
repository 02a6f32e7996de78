#include "suite/to_json.h"

#include <algorithm>

#include "base/text.h"
#include "suite/strings.h"

namespace pavtest::suite {

namespace {

// JSON is UTF-8; YAML is too, but facts and file names need not be.
std::string json_text(std::string_view text) {
    return is_utf8(text) ? std::string(text) : to_utf8(text);
}

Json text_json(const Value& value) {
    if (value.deferred) {
        return std::string(kDeferredMark) + json_text(value.text);
    }
    return json_text(value.text);
}

bool says_nothing(const Value& section) {
    return std::all_of(section.members.begin(), section.members.end(), [](const Member& member) {
        return member.value->is_null() ||
               (member.value->kind == Value::Kind::list && member.value->items.empty());
    });
}

}  // namespace

Json to_json(const Value& value) {
    switch (value.kind) {
        case Value::Kind::null:
            return nullptr;
        case Value::Kind::text:
            return text_json(value);
        case Value::Kind::list: {
            Json out = Json::array();
            auto& items = out.get_ref<Json::array_t&>();
            items.reserve(value.items.size());
            for (const Value* item : value.items) {
                items.push_back(to_json(*item));
            }
            return out;
        }
        case Value::Kind::map:
            break;
    }
    Json out = Json::object();
    auto& members = out.get_ref<Json::object_t&>();
    members.reserve(value.members.size());
    for (const Member& member : value.members) {
        // Keys are distinct already: no need to look for each.
        members.push_back({json_text(member.key), to_json(*member.value)});
    }
    return out;
}

Json config_json(const Value& tree, Json variables) {
    Json out = Json::object();
    auto& members = out.get_ref<Json::object_t&>();
    members.reserve(tree.members.size() + 1);
    for (const Member& member : tree.members) {
        if (member.key == "working_dir" || member.key == "permute_base") {
            continue;
        }
        // Pavilion does not know these keys: what does not use them looks as Pavilion has it.
        if ((member.key == "reference" || member.key == "cleanup" || member.key == "retry") &&
            says_nothing(*member.value)) {
            continue;
        }
        members.push_back({std::string(member.key), to_json(*member.value)});
        if (member.key == "shebang") {
            members.push_back({"variables", std::move(variables)});
        }
    }
    return out;
}

Json variable_entry_json(const VariableEntry& entry) {
    Json items = Json::array();
    items.get_ref<Json::array_t&>().reserve(entry.items.size());
    for (const VariableItem& item : entry.items) {
        const std::vector<Member> members = item.flat();
        if (members.size() == 1 && members.front().key.empty()) {
            items.push_back(to_json(*members.front().value));
            continue;
        }
        Json parts = Json::object();
        for (const Member& member : members) {
            parts[std::string(member.key)] = to_json(*member.value);
        }
        items.push_back(std::move(parts));
    }
    return items;
}

Json variables_json(const VariableSection& variables) {
    Json out = Json::object();
    for (const VariableEntry& entry : variables.entries()) {
        out[std::string(entry.name)] = variable_entry_json(entry);
    }
    return out;
}

namespace {

Json cell_json(const VariableCell& cell) {
    if (const auto* list = cell.value.as<DatumList>()) {
        Json out = Json::array();
        for (const Datum& item : *list) {
            out.push_back(json_text(item.text()));
        }
        return out;
    }
    return (cell.deferred ? std::string(kDeferredMark) : std::string{}) +
           json_text(cell.value.text());
}

}  // namespace

Json variable_json(const VariableValue& value) {
    Json items = Json::array();
    for (const auto& item : value.items) {
        if (item.size() == 1 && item.front().key.empty()) {
            items.push_back(cell_json(item.front()));
            continue;
        }
        Json parts = Json::object();
        for (const VariableCell& cell : item) {
            parts[json_text(cell.key)] = cell_json(cell);
        }
        items.push_back(std::move(parts));
    }
    return items;
}

}  // namespace pavtest::suite
