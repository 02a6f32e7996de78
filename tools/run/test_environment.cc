// The table. docs/suites.md and pavrun(1) explain it.
#include "run/test_environment.h"

#include <fmt/format.h>

namespace pavtest::run {

std::vector<Variable> test_variables(const TestIdentity& test) {
    return {{"PAVTEST_TEST", fmt::format("{}", test.index)},
            {"PAVTEST_TEST_NAME", test.name},
            {"PAVTEST_TEST_DIR", test.directory},
            {"PAVTEST_ATTEMPT", fmt::format("{}", test.attempt)},
            {"PAVTEST_NODES", test.nodes},
            {"PAVTEST_NODE", test.node},
            {"PAVTEST_SCRATCH", test.scratch}};
}

}  // namespace pavtest::run
