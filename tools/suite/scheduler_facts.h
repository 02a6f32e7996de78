// What the scheduler knows of the cluster: one question for a whole invocation, and only
// if a suite uses an answer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment.h"
#include "base/error.h"

namespace pavtest::suite {

struct NodeFacts {
    std::string name;
    std::uint64_t cpus = 0;
    std::uint64_t memory = 0;  // bytes
    std::vector<std::string> states;
    std::vector<std::string> partitions;
    std::vector<std::string> features;
    std::vector<std::string> reservations;
};

/// Tests replace it.
class SchedulerFacts {
  public:
    virtual ~SchedulerFacts() = default;
    /// Whether there is a Slurm to speak of. Must cost next to nothing.
    [[nodiscard]] virtual bool available() const = 0;
    /// All nodes, in the scheduler's order. Asked at most once.
    [[nodiscard]] virtual const Result<std::vector<NodeFacts>>& nodes() const = 0;
};

/// Asks scontrol.
std::shared_ptr<const SchedulerFacts> slurm_facts(const Environment& environment);

/// A made-up cluster of 100 nodes, node00 to node99, for trying suites out: the schedulers
/// `dummy` and `error` of Pavilion's own tests. Every tenth node is down, the one behind it
/// allocated.
std::shared_ptr<const SchedulerFacts> imaginary_facts();

/// `scontrol -o show nodes`, and `scontrol -o show reservations` or nothing.
std::vector<NodeFacts> parse_nodes(std::string_view nodes, std::string_view reservations);

}  // namespace pavtest::suite
