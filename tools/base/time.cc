// Time stamps in the forms that Slurm, Pavilion and RFC 3339 use.
#include "base/time.h"

#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <vector>

#include "base/text.h"

namespace pavtest {

namespace {

constexpr std::int64_t kMicro = 1'000'000;

struct Split {
    std::time_t seconds;
    int microseconds;
};

Split split_time(Timestamp when) {
    std::int64_t seconds = when.microseconds / kMicro;
    std::int64_t rest = when.microseconds % kMicro;
    if (rest < 0) {
        rest += kMicro;
        --seconds;
    }
    return {static_cast<std::time_t>(seconds), static_cast<int>(rest)};
}

std::tm local(std::time_t seconds) {
    std::tm broken{};
    ::localtime_r(&seconds, &broken);
    return broken;
}

std::string to_seconds_text(const std::tm& broken) {
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", broken.tm_year + 1900,
                       broken.tm_mon + 1, broken.tm_mday, broken.tm_hour, broken.tm_min,
                       broken.tm_sec);
}

// Exactly `digits` digits at `at`; moves `at` on.
std::optional<int> number(std::string_view text, std::size_t& at, std::size_t digits) {
    if (at + digits > text.size()) {
        return std::nullopt;
    }
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at) {
        const char c = text[at];
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        value = value * 10 + (c - '0');
    }
    return value;
}

bool literal(std::string_view text, std::size_t& at, char c) {
    if (at < text.size() && text[at] == c) {
        ++at;
        return true;
    }
    return false;
}

// `YYYY-MM-DDTHH:MM:SS[.ffffff]` at the start of text; leaves `at` behind it.
std::optional<std::pair<std::tm, int>> parse_date_time(std::string_view text, std::size_t& at) {
    std::tm broken{};
    const auto year = number(text, at, 4);
    if (!year || !literal(text, at, '-')) {
        return std::nullopt;
    }
    const auto month = number(text, at, 2);
    if (!month || !literal(text, at, '-')) {
        return std::nullopt;
    }
    const auto day = number(text, at, 2);
    if (!day || !(literal(text, at, 'T') || literal(text, at, ' '))) {
        return std::nullopt;
    }
    const auto hour = number(text, at, 2);
    if (!hour || !literal(text, at, ':')) {
        return std::nullopt;
    }
    const auto minute = number(text, at, 2);
    if (!minute || !literal(text, at, ':')) {
        return std::nullopt;
    }
    const auto second = number(text, at, 2);
    if (!second || *month < 1 || *month > 12 || *day < 1 || *day > 31 || *hour > 23 ||
        *minute > 59 || *second > 60) {
        return std::nullopt;
    }
    int micro = 0;
    if (literal(text, at, '.')) {
        int digits = 0;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
            if (digits < 6) {
                micro = micro * 10 + (text[at] - '0');
                ++digits;
            }
            ++at;
        }
        if (digits == 0) {
            return std::nullopt;
        }
        for (; digits < 6; ++digits) {
            micro *= 10;
        }
    }
    broken.tm_year = *year - 1900;
    broken.tm_mon = *month - 1;
    broken.tm_mday = *day;
    broken.tm_hour = *hour;
    broken.tm_min = *minute;
    broken.tm_sec = *second;
    broken.tm_isdst = -1;
    return std::pair{broken, micro};
}

}  // namespace

Timestamp SystemClock::now() const {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return {static_cast<std::int64_t>(now.tv_sec) * kMicro + now.tv_nsec / 1000};
}

std::string to_rfc3339(Timestamp when) {
    const auto [seconds, micro] = split_time(when);
    const std::tm broken = local(seconds);
    const long offset = broken.tm_gmtoff / 60;
    const long absolute = offset < 0 ? -offset : offset;
    return fmt::format("{}.{:06}{}{:02}:{:02}", to_seconds_text(broken), micro,
                       offset < 0 ? '-' : '+', absolute / 60, absolute % 60);
}

std::optional<Timestamp> from_rfc3339(std::string_view text) {
    std::size_t at = 0;
    auto parsed = parse_date_time(text, at);
    if (!parsed || at >= text.size()) {
        return std::nullopt;
    }
    std::int64_t offset = 0;
    if (text[at] == 'Z' || text[at] == 'z') {
        ++at;
    } else {
        const bool negative = text[at] == '-';
        if (!negative && text[at] != '+') {
            return std::nullopt;
        }
        ++at;
        const auto hours = number(text, at, 2);
        if (!hours || !literal(text, at, ':')) {
            return std::nullopt;
        }
        const auto minutes = number(text, at, 2);
        if (!minutes) {
            return std::nullopt;
        }
        offset = (static_cast<std::int64_t>(*hours) * 60 + *minutes) * 60 * (negative ? -1 : 1);
    }
    if (at != text.size()) {
        return std::nullopt;
    }
    const std::int64_t seconds = static_cast<std::int64_t>(::timegm(&parsed->first)) - offset;
    return Timestamp{seconds * kMicro + parsed->second};
}

std::string to_status_stamp(Timestamp when) {
    const auto [seconds, micro] = split_time(when);
    return fmt::format("{}.{:06}", to_seconds_text(local(seconds)), micro);
}

std::optional<Timestamp> from_status_stamp(std::string_view text) {
    std::size_t at = 0;
    if (auto parsed = parse_date_time(text, at); parsed && at == text.size()) {
        return Timestamp{static_cast<std::int64_t>(::mktime(&parsed->first)) * kMicro +
                         parsed->second};
    }
    const std::size_t dot = text.find('.');
    std::int64_t seconds = 0;
    const std::string_view whole = text.substr(0, dot);
    const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
    constexpr std::int64_t largest = 253'402'300'799;  // the year 9999
    if (error != std::errc{} || end != whole.data() + whole.size() || whole.empty() ||
        seconds < 0 || seconds > largest) {
        return std::nullopt;
    }
    std::int64_t micro = 0;
    if (dot != std::string_view::npos) {
        const std::string_view fraction = text.substr(dot + 1);
        std::int64_t scale = kMicro;
        for (const char c : fraction) {
            if (c < '0' || c > '9') {
                return std::nullopt;
            }
            scale /= 10;
            micro += (c - '0') * scale;
        }
    }
    return Timestamp{seconds * kMicro + micro};
}

std::string to_slurm_time(Timestamp when) {
    return to_seconds_text(local(split_time(when).seconds));
}

std::string to_slurm_duration(std::int64_t seconds) {
    const std::int64_t days = seconds / 86400;
    const std::int64_t hours = seconds / 3600 % 24;
    const std::int64_t minutes = seconds / 60 % 60;
    if (days > 0) {
        return fmt::format("{}-{:02}:{:02}:{:02}", days, hours, minutes, seconds % 60);
    }
    if (hours > 0) {
        return fmt::format("{}:{:02}:{:02}", hours, minutes, seconds % 60);
    }
    return fmt::format("{}:{:02}", minutes, seconds % 60);
}

std::optional<std::int64_t> from_slurm_duration(std::string_view text) {
    const auto integer = [](std::string_view digits) -> std::optional<std::int64_t> {
        std::int64_t value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc{} || end != digits.data() + digits.size() || value < 0 ||
            value > 10'000'000) {
            return std::nullopt;
        }
        return value;
    };
    std::int64_t days = 0;
    const std::size_t dash = text.find('-');
    if (dash != std::string_view::npos) {
        const auto value = integer(text.substr(0, dash));
        if (!value) {
            return std::nullopt;
        }
        days = *value;
        text.remove_prefix(dash + 1);
    }
    std::vector<std::int64_t> fields;
    for (const std::string& part : split(text, ':')) {
        const auto value = integer(part);
        if (!value) {
            return std::nullopt;
        }
        fields.push_back(*value);
    }
    if (fields.size() > 3) {
        return std::nullopt;
    }
    // With days the fields begin at hours; without, one or two of them begin at minutes.
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    std::int64_t seconds = 0;
    if (dash != std::string_view::npos || fields.size() == 3) {
        hours = fields[0];
        minutes = fields.size() > 1 ? fields[1] : 0;
        seconds = fields.size() > 2 ? fields[2] : 0;
    } else {
        minutes = fields[0];
        seconds = fields.size() > 1 ? fields[1] : 0;
    }
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

}  // namespace pavtest
