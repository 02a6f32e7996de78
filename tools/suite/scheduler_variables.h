// The sched variables of a test.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "suite/schedule.h"
#include "suite/scheduler_facts.h"
#include "suite/variables.h"

namespace pavtest::suite {

struct SchedulerVariableInfo {
    std::string_view name;
    std::string_view summary;
    bool deferred = false;  // under Slurm
};

const std::vector<SchedulerVariableInfo>& scheduler_variables();

/// The schedulers that a suite may name.
const std::vector<std::string>& known_schedulers();

/// Before the job: `facts` may be null where there is no cluster to ask.
std::shared_ptr<const VariableProvider> initial_scheduler_variables(
    std::string_view scheduler, const Schedule& schedule,
    std::shared_ptr<const SchedulerFacts> facts);

/// In the job: nothing is deferred any more. `nodes` are those of the test.
std::shared_ptr<const VariableProvider> final_scheduler_variables(std::string_view scheduler,
                                                                  const Schedule& schedule,
                                                                  std::vector<NodeFacts> nodes);

}  // namespace pavtest::suite
