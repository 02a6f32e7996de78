// The results that every run has, whatever its parsers find: Pavilion's base keys.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/time.h"
#include "run/job_context.h"
#include "run/script_process.h"
#include "session/header.h"
#include "session/plan.h"

namespace pavtest::run {

/// What the runner knows of one attempt at a test.
struct ResultFacts {
    const session::Header* header = nullptr;
    const session::PlannedTest* test = nullptr;
    const JobContext* job = nullptr;
    std::uint32_t attempt = 1;
    Timestamp started, finished;
};

/// The machine's name, as the files in `hosts` have it: sys_name, and the place of references.
std::string machine_of(const ResultFacts& facts);

nlohmann::ordered_json base_results(const ResultFacts& facts, const ScriptEnd& end);

}  // namespace pavtest::run
