// Lookups in the configuration tree, and its arena.
#include "suite/value.h"

namespace pavtest::suite {

Place Origin::place() const {
    if (layer == nullptr || !layer->has_document) {
        return {};
    }
    if (node == nullptr) {
        return Place{layer->document.file(), 0, 0, {}};
    }
    return layer->document.place(*node);
}

Place Origin::place(std::size_t offset) const {
    if (layer == nullptr || !layer->has_document || node == nullptr) {
        return place();
    }
    return layer->document.place(*node, offset);
}

const Member* Value::find(std::string_view key) const {
    for (const Member& member : members) {
        if (member.key == key) {
            return &member;
        }
    }
    return nullptr;
}

const Value* Value::get(std::string_view key) const {
    const Member* member = find(key);
    return member == nullptr ? nullptr : member->value;
}

std::string_view Value::text_of(std::string_view key) const {
    const Value* value = get(key);
    return value == nullptr ? std::string_view{} : value->text;
}

Value& Arena::make(Value::Kind kind, Origin origin) {
    Value& value = values_.emplace_back();
    value.kind = kind;
    value.origin = origin;
    return value;
}

const Value& Arena::text(std::string_view stable_text, Origin origin) {
    Value& value = make(Value::Kind::text, origin);
    value.text = stable_text;
    return value;
}

const Layer& Arena::add_layer(std::string name) {
    Layer& layer = layers_.emplace_back();
    layer.name = std::move(name);
    return layer;
}

const Layer& Arena::add_layer(std::string name, yaml::Document document) {
    Layer& layer = layers_.emplace_back();
    layer.name = std::move(name);
    layer.document = std::move(document);
    layer.has_document = true;
    return layer;
}

const Value& with(Arena& arena, const Value& map, std::string_view key, const Value& value) {
    Value& changed = arena.copy(map);
    for (Member& member : changed.members) {
        if (member.key == key) {
            member.value = &value;
            return changed;
        }
    }
    changed.members.push_back(Member{key, &value, false, nullptr});
    return changed;
}

}  // namespace pavtest::suite
