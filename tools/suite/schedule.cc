// Values and defaults as Pavilion's scheduler configuration validates them.
#include "suite/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hostlist.h"
#include "base/text.h"

namespace pavtest::suite {

namespace {

const std::vector<std::string> kUpStates = {"ALLOCATED",   "COMPLETING", "PLANNED",
                                            "MAINTENANCE", "IDLE",       "MAINT"};
const std::vector<std::string> kAvailStates = {"IDLE", "MAINT", "MAINTENANCE", "PLANNED"};
const std::vector<std::string> kBindings = {"slot",    "hwthread", "core", "L1cache", "L2cache",
                                            "L3cache", "socket",   "numa", "board",   "node"};

class Reader {
  public:
    Reader(const Value& section, std::string prefix, Problems& problems)
        : section_(section), prefix_(std::move(prefix)), problems_(problems) {}

    [[nodiscard]] std::optional<std::string> text(std::string_view key) const {
        const Value* value = section_.get(key);
        return value == nullptr || !value->is_text() ? std::nullopt
                                                     : std::optional(std::string(value->text));
    }
    [[nodiscard]] std::vector<std::string> list(std::string_view key) const {
        std::vector<std::string> out;
        if (const Value* value = section_.get(key)) {
            for (const Value* item : value->items) {
                out.emplace_back(item->text);
            }
        }
        return out;
    }
    void refuse(std::string_view key, std::string_view value, std::string_view wanted) {
        const Value* at = section_.get(key);
        problems_.add(fmt::format("'{}.{}' cannot be '{}'", prefix_, key, value),
                      fmt::format("it takes {}", wanted),
                      at == nullptr ? Place{} : at->origin.place());
    }

    std::optional<Amount> amount(std::string_view key) {
        const auto given = text(key);
        if (!given) {
            return std::nullopt;
        }
        Amount amount;
        if (*given == "all") {
            amount.is_share = true;
            amount.share = 1;
        } else if (given->ends_with('%')) {
            amount.is_share = true;
            if (!parse_float(given->substr(0, given->size() - 1), amount.share)) {
                refuse(key, *given, "a number, a percentage such as '50%', or 'all'");
            }
            amount.share /= 100;
        } else if (const std::size_t dash = given->find('-', 1); dash != std::string::npos) {
            Integer least = 0;
            if (!parse_integer(given->substr(0, dash), least) ||
                !parse_integer(given->substr(dash + 1), amount.count) || amount.count < least) {
                refuse(key, *given, "a range such as '10-20'");
            }
        } else if (!parse_integer(*given, amount.count)) {
            refuse(key, *given, "a number, a percentage such as '50%', or 'all'");
        }
        return amount;
    }

    std::optional<Integer> positive(std::string_view key) {
        const auto given = text(key);
        if (!given || trim(*given).empty()) {
            return std::nullopt;
        }
        Integer value = 0;
        if (!parse_integer(*given, value) || value < 1) {
            refuse(key, *given, "a whole number from 1");
            return std::nullopt;
        }
        return value;
    }

    // Pavilion takes whole hours only; most tests need minutes.
    void check_hours(std::string_view key) {
        const auto given = text(key);
        double hours = 0;
        if (given && (!parse_float(*given, hours) || !(hours > 0))) {
            refuse(key, *given, "hours, such as 2 or 0.25");
        }
    }

    std::optional<std::string> one_of(std::string_view key, const std::vector<std::string>& known) {
        const auto given = text(key);
        if (given && std::find(known.begin(), known.end(), *given) == known.end()) {
            refuse(key, *given, join(known, ", "));
        }
        return given;
    }

    std::vector<std::string> nodes(std::string_view key) {
        std::vector<std::string> out;
        for (const std::string& item : list(key)) {
            auto names = expand_hostlist(item);
            if (!names) {
                refuse(key, item, "nodes such as 'node[01-16],login1'");
                continue;
            }
            out.insert(out.end(), names->begin(), names->end());
        }
        return out;
    }

    std::vector<std::string> states(std::string_view key,
                                    const std::vector<std::string>& fallback) {
        std::vector<std::string> given = list(key);
        for (const std::string& state : given) {
            if (state.empty() || !std::all_of(state.begin(), state.end(), [](unsigned char c) {
                    return std::isalnum(c) != 0;
                })) {
                refuse(key, state, "states as Slurm has them, letters alone: IDLE, MAINT, …");
            }
        }
        return given.empty() ? fallback : given;
    }

  private:
    const Value& section_;
    std::string prefix_;
    Problems& problems_;
};

bool feature_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || (c >= '.' && c <= '_') || c == '=';
    });
}

void read_slurm(const Value& section, Schedule& out, Problems& problems) {
    Reader reader(section, "schedule.slurm", problems);
    out.up_states = reader.states("up_states", kUpStates);
    out.avail_states = reader.states("avail_states", kAvailStates);
    out.reserved_states = reader.states("reserved_states", {"RESERVED"});
    out.srun_extra = reader.list("srun_extra");
    out.mpi_cmd = reader.one_of("mpi_cmd", {"srun", "mpirun"}).value_or("srun");
    for (const std::string& feature : reader.list("features")) {
        std::vector<std::string> choices;
        for (const std::string& choice : split(feature, '|')) {
            const std::string_view name = trim(choice);
            if (choice.empty()) {
                continue;
            }
            if (!feature_name(name)) {
                reader.refuse("features", feature, "features, or several separated by '|'");
            }
            choices.emplace_back(name);
        }
        if (!choices.empty()) {
            out.features.push_back(std::move(choices));
        }
    }
}

void read_tasks_per_node(Reader& reader, Schedule& out) {
    const auto given = reader.text("tasks_per_node");
    if (!given) {
        return;
    }
    const std::string_view text = trim(*given);
    Amount amount;
    bool fits = true;
    if (text == "all") {
        amount = Amount{true, 1, 0};
    } else if (text == "min") {
        amount = Amount{false, 0, 1};
    } else if (text.ends_with('%')) {
        amount.is_share = true;
        fits = parse_float(text.substr(0, text.size() - 1), amount.share) && amount.share > 0;
        amount.share /= 100;
    } else {
        fits = parse_integer(text, amount.count) && amount.count > 0;
    }
    if (!fits) {
        reader.refuse("tasks_per_node", *given, "a number, a percentage, 'all' or 'min'");
    }
    out.tasks_per_node = amount;
}

}  // namespace

Schedule read_schedule(const Value& section, Problems& problems) {
    Schedule out;
    Reader reader(section, "schedule", problems);
    out.nodes = reader.amount("nodes");
    out.min_nodes = reader.amount("min_nodes");
    read_tasks_per_node(reader, out);
    out.tasks = reader.positive("tasks");
    out.min_tasks_per_node = reader.positive("min_tasks_per_node");
    out.node_state = reader.one_of("node_state", {"up", "available"}).value_or("up");
    out.partition = reader.text("partition");
    out.reservation = reader.text("reservation");
    out.wrapper = reader.text("wrapper");
    out.across_nodes = reader.nodes("across_nodes");
    out.include_nodes = reader.nodes("include_nodes");
    out.exclude_nodes = reader.nodes("exclude_nodes");
    reader.check_hours("time_limit");
    if (const Value* chunking = section.get("chunking"); chunking != nullptr) {
        Reader chunks(*chunking, "schedule.chunking", problems);
        out.chunk_size = chunks.amount("size");
        out.node_selection =
            chunks.one_of("node_selection", {"contiguous", "random", "distributed", "rand_dist"})
                .value_or("contiguous");
        out.extra_nodes = chunks.one_of("extra", {"discard", "backfill"}).value_or("backfill");
    }
    if (const Value* cluster = section.get("cluster_info"); cluster != nullptr) {
        Reader info(*cluster, "schedule.cluster_info", problems);
        out.cluster_nodes = info.positive("node_count").value_or(1);
        out.cluster_memory = info.positive("mem").value_or(1000);
        out.cluster_cpus = info.positive("cpus").value_or(4);
    }
    if (const Value* options = section.get("mpirun_opts"); options != nullptr) {
        Reader mpirun(*options, "schedule.mpirun_opts", problems);
        out.bind_to = mpirun.one_of("bind_to", kBindings).value_or("");
        out.rank_by = mpirun.one_of("rank_by", kBindings).value_or("");
        out.mca = mpirun.list("mca");
        out.mpirun_extra = mpirun.list("extra");
    }
    if (const Value* slurm = section.get("slurm"); slurm != nullptr) {
        read_slurm(*slurm, out, problems);
    }
    return out;
}

NodeRange node_range(const Schedule& schedule, std::size_t available) {
    const auto number = [&](const Amount& amount) {
        return amount.is_share
                   ? std::max<Integer>(static_cast<Integer>(std::ceil(
                                           amount.share * static_cast<double>(available))),
                                       1)
                   : amount.count;
    };
    NodeRange range;
    if (schedule.nodes) {
        range.most = number(*schedule.nodes);
    } else if (!schedule.tasks) {
        range.most = 1;
    }
    const bool has_least =
        schedule.min_nodes && (schedule.min_nodes->is_share || schedule.min_nodes->count != 0);
    range.least = has_least ? number(*schedule.min_nodes) : range.most.value_or(1);
    return range;
}

}  // namespace pavtest::suite
