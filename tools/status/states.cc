// The table of states: the seed's wording, and after it what newer Pavilions add.
#include "status/states.h"

#include <algorithm>
#include <array>

namespace pavtest::status {

namespace {

constexpr std::size_t kLongest = 15;

constexpr std::array kStates{
    StateInfo{"ABORTED", "The test run was aborted, through no fault of it's own.", true},
    StateInfo{"BUILDING", "The test is currently being built.", true},
    StateInfo{"BUILD_COPIED", "A finished build was copied for the test to use.", false},
    StateInfo{"BUILD_CREATED", "The builder for this build was created.", true},
    StateInfo{"BUILD_DEFERRED", "The build will occur on nodes.", true},
    StateInfo{"BUILD_DONE", "The build step has completed.", true},
    StateInfo{"BUILD_ERROR", "An unexpected error occurred while setting up the build.", true},
    StateInfo{"BUILD_FAILED", "The build has failed.", true},
    StateInfo{"BUILD_REUSED", "The build was reused from a prior step.", true},
    StateInfo{"BUILD_SUCCESS", "The build completed successfully.", false},
    StateInfo{"BUILD_TIMEOUT", "The build has timed out.", true},
    StateInfo{"BUILD_WAIT", "Waiting for the build lock.", true},
    StateInfo{"CANCELLED", "The test was cancelled.", false},
    StateInfo{"COMPLETE", "For when the test is completely complete.", true},
    StateInfo{"CREATED", "The test object/directory is being created.", true},
    StateInfo{"CREATION_ERROR", "The test object/directory could not be created.", true},
    StateInfo{"ENV_FAILED", "Unable to load the environment requested by the test.", true},
    StateInfo{"FINALIZED", "The test's late variables were resolved on its node.", false},
    StateInfo{"INFO",
              "This is for logging information about a test, and can occurwithin any state.", true},
    StateInfo{"INVALID", "The status given to set was invalid.", true},
    StateInfo{"PREPPING_RUN", "Performing final (on node) steps before the test run.", true},
    StateInfo{"RESULTS", "For when we're getting the results.", true},
    StateInfo{"RESULTS_ERROR", "A result parser raised an error.", true},
    StateInfo{"RUNNING", "For when we're currently running the test.", true},
    StateInfo{"RUN_DONE", "For when the run step is complete.", true},
    StateInfo{"RUN_ERROR", "An unexpected error has occurred when setting up the test run.", true},
    StateInfo{"RUN_GENERATION", "The run script is being written.", false},
    StateInfo{"RUN_READY", "The test is ready to be run.", false},
    StateInfo{"RUN_TIMEOUT", "The test run went long without any output.", true},
    StateInfo{"RUN_USER",
              "Jobs can report extra status using pav set_status and this status value.", true},
    StateInfo{"SCHEDULED", "The test has been scheduled with a scheduler.", true},
    StateInfo{"SCHED_CANCELLED", "The job was cancelled.", true},
    StateInfo{"SCHED_ERROR", "There was a scheduler related error.", true},
    StateInfo{"SCHED_RUNNING", "The scheduler says that the job is running.", false},
    StateInfo{"SCHED_STARTUP", "The job has started and the test has not yet.", false},
    StateInfo{"SETUP", "The test is being set up.", false},
    StateInfo{"SKIPPED", "The test has been skipped due to an invalid condition.", true},
    StateInfo{"STATUS_CREATED", "The status file was created.", false},
    StateInfo{"STATUS_ERROR", "The status file could not be read.", false},
    StateInfo{"TIMEOUT", "The test or its job ran out of time.", false},
    StateInfo{"UNKNOWN", "We can't determine the status.", true},
};

static_assert(std::is_sorted(kStates.begin(), kStates.end(),
                             [](const StateInfo& a, const StateInfo& b) {
                                 return a.name < b.name;
                             }));

}  // namespace

std::span<const StateInfo> known_states() {
    return kStates;
}

const StateInfo* find_state(std::string_view name) {
    const auto* const found = std::lower_bound(
        kStates.begin(), kStates.end(), name,
        [](const StateInfo& info, std::string_view key) { return info.name < key; });
    return found != kStates.end() && found->name == name ? &*found : nullptr;
}

std::uint64_t state_bit(std::string_view name) {
    constexpr unsigned others = 63;
    static_assert(kStates.size() <= others);
    if (name.empty()) {
        return 0;
    }
    const StateInfo* const known = find_state(name);
    return std::uint64_t{1} << (known == nullptr ? others
                                                 : static_cast<unsigned>(known - kStates.data()));
}

bool well_formed_state(std::string_view name) {
    const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    return !name.empty() && name.size() <= kLongest && capital(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return capital(c) || c == '_' || (c >= '0' && c <= '9'); });
}

}  // namespace pavtest::status
