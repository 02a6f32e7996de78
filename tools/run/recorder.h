// Writing down what happens: the runner's journal and the tests' status files. A record that
// the store does not take is kept and tried again; nothing here stops the tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "run/job_context.h"
#include "run/ledger.h"
#include "run/test_files.h"
#include "session/journal.h"
#include "session/store.h"
#include "status/record.h"

namespace pavtest::run {

class Recorder {
  public:
    /// Makes the job's directory where it is missing and opens the runner's journal, for this
    /// process alone.
    static Result<Recorder> open(const session::SessionDirectory& session,
                                 const JobContext& context, const Clock& clock);

    [[nodiscard]] const Directory& job_directory() const { return job_; }
    [[nodiscard]] Modes modes() const { return modes_; }
    [[nodiscard]] Timestamp now() const { return clock_->now(); }

    /// Keeps room for the records of so many tests, so that a full disk takes their ends.
    void reserve(std::uint64_t tests);
    /// About the session, or about several tests.
    void record(status::Record record);
    /// About one test; the same line goes to its status file, if it has one.
    void record(status::Record record, TestFiles* files);
    /// A line of results.jsonl.
    void result_line(const std::string& json);

    /// Tries again what could not be written. True when nothing is left.
    bool flush();
    /// Why the store does not take records at the moment; empty if it does.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
    /// Gives back the room that was kept. The last thing that is done.
    void close();

  private:
    Recorder(session::Journal journal, Directory job, const JobContext& context, const Clock& clock,
             Modes modes, std::string name);
    void append(status::Record record);

    session::Journal journal_;
    Directory job_;
    JobContext context_;
    const Clock* clock_;
    Modes modes_;
    std::string name_;
    FileDescriptor results_;
    std::deque<status::Record> waiting_;
    std::string trouble_;
};

/// The lines that a test's status file begins with: what was written for many tests at once.
std::string earlier_status_lines(const Ledger& ledger, std::uint32_t test);

}  // namespace pavtest::run
