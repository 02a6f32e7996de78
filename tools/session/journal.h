// Appending records to a journal: stamped, numbered, one write each.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/time.h"
#include "status/append_log.h"
#include "status/record.h"

namespace pavtest::session {

/// The file that a role's records of a job go to: "journal.runner-n1.jsonl"; prolog and
/// epilog share "journal.node-n1.jsonl". Not for submit.
std::string journal_name(status::Role role, std::string_view host);
/// "settle-login1.jsonl": in the session's directory, when there never was a job.
std::string session_settle_name(std::string_view host);

class Journal {
  public:
    /// Opens `name` (journal.runner-n1.jsonl) for this process alone and goes on after the
    /// highest sequence number in it. `host` and `clock` stamp each record; the clock must
    /// outlive the journal.
    static Result<Journal> open(const Directory& directory, const std::string& name,
                                std::string host, const Clock& clock, mode_t mode);

    /// Sets seq, when, host of the record and appends it. A record with a `key` keeps its own
    /// when and host, and is dropped if the journal holds it (a second delivery). One whose `tests`
    /// is too long for a line becomes several.
    Result<> append(status::Record record);
    bool reserve(std::uint64_t bytes) { return log_.reserve(bytes); }

  private:
    Journal(status::AppendLog log, std::string host, const Clock& clock)
        : log_(std::move(log)), host_(std::move(host)), clock_(&clock) {}
    Result<> scan(const std::string& name);
    Result<> append_one(const status::Record& record);

    status::AppendLog log_;
    std::string host_;
    const Clock* clock_;
    std::uint64_t next_ = 0;
    std::set<std::string> keys_;
};

}  // namespace pavtest::session
