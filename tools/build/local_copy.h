// A build's tree once more, on a node's own disk: whole or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace pavtest::build {

struct CopyLimits {
    std::uint64_t bytes = 0;          // of all files together
    std::function<bool()> may_go_on;  // asked between pieces; unset: always
};

/// Copies `from` (absolute) to `parent`/`name`, which then is read-only; the bytes of its files.
/// What has the name already stays, and counts as nothing. Nothing is left of a copy that would be
/// larger than the limit, was interrupted or failed.
Result<std::uint64_t> copy_build(const std::string& from, const Directory& parent,
                                 const std::string& name, const CopyLimits& limits);

}  // namespace pavtest::build
