// The variables by which a test knows its place: one table, for the scripts, their text and the
// documentation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "run/process_mark.h"

namespace pavtest::run {

struct TestIdentity {
    std::uint32_t index = 0;
    std::string name;
    std::string directory;
    std::uint32_t attempt = 1;
    std::string nodes;  // compressed
    std::string node;   // that the script runs on
    std::string scratch;
};

/// PAVTEST_TEST and the others that differ from test to test. PAVTEST_SESSION, PAVTEST_STORE
/// and PAVTEST_JOB are the same for all tests of a job.
std::vector<Variable> test_variables(const TestIdentity& test);

}  // namespace pavtest::run
