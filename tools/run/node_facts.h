// What a node is, as it says itself when it joins a job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace pavtest::run {

/// How the kernel's clock is kept, and how far it is from the store's.
struct ClockFacts {
    bool synchronized = false;            // by what the kernel was told
    std::int64_t error_microseconds = 0;  // its own estimate at most
    std::optional<double> store_offset;   // seconds that the store's clock is ahead of ours
};

struct NodeFacts {
    std::string node, architecture, kernel, os, boot_id;
    std::uint32_t cpus = 0;  // that this process may use
    std::uint32_t cpus_online = 0;
    std::uint64_t memory_bytes = 0;
    std::uint64_t uptime_seconds = 0;
    ClockFacts clock;
};

/// Of this host. `store_offset` is left to whoever has written something there.
NodeFacts node_facts(const std::string& node);

/// PRETTY_NAME of /etc/os-release's text.
std::string os_name(std::string_view os_release);

/// facts/<node>.json.
std::string to_json(const NodeFacts& facts, Timestamp now);

}  // namespace pavtest::run
