// From how a script ended to a verdict, and the results that are kept of it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/time.h"
#include "run/job_context.h"
#include "run/script_process.h"
#include "session/header.h"
#include "session/plan.h"
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

/// The verdict on a run: the default result, `return_value == 0`. A test that wants another
/// result gets an error, never a pass, as long as that is not evaluated here.
Verdict judge_run(const session::PlannedTest& test, const ScriptEnd& end,
                  std::optional<double> timeout);

/// What Pavilion's results.json has of every run, as far as it is known.
struct ResultFacts {
    const session::Header* header = nullptr;
    const session::PlannedTest* test = nullptr;
    const JobContext* job = nullptr;
    std::uint32_t attempt = 1;
    Timestamp started, finished;
};
nlohmann::json base_results(const ResultFacts& facts, const ScriptEnd& end, const Verdict& verdict);

}  // namespace pavtest::run
