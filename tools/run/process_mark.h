// How a process of ours is known from its environment, wherever it hangs in the tree.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pavtest::run {

using Variable = std::pair<std::string, std::string>;

/// All of `required` have these values. Those of `if_present` may be missing, but have no
/// other value: a job that a test of ours submitted inherits our variables, and yet is not
/// ours.
struct ProcessMark {
    std::vector<Variable> required;
    std::vector<Variable> if_present;

    /// `environment` as /proc/PID/environ has it: NAME=value, each ended by a NUL.
    [[nodiscard]] bool matches(std::string_view environment) const;
};

/// The mark of all processes of one job on one node.
ProcessMark job_mark(const std::string& session, const std::string& job_and_restart,
                     const std::string& job, const std::string& node);
/// The mark of one test's processes in it.
ProcessMark test_mark(ProcessMark job, std::uint32_t test, std::uint32_t attempt);

/// The environment that a process started with; empty if it may not be read.
std::string environment_of(pid_t pid);

}  // namespace pavtest::run
