// Merging of variables as Pavilion's VarCatElem does it: a value keeps the defaults of
// what it replaces, and may not add keys that they lack.
#include "suite/variable_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace pavtest::suite {

namespace {

const Value* look_up(const std::vector<Member>& members, std::string_view key) {
    for (const Member& member : members) {
        if (member.key == key) {
            return member.value;
        }
    }
    return nullptr;
}

std::set<std::string_view> keys_of(const std::vector<Member>& members) {
    std::set<std::string_view> keys;
    for (const Member& member : members) {
        keys.insert(member.key);
    }
    return keys;
}

std::set<std::string_view> keys_of(const VariableItem& item) {
    std::set<std::string_view> keys = keys_of(item.own);
    keys.merge(keys_of(item.defaults));
    return keys;
}

std::string listed(const std::set<std::string_view>& keys) {
    std::vector<std::string> names;
    for (const std::string_view key : keys) {
        names.push_back(key.empty() ? "a plain value" : fmt::format("'{}'", key));
    }
    return join(names, ", ");
}

std::vector<VariableItem> items_of(const Value& value, const Value& null_item) {
    std::vector<VariableItem> items;
    if (value.is_null()) {
        items.push_back(VariableItem{{Member{"", &null_item, false, nullptr}}, {}});
        return items;
    }
    items.reserve(value.items.size());
    for (const Value* item : value.items) {
        items.push_back(VariableItem{item->members, {}});
    }
    return items;
}

bool is_plain(const VariableItem& item) {
    return look_up(item.own, "") != nullptr;
}

// Defaults give way to values, and never the other way round; mappings have defaults for
// each of their keys.
bool gives_way(const VariableEntry& entry, const std::vector<VariableItem>& items) {
    return std::all_of(items.begin(), items.end(), is_plain) &&
           std::any_of(entry.items.begin(), entry.items.end(),
                       [](const VariableItem& item) { return !item.own.empty(); });
}

Place place_of(const Value& section, const Member& member) {
    return Origin{section.origin.layer, member.key_node}.place();
}

}  // namespace

const Value* VariableItem::get(std::string_view key) const {
    const Value* value = look_up(own, key);
    return value != nullptr ? value : look_up(defaults, key);
}

std::vector<Member> VariableItem::flat() const {
    std::vector<Member> all = own;
    for (const Member& member : defaults) {
        if (look_up(own, member.key) == nullptr) {
            all.push_back(member);
        }
    }
    return all;
}

VariableEntry* VariableSection::find(std::string_view name) {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &entries_[found->second];
}

const VariableEntry* VariableSection::find(std::string_view name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &entries_[found->second];
}

VariableEntry& VariableSection::at(std::string_view name) {
    if (VariableEntry* entry = find(name)) {
        return *entry;
    }
    index_.emplace(name, entries_.size());
    return entries_.emplace_back(VariableEntry{name, {}, {}});
}

void VariableSection::replace(std::string_view name, const Value& items) {
    const bool existed = find(name) != nullptr;
    VariableEntry& entry = at(name);
    entry.overrode = existed ? std::make_shared<const VariableEntry>(entry) : nullptr;
    entry.items = items_of(items, items);
    entry.origin = items.origin;
}

void VariableSection::merge(const Value& newer, Problems& problems) {
    for (const Member& member : newer.members) {
        if (problems.enough()) {
            return;
        }
        std::string_view name = member.key;
        const char suffix = name.empty() ? '\0' : name.back();
        if (suffix == '?' || suffix == '+') {
            name.remove_suffix(1);
        }
        const bool existed = find(name) != nullptr;
        VariableEntry& entry = at(name);
        const std::vector<VariableItem> items = items_of(*member.value, *member.value);
        if (suffix == '?' && gives_way(entry, items)) {
            entry.overrode = std::make_shared<const VariableEntry>(
                VariableEntry{name, items, member.value->origin, entry.overrode});
            continue;
        }
        if (existed) {
            entry.overrode = std::make_shared<const VariableEntry>(entry);
        }
        if (suffix == '?') {
            set_default(entry, existed, items, newer, member, problems);
        } else if (suffix == '+') {
            extend(entry, items, newer, member, problems);
        } else {
            set(entry, items, newer, member, problems);
        }
        entry.origin = member.value->origin;
    }
}

void VariableSection::set(VariableEntry& entry, const std::vector<VariableItem>& items,
                          const Value& section, const Member& member, Problems& problems) {
    const std::vector<Member> old_defaults =
        entry.items.empty() ? std::vector<Member>{} : entry.items.front().defaults;
    if (old_defaults.empty() && !items.empty()) {
        const std::set<std::string_view> first = keys_of(items.front());
        for (const VariableItem& item : items) {
            if (first == std::set<std::string_view>{""} && keys_of(item) != first) {
                problems.add(fmt::format("'{}' mixes plain values and mappings", entry.name), "",
                             place_of(section, member));
                return;
            }
        }
    }
    std::vector<VariableItem> replaced;
    replaced.reserve(items.size());
    for (const VariableItem& item : items) {
        for (const Member& own : item.own) {
            if (!old_defaults.empty() && look_up(old_defaults, own.key) == nullptr) {
                problems.add(
                    fmt::format("'{}' has defaults for {}, and so cannot have {}", entry.name,
                                listed(keys_of(old_defaults)),
                                own.key.empty() ? "a plain value" : fmt::format("'{}'", own.key)),
                    "add it to the defaults", place_of(section, member));
                return;
            }
        }
        replaced.push_back(VariableItem{item.own, old_defaults});
    }
    entry.items = std::move(replaced);
}

void VariableSection::set_default(VariableEntry& entry, bool existed,
                                  const std::vector<VariableItem>& items, const Value& section,
                                  const Member& member, Problems& problems) {
    const bool simple = items.empty() || std::any_of(items.begin(), items.end(), is_plain);
    if (simple) {
        for (const VariableItem& item : items) {
            if (!is_plain(item)) {
                problems.add(
                    fmt::format("the default of '{}' mixes plain values and mappings", entry.name),
                    "", place_of(section, member));
                return;
            }
        }
        entry.items.clear();
        for (const VariableItem& item : items) {
            entry.items.push_back(VariableItem{{}, item.own});
        }
        return;
    }
    if (items.size() > 1 && items.front().own.size() != 1) {
        problems.add(fmt::format("the default of '{}' can be one mapping, not a list", entry.name),
                     "", place_of(section, member));
        return;
    }
    const std::vector<Member>& defaults = items.front().own;
    if (!existed) {
        entry.items = {VariableItem{{}, defaults}};
        return;
    }
    for (VariableItem& item : entry.items) {
        if (item.defaults.empty()) {
            item.defaults = defaults;
            continue;
        }
        for (const Member& given : defaults) {
            const auto known = std::find_if(item.defaults.begin(), item.defaults.end(),
                                            [&](const Member& m) { return m.key == given.key; });
            if (known == item.defaults.end()) {
                problems.add(fmt::format("'{}' has defaults for {}, and so cannot have one for "
                                         "'{}'",
                                         entry.name, listed(keys_of(item.defaults)), given.key),
                             "", place_of(section, member));
                return;
            }
            known->value = given.value;
        }
    }
}

void VariableSection::extend(VariableEntry& entry, const std::vector<VariableItem>& items,
                             const Value& section, const Member& member, Problems& problems) {
    if (items.empty()) {
        problems.add(fmt::format("'{}+' adds nothing", entry.name), "", place_of(section, member));
        return;
    }
    std::vector<Member> defaults;
    std::set<std::string_view> known;
    if (!entry.items.empty()) {
        defaults = entry.items.front().defaults;
        known = keys_of(entry.items.front());
    }
    for (const VariableItem& item : items) {
        for (const Member& own : item.own) {
            if (!known.empty() && known.count(own.key) == 0) {
                problems.add(
                    fmt::format("the items of '{}' have {}, not {}", entry.name, listed(known),
                                own.key.empty() ? "a plain value" : fmt::format("'{}'", own.key)),
                    "", place_of(section, member));
                return;
            }
        }
        entry.items.push_back(VariableItem{item.own, defaults});
    }
}

void VariableSection::check(Problems& problems, std::string_view test) const {
    for (const VariableEntry& entry : entries_) {
        if (entry.items.empty()) {
            problems.add(fmt::format("variable '{}' of test '{}' has no value", entry.name, test),
                         "give it one, even if it is ''", entry.origin.place());
            continue;
        }
        const std::set<std::string_view> first = keys_of(entry.items.front());
        for (const VariableItem& item : entry.items) {
            for (const Member& member : item.flat()) {
                if (!member.value->is_null()) {
                    continue;
                }
                const Place place = member.value->origin.place();
                problems.add(
                    member.key.empty()
                        ? fmt::format("variable '{}' of test '{}' must be set", entry.name, test)
                        : fmt::format("'{}' of variable '{}' of test '{}' must be set", member.key,
                                      entry.name, test),
                    "a default without a value is there to be set: by a test, a mode, a host or -c",
                    place);
                break;
            }
            if (keys_of(item) != first) {
                problems.add(fmt::format("the items of variable '{}' have different keys: {}, and "
                                         "{}",
                                         entry.name, listed(first), listed(keys_of(item))),
                             "all items of a list have the same keys", entry.origin.place());
                break;
            }
        }
        if (problems.enough()) {
            return;
        }
    }
}

}  // namespace pavtest::suite
