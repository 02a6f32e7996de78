// What a test needs of the allocation that it runs in, as numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "session/plan.h"

namespace pavtest::session {

/// How the nodes are divided into chunks; a size of 0: not at all.
struct Chunking {
    std::uint32_t size = 0;
    double share = 0;  // of the nodes, in place of a size: "50%"
    std::string selection = "contiguous";
    bool discard = false;  // the nodes that are left; else they fill a chunk up with others
    int index = -1;        // the chunk that the test wants; any if negative

    [[nodiscard]] bool any() const { return size > 0 || share > 0; }
    bool operator==(const Chunking&) const = default;
};

struct Needs {
    std::uint32_t nodes_least = 1;
    std::uint32_t nodes_most = 1;
    bool all_nodes = false;          // of the allocation, or of a chunk
    bool alone = false;              // nothing else runs in the allocation meanwhile
    bool nothing = false;            // is skipped: needs no place
    std::uint32_t cpus = 1;          // on each node; counts where tests share it
    bool all_cpus = false;           // "tasks_per_node: all"
    std::uint32_t side_by_side = 1;  // how many tests a node may hold with this one
    std::vector<std::string> across, include, exclude;  // nodes
    Chunking chunking;

    /// Tests that are equal here are placed alike.
    bool operator==(const Needs&) const = default;
};

/// From a test's `schedule` and `run.concurrent`. Values that make no sense were refused at
/// submission; here they have the default.
Needs needs_of(const PlannedTest& test);

/// How long a test may take by its own `schedule.time_limit`, in seconds; 0 if it sets none.
double time_limit_of(const PlannedTest& test);

}  // namespace pavtest::session
