// What Slurm says in the job's own output about why it ends the job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "status/record.h"

namespace pavtest::run {

/// A cause that Slurm states, with its words.
struct Notice {
    status::Cause cause = status::Cause::none;
    std::string text;
};

/// slurmstepd writes "*** JOB 7 ON n1 CANCELLED AT … DUE TO TIME LIMIT ***" to the job's
/// standard error before it sends the first SIGTERM, and the count of out-of-memory kills
/// when a step ends. The first that is about this job counts.
std::optional<Notice> find_notice(std::string_view output, std::uint32_t job);

/// The part of a job's output file that can tell of this run of the job.
struct OutputTail {
    std::string path;
    std::uint64_t from = 0;

    /// Of an open descriptor, if it is a regular file; else there is no path. A requeued job
    /// goes on in the same file: there only what is written from now on counts.
    static OutputTail of_descriptor(int fd, bool requeued);
    /// The notice in it. A file that is gone, or is no regular file, has none.
    [[nodiscard]] std::optional<Notice> notice(std::uint32_t job) const;
};

}  // namespace pavtest::run
