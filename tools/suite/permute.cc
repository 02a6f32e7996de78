// Variables may refer to each other and to those that are permuted over, so references
// are resolved as far as they go, what is ready is permuted, and so on; scheduler
// variables come last, since the schedule section may use all others.
#include "suite/permute.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "suite/schedule.h"
#include "suite/scheduler_variables.h"
#include "suite/template_parser.h"

namespace pavtest::suite {

VariableManager initial_variables(const TestConfig& test, Shared& shared, Problems& problems) {
    VariableManager variables;
    variables.set_provider(VariableSet::sys, shared.system);
    variables.set_provider(VariableSet::pav, shared.run);
    for (const VariableEntry& entry : test.variables.entries()) {
        auto value = std::make_shared<VariableValue>();
        for (const VariableItem& item : entry.items) {
            auto& cells = value->items.emplace_back();
            for (const Member& member : item.flat()) {
                VariableCell cell;
                cell.key = std::string(member.key);
                cell.value = Datum::of(std::string(member.value->text));
                cell.source = member.value;
                if (needs_parsing(member.value->text)) {
                    const auto parsed = shared.cache.get(member.value->text);
                    if (parsed) {
                        cell.unresolved = *parsed;
                    } else {
                        problems.add(error_in(*member.value, parsed.error()));
                    }
                }
                cells.push_back(std::move(cell));
            }
        }
        variables.set_user_variable(entry.name, std::move(value));
    }
    return variables;
}

Permuter::Permuter(const TestConfig& test, Shared& shared, StringResolver& strings,
                   Problems& problems)
    : test_(test), shared_(shared), strings_(strings), problems_(problems) {
    subtitle_ = test.tree->get("subtitle");
}

std::vector<std::string> Permuter::user_names(const Names& names) {
    std::vector<std::string> out;
    for (const auto& [set, name] : names) {
        if (set == VariableSet::var) {
            out.push_back(name);
        }
    }
    return out;
}

Permuter::Names Permuter::checked_names(const VariableManager& base) {
    Names names;
    const Value* permute_on = test_.tree->get("permute_on");
    for (const Value* item : permute_on->items) {
        const auto refuse = [&](std::string what, std::string hint = {}) {
            problems_.add(fmt::format("permute_on '{}': {}", item->text, what), std::move(hint),
                          item->origin.place());
        };
        const auto key = parse_key(item->text);
        if (!key) {
            refuse(key.error());
            continue;
        }
        const auto set = base.set_of(*key);
        if (!set) {
            std::vector<std::string> known;
            for (const auto& variable : base.user_variables()) {
                known.emplace_back(variable.name);
            }
            const std::string meant = did_you_mean(key->name, known);
            refuse(set.error(),
                   meant.empty() ? "scheduler variables are written with their set: sched.chunk_ids"
                                 : meant);
            continue;
        }
        if (key->index != VariableKey::Index::none || !key->part.empty()) {
            refuse("it has an index or a part, and only whole variables can be permuted over",
                   fmt::format("write '{}'", key->name));
            continue;
        }
        if (*set != VariableSet::sched) {
            const auto found = base.find(*set, key->name);
            if (!found || *found == nullptr) {
                refuse(found ? fmt::format("there is no variable '{}'", key->name) : found.error());
                continue;
            }
            if (base.any_deferred(*set, key->name)) {
                refuse("it is known on the nodes only, and tests must be known before",
                       "write out its values as a variable of the suite");
                continue;
            }
        }
        std::pair<VariableSet, std::string> name{*set, std::string(key->name)};
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(name);
        }
        over_.push_back(Over{std::string(item->text), *set, std::string(key->name)});
    }
    // By the sets' names, then by the variables'.
    std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
        return std::pair(name_of(a.first), std::string_view(a.second)) <
               std::pair(name_of(b.first), std::string_view(b.second));
    });
    return names;
}

void Permuter::make_subtitle(const VariableManager& base, const Names& names) {
    if (names.empty() || (subtitle_ != nullptr && !subtitle_->is_null())) {
        return;
    }
    std::vector<std::string> parts;
    for (const auto& [set, name] : names) {
        if (set == VariableSet::sched) {
            parts.push_back(fmt::format("{{{{sched.{}}}}}", name));
            continue;
        }
        const auto found = base.find(set, name);
        const bool plain = found && *found != nullptr && !(*found)->items.empty() &&
                           (*found)->items.front().size() == 1 &&
                           (*found)->items.front().front().key.empty();
        parts.push_back(plain ? fmt::format("{{{{{}}}}}", name) : fmt::format("_{}_", name));
    }
    subtitle_ = &shared_.arena.text(shared_.arena.keep(join(parts, "-")));
}

bool Permuter::scheduler_is_there() {
    const Value* scheduler = test_.tree->get("scheduler");
    const std::string name(scheduler == nullptr ? "" : scheduler->text);
    const auto& known = known_schedulers();
    if (std::find(known.begin(), known.end(), name) == known.end()) {
        problems_.add(fmt::format("there is no scheduler '{}'", name),
                      fmt::format("it can be {}", join(known, ", ")),
                      scheduler == nullptr ? Place{} : scheduler->origin.place());
        return false;
    }
    if (name == "slurm" && (shared_.scheduler == nullptr || !shared_.scheduler->available())) {
        problems_.add(
            fmt::format("test '{}' needs Slurm, and there is none on this host", test_.name),
            "run this where sbatch and scontrol work", scheduler->origin.place());
        return false;
    }
    return true;
}

std::vector<VariableManager> Permuter::permutations(const VariableManager& base) {
    Managers out;
    const Names names = checked_names(base);
    if (problems_.any()) {
        return out;
    }
    make_subtitle(base, names);
    if (!scheduler_is_there()) {
        return out;
    }
    basic(base, names, out);
    if (problems_.enough()) {
        out.clear();
    }
    return out;
}

void Permuter::add(const VariableManager::Failure& failure) {
    if (failure.source != nullptr) {
        Error error = error_in(*failure.source, failure.error);
        error.what =
            fmt::format("variable '{}' of test '{}': {}", failure.name, test_.name, error.what);
        problems_.add(std::move(error));
    } else {
        problems_.add(fmt::format("test '{}': {}", test_.name, failure.error.what),
                      failure.error.hint);
    }
}

// What is wrong with all permutations stands at permute_on.
void Permuter::refuse(const std::string& what) {
    problems_.add(fmt::format("test '{}': {}", test_.name, what),
                  "permute over fewer variables, or give them fewer values",
                  test_.tree->get("permute_on")->origin.place());
}

std::optional<VariableManager::References_> Permuter::resolved(
    VariableManager& variables, bool partial, const std::vector<std::string>& skip) {
    auto result = variables.resolve_references(shared_.functions, partial, skip);
    if (!result) {
        add(result.error());
        return std::nullopt;
    }
    return std::move(*result);
}

void Permuter::basic(VariableManager variables, Names left, Managers& out) {
    const auto references = resolved(variables, true, user_names(left));
    if (!references) {
        return;
    }
    Names now;
    Names later;
    for (auto& name : left) {
        const bool ready = (name.first != VariableSet::sched && name.first != VariableSet::var) ||
                           (name.first == VariableSet::var &&
                            std::find(references->resolved.begin(), references->resolved.end(),
                                      name.second) != references->resolved.end());
        (ready ? now : later).push_back(std::move(name));
    }
    if (now.empty()) {
        delayed(std::move(variables), std::move(later), out);
        return;
    }
    auto managers = variables.permutations(now);
    if (!managers) {
        refuse(managers.error());
        return;
    }
    for (VariableManager& manager : *managers) {
        if (problems_.enough() || overfull_) {
            return;
        }
        basic(std::move(manager), later, out);
    }
}

// Variables that only wait for those that are permuted over, which wait for them.
void Permuter::delayed(VariableManager variables, Names left, Managers& out) {
    const auto references = resolved(variables, true, user_names(left));
    if (!references) {
        return;
    }
    Names now;
    for (const std::string& name : references->could_resolve) {
        std::pair<VariableSet, std::string> key{VariableSet::var, name};
        left.erase(std::remove(left.begin(), left.end(), key), left.end());
        now.push_back(std::move(key));
    }
    auto managers = variables.permutations(now);
    if (!managers) {
        refuse(managers.error());
        return;
    }
    for (VariableManager& manager : *managers) {
        if (problems_.enough() || overfull_) {
            return;
        }
        scheduled(std::move(manager), left, out);
    }
}

void Permuter::scheduled(VariableManager variables, const Names& left, Managers& out) {
    if (!resolved(variables, true, {})) {
        return;
    }
    const Value* section = test_.tree->get("schedule");
    bool deferred = false;
    Problems problems(problems_.all());
    const Value& schedule =
        strings_.section("schedule", *section, variables, shared_.functions, problems, deferred);
    if (&schedule != last_schedule_ && !problems.any()) {
        const Schedule wanted = read_schedule(schedule, problems);
        last_schedule_ = &schedule;
        last_variables_ = initial_scheduler_variables(test_.tree->text_of("scheduler"), wanted,
                                                      shared_.scheduler);
    }
    if (problems.any()) {
        last_schedule_ = nullptr;
        for (const Error& error : problems.errors()) {
            problems_.add(error);
        }
        return;
    }
    variables.set_provider(VariableSet::sched, last_variables_);
    if (!resolved(variables, false, {})) {
        return;
    }
    auto managers = variables.permutations(left);
    if (!managers) {
        refuse(managers.error());
        return;
    }
    for (VariableManager& manager : *managers) {
        out.push_back(std::move(manager));
    }
    if (out.size() > kMostPermutations) {
        refuse(fmt::format("more than {} permutations", kMostPermutations));
        out.clear();
        overfull_ = true;
    }
}

}  // namespace pavtest::suite
