// Slurm's compressed host lists: node[001-004,7] and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pavtest {

/// "n[1-3,7],login" → n1 n2 n3 n7 login. Several brackets in a name are allowed. Refuses
/// lists of more than `limit` names.
Result<std::vector<std::string>> expand_hostlist(std::string_view text, std::size_t limit = 100000);

/// The opposite: sorted, without duplicates, numbers with the same width folded into ranges.
std::string compress_hostlist(const std::vector<std::string>& names);

}  // namespace pavtest
