// Errors as text, and their exit codes.
#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace pavtest {

Error Error::within(std::string_view context) const& {
    Error copy = *this;
    copy.what = fmt::format("{}: {}", context, what);
    return copy;
}

tl::unexpected<Error> fail(ErrorKind kind, std::string what, std::string hint) {
    return tl::make_unexpected(Error{kind, std::move(what), std::move(hint), std::nullopt});
}

tl::unexpected<Error> fail(ErrorKind kind, std::string what, std::string hint, Place place) {
    return tl::make_unexpected(Error{kind, std::move(what), std::move(hint), std::move(place)});
}

tl::unexpected<Error> fail_errno(std::string_view action, std::string_view path, int errno_value) {
    char buffer[128];
    const char* reason = strerror_r(errno_value, buffer, sizeof buffer);
    const ErrorKind kind = errno_value == ENOENT ? ErrorKind::not_found : ErrorKind::infrastructure;
    return fail(kind, fmt::format("cannot {} '{}': {}", action, path, reason));
}

ExitCode exit_code(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::usage:
        case ErrorKind::config:
        case ErrorKind::not_found:
            return ExitCode::usage;
        case ErrorKind::nothing_selected:
            return ExitCode::nothing_selected;
        case ErrorKind::infrastructure:
            return ExitCode::infrastructure;
    }
    return ExitCode::infrastructure;
}

namespace {

constexpr std::size_t kShownWidth = 160;

// The line and a caret under the column. A long line is shown around the column.
std::string shown_line(const Place& place) {
    if (place.line_text.empty()) {
        return {};
    }
    const auto column = static_cast<std::size_t>(std::max(place.column, 1)) - 1;
    const std::size_t at = std::min(column, place.line_text.size());
    const std::size_t from = at > kShownWidth / 2 ? at - kShownWidth / 2 : 0;
    std::string text = place.line_text.substr(from, kShownWidth);
    std::replace(text.begin(), text.end(), '\t', ' ');
    const std::string before = printable(text.substr(0, at - from));
    return fmt::format("  {}\n  {}^\n", printable(text), std::string(display_width(before), ' '));
}

}  // namespace

std::string describe(const Error& error, std::string_view severity) {
    std::string out;
    if (error.place && !error.place->file.empty()) {
        out += printable(error.place->file);
        if (error.place->line > 0) {
            out += fmt::format(":{}", error.place->line);
            if (error.place->column > 0) {
                out += fmt::format(":{}", error.place->column);
            }
        }
        out += ": ";
    }
    out += fmt::format("{}: {}\n", severity, printable(error.what));
    if (error.place) {
        out += shown_line(*error.place);
    }
    if (!error.hint.empty()) {
        out += fmt::format("  {}\n", printable(error.hint));
    }
    return out;
}

}  // namespace pavtest
