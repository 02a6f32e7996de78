// The tests of a plan as the packer takes them, on the nodes of this job.
#pragma once

#include <cstdint>
#include <vector>

#include "run/job_context.h"
#include "run/plan_reader.h"
#include "session/durations.h"
#include "session/packer.h"

namespace pavtest::run {

/// The job's nodes. Where Slurm tells no processors, those of this process are counted.
std::vector<session::PackedNode> packed_nodes(const JobContext& job);

/// The tests with these indices, in this order, with what is known of how long they take. One
/// that can't be read needs no place.
std::vector<session::PackedTest> packed_tests(const PlanReader& plan,
                                              const std::vector<std::uint32_t>& order,
                                              const session::Durations& durations);

}  // namespace pavtest::run
