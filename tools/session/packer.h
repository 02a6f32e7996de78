// Packing tests into the nodes of one allocation: what starts next, and where. Pure: it is
// told what has ended, and asked what may start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "session/needs.h"

namespace pavtest::session {

struct PackedNode {
    std::string name;
    std::uint32_t cpus = 1;
};

struct PackedTest {
    std::uint32_t index = 0;
    Needs needs;
    double seconds = 0;  // how long it took, or may take; 0 where nothing is known
};

/// Where a test runs.
struct Placement {
    std::uint32_t test = 0;
    std::vector<std::size_t> nodes;  // places in the list of nodes; none for what needs none
    /// On each node, the processors of it by their rank among the job's; empty: all.
    std::vector<std::vector<std::uint32_t>> cpus;
    /// Why there is no place for it in this allocation; empty if there is.
    std::string impossible;
    bool for_lost_nodes = false;  // there was one before nodes were lost
};

/// Wide tests first, then long ones, else the order given. Where only one test can run at a
/// time the order given stays. While the first in line waits for its nodes, others may start
/// only on nodes that it does not need.
class Packer {
  public:
    Packer(std::vector<PackedNode> nodes, const std::vector<PackedTest>& tests);

    /// What may start now; it counts as running until ended().
    std::optional<Placement> next();
    void ended(std::uint32_t test);
    /// Once more what has ended, on other nodes than those given as long as there are enough.
    void again(const PackedTest& test, const std::set<std::size_t>& avoid);
    /// No test is placed there any more. Those that run there do so until ended().
    void lose_node(std::size_t node);

    /// While builds are made on it, only tests that tolerate others start there.
    void keep_for_builds(std::size_t node, bool keep) { states_[node].builds = keep; }

    /// Takes away all that have not started.
    std::vector<std::uint32_t> take_waiting();
    [[nodiscard]] std::size_t waiting() const { return waiting_count_; }
    [[nodiscard]] std::size_t running() const { return running_.size(); }
    [[nodiscard]] const std::vector<PackedNode>& nodes() const { return nodes_; }
    /// Whether tests run on it.
    [[nodiscard]] bool busy(std::size_t node) const { return !states_[node].tests.empty(); }
    [[nodiscard]] bool lost(std::size_t node) const { return states_[node].lost; }

  private:
    struct NodeState {
        bool lost = false;
        bool builds = false;  // are made there
        std::set<std::uint32_t> tests;
        std::set<std::uint32_t> cpus_taken;
    };
    struct Running {
        std::size_t shape = 0;
        Placement placement;
    };
    struct Waiting {
        std::uint32_t test = 0;
        std::set<std::size_t> avoid;
    };
    using Rank = std::uint64_t;
    struct Shape {
        Needs needs;
        std::map<Rank, Waiting> waiting;
    };

    std::size_t shape_of(const Needs& needs);
    [[nodiscard]] std::optional<Placement> place(const Shape& shape, const Waiting& waiting,
                                                 const std::set<std::size_t>& reserved) const;
    enum class Lost { left_out, counted };
    [[nodiscard]] std::vector<std::vector<std::size_t>> choices(const Needs& needs,
                                                                Lost lost = Lost::left_out) const;
    [[nodiscard]] bool free_for(std::size_t node, const Needs& needs) const;
    [[nodiscard]] std::uint32_t cpus_for(std::size_t node, const Needs& needs) const;
    [[nodiscard]] std::string impossible(const Needs& needs, Lost lost = Lost::left_out) const;
    [[nodiscard]] std::set<std::size_t> reservation(const Shape& shape,
                                                    const Waiting& waiting) const;
    Placement start(std::size_t shape, Rank rank, Placement placement);

    std::vector<PackedNode> nodes_;
    std::vector<NodeState> states_;
    std::vector<Shape> shapes_;
    std::map<std::uint32_t, Running> running_;
    std::size_t waiting_count_ = 0;
    Rank next_rank_ = 0;
    bool one_at_a_time_ = false;
    bool alone_ = false;  // one that tolerates no other runs
};

/// How long all tests take on these nodes if each takes its `seconds`.
double packed_seconds(const std::vector<PackedNode>& nodes, const std::vector<PackedTest>& tests);

}  // namespace pavtest::session
