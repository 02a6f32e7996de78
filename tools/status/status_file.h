// A test's status file in the seed's form: `STAMP STATE note`, one line a state.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/time.h"

namespace pavtest::status {

inline constexpr std::size_t kLineMax = 4096;
inline constexpr std::size_t kNoteMax = 4052;

/// One line of a status file. `flaw` is empty for a well-formed line; otherwise it says
/// what is wrong ("torn", "no time stamp", "not UTF-8"), and the other fields hold what
/// could be read.
struct StatusInfo {
    std::string state;
    std::string note;
    std::optional<Timestamp> when;
    std::string flaw;
};

/// What a status file of ours or of Pavilion's says. Reading never writes.
class StatusFile {
  public:
    explicit StatusFile(std::string path) : path_(std::move(path)) {}

    /// Appends a line. An unknown state is written as INVALID with the given name in the
    /// note; a note is escaped and cut to kNoteMax bytes.
    Result<> set(std::string_view state, std::string_view note, const Clock& clock) const;
    /// The last whole line; STATUS_ERROR for a missing or unreadable file, INVALID for an
    /// empty one. Reads the file's end only.
    [[nodiscard]] StatusInfo current() const;
    [[nodiscard]] std::vector<StatusInfo> history() const;
    [[nodiscard]] bool has_state(std::string_view state) const;

  private:
    std::string path_;
};

/// The line with its newline that set() writes.
std::string format_status_line(Timestamp when, std::string_view state, std::string_view note);
StatusInfo parse_status_line(std::string_view line);
std::string escape_note(std::string_view note);
std::string unescape_note(std::string_view note);

}  // namespace pavtest::status
