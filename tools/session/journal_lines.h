// The lines of one journal, taken piece by piece. Internal to this module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "session/remembered.h"
#include "session/view.h"

namespace pavtest::session {

/// Appends each record to `records`; what is no record becomes a flaw, of which only so many
/// are told. Holds no more than one line.
class LineTaker {
  public:
    LineTaker(std::string file, std::vector<SourcedRecord>& records, std::vector<Flaw>& flaws)
        : file_(std::move(file)), records_(records), flaws_(flaws) {}

    void add(std::string_view piece);
    /// Bytes that were passed over: whatever line they are in can be no record.
    void pass_over() { too_long_ = true; }
    /// There is no more: what has no newline is torn.
    void end();

  private:
    void take(std::string_view line);
    void leave_out(std::string what);

    std::string file_;
    std::vector<SourcedRecord>& records_;
    std::vector<Flaw>& flaws_;
    std::string held_;  // of a line that is not whole yet
    bool too_long_ = false;
    std::uint64_t number_ = 1;  // of the line that is being read
    std::size_t left_out_ = 0;
};

/// The journal `name` in `directory`, whatever it is; `file` is what to call it. With `known`, of
/// this file only what was added since.
void read_journal_file(const Directory& directory, const std::string& name, const std::string& file,
                       std::vector<SourcedRecord>& records, std::vector<Flaw>& flaws,
                       RememberedJournal* known = nullptr);

}  // namespace pavtest::session
