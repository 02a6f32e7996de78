// A list scheduler with one reservation, for the first in line.
#include "session/packer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace pavtest::session {

namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Chunks of the nodes with these places, as Pavilion divides a machine.
std::vector<std::vector<std::size_t>> chunks_of(std::vector<std::size_t> nodes,
                                                const Chunking& chunking) {
    const std::size_t all = nodes.size();
    const auto share = static_cast<std::size_t>(chunking.share * static_cast<double>(all));
    const std::size_t size = std::clamp<std::size_t>(chunking.size > 0 ? chunking.size : share, 1,
                                                     std::max<std::size_t>(all, 1));
    const std::size_t count = all / size;
    std::vector<std::vector<std::size_t>> chunks(count);
    // The same chunks whenever we look: the seed is fixed.
    std::mt19937 random(1);
    if (chunking.selection == "random" || chunking.selection == "rand_dist") {
        std::shuffle(nodes.begin(), nodes.end(), random);
    }
    const bool distributed =
        chunking.selection == "distributed" || chunking.selection == "rand_dist";
    for (std::size_t i = 0; i < count * size; ++i) {
        chunks[distributed ? i % count : i / size].push_back(nodes[i]);
    }
    if (all > count * size && !chunking.discard) {
        // The rest makes a last chunk, filled up from the front.
        std::vector<std::size_t> rest(nodes.begin() + static_cast<long>(count * size), nodes.end());
        for (std::size_t i = 0; rest.size() < size && i < all; ++i) {
            rest.push_back(nodes[i]);
        }
        chunks.push_back(std::move(rest));
    }
    return chunks;
}

}  // namespace

Packer::Packer(std::vector<PackedNode> nodes, const std::vector<PackedTest>& tests)
    : nodes_(std::move(nodes)), states_(nodes_.size()) {
    const auto shares = std::count_if(tests.begin(), tests.end(), [](const PackedTest& test) {
        return test.needs.side_by_side > 1;
    });
    one_at_a_time_ = nodes_.size() == 1 && shares < 2;
    std::vector<const PackedTest*> order;
    order.reserve(tests.size());
    for (const PackedTest& test : tests) {
        order.push_back(&test);
    }
    if (!one_at_a_time_) {
        const auto width = [](const PackedTest& test) {
            return test.needs.alone ? std::numeric_limits<std::uint32_t>::max()
                                    : test.needs.nodes_most;
        };
        // What is not known may be long.
        const auto length = [](const PackedTest& test) {
            return test.seconds > 0 ? test.seconds : std::numeric_limits<double>::infinity();
        };
        std::stable_sort(order.begin(), order.end(),
                         [&](const PackedTest* one, const PackedTest* other) {
                             return width(*one) != width(*other) ? width(*one) > width(*other)
                                                                 : length(*one) > length(*other);
                         });
    }
    for (const PackedTest* test : order) {
        shapes_[shape_of(test->needs)].waiting[next_rank_++] = {test->index, {}};
        ++waiting_count_;
    }
}

std::size_t Packer::shape_of(const Needs& needs) {
    const auto found = std::find_if(shapes_.begin(), shapes_.end(),
                                    [&](const Shape& shape) { return shape.needs == needs; });
    if (found == shapes_.end()) {
        shapes_.push_back({needs, {}});
        return shapes_.size() - 1;
    }
    return static_cast<std::size_t>(found - shapes_.begin());
}

std::uint32_t Packer::cpus_for(std::size_t node, const Needs& needs) const {
    const std::uint32_t there = std::max(nodes_[node].cpus, 1U);
    return needs.all_cpus ? there : std::min(needs.cpus, there);
}

bool Packer::free_for(std::size_t node, const Needs& needs) const {
    const NodeState& state = states_[node];
    if (state.lost || (state.builds && needs.side_by_side < 2)) {
        return false;
    }
    if (state.tests.empty()) {
        return true;
    }
    std::size_t most = needs.side_by_side;
    for (const std::uint32_t test : state.tests) {
        most = std::min<std::size_t>(most, shapes_[running_.at(test).shape].needs.side_by_side);
    }
    return state.tests.size() < most &&
           state.cpus_taken.size() + cpus_for(node, needs) <= std::max(nodes_[node].cpus, 1U);
}

// The sets of nodes that such a test may be placed in: the allocation, or its chunks.
std::vector<std::vector<std::size_t>> Packer::choices(const Needs& needs, Lost lost) const {
    std::vector<std::size_t> nodes;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if ((lost == Lost::counted || !states_[i].lost) && !has(needs.exclude, nodes_[i].name) &&
            (needs.across.empty() || has(needs.across, nodes_[i].name))) {
            nodes.push_back(i);
        }
    }
    if (!needs.chunking.any()) {
        return {std::move(nodes)};
    }
    auto chunks = chunks_of(std::move(nodes), needs.chunking);
    if (needs.chunking.index >= 0 && !chunks.empty()) {
        return {chunks[static_cast<std::size_t>(needs.chunking.index) % chunks.size()]};
    }
    return chunks;
}

std::string Packer::impossible(const Needs& needs, Lost how) const {
    const auto sets = choices(needs, how);
    std::size_t most = 0;
    for (const auto& set : sets) {
        most = std::max(most, set.size());
        const bool has_all =
            std::all_of(needs.include.begin(), needs.include.end(), [&](const std::string& name) {
                return std::any_of(set.begin(), set.end(),
                                   [&](std::size_t node) { return nodes_[node].name == name; });
            });
        if (has_all && set.size() >= needs.nodes_least && !set.empty()) {
            return {};
        }
    }
    const auto lost = std::count_if(states_.begin(), states_.end(),
                                    [](const NodeState& state) { return state.lost; });
    std::string reason;
    if (most < needs.nodes_least) {
        reason = fmt::format("needs {} nodes, ", needs.nodes_least);
        reason += most == nodes_.size()
                      ? fmt::format("the job has {}", most)
                      : fmt::format("{} of the job's {} will do", most, nodes_.size());
    } else {
        reason = "needs nodes that the job has not (schedule.include_nodes)";
    }
    return lost > 0 ? fmt::format("{}; {} of them failed", reason, lost) : reason;
}

std::optional<Placement> Packer::place(const Shape& shape, const Waiting& waiting,
                                       const std::set<std::size_t>& reserved) const {
    const Needs& needs = shape.needs;
    Placement placement;
    placement.test = waiting.test;
    if (needs.nothing) {
        return placement;
    }
    placement.impossible = impossible(needs);
    if (!placement.impossible.empty()) {
        placement.for_lost_nodes = impossible(needs, Lost::counted).empty();
        return placement;
    }
    if (alone_ || (needs.alone && !running_.empty())) {
        return std::nullopt;
    }
    for (std::vector<std::size_t> set : choices(needs)) {
        const std::size_t count =
            needs.all_nodes ? set.size() : std::min<std::size_t>(needs.nodes_most, set.size());
        if (count < needs.nodes_least || count == 0) {
            continue;
        }
        const auto unwanted = [&](std::size_t node) { return waiting.avoid.contains(node); };
        const auto usable = [&](std::size_t node) { return free_for(node, needs); };
        const auto wanted = static_cast<std::size_t>(
            std::count_if(set.begin(), set.end(), [&](std::size_t n) { return !unwanted(n); }));
        // Must be in: included nodes first. Then those with the least on them.
        std::stable_sort(set.begin(), set.end(), [&](std::size_t one, std::size_t other) {
            const bool must_one = has(needs.include, nodes_[one].name);
            const bool must_other = has(needs.include, nodes_[other].name);
            if (must_one != must_other) {
                return must_one;
            }
            if (unwanted(one) != unwanted(other)) {
                return unwanted(other);
            }
            return states_[one].tests.size() < states_[other].tests.size();
        });
        std::vector<std::size_t> chosen;
        for (const std::size_t node : set) {
            if (chosen.size() == count) {
                break;
            }
            const bool must = has(needs.include, nodes_[node].name);
            if (usable(node) && !reserved.contains(node) &&
                (must || !unwanted(node) || wanted < count)) {
                chosen.push_back(node);
            } else if (must) {
                break;
            }
        }
        if (chosen.size() != count) {
            continue;
        }
        std::sort(chosen.begin(), chosen.end());
        for (const std::size_t node : chosen) {
            std::vector<std::uint32_t> cpus;
            if (needs.side_by_side > 1 && !needs.alone) {
                const std::uint32_t want = cpus_for(node, needs);
                for (std::uint32_t cpu = 0; cpus.size() < want && cpu < nodes_[node].cpus; ++cpu) {
                    if (!states_[node].cpus_taken.contains(cpu)) {
                        cpus.push_back(cpu);
                    }
                }
            }
            placement.cpus.push_back(std::move(cpus));
        }
        placement.nodes = std::move(chosen);
        return placement;
    }
    return std::nullopt;
}

// The nodes that the first in line waits for: free ones first.
std::set<std::size_t> Packer::reservation(const Shape& shape, const Waiting& waiting) const {
    std::set<std::size_t> reserved;
    const Needs& needs = shape.needs;
    for (std::vector<std::size_t> set : choices(needs)) {
        const std::size_t count = needs.all_nodes || needs.alone
                                      ? set.size()
                                      : std::min<std::size_t>(needs.nodes_most, set.size());
        if (count < needs.nodes_least) {
            continue;
        }
        std::stable_sort(set.begin(), set.end(), [&](std::size_t one, std::size_t other) {
            const auto rank = [&](std::size_t node) {
                return std::make_pair(
                    !has(needs.include, nodes_[node].name) + waiting.avoid.contains(node),
                    states_[node].tests.size());
            };
            return rank(one) < rank(other);
        });
        reserved.insert(set.begin(), set.begin() + static_cast<long>(count));
        break;
    }
    return reserved;
}

Placement Packer::start(std::size_t shape, Rank rank, Placement placement) {
    shapes_[shape].waiting.erase(rank);
    --waiting_count_;
    alone_ = shapes_[shape].needs.alone && placement.impossible.empty();
    for (std::size_t i = 0; i < placement.nodes.size(); ++i) {
        NodeState& state = states_[placement.nodes[i]];
        state.tests.insert(placement.test);
        state.cpus_taken.insert(placement.cpus[i].begin(), placement.cpus[i].end());
    }
    running_[placement.test] = {shape, placement};
    return placement;
}

std::optional<Placement> Packer::next() {
    // Each shape's first; what does not fit for one does not fit for the next of its kind.
    std::map<Rank, std::size_t> heads;
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
        if (!shapes_[i].waiting.empty()) {
            heads.emplace(shapes_[i].waiting.begin()->first, i);
        }
    }
    std::set<std::size_t> reserved;
    bool first = true;
    for (const auto& [rank, index] : heads) {
        const Shape& shape = shapes_[index];
        const Waiting& waiting = shape.waiting.begin()->second;
        if (one_at_a_time_ && !running_.empty()) {
            return std::nullopt;
        }
        if (auto placement = place(shape, waiting, reserved)) {
            return start(index, rank, std::move(*placement));
        }
        if (first) {
            reserved = reservation(shape, waiting);
            first = false;
        }
    }
    return std::nullopt;
}

void Packer::ended(std::uint32_t test) {
    const auto found = running_.find(test);
    if (found == running_.end()) {
        return;
    }
    const Placement& placement = found->second.placement;
    for (std::size_t i = 0; i < placement.nodes.size(); ++i) {
        NodeState& state = states_[placement.nodes[i]];
        state.tests.erase(test);
        for (const std::uint32_t cpu : placement.cpus[i]) {
            state.cpus_taken.erase(cpu);
        }
    }
    if (shapes_[found->second.shape].needs.alone) {
        alone_ = false;
    }
    running_.erase(found);
}

void Packer::again(const PackedTest& test, const std::set<std::size_t>& avoid) {
    shapes_[shape_of(test.needs)].waiting[next_rank_++] = {test.index, avoid};
    ++waiting_count_;
}

void Packer::lose_node(std::size_t node) {
    states_[node].lost = true;
}

std::vector<std::uint32_t> Packer::take_waiting() {
    std::vector<std::uint32_t> tests;
    for (Shape& shape : shapes_) {
        for (const auto& [rank, waiting] : shape.waiting) {
            tests.push_back(waiting.test);
        }
        shape.waiting.clear();
    }
    waiting_count_ = 0;
    return tests;
}

double packed_seconds(const std::vector<PackedNode>& nodes, const std::vector<PackedTest>& tests) {
    Packer packer(nodes, tests);
    std::map<std::uint32_t, double> seconds;
    for (const PackedTest& test : tests) {
        seconds[test.index] = test.needs.nothing ? 0 : test.seconds;
    }
    std::multimap<double, std::uint32_t> ends;
    double now = 0;
    while (true) {
        while (const auto placement = packer.next()) {
            const bool runs = placement->impossible.empty();
            ends.emplace(now + (runs ? seconds[placement->test] : 0), placement->test);
        }
        if (ends.empty()) {
            return now;
        }
        now = ends.begin()->first;
        packer.ended(ends.begin()->second);
        ends.erase(ends.begin());
    }
}

}  // namespace pavtest::session
