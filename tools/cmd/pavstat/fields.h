// Every column that pavstat can show: by -o's letter and by -O's name, as squeue has them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "cmd/pavstat/collect.h"

namespace pavtest::cmd {

/// What a field is taken from.
struct Subject {
    const Row* row;
    const TestLine* test;  // null in a view of sessions
    Timestamp now;
    std::string_view time_format;  // SLURM_TIME_FORMAT
};

struct Field {
    char letter;
    std::string_view name;     // of -O, in lower case
    std::string_view heading;  // begins with '>' where it is aligned to the right by default
    std::string (*text)(const Subject&);
    std::string_view help;
};

std::span<const Field> known_fields();
const Field* field_by_letter(char letter);
/// In any case; also sacct's names for the same.
const Field* field_by_name(std::string_view name);
std::string fields_help();

/// "CD" for COMPLETE, as squeue's %t.
std::string compact_state(std::string_view state);
/// What a cause adds to a state; that something finished as it should adds nothing.
std::string cause_text(status::Cause cause);

}  // namespace pavtest::cmd
