// Looking for variables in a block of them.
#include "run/process_mark.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"

namespace pavtest::run {

namespace {

// The value of the first NAME=… of the block; nothing where there is none.
std::optional<std::string_view> find_variable(std::string_view block, std::string_view name) {
    while (!block.empty()) {
        const std::size_t end = std::min(block.find('\0'), block.size());
        const std::string_view entry = block.substr(0, end);
        if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
            return entry.substr(name.size() + 1);
        }
        block.remove_prefix(std::min(end + 1, block.size()));
    }
    return std::nullopt;
}

}  // namespace

bool ProcessMark::matches(std::string_view environment) const {
    const auto has = [environment](const Variable& variable) {
        return find_variable(environment, variable.first) == variable.second;
    };
    const auto has_or_lacks = [environment](const Variable& variable) {
        const auto value = find_variable(environment, variable.first);
        return !value || *value == variable.second;
    };
    return !required.empty() && std::all_of(required.begin(), required.end(), has) &&
           std::all_of(if_present.begin(), if_present.end(), has_or_lacks);
}

ProcessMark job_mark(const std::string& session, const std::string& job_and_restart,
                     const std::string& job, const std::string& node) {
    return {.required = {{"PAVTEST_JOB", job_and_restart}, {"PAVTEST_SESSION", session}},
            .if_present = {{"SLURM_JOB_ID", job}, {"SLURMD_NODENAME", node}}};
}

ProcessMark test_mark(ProcessMark job, std::uint32_t test, std::uint32_t attempt) {
    job.required.emplace_back("PAVTEST_TEST", fmt::format("{}", test));
    job.required.emplace_back("PAVTEST_ATTEMPT", fmt::format("{}", attempt));
    return job;
}

std::string environment_of(pid_t pid) {
    // The size of files in /proc is not known beforehand, so read_file would do, but for its
    // check of the type; a process that has gone meanwhile has no environment.
    return read_file(fmt::format("/proc/{}/environ", pid), 8U << 20).value_or(std::string());
}

}  // namespace pavtest::run
