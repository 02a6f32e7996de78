// Lookup follows Pavilion's variable manager: var, sys, pav, sched; an index and a part
// are optional, and a variable that has parts must be asked for one.
#include "suite/variables.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pavtest::suite {

namespace {

constexpr std::string_view kSetNames[] = {"var", "sys", "pav", "sched"};

tl::unexpected<EvaluationError> fail(std::size_t offset, std::string what, std::string hint = {}) {
    return tl::make_unexpected(EvaluationError{false, offset, std::move(what), std::move(hint)});
}

tl::unexpected<EvaluationError> deferred_at(std::size_t offset) {
    return tl::make_unexpected(EvaluationError{true, offset, "known on the nodes only", {}});
}

}  // namespace

std::string_view name_of(VariableSet set) {
    return kSetNames[static_cast<std::size_t>(set)];
}

std::optional<VariableSet> variable_set(std::string_view name) {
    for (std::size_t i = 0; i < kVariableSets; ++i) {
        if (kSetNames[i] == name) {
            return static_cast<VariableSet>(i);
        }
    }
    return std::nullopt;
}

VariablePtr text_variable(std::string text) {
    return list_variable({std::move(text)});
}

VariablePtr list_variable(const std::vector<std::string>& texts) {
    auto value = std::make_shared<VariableValue>();
    for (const std::string& text : texts) {
        VariableCell cell;
        cell.value = Datum::of(text);
        value->items.push_back({std::move(cell)});
    }
    return value;
}

VariablePtr map_variable(const std::vector<std::pair<std::string, std::string>>& texts) {
    auto value = std::make_shared<VariableValue>();
    auto& item = value->items.emplace_back();
    for (const auto& [key, text] : texts) {
        VariableCell cell;
        cell.key = key;
        cell.value = Datum::of(text);
        item.push_back(std::move(cell));
    }
    return value;
}

VariablePtr deferred_variable() {
    auto value = std::make_shared<VariableValue>();
    value->deferred = true;
    return value;
}

void VariableManager::set_user_variable(std::string_view name, VariablePtr value) {
    const auto [place, added] = index_->try_emplace(name, user_.size());
    if (added) {
        user_.push_back(UserVariable{name, std::move(value)});
    } else {
        user_[place->second].value = std::move(value);
    }
}

void VariableManager::set_provider(VariableSet set,
                                   std::shared_ptr<const VariableProvider> provider) {
    providers_[static_cast<std::size_t>(set)] = std::move(provider);
}

bool VariableManager::has_set(VariableSet set) const {
    return set == VariableSet::var || providers_[static_cast<std::size_t>(set)] != nullptr;
}

std::vector<std::string> VariableManager::all_names() const {
    std::vector<std::string> names;
    for (const UserVariable& variable : user_) {
        names.emplace_back(variable.name);
    }
    for (const auto& provider : providers_) {
        if (provider != nullptr) {
            for (std::string& name : provider->names()) {
                names.push_back(std::move(name));
            }
        }
    }
    return names;
}

std::string VariableManager::near_variable(std::string_view name) const {
    const std::string near = did_you_mean(name, all_names());
    return near.empty() ? "set it under 'variables:', or in the host's, system's or mode's file"
                        : near;
}

tl::expected<VariablePtr, std::string> VariableManager::find(VariableSet set,
                                                             std::string_view name) const {
    if (set == VariableSet::var) {
        const auto found = index_->find(name);
        return found == index_->end() ? nullptr : user_[found->second].value;
    }
    if (!narrowed_.empty()) {
        const auto narrowed = narrowed_.find({set, std::string(name)});
        if (narrowed != narrowed_.end()) {
            return narrowed->second;
        }
    }
    const auto& provider = providers_[static_cast<std::size_t>(set)];
    if (provider == nullptr) {
        return nullptr;
    }
    return provider->get(name);
}

tl::expected<VariableSet, std::string> VariableManager::set_of(const VariableKey& key) const {
    if (key.set) {
        return *key.set;
    }
    for (std::size_t i = 0; i < kVariableSets; ++i) {
        const auto set = static_cast<VariableSet>(i);
        if (set == VariableSet::var) {
            if (index_->count(key.name) > 0) {
                return set;
            }
        } else if (const auto& provider = providers_[i]) {
            const std::vector<std::string> names = provider->names();
            if (std::find(names.begin(), names.end(), key.name) != names.end()) {
                return set;
            }
        }
    }
    return tl::make_unexpected(fmt::format("there is no variable '{}'", key.name));
}

bool VariableManager::any_deferred(VariableSet set, std::string_view name) const {
    const auto found = find(set, name);
    if (!found || *found == nullptr) {
        return false;
    }
    for (const auto& item : (*found)->items) {
        for (const VariableCell& cell : item) {
            if (cell.deferred) {
                return true;
            }
        }
    }
    return (*found)->deferred;
}

namespace {

// The cell of an item that is asked for.
Evaluated cell_value(const std::vector<VariableCell>& item, const VariableKey& key,
                     std::size_t offset) {
    std::vector<std::string> parts;
    for (const VariableCell& cell : item) {
        if (cell.key == key.part) {
            return cell.deferred ? Evaluated(deferred_at(offset)) : Evaluated(cell.value);
        }
        parts.push_back(cell.key);
    }
    if (key.part.empty()) {
        return fail(offset, fmt::format("variable '{}' has parts", key.name),
                    fmt::format("ask for one: {}.{}", key.name, parts.empty() ? "…" : parts[0]));
    }
    if (parts.size() == 1 && parts[0].empty()) {
        return fail(offset, fmt::format("variable '{}' is a plain value, without a part '{}'",
                                        key.name, key.part));
    }
    const std::string near = did_you_mean(key.part, parts);
    return fail(offset, fmt::format("variable '{}' has no part '{}'", key.name, key.part),
                near.empty() ? fmt::format("it has {}", join(parts, ", ")) : near);
}

}  // namespace

Evaluated VariableManager::get(const Expression& reference,
                               const std::vector<BoundStep>& steps) const {
    const std::size_t offset = reference.offset;
    const auto key = parse_key(reference.name, steps);
    if (!key) {
        return fail(offset, key.error());
    }
    const auto set = set_of(*key);
    if (!set) {
        return fail(offset, set.error(), near_variable(key->name));
    }
    const auto found = find(*set, key->name);
    if (!found) {
        return fail(offset, found.error());
    }
    if (*found == nullptr) {
        const auto& provider = providers_[static_cast<std::size_t>(*set)];
        return fail(offset, fmt::format("there is no variable '{}.{}'", name_of(*set), key->name),
                    provider == nullptr ? did_you_mean(key->name, all_names())
                                        : did_you_mean(key->name, provider->names()));
    }
    const VariableValue& value = **found;
    if (value.deferred) {
        return deferred_at(offset);
    }
    const auto size = static_cast<Integer>(value.items.size());
    if (key->index == VariableKey::Index::none || key->index == VariableKey::Index::at) {
        Integer index = key->from.value_or(0);
        if (size == 0) {
            return fail(offset, fmt::format("variable '{}' is empty", key->name));
        }
        if (index < -size || index >= size) {
            return fail(offset,
                        fmt::format("variable '{}' has {} items, and no item {}", key->name,
                                    value.items.size(), integer_text(index)),
                        fmt::format("they are numbered from 0; {}.* means all", key->name));
        }
        index = index < 0 ? index + size : index;
        auto one = cell_value(value.items[static_cast<std::size_t>(index)], *key, offset);
        // A text counts as the number or truth value that it looks like.
        if (const auto* text = one ? one->as<std::string>() : nullptr) {
            return auto_convert(std::string_view(*text));
        }
        return one;
    }
    const auto bound = [&](const std::optional<Integer>& given, Integer otherwise) {
        const Integer i = given.value_or(otherwise);
        return std::max<Integer>(i < 0 ? size + i : i, 0);
    };
    const Integer from = bound(key->from, 0);
    const Integer until = bound(key->until, size);
    if (until > size) {
        return fail(offset,
                    fmt::format("variable '{}' has only {} items", key->name, value.items.size()));
    }
    DatumList items;
    for (Integer i = from; i < until; ++i) {
        auto one = cell_value(value.items[static_cast<std::size_t>(i)], *key, offset);
        if (!one) {
            return one;
        }
        items.push_back(std::move(*one));
    }
    return Datum::of(std::move(items));
}

VariableCell* VariableManager::cell_of(const Unresolved& place) {
    // Values are shared between permutations; the one to change becomes our own.
    VariablePtr& shared = user_[place.variable].value;
    if (shared.use_count() == 1) {
        return &std::const_pointer_cast<VariableValue>(shared)->items[place.item][place.cell];
    }
    auto own = std::make_shared<VariableValue>(*shared);
    VariableCell* cell = &own->items[place.item][place.cell];
    shared = std::move(own);
    return cell;
}

tl::expected<VariableManager::Readiness, EvaluationError> VariableManager::readiness(
    const Template& text, const std::vector<std::string>& skip,
    const std::vector<Unresolved>& pending, const std::vector<bool>& skipped) const {
    Readiness ready;
    for (const Expression* reference : references_of(text)) {
        const auto key = parse_key(*reference);
        if (!key) {
            return fail(reference->offset, key.error());
        }
        const auto set = set_of(*key);
        if (!set) {
            return fail(reference->offset, set.error(), near_variable(key->name));
        }
        if (!has_set(*set)) {
            return Readiness{false, false};
        }
        if (*set != VariableSet::var) {
            continue;
        }
        if (std::find(skip.begin(), skip.end(), key->name) != skip.end()) {
            ready.now = false;
        }
        const auto variable = index_->find(key->name);
        for (std::size_t i = 0; i < pending.size() && variable != index_->end(); ++i) {
            if (pending[i].variable == variable->second) {
                const VariableCell& cell =
                    user_[pending[i].variable].value->items[pending[i].item][pending[i].cell];
                const bool one = key->index == VariableKey::Index::at && key->from &&
                                 static_cast<Integer>(pending[i].item) != *key->from;
                if (cell.key == key->part && !one) {
                    ready.now = false;
                    ready.only_skipped = ready.only_skipped && skipped[i];
                }
            }
        }
    }
    return ready;
}

tl::expected<VariableManager::References_, VariableManager::Failure>
VariableManager::resolve_references(const Functions& functions, bool partial,
                                    const std::vector<std::string>& skip) {
    std::vector<Unresolved> pending;
    References_ result;
    for (std::size_t v = 0; v < user_.size(); ++v) {
        bool resolved = true;
        const VariableValue& value = *user_[v].value;
        for (std::size_t i = 0; i < value.items.size(); ++i) {
            for (std::size_t c = 0; c < value.items[i].size(); ++c) {
                if (value.items[i][c].unresolved != nullptr && !value.items[i][c].deferred) {
                    pending.push_back({v, i, c});
                    resolved = false;
                }
            }
        }
        if (resolved) {
            result.resolved.emplace_back(user_[v].name);
        }
    }
    const auto failure = [&](const Unresolved& place, EvaluationError error) {
        const VariableCell& cell = user_[place.variable].value->items[place.item][place.cell];
        return tl::make_unexpected(
            Failure{cell.source, std::move(error), std::string(user_[place.variable].name)});
    };
    std::vector<bool> skipped(pending.size(), false);
    std::vector<std::size_t> touched;
    bool progress = true;
    while (!pending.empty() && progress) {
        progress = false;
        for (std::size_t i = 0; i < pending.size();) {
            const Unresolved place = pending[i];
            const Template& text =
                *user_[place.variable].value->items[place.item][place.cell].unresolved;
            auto ready = readiness(text, skip, pending, skipped);
            if (!ready) {
                return failure(place, std::move(ready.error()));
            }
            if (ready->only_skipped && !skipped[i]) {
                skipped[i] = true;
                progress = true;
            }
            if (!ready->now) {
                ++i;
                continue;
            }
            auto value = resolve_text(text, *this, functions);
            if (!value && !value.error().deferred) {
                return failure(place, std::move(value.error()));
            }
            VariableCell* cell = cell_of(place);
            if (value) {
                cell->value = std::move(*value);
                cell->unresolved = nullptr;
            } else {
                cell->deferred = true;
            }
            touched.push_back(place.variable);
            pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(i));
            skipped.erase(skipped.begin() + static_cast<std::ptrdiff_t>(i));
            progress = true;
        }
    }
    if (!pending.empty() && !partial) {
        std::vector<std::string> names;
        for (const Unresolved& place : pending) {
            names.emplace_back(user_[place.variable].name);
        }
        return failure(pending.front(),
                       EvaluationError{false, 0,
                                       fmt::format("the variables {} refer to each other in a loop",
                                                   join(names, ", ")),
                                       "write out the value of one of them"});
    }
    std::map<std::size_t, std::pair<std::size_t, std::size_t>> left;  // pending and skipped parts
    for (std::size_t i = 0; i < pending.size(); ++i) {
        auto& [all, of_skip] = left[pending[i].variable];
        ++all;
        of_skip += skipped[i] ? 1 : 0;
    }
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const std::size_t variable : touched) {
        if (left.count(variable) == 0) {
            result.resolved.emplace_back(user_[variable].name);
        }
    }
    for (const auto& [variable, counts] : left) {
        if (counts.first == counts.second) {
            result.could_resolve.emplace_back(user_[variable].name);
        }
    }
    return result;
}

tl::expected<std::vector<VariableManager>, std::string> VariableManager::permutations(
    const std::vector<std::pair<VariableSet, std::string>>& names) const {
    constexpr std::size_t most = kMostPermutations;
    std::vector<VariablePtr> values;
    std::size_t total = 1;
    for (const auto& [set, name] : names) {
        auto found = find(set, name);
        if (!found) {
            return tl::make_unexpected(std::move(found.error()));
        }
        if (*found == nullptr) {
            return tl::make_unexpected(
                fmt::format("there is no variable '{}.{}'", name_of(set), name));
        }
        if ((*found)->deferred) {
            return tl::make_unexpected(
                fmt::format("'{}.{}' is known on the nodes only", name_of(set), name));
        }
        total *= (*found)->items.size();
        if (total > most) {
            return tl::make_unexpected(fmt::format("more than {} permutations", most));
        }
        values.push_back(std::move(*found));
    }
    if (total == 1) {
        return std::vector<VariableManager>{*this};
    }
    std::vector<std::vector<VariablePtr>> singles(values.size());
    for (std::size_t v = 0; v < values.size(); ++v) {
        for (const auto& item : values[v]->items) {
            auto single = std::make_shared<VariableValue>();
            single->items.push_back(item);
            singles[v].push_back(std::move(single));
        }
    }
    std::vector<VariableManager> out;
    out.reserve(total);
    for (std::size_t i = 0; i < total; ++i) {
        VariableManager& manager = out.emplace_back(*this);
        std::size_t rest = i;
        for (std::size_t v = values.size(); v-- > 0;) {
            const VariablePtr& single = singles[v][rest % singles[v].size()];
            rest /= singles[v].size();
            if (names[v].first == VariableSet::var) {
                manager.user_[index_->at(names[v].second)].value = single;
            } else {
                manager.narrowed_[{names[v].first, names[v].second}] = single;
            }
        }
    }
    return out;
}

}  // namespace pavtest::suite
