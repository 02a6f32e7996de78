// The variables section: how `x`, `x?` and `x+` of several layers become one list of
// values, each a text or a map of texts.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "suite/problems.h"
#include "suite/value.h"

namespace pavtest::suite {

/// One item: what was given, and beneath it the defaults. The only key of a simple item
/// is "".
struct VariableItem {
    std::vector<Member> own;
    std::vector<Member> defaults;

    [[nodiscard]] const Value* get(std::string_view key) const;
    [[nodiscard]] bool has(std::string_view key) const { return get(key) != nullptr; }
    /// Own keys first, then those that only have a default.
    [[nodiscard]] std::vector<Member> flat() const;
};

struct VariableEntry {
    std::string_view name;
    std::vector<VariableItem> items;
    Origin origin;
    /// What stood here before, or a default that gave way to this.
    std::shared_ptr<const VariableEntry> overrode = nullptr;
};

class VariableSection {
  public:
    /// Lays a normalized section over this one.
    void merge(const Value& newer, Problems& problems);
    /// Puts a variable in place of what was there, defaults and all.
    void replace(std::string_view name, const Value& items);
    VariableEntry* find(std::string_view name);
    [[nodiscard]] const VariableEntry* find(std::string_view name) const;
    [[nodiscard]] const std::vector<VariableEntry>& entries() const { return entries_; }

    /// Every value set, every item with the same keys: what must hold in the end.
    void check(Problems& problems, std::string_view test) const;

  private:
    VariableEntry& at(std::string_view name);
    void set(VariableEntry& entry, const std::vector<VariableItem>& items, const Value& section,
             const Member& member, Problems& problems);
    void set_default(VariableEntry& entry, bool existed, const std::vector<VariableItem>& items,
                     const Value& section, const Member& member, Problems& problems);
    void extend(VariableEntry& entry, const std::vector<VariableItem>& items, const Value& section,
                const Member& member, Problems& problems);

    std::vector<VariableEntry> entries_;
    std::unordered_map<std::string_view, std::size_t> index_;
};

}  // namespace pavtest::suite
