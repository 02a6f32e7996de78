#include "suite/deferred.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/hostlist.h"
#include "base/text.h"
#include "suite/conditions.h"
#include "suite/facts.h"
#include "suite/schedule.h"
#include "suite/scheduler_variables.h"
#include "suite/site_functions.h"
#include "suite/strings.h"
#include "suite/template_parser.h"
#include "suite/variables.h"

namespace pavtest::suite {

namespace {

using Got = tl::expected<VariablePtr, std::string>;

/// What was known at submission, and beneath it what the node says.
class RememberedFacts : public VariableProvider {
  public:
    RememberedFacts(const Json& known, std::shared_ptr<const VariableProvider> live)
        : live_(std::move(live)) {
        if (known.is_object()) {
            for (const auto& [name, value] : known.items()) {
                known_.emplace(name, value_of(value, nullptr));
            }
        }
    }
    [[nodiscard]] std::vector<std::string> names() const override {
        std::vector<std::string> names = live_->names();
        for (const auto& [name, _] : known_) {
            if (std::find(names.begin(), names.end(), name) == names.end()) {
                names.push_back(name);
            }
        }
        return names;
    }
    [[nodiscard]] Got get(std::string_view name) const override {
        const auto known = known_.find(name);
        return known == known_.end() ? live_->get(name) : Got(known->second);
    }

    /// A variable out of its JSON; texts that wait are parsed with `cache`.
    static VariablePtr value_of(const Json& items, TemplateCache* cache) {
        auto value = std::make_shared<VariableValue>();
        for (const Json& item : items) {
            auto& cells = value->items.emplace_back();
            if (item.is_object()) {
                for (const auto& [key, text] : item.items()) {
                    cells.push_back(cell_of(key, text, cache));
                }
            } else {
                cells.push_back(cell_of("", item, cache));
            }
        }
        return value;
    }

  private:
    static VariableCell cell_of(const std::string& key, const Json& json, TemplateCache* cache) {
        VariableCell cell;
        cell.key = key;
        if (json.is_array()) {
            DatumList list;
            for (const Json& item : json) {
                list.push_back(Datum::of(item.is_string() ? item.get<std::string>() : item.dump()));
            }
            cell.value = Datum::of(std::move(list));
            return cell;
        }
        std::string text = json.is_string() ? json.get<std::string>() : json.dump();
        if (cache != nullptr && text.starts_with(kDeferredMark)) {
            text.erase(0, kDeferredMark.size());
            if (const auto parsed = cache->get(text)) {
                cell.unresolved = *parsed;
            }
        }
        cell.value = Datum::of(std::move(text));
        return cell;
    }

    std::shared_ptr<const VariableProvider> live_;
    std::map<std::string, VariablePtr, std::less<>> known_;
};

// JSON as a configuration tree, for the schedule section.
const Value& tree_of(Arena& arena, const Json& json) {
    if (json.is_string()) {
        return arena.text(arena.keep(json.get<std::string>()));
    }
    Value& out = arena.make(Value::Kind::null);
    if (json.is_array()) {
        out.kind = Value::Kind::list;
        for (const Json& item : json) {
            out.items.push_back(&tree_of(arena, item));
        }
    } else if (json.is_object()) {
        out.kind = Value::Kind::map;
        for (const auto& [key, item] : json.items()) {
            out.members.push_back(Member{arena.keep(key), &tree_of(arena, item), false, nullptr});
        }
    }
    return out;
}

// A plan may have been written by anybody: nothing in it is taken for granted.
std::string text_of(const Json& json, const char* key, const char* otherwise) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

class Finisher {
  public:
    Finisher(const Json& variables, const NodeWorld& node) {
        World world;
        world.environment = node.environment;
        world.clock = node.clock;
        if (const auto directories = variables.find("directories");
            directories != variables.end()) {
            for (const Json& directory : *directories) {
                world.directories.push_back(ConfigDirectory{text_of(directory, "label", ""),
                                                            text_of(directory, "path", "")});
            }
        }
        functions_ = site_functions(world);
        const auto known = [&](const char* set) {
            const auto found = variables.find(set);
            return found == variables.end() ? Json::object() : *found;
        };
        variables_.set_provider(VariableSet::sys, std::make_shared<const RememberedFacts>(
                                                      known("sys"), system_facts(world, true)));
        variables_.set_provider(VariableSet::pav, std::make_shared<const RememberedFacts>(
                                                      known("pav"), run_facts(world)));
        const Json user = known("var");
        for (const auto& [name, value] : user.items()) {
            variables_.set_user_variable(arena_.keep(name),
                                         RememberedFacts::value_of(value, &cache_));
        }
    }

    tl::expected<Json, std::vector<Error>> finish(const Json& config, const NodeWorld& node) {
        Problems problems(true);
        const auto section = config.find("schedule");
        const Schedule schedule = read_schedule(
            tree_of(arena_, section == config.end() ? Json::object() : *section), problems);
        variables_.set_provider(
            VariableSet::sched,
            final_scheduler_variables(text_of(config, "scheduler", "raw"), schedule, node.nodes));
        auto references = variables_.resolve_references(*functions_, false, {});
        if (!references) {
            problems.add(fmt::format("variable '{}': {}", references.error().name,
                                     references.error().error.what),
                         references.error().error.hint);
        }
        Json out = walk(config, "", problems);
        if (problems.any()) {
            return tl::make_unexpected(problems.errors());
        }
        return out;
    }

  private:
    bool skips(const std::string& section, const std::string& about, const Json& patterns,
               Problems& problems) {
        const Json alone{{section, {{about, patterns}}}};
        return !skip_reasons(tree_of(arena_, alone), problems).empty();
    }

    // The keys of conditions may have waited as well.
    Json conditions(const Json& json, const std::string& key, Problems& problems) {
        Json out = Json::object();
        for (const auto& [name, patterns] : json.items()) {
            std::string about = name;
            if (name.starts_with(kDeferredMark)) {
                const Json resolved = text(name.substr(kDeferredMark.size()), key, problems);
                if (resolved.is_string()) {
                    about = resolved.get<std::string>();
                } else {
                    problems.add(fmt::format("'{}': a condition cannot be about a list", key));
                }
            }
            // Two keys may have become the same. What skips the test stays.
            const auto same = out.find(about);
            if (same == out.end() || !skips(key, about, *same, problems)) {
                out[about] = patterns;
            }
        }
        return out;
    }

    Json walk(const Json& json, const std::string& key, Problems& problems) {
        if (json.is_object() && (key == "only_if" || key == "not_if")) {
            return conditions(json, key, problems);
        }
        const auto below = [&](const std::string& part) {
            return key.empty() ? part : fmt::format("{}.{}", key, part);
        };
        if (json.is_object()) {
            Json out = Json::object();
            for (const auto& [name, item] : json.items()) {
                out[name] = walk(item, below(name), problems);
                if (item.is_string() && out[name].is_array()) {
                    problems.add(
                        fmt::format("'{}' gives a list, and takes a single value", below(name)));
                }
            }
            return out;
        }
        if (json.is_array()) {
            Json out = Json::array();
            std::size_t index = 0;
            for (const Json& item : json) {
                Json one = walk(item, below(std::to_string(index++)), problems);
                if (item.is_string() && one.is_array()) {
                    out.insert(out.end(), one.begin(), one.end());
                } else {
                    out.push_back(std::move(one));
                }
            }
            return out;
        }
        if (!json.is_string() || !json.get_ref<const std::string&>().starts_with(kDeferredMark)) {
            return json;
        }
        return text(json.get_ref<const std::string&>().substr(kDeferredMark.size()), key, problems);
    }

    Json text(const std::string& written, const std::string& key, Problems& problems) {
        const auto place = [&](std::size_t offset) {
            return Place{key, 1, static_cast<int>(offset) + 1, written};
        };
        const auto parsed = cache_.get(written);
        if (!parsed) {
            problems.add(parsed.error().what, parsed.error().hint, place(parsed.error().offset));
            return written;
        }
        const auto resolved = resolve_text(**parsed, variables_, *functions_);
        if (!resolved) {
            problems.add(resolved.error().deferred ? "it is not even known on the node"
                                                   : resolved.error().what,
                         resolved.error().hint, place(resolved.error().offset));
            return written;
        }
        if (const auto* list = resolved->as<DatumList>()) {
            Json out = Json::array();
            for (const Datum& item : *list) {
                out.push_back(item.text());
            }
            return out;
        }
        return resolved->text();
    }

    Arena arena_;
    TemplateCache cache_;
    VariableManager variables_;
    std::shared_ptr<const Functions> functions_;
};

// "16(x2),8" → 16 16 8
std::vector<std::uint64_t> counts_of(std::string_view text) {
    std::vector<std::uint64_t> out;
    for (const std::string& part : split(text, ',')) {
        Integer value = 0;
        Integer times = 1;
        const std::size_t open = part.find("(x");
        if (!parse_integer(part.substr(0, open), value) || value < 0) {
            return {};
        }
        if (open != std::string::npos &&
            !parse_integer(part.substr(open + 2, part.size() - open - 3), times)) {
            return {};
        }
        constexpr Integer most = 1'000'000;
        for (Integer i = 0; i < std::min(times, most); ++i) {
            out.push_back(static_cast<std::uint64_t>(value));
        }
    }
    return out;
}

}  // namespace

Result<std::vector<NodeFacts>> allocated_nodes(const Environment& environment,
                                               std::string_view node_list) {
    const std::string whole =
        environment.get_or("SLURM_JOB_NODELIST", environment.get_or("SLURM_NODELIST", ""));
    auto names = expand_hostlist(whole);
    if (!names) {
        return tl::make_unexpected(std::move(names.error()));
    }
    const std::vector<std::uint64_t> cpus =
        counts_of(environment.get_or("SLURM_JOB_CPUS_PER_NODE", ""));
    Integer memory = 0;
    parse_integer(environment.get_or("SLURM_MEM_PER_NODE", "0"), memory);
    std::vector<std::string> wanted = *names;
    if (!node_list.empty()) {
        auto given = expand_hostlist(node_list);
        if (!given) {
            return tl::make_unexpected(std::move(given.error()));
        }
        wanted = std::move(*given);
    }
    std::vector<NodeFacts> out;
    for (std::size_t i = 0; i < names->size(); ++i) {
        if (std::find(wanted.begin(), wanted.end(), (*names)[i]) == wanted.end()) {
            continue;
        }
        NodeFacts node;
        node.name = (*names)[i];
        node.cpus = i < cpus.size() ? cpus[i] : 0;
        node.memory = static_cast<std::uint64_t>(memory) << 20U;
        out.push_back(std::move(node));
    }
    return out;
}

tl::expected<Json, std::vector<Error>> finish_deferred(const Json& config, const Json& variables,
                                                       const NodeWorld& node) {
    return Finisher(variables, node).finish(config, node);
}

Result<std::vector<std::string>> skip_reasons_on_node(const Json& finished) {
    Arena arena;
    Problems problems(false);
    std::vector<std::string> reasons = skip_reasons(tree_of(arena, finished), problems);
    if (problems.any()) {
        return tl::make_unexpected(problems.errors().front());
    }
    return reasons;
}

}  // namespace pavtest::suite
