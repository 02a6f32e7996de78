// Delivering a node's whole spool: root reads what root wrote, and becomes each owner before
// anything of the owner's is touched.
#pragma once

#include <chrono>
#include <string>

#include "base/error.h"
#include "base/time.h"

namespace pavtest::run {

struct Flushed {
    std::size_t delivered = 0;  // files, removed afterwards
    std::size_t kept = 0;       // of users whose store is out of reach
};

/// <spool>/<node>/<uid>/… of all nodes and users. Each user's delivery has so much time and
/// is killed after it. A spool that is not there has nothing to deliver.
Result<Flushed> flush_spool(const std::string& spool, std::chrono::seconds deadline,
                            const Clock& clock);

}  // namespace pavtest::run
