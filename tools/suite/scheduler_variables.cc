// The values of sched.*, computed when they are asked for.
#include "suite/scheduler_variables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/hostlist.h"
#include "base/text.h"

namespace pavtest::suite {

const std::vector<SchedulerVariableInfo>& scheduler_variables() {
    static const std::vector<SchedulerVariableInfo> infos = {
        {"chunk_ids", "the numbers of the chunks that the nodes are divided into", false},
        {"chunk_size", "how many nodes a chunk has", false},
        {"concurrent_default", "how many tests may run side by side by default", false},
        {"errors", "what was wrong with the request for nodes", false},
        {"min_cpus", "the processors of the usable node that has the fewest", false},
        {"min_mem", "the memory in bytes of the usable node that has the least", false},
        {"node_list", "the nodes that the test could run on", false},
        {"node_list_id", "of no use to suites", false},
        {"nodes", "how many nodes the test could run on", false},
        {"partition", "the partition that was asked for", false},
        {"requested_nodes", "how many nodes were asked for", false},
        {"tasks_per_node", "how many tasks go on each node", true},
        {"tasks_total", "how many tasks there are in all", true},
        {"test_cmd", "the command to put before a program: srun … or mpirun …", true},
        {"test_min_cpus", "the processors of the test's node that has the fewest", true},
        {"test_min_mem", "the memory in bytes of the test's node that has the least", true},
        {"test_node_list", "the test's nodes", true},
        {"test_nodes", "how many nodes the test has", true},
    };
    return infos;
}

const std::vector<std::string>& known_schedulers() {
    static const std::vector<std::string> names = {"raw", "slurm", "dummy", "error"};
    return names;
}

namespace {

using Got = tl::expected<VariablePtr, std::string>;
using Nodes = std::vector<NodeFacts>;
using Chunk = std::vector<std::string>;

bool contains(const std::vector<std::string>& list, std::string_view item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

std::vector<std::string> names_of(const Nodes& nodes) {
    std::vector<std::string> names;
    names.reserve(nodes.size());
    for (const NodeFacts& node : nodes) {
        names.push_back(node.name);
    }
    return names;
}

bool in_states(const NodeFacts& node, std::vector<std::string> states, const Schedule& schedule) {
    if (schedule.reservation) {
        states.insert(states.end(), schedule.reserved_states.begin(),
                      schedule.reserved_states.end());
    }
    return std::all_of(node.states.begin(), node.states.end(),
                       [&](const std::string& state) { return contains(states, state); });
}

bool usable(const NodeFacts& node, const Schedule& schedule, bool with_features) {
    if (!in_states(node, schedule.up_states, schedule)) {
        return false;
    }
    if (schedule.node_state == "available" && !in_states(node, schedule.avail_states, schedule)) {
        return false;
    }
    if (schedule.partition && !contains(node.partitions, *schedule.partition)) {
        return false;
    }
    if (schedule.reservation && !contains(node.reservations, *schedule.reservation)) {
        return false;
    }
    if (!schedule.across_nodes.empty() && !contains(schedule.across_nodes, node.name)) {
        return false;
    }
    if (contains(schedule.exclude_nodes, node.name)) {
        return false;
    }
    return !with_features ||
           std::all_of(schedule.features.begin(), schedule.features.end(), [&](const auto& any) {
               return std::any_of(any.begin(), any.end(), [&](const std::string& feature) {
                   return contains(node.features, feature);
               });
           });
}

// `size` of the nodes, by the way of choosing that was asked for.
Chunk pick(const std::vector<std::string>& nodes, std::size_t size, const std::string& selection,
           std::mt19937& random) {
    const auto below = [&](std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
    };
    Chunk out;
    if (selection == "random") {
        out = nodes;
        std::shuffle(out.begin(), out.end(), random);
        out.resize(size);
    } else if (selection == "contiguous") {
        out.assign(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(size));
    } else {
        const std::size_t step = nodes.size() / size;
        for (std::size_t i = 0; i < size; ++i) {
            out.push_back(nodes[i * step + (selection == "rand_dist" ? below(step) : 0)]);
        }
    }
    return out;
}

std::vector<Chunk> chunks_of(const Nodes& usable_nodes, const Schedule& schedule) {
    std::vector<std::string> nodes = names_of(usable_nodes);
    std::size_t size = nodes.size();
    if (schedule.chunk_size) {
        const Amount& wanted = *schedule.chunk_size;
        const auto count =
            wanted.is_share
                ? static_cast<std::size_t>(wanted.share * static_cast<double>(nodes.size()))
                : static_cast<std::size_t>(std::max<Integer>(wanted.count, 0));
        if (count > 0 && count < size) {
            size = count;
        }
    }
    if (size == 0) {
        return {Chunk{}};
    }
    for (const std::string& node : schedule.include_nodes) {
        nodes.erase(std::remove(nodes.begin(), nodes.end(), node), nodes.end());
    }
    if (size <= schedule.include_nodes.size()) {
        return {schedule.include_nodes};
    }
    size -= schedule.include_nodes.size();
    std::mt19937 random(std::random_device{}());
    std::vector<Chunk> chunks;
    for (std::size_t left = nodes.size() / size; left > 0; --left) {
        Chunk chunk = pick(nodes, size, schedule.node_selection, random);
        nodes.erase(std::remove_if(nodes.begin(), nodes.end(),
                                   [&](const std::string& node) { return contains(chunk, node); }),
                    nodes.end());
        chunk.insert(chunk.begin(), schedule.include_nodes.begin(), schedule.include_nodes.end());
        chunks.push_back(std::move(chunk));
    }
    if (!nodes.empty() && !chunks.empty() && schedule.extra_nodes == "backfill") {
        Chunk last(chunks.back().begin(),
                   chunks.back().begin() + static_cast<std::ptrdiff_t>(size - nodes.size()));
        last.insert(last.end(), nodes.begin(), nodes.end());
        chunks.push_back(std::move(last));
    }
    return chunks;
}

class SchedulerVariables : public VariableProvider {
  public:
    SchedulerVariables(std::string_view scheduler, const Schedule& schedule,
                       std::shared_ptr<const SchedulerFacts> facts, bool deferred, Nodes nodes)
        : slurm_(scheduler == "slurm"),
          raw_(scheduler == "raw"),
          schedule_(schedule),
          facts_(slurm_ || raw_ ? std::move(facts) : imaginary_facts()),
          deferred_(deferred),
          nodes_(std::move(nodes)) {}

    [[nodiscard]] std::vector<std::string> names() const override {
        std::vector<std::string> names;
        for (const SchedulerVariableInfo& info : scheduler_variables()) {
            names.emplace_back(info.name);
        }
        return names;
    }

    [[nodiscard]] Got get(std::string_view name) const override {
        const auto& infos = scheduler_variables();
        const auto info = std::find_if(infos.begin(), infos.end(),
                                       [&](const auto& known) { return known.name == name; });
        if (info == infos.end()) {
            return VariablePtr{};
        }
        if (deferred_ && info->deferred && (slurm_ || name != "test_cmd")) {
            return deferred_variable();
        }
        if (name == "concurrent_default") {
            return text_variable(raw_ ? "100" : "1");
        }
        if (name == "partition") {
            return text_variable(schedule_.partition.value_or(""));
        }
        if (name == "test_cmd" && !slurm_) {
            return text_variable(schedule_.wrapper.value_or(""));
        }
        if (!learn_nodes()) {
            return tl::make_unexpected(problem_);
        }
        return of_nodes(name);
    }

  private:
    [[nodiscard]] bool learn_nodes() const {
        if (learned_) {
            return problem_.empty();
        }
        learned_ = true;
        if (!deferred_ || raw_ || facts_ == nullptr) {
            return true;
        }
        const auto& all = facts_->nodes();
        if (!all) {
            problem_ = all.error().what;
            return false;
        }
        for (const NodeFacts& node : *all) {
            if (usable(node, schedule_, slurm_)) {
                nodes_.push_back(node);
            }
        }
        std::sort(nodes_.begin(), nodes_.end(),
                  [](const NodeFacts& a, const NodeFacts& b) { return a.name < b.name; });
        chunks_ = chunks_of(nodes_, schedule_);
        return true;
    }

    [[nodiscard]] std::string least(std::uint64_t NodeFacts::*field, Integer otherwise) const {
        std::optional<std::uint64_t> found;
        for (const NodeFacts& node : nodes_) {
            if (node.*field > 0 && (!found || node.*field < *found)) {
                found = node.*field;
            }
        }
        return found ? std::to_string(*found) : integer_text(otherwise);
    }
    [[nodiscard]] Integer least_cpus() const {
        Integer cpus = 1;
        parse_integer(least(&NodeFacts::cpus, schedule_.cluster_cpus), cpus);
        return cpus;
    }
    [[nodiscard]] Integer tasks_per_node() const {
        const Amount& wanted = schedule_.tasks_per_node;
        Integer tasks = wanted.count;
        if (wanted.is_share) {
            tasks = nodes_.empty()
                        ? 1
                        : std::max<Integer>(static_cast<Integer>(std::floor(
                                                wanted.share * static_cast<double>(least_cpus()))),
                                            1);
        } else if (wanted.count == 0) {
            tasks = least_cpus();
        }
        return std::max(tasks, schedule_.min_tasks_per_node.value_or(0));
    }
    [[nodiscard]] Integer tasks_total() const {
        return schedule_.tasks ? *schedule_.tasks
                               : tasks_per_node() * static_cast<Integer>(nodes_.size());
    }

    [[nodiscard]] Got of_nodes(std::string_view name) const {
        if (name == "nodes") {
            return text_variable(nodes_.empty() ? integer_text(schedule_.cluster_nodes)
                                                : std::to_string(nodes_.size()));
        }
        if (name == "test_nodes") {
            return text_variable(std::to_string(nodes_.size()));
        }
        if (name == "node_list" || name == "test_node_list") {
            return list_variable(names_of(nodes_));
        }
        if (name == "min_cpus" || name == "test_min_cpus") {
            return text_variable(least(&NodeFacts::cpus, schedule_.cluster_cpus));
        }
        if (name == "min_mem" || name == "test_min_mem") {
            return text_variable(least(&NodeFacts::memory, schedule_.cluster_memory));
        }
        if (name == "tasks_per_node") {
            return text_variable(integer_text(tasks_per_node()));
        }
        if (name == "tasks_total") {
            return text_variable(integer_text(tasks_total()));
        }
        if (name == "test_cmd") {
            return text_variable(launcher());
        }
        if (name == "chunk_size") {
            return text_variable(chunks_.empty() ? "" : std::to_string(chunks_.front().size()));
        }
        if (name == "chunk_ids") {
            std::vector<std::string> ids;
            for (std::size_t i = 0; i < chunks_.size(); ++i) {
                ids.push_back(std::to_string(i));
            }
            return list_variable(ids);
        }
        if (name == "requested_nodes") {
            return text_variable(requested());
        }
        if (name == "errors") {
            return list_variable(errors());
        }
        return text_variable(!raw_ && deferred_ ? "0" : "");  // node_list_id
    }

    [[nodiscard]] std::string requested() const {
        if (chunks_.empty()) {
            return "";
        }
        const NodeRange range = node_range(schedule_, chunks_.front().size());
        const std::string most = range.most ? integer_text(*range.most) : "None";
        return range.most && *range.most == range.least
                   ? most
                   : fmt::format("{}-{}", integer_text(range.least), most);
    }

    [[nodiscard]] std::vector<std::string> errors() const {
        std::vector<std::string> out;
        if (raw_ || !deferred_) {
            return out;
        }
        const std::vector<std::string> names = names_of(nodes_);
        for (const std::string& node : schedule_.include_nodes) {
            if (!contains(names, node)) {
                out.push_back(
                    fmt::format("node '{}' of schedule.include_nodes is not usable", node));
            }
        }
        const NodeRange range = node_range(schedule_, nodes_.size());
        if (range.most && range.least > *range.most) {
            out.push_back("schedule.min_nodes is more than schedule.nodes");
        }
        if (static_cast<Integer>(nodes_.size()) < range.least) {
            out.push_back(fmt::format("{} nodes are asked for, and {} are usable",
                                      integer_text(range.least), nodes_.size()));
        }
        return out;
    }

    // What a test puts before a program that is to run on its nodes.
    [[nodiscard]] std::string launcher() const {
        const Integer tasks = schedule_.tasks
                                  ? *schedule_.tasks
                                  : tasks_per_node() * static_cast<Integer>(nodes_.size());
        std::vector<std::string> words;
        if (schedule_.mpi_cmd == "srun") {
            words = {"srun",
                     "-N",
                     std::to_string(nodes_.size()),
                     "-w",
                     compress_hostlist(names_of(nodes_)),
                     "-n",
                     integer_text(tasks)};
            words.insert(words.end(), schedule_.srun_extra.begin(), schedule_.srun_extra.end());
        } else {
            words = {"mpirun", "-N", integer_text(tasks_per_node())};
            if (!schedule_.rank_by.empty()) {
                words.insert(words.end(), {"--rank-by", schedule_.rank_by});
            }
            if (!schedule_.bind_to.empty()) {
                words.insert(words.end(), {"--bind-to", schedule_.bind_to});
            }
            for (const std::string& option : schedule_.mca) {
                words.insert(words.end(), {"--mca", option});
            }
            words.insert(words.end(), schedule_.mpirun_extra.begin(), schedule_.mpirun_extra.end());
            words.insert(words.end(), {"--host", join(names_of(nodes_), ",")});
        }
        if (schedule_.wrapper) {
            words.push_back(*schedule_.wrapper);
        }
        return join(words, " ");
    }

    bool slurm_;
    bool raw_;
    Schedule schedule_;
    std::shared_ptr<const SchedulerFacts> facts_;
    bool deferred_;
    mutable bool learned_ = false;
    mutable std::string problem_;
    mutable Nodes nodes_;
    mutable std::vector<Chunk> chunks_;
};

}  // namespace

std::shared_ptr<const VariableProvider> initial_scheduler_variables(
    std::string_view scheduler, const Schedule& schedule,
    std::shared_ptr<const SchedulerFacts> facts) {
    return std::make_shared<const SchedulerVariables>(scheduler, schedule, std::move(facts), true,
                                                      Nodes{});
}

std::shared_ptr<const VariableProvider> final_scheduler_variables(std::string_view scheduler,
                                                                  const Schedule& schedule,
                                                                  std::vector<NodeFacts> nodes) {
    return std::make_shared<const SchedulerVariables>(scheduler, schedule, nullptr, false,
                                                      std::move(nodes));
}

}  // namespace pavtest::suite
