#include "status/states.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace pavtest::status {
namespace {

// The seed's list, word for word.
const std::map<std::string, std::string>& seed() {
    static const std::map<std::string, std::string> states{
        {"ABORTED", "The test run was aborted, through no fault of it's own."},
        {"BUILDING", "The test is currently being built."},
        {"BUILD_CREATED", "The builder for this build was created."},
        {"BUILD_DEFERRED", "The build will occur on nodes."},
        {"BUILD_DONE", "The build step has completed."},
        {"BUILD_ERROR", "An unexpected error occurred while setting up the build."},
        {"BUILD_FAILED", "The build has failed."},
        {"BUILD_REUSED", "The build was reused from a prior step."},
        {"BUILD_TIMEOUT", "The build has timed out."},
        {"BUILD_WAIT", "Waiting for the build lock."},
        {"COMPLETE", "For when the test is completely complete."},
        {"CREATED", "The test object/directory is being created."},
        {"CREATION_ERROR", "The test object/directory could not be created."},
        {"ENV_FAILED", "Unable to load the environment requested by the test."},
        {"INFO", "This is for logging information about a test, and can occurwithin any state."},
        {"INVALID", "The status given to set was invalid."},
        {"PREPPING_RUN", "Performing final (on node) steps before the test run."},
        {"RESULTS", "For when we're getting the results."},
        {"RESULTS_ERROR", "A result parser raised an error."},
        {"RUNNING", "For when we're currently running the test."},
        {"RUN_DONE", "For when the run step is complete."},
        {"RUN_ERROR", "An unexpected error has occurred when setting up the test run."},
        {"RUN_TIMEOUT", "The test run went long without any output."},
        {"RUN_USER", "Jobs can report extra status using pav set_status and this status value."},
        {"SCHEDULED", "The test has been scheduled with a scheduler."},
        {"SCHED_CANCELLED", "The job was cancelled."},
        {"SCHED_ERROR", "There was a scheduler related error."},
        {"SKIPPED", "The test has been skipped due to an invalid condition."},
        {"UNKNOWN", "We can't determine the status."},
    };
    return states;
}

TEST(States, AreTheSeedsWithItsHelpTexts) {
    for (const auto& [name, help] : seed()) {
        const StateInfo* const info = find_state(name);
        ASSERT_NE(info, nullptr) << name;
        EXPECT_EQ(info->help, help);
        EXPECT_TRUE(info->ours);
    }
}

TEST(States, OnlyTheSeedsAreOurs) {
    for (const StateInfo& info : known_states()) {
        EXPECT_EQ(info.ours, seed().contains(std::string(info.name))) << info.name;
        EXPECT_TRUE(well_formed_state(info.name)) << info.name;
        EXPECT_FALSE(info.help.empty());
    }
}

TEST(States, OfNewerPavilionsAreKnown) {
    for (const char* name : {"STATUS_CREATED", "STATUS_ERROR", "BUILD_SUCCESS", "BUILD_COPIED",
                             "FINALIZED", "RUN_READY", "RUN_GENERATION", "SCHED_STARTUP",
                             "SCHED_RUNNING", "CANCELLED", "TIMEOUT", "SETUP"}) {
        ASSERT_NE(find_state(name), nullptr) << name;
        EXPECT_FALSE(find_state(name)->ours) << name;
    }
}

TEST(States, NamesObeyTheSeedsRules) {
    EXPECT_TRUE(well_formed_state("A"));
    EXPECT_TRUE(well_formed_state("SCHED_CANCELLED"));
    EXPECT_FALSE(well_formed_state(""));
    EXPECT_FALSE(well_formed_state("SCHED_CANCELLEDX"));
    EXPECT_FALSE(well_formed_state("running"));
    EXPECT_FALSE(well_formed_state("1ST"));
    EXPECT_FALSE(well_formed_state("_A"));
    EXPECT_FALSE(well_formed_state("A B"));
    EXPECT_EQ(find_state("NOPE"), nullptr);
}

}  // namespace
}  // namespace pavtest::status
