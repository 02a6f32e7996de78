// Words of the command line.
#include "cmd/pavstat/viewer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "session/id.h"

namespace pavtest::cmd {

namespace {

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

// The seconds of one of sacct's units: "hours", "days", …; any beginning of the word does.
std::optional<std::int64_t> unit_seconds(std::string_view unit) {
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> units{
        {{"seconds", 1}, {"minutes", 60}, {"hours", 3600}, {"days", 86400}, {"weeks", 604800}}};
    for (const auto& [name, seconds] : units) {
        if (unit.empty() || name.starts_with(unit)) {
            return seconds;
        }
    }
    return std::nullopt;
}

}  // namespace

Result<Wish> parse_wish(const std::string& text) {
    Wish wish;
    wish.text = text;
    const std::size_t dot = text.find('.');
    const std::string first = text.substr(0, dot);
    const auto job = number(first);
    if (session::is_id(first)) {
        wish.session = first;
    } else if (job && *job > 0) {
        wish.job = *job;
    } else {
        return fail(ErrorKind::usage, fmt::format("'{}' is no job id and no session id", text),
                    "a job id is a number, a session id has twelve characters; "
                    "'pavstat' lists both");
    }
    if (dot != std::string::npos) {
        wish.test = number(std::string_view(text).substr(dot + 1));
        if (!wish.test) {
            return fail(ErrorKind::usage, fmt::format("'{}' names no test", text),
                        "a test's number follows the dot: 4711.3");
        }
    }
    return wish;
}

Result<Timestamp> parse_start_time(const std::string& text, Timestamp now) {
    const auto no_time = [&] {
        return fail(ErrorKind::usage, fmt::format("'{}' is no time", text),
                    "as in now-2days, 2026-11-21 or 2026-11-21T20:30");
    };
    constexpr std::int64_t micro = 1'000'000;
    if (text.starts_with("now")) {
        std::string_view rest = std::string_view(text).substr(3);
        if (rest.empty()) {
            return now;
        }
        const std::size_t digits = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
        const auto count = number(rest.substr(1, digits - 1));
        const auto seconds = unit_seconds(rest.substr(digits));
        if ((rest.front() != '-' && rest.front() != '+') || !count || !seconds) {
            return no_time();
        }
        const std::int64_t span = std::int64_t{*count} * *seconds * micro;
        return Timestamp{now.microseconds + (rest.front() == '-' ? -span : span)};
    }
    std::string whole = text;
    if (whole.size() == 10) {
        whole += "T00:00";
    }
    if (whole.size() == 16) {
        whole += ":00";
    }
    const auto when = whole.size() == 19 ? from_status_stamp(whole) : std::nullopt;
    if (!when) {
        return no_time();
    }
    return *when;
}

}  // namespace pavtest::cmd
