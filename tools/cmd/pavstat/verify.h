// pavstat --verify: whether index, journals and status files say the same.
#pragma once

#include <string>
#include <vector>

#include "cmd/pavstat/collect.h"

namespace pavtest::cmd {

struct Verified {
    std::size_t sessions = 0, tests = 0, status_files = 0;  // that were compared
    std::size_t unfinished = 0;            // sessions that are not over, and were not
    std::vector<std::string> differences;  // a line each
};

/// Reads the journals and status files of all collected sessions that are over, whatever the
/// index knows, and compares. Changes nothing.
Result<Verified> verify(const Viewer& viewer, const Collected& collected);

std::string verified_text(const Verified& verified);

}  // namespace pavtest::cmd
