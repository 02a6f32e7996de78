// The processors that this process may use.
#pragma once

#include <cstdint>
#include <vector>

namespace pavtest::run {

/// Their numbers, in order.
std::vector<std::uint32_t> own_cpus();

/// Those with these ranks; more ranks than processors share them. Empty for no ranks.
std::vector<std::uint32_t> cpus_of_ranks(const std::vector<std::uint32_t>& cpus,
                                         const std::vector<std::uint32_t>& ranks);

}  // namespace pavtest::run
