// What the journals of one job say so far, as far as it decides what is still to be done. Reads
// only this job's restarts: an array's other tasks are nobody's business here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "session/store.h"
#include "status/record.h"

namespace pavtest::run {

struct TestEntry {
    bool finished = false;    // has an end that no restart changes
    bool ended_here = false;  // has an end in this restart, for good or not
    bool begun_here = false;  // the runner of this restart has said something of it
    status::Verdict verdict = status::Verdict::none;  // of that end
    std::uint32_t attempts = 0;                       // so far, over all restarts
};

/// A state that was written for many tests, before the runner: CREATED, SCHEDULED, …
struct CommonState {
    Timestamp when;
    std::string state;
    std::string note;
    std::string tests;
    std::optional<std::uint32_t> test;

    [[nodiscard]] bool holds_for(std::uint32_t index) const;
};

struct Ledger {
    std::vector<TestEntry> tests;
    std::vector<CommonState> before;  // of the submission and this restart's prolog
    bool runner_started = false;      // in this restart
    bool session_ended = false;       // in this restart
    bool left_some_out = false;       // a runner ended well that was told to run only some tests
    std::string runner_data;          // `data` of the runner's first record in this restart

    /// Sorted indices of the tests that have no end in this restart, nor one for good.
    [[nodiscard]] std::vector<std::uint32_t> open_tests() const;
};

/// Reads submit.jsonl and the journals of this job up to `key.restart`. What can't be read
/// is as if it were not there.
Ledger read_ledger(const session::SessionDirectory& session, session::JobKey key,
                   std::uint32_t tests);

}  // namespace pavtest::run
