// Records that waited in a node's spool, on their way to the sessions that they name.
#pragma once

#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace pavtest::run {

/// Appends each line to its session's journal, as this user; what is there already stays. A
/// session that was deleted takes no more records, and that is no error; a store that is out
/// of reach is. Goes on with the others and returns the first error.
Result<> deliver(std::string_view lines, const Clock& clock);

}  // namespace pavtest::run
