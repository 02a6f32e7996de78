// A test's `retry`: when another attempt is made at it in the same job.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace pavtest::session {

struct Retry {
    std::uint32_t count = 0;  // attempts beyond the first
    bool on_fail = true;
    bool on_error = true;
    bool on_node_failure = true;
    bool elsewhere = false;  // on other nodes, as long as there are enough
};

/// From a test's resolved configuration. Without the section there are no further attempts.
Result<Retry> read_retry(const nlohmann::json& config);

}  // namespace pavtest::session
