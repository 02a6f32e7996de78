// How a job's tests ended that the runner did not end itself: what the epilog of the first node
// can say, and no more.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "run/ledger.h"
#include "run/notices.h"
#include "status/record.h"

namespace pavtest::run {

/// How the batch script ended, from the epilog's environment; nothing where Slurm does not
/// say.
struct JobExit {
    int status = 0;
    int signal = 0;
};
/// SLURM_JOB_EXIT_CODE2 ("1:0"), or SLURM_JOB_EXIT_CODE as wait(2) has it.
std::optional<JobExit> parse_job_exit(const std::string& code2, const std::string& code);

struct EpilogFacts {
    std::string script;  // of the session's header: generated, own, allocation
    std::optional<JobExit> exit;
    std::optional<Notice> notice;  // that the runner left in the job's output
    bool output_readable = false;  // so that no notice means that there was none
};

/// One record for all tests that never began, one for each that did, and the session's. None if
/// everything has its end. To be appended in this order.
std::vector<status::Record> epilog_ends(const Ledger& ledger, const EpilogFacts& facts);

}  // namespace pavtest::run
