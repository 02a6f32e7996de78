// Appending records to a journal: stamped, numbered, one write each.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "base/time.h"
#include "status/append_log.h"
#include "status/record.h"

namespace pavtest::session {

class Journal {
  public:
    /// Opens `name` (journal.runner-n1.jsonl) for this process alone and goes on after the
    /// highest sequence number in it. `host` and `clock` stamp each record.
    static Result<Journal> open(const Directory& directory, const std::string& name,
                                std::string host, const Clock& clock, mode_t mode);

    /// Sets seq, when, host of the record and appends it. A record with a `key` that the
    /// journal already holds is dropped (a second delivery).
    Result<> append(status::Record record);
    bool reserve(std::uint64_t bytes) { return log_.reserve(bytes); }

  private:
    Journal(status::AppendLog log, std::string host, const Clock& clock, std::uint64_t next);
    status::AppendLog log_;
    std::string host_;
    const Clock* clock_;
    std::uint64_t next_;
    std::vector<std::string> keys_;
};

}  // namespace pavtest::session
