// Ids: Crockford's base 32, nine characters of milliseconds and three of chance.
#include "session/id.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace pavtest::session {

namespace {

constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kTimeDigits = 9;
constexpr std::size_t kLength = 12;

}  // namespace

std::string make_id(Timestamp when, std::uint32_t random) {
    std::string id(kLength, '0');
    auto milliseconds =
        static_cast<std::uint64_t>(std::max<std::int64_t>(when.microseconds, 0) / 1000);
    for (std::size_t i = kTimeDigits; i-- > 0; milliseconds >>= 5U) {
        id[i] = kDigits[milliseconds & 31U];
    }
    for (std::size_t i = kLength; i-- > kTimeDigits; random >>= 5U) {
        id[i] = kDigits[random & 31U];
    }
    return id;
}

bool is_id(std::string_view text) {
    return text.size() == kLength && text.find_first_not_of(kDigits) == std::string_view::npos;
}

std::optional<Timestamp> id_time(std::string_view id) {
    if (!is_id(id)) {
        return std::nullopt;
    }
    std::int64_t milliseconds = 0;
    for (const char c : id.substr(0, kTimeDigits)) {
        milliseconds = milliseconds * 32 + static_cast<std::int64_t>(kDigits.find(c));
    }
    return Timestamp{milliseconds * 1000};
}

std::uint64_t id_number(std::string_view id) {
    std::uint64_t number = 0;
    for (const char c : id) {
        number = number << 5U | (kDigits.find(c) & 31U);
    }
    return number;
}

std::string id_from_number(std::uint64_t number) {
    std::string id(kLength, '0');
    for (std::size_t i = kLength; i-- > 0; number >>= 5U) {
        id[i] = kDigits[number & 31U];
    }
    return id;
}

std::string id_month(std::string_view id) {
    const auto when = id_time(id);
    if (!when) {
        return {};
    }
    const auto seconds = static_cast<std::time_t>(when->microseconds / 1'000'000);
    std::tm broken{};
    ::gmtime_r(&seconds, &broken);
    return fmt::format("{:04}-{:02}", broken.tm_year + 1900, broken.tm_mon + 1);
}

}  // namespace pavtest::session
