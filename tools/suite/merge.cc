// Merging as Pavilion's configuration library does it.
#include "suite/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/text.h"

namespace pavtest::suite {

const Value& defaults(Arena& arena, const Element& element) {
    switch (element.kind) {
        case Element::Kind::text:
            return element.default_text == nullptr ? arena.make(Value::Kind::null)
                                                   : arena.text(element.default_text);
        case Element::Kind::list:
            return arena.make(Value::Kind::list);
        case Element::Kind::category:
        case Element::Kind::variables:
            return arena.make(Value::Kind::map);
        case Element::Kind::keyed:
            break;
    }
    Value& out = arena.make(Value::Kind::map);
    for (const Element& child : element.children) {
        if (child.kind != Element::Kind::variables) {
            out.members.push_back(Member{child.name, &defaults(arena, child), false, nullptr});
        }
    }
    return out;
}

namespace {

const Value& over(Arena& arena, const Value* older, const Value& newer) {
    if (older == nullptr || older == &newer) {
        return newer;
    }
    Value& out = arena.copy(newer);
    out.overrode = older;
    return out;
}

const Value& merge_list(Arena& arena, const Value* older, const Value* newer, bool extend) {
    if (newer == nullptr || newer->is_null()) {
        return older == nullptr || older->is_null() ? arena.make(Value::Kind::list) : *older;
    }
    if (!extend || older == nullptr || older->items.empty()) {
        return over(arena, older, *newer);
    }
    Value& out = arena.copy(*newer);
    out.items.insert(out.items.begin(), older->items.begin(), older->items.end());
    out.overrode = older;
    return out;
}

/// Positions of a map's keys, by hash where there are many.
class KeyIndex {
  public:
    explicit KeyIndex(const std::vector<Member>& members) : members_(members) {
        if (members.size() > kFew) {
            for (std::size_t i = 0; i < members.size(); ++i) {
                index_.emplace(members[i].key, i);
            }
        }
    }
    [[nodiscard]] std::size_t find(std::string_view key) const {
        if (members_.size() > kFew && !index_.empty()) {
            const auto found = index_.find(key);
            return found == index_.end() ? kNone : found->second;
        }
        for (std::size_t i = 0; i < members_.size(); ++i) {
            if (members_[i].key == key) {
                return i;
            }
        }
        return kNone;
    }
    void added() {
        if (!index_.empty()) {
            index_.emplace(members_.back().key, members_.size() - 1);
        } else if (members_.size() > kFew) {
            for (std::size_t i = 0; i < members_.size(); ++i) {
                index_.emplace(members_[i].key, i);
            }
        }
    }
    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  private:
    static constexpr std::size_t kFew = 64;
    const std::vector<Member>& members_;
    std::unordered_map<std::string_view, std::size_t> index_;
};

const Value& merge_map(Arena& arena, const Element& element, const Value* older,
                       const Value* newer) {
    if (newer == nullptr || !newer->is_map()) {
        return older == nullptr ? arena.make(Value::Kind::map) : *older;
    }
    Value& out = older == nullptr ? arena.make(Value::Kind::map) : arena.copy(*older);
    out.origin = newer->origin;
    out.overrode = older;
    KeyIndex index(out.members);
    for (const Member& member : newer->members) {
        const Element* child =
            element.kind == Element::Kind::keyed ? element.child(member.key) : element.item.get();
        if (child == nullptr || child->kind == Element::Kind::variables) {
            continue;
        }
        const std::size_t at = index.find(member.key);
        const Value* old_value = at == KeyIndex::kNone ? nullptr : out.members[at].value;
        const Value* value = nullptr;
        if (member.extend) {
            value = &merge_list(arena, old_value, member.value, true);
        } else if (member.value->is_null() && element.kind == Element::Kind::keyed) {
            continue;
        } else if (old_value == nullptr || old_value->is_null()) {
            // New below a keyed map: what is missing in it is filled in at the end.
            value = element.kind == Element::Kind::keyed
                        ? &merge(arena, *child, nullptr, member.value)
                        : member.value;
        } else {
            value = &merge(arena, *child, old_value, member.value);
        }
        if (at == KeyIndex::kNone) {
            out.members.push_back(Member{member.key, value, false, member.key_node});
            index.added();
        } else {
            out.members[at].value = value;
            out.members[at].key_node = member.key_node;
        }
    }
    return out;
}

}  // namespace

const Value& merge(Arena& arena, const Element& element, const Value* older, const Value* newer) {
    switch (element.kind) {
        case Element::Kind::text:
            return newer == nullptr ? arena.make(Value::Kind::null) : over(arena, older, *newer);
        case Element::Kind::list:
            return merge_list(arena, older, newer, false);
        case Element::Kind::keyed:
        case Element::Kind::category:
        case Element::Kind::variables:
            return merge_map(arena, element, older, newer);
    }
    return arena.make(Value::Kind::null);
}

const Value& fold_commands(Arena& arena, const Value& config) {
    const Value* folded = &config;
    for (const std::string_view name : {"build", "run"}) {
        const Value* section = folded->get(name);
        if (section == nullptr || !section->is_map()) {
            continue;
        }
        const Value* before = section->get("prepend_cmds");
        const Value* after = section->get("append_cmds");
        const bool has_before = before != nullptr && !before->items.empty();
        const bool has_after = after != nullptr && !after->items.empty();
        if (!has_before && !has_after) {
            continue;
        }
        const Value* commands = section->get("cmds");
        Value& all = commands == nullptr ? arena.make(Value::Kind::list) : arena.copy(*commands);
        const Value& none = arena.make(Value::Kind::list);
        all.overrode = commands;
        all.origin = has_after ? after->origin : before->origin;
        if (has_before) {
            all.items.insert(all.items.begin(), before->items.begin(), before->items.end());
            section = &with(arena, *section, "prepend_cmds", none);
        }
        if (has_after) {
            all.items.insert(all.items.end(), after->items.begin(), after->items.end());
            section = &with(arena, *section, "append_cmds", none);
        }
        folded = &with(arena, *folded, name, with(arena, *section, "cmds", all));
    }
    return *folded;
}

namespace {

void check_choice(const Element& element, const Value& value, std::string_view name,
                  Problems& problems) {
    if (!element.choices.empty() && std::find(element.choices.begin(), element.choices.end(),
                                              value.text) == element.choices.end()) {
        const std::vector<std::string> choices(element.choices.begin(), element.choices.end());
        problems.add(fmt::format("'{}' cannot be '{}'", name, value.text),
                     fmt::format("it takes {}", join(choices, ", ")), value.origin.place());
    }
}

// Under a parser: what its other keys need not say.
constexpr std::string_view kDefaults = "_defaults";

// A map as complete() makes it. What `elsewhere` has a value for is not required; nothing is of
// a map that is elsewhere for others.
const Value& complete_keyed(Arena& arena, const Element& element, const Value* value,
                            std::string_view name, Problems& problems, const Value* elsewhere) {
    const bool missing = value == nullptr || value->is_null();
    Value& out = missing ? arena.make(Value::Kind::map) : arena.copy(*value);
    if (missing && value != nullptr) {
        out.origin = value->origin;
    }
    std::vector<Member> members;
    members.reserve(element.children.size());
    for (const Element& child : element.children) {
        if (child.kind == Element::Kind::variables) {
            continue;
        }
        const Member* written = missing ? nullptr : value->find(child.name);
        if (child.required && (written == nullptr || written->value->is_null())) {
            const Value* other = elsewhere == nullptr ? nullptr : elsewhere->get(child.name);
            if (!(elsewhere != nullptr && elsewhere == value) &&
                (other == nullptr || other->is_null())) {
                problems.add(fmt::format("'{}' needs a value for '{}'", name, child.name),
                             fmt::format("add '{}: …' to it", child.name), out.origin.place());
            }
            continue;
        }
        const Value& item = complete(arena, child, written == nullptr ? nullptr : written->value,
                                     child.name, problems);
        members.push_back(
            Member{child.name, &item, false, written == nullptr ? nullptr : written->key_node});
    }
    out.members = std::move(members);
    return out;
}

}  // namespace

const Value& complete(Arena& arena, const Element& element, const Value* value,
                      std::string_view name, Problems& problems) {
    const bool missing = value == nullptr || value->is_null();
    switch (element.kind) {
        case Element::Kind::text: {
            if (!missing) {
                check_choice(element, *value, name, problems);
                return *value;
            }
            if (element.required) {
                problems.add(fmt::format("'{}' needs a value", name), "",
                             value == nullptr ? Place{} : value->origin.place());
            }
            return element.default_text != nullptr || value == nullptr ? defaults(arena, element)
                                                                       : *value;
        }
        case Element::Kind::list:
            if (missing) {
                return arena.make(Value::Kind::list);
            }
            for (const Value* item : value->items) {
                if (item->kind == Value::Kind::text) {
                    check_choice(*element.item, *item, name, problems);
                }
            }
            return *value;
        case Element::Kind::variables:
            return missing ? arena.make(Value::Kind::map) : *value;
        case Element::Kind::category: {
            if (missing || value->members.empty()) {
                return missing ? arena.make(Value::Kind::map) : *value;
            }
            const Value* out = value;
            Value* changed = nullptr;
            for (std::size_t i = 0; i < value->members.size(); ++i) {
                const Member& member = value->members[i];
                if (!accepts(element.keys, member.key)) {
                    problems.add(fmt::format("'{}' is no key for '{}'", member.key, name),
                                 fmt::format("it takes {}", describe(element.keys)),
                                 member.key_node == nullptr
                                     ? member.value->origin.place()
                                     : Origin{member.value->origin.layer, member.key_node}.place());
                }
                const Value& item =
                    element.item->kind == Element::Kind::keyed
                        ? complete_keyed(arena, *element.item, member.value, member.key, problems,
                                         value->get(kDefaults))
                        : complete(arena, *element.item, member.value, member.key, problems);
                if (&item != member.value) {
                    if (changed == nullptr) {
                        changed = &arena.copy(*value);
                        out = changed;
                    }
                    changed->members[i].value = &item;
                }
            }
            return *out;
        }
        case Element::Kind::keyed:
            break;
    }
    return complete_keyed(arena, element, value, name, problems, nullptr);
}

}  // namespace pavtest::suite
