// Where one attempt at a test runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pavtest::run {

struct TestPlace {
    std::vector<std::string> nodes;   // its script runs on the first of them
    std::vector<std::uint32_t> cpus;  // that its script may use, by rank; empty: all
    std::string impossible;           // why the job has no place for it; empty if it has
    bool for_lost_nodes = false;      // it had, before nodes were lost

    /// The node of its script; empty for a test that runs nowhere.
    [[nodiscard]] std::string node() const { return nodes.empty() ? std::string() : nodes.front(); }
};

}  // namespace pavtest::run
