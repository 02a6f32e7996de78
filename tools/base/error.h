// Errors: what went wrong, where, and what to do; and the exit codes they map to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace pavtest {

/// Exit codes of every command (docs: cli).
enum class ExitCode : int {
    ok = 0,
    tests_failed = 1,
    usage = 2,  // also configuration
    infrastructure = 3,
    nothing_selected = 5,
};

/// What class of error it is; decides the exit code.
enum class ErrorKind {
    usage,             // the command line
    config,            // a suite or a settings file
    nothing_selected,  // a request that matches nothing
    not_found,         // a file, session or job that is not there
    infrastructure,    // the operating system, a file system, Slurm
};

/// A place in a text file. Lines and columns count from 1; 0 means unknown.
/// `line_text` is the whole line (no newline), shown with a caret under `column`.
struct Place {
    std::string file;
    int line = 0;
    int column = 0;
    std::string line_text;
};

/// One error. `what` is a sentence without a final full stop; `hint` says what to do
/// ("did you mean 'nodes'?") and may be empty.
struct Error {
    ErrorKind kind = ErrorKind::infrastructure;
    std::string what;
    std::string hint;
    std::optional<Place> place;

    /// The same error with a prefix "context: " before `what`.
    [[nodiscard]] Error within(std::string_view context) const&;
};

template <class T = void>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorKind::config, "…")` from a function that returns any Result.
tl::unexpected<Error> fail(ErrorKind kind, std::string what, std::string hint = {});
tl::unexpected<Error> fail(ErrorKind kind, std::string what, std::string hint, Place place);

/// An operating system error: "cannot ACTION PATH: strerror(errno_value)".
tl::unexpected<Error> fail_errno(std::string_view action, std::string_view path, int errno_value);

ExitCode exit_code(ErrorKind kind);

/// For people: `file:line:column: error: what`, the line, a caret, the hint; several
/// lines, each ended by a newline. Control characters of foreign text are made visible.
std::string describe(const Error& error, std::string_view severity = "error");

}  // namespace pavtest
