// How a run ended, in words, and the verdict on it.
#pragma once

#include <optional>
#include <string>

#include "run/script_process.h"
#include "status/record.h"

namespace pavtest::run {

/// The end of one attempt at a test.
struct Verdict {
    status::Verdict result = status::Verdict::none;
    status::Cause cause = status::Cause::finished;
    std::string state;   // the test's last
    std::string reason;  // for people: "returned 1"
};

/// "returned 1", "killed by signal 9 (Killed)", "no output for 5 s".
std::string describe_end(const ScriptEnd& end, std::optional<double> timeout);

}  // namespace pavtest::run
