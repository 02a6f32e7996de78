// The journals of a session as records in reading order. Internal to this module.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "session/remembered.h"
#include "session/store.h"
#include "session/view.h"
#include "status/record.h"

namespace pavtest::session {

/// Every file once: the records of one job in the order (restart, role, seq, file).
struct JobRecords {
    std::optional<std::uint32_t> job;
    std::vector<JobKey> keys;  // of its directories, in order
    std::vector<SourcedRecord> records;
    std::vector<Flaw> flaws;
};

struct SessionRecords {
    std::vector<SourcedRecord> submission;  // submit.jsonl
    std::vector<SourcedRecord> settled;     // settle-<host>.jsonl: about no job's directory
    std::vector<JobRecords> jobs;           // by job id; empty if it never had a job
    std::vector<Flaw> flaws;
};

/// With `known`, of journals only what was added since they were read.
Result<SessionRecords> read_journals(const SessionDirectory& session,
                                     RememberedJournals* known = nullptr);

/// `data` of a settling record: for each journal the last sequence number that was there. What
/// came later does not count. Nothing if the record does not say.
std::optional<std::map<std::string, std::uint64_t>> seen_of(const status::Record& record);

/// The numbers in a member of a record's `data` that is an object; nothing if it is not there.
std::optional<std::map<std::string, std::uint64_t>> data_numbers(const status::Record& record,
                                                                 std::string_view key);

/// A text member of a record's `data`; empty if it is not there.
std::string data_text(const status::Record& record, std::string_view key);

}  // namespace pavtest::session
