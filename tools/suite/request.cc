#include "suite/request.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"

namespace pavtest::suite {

bool Request::matches_test(std::string_view name) const {
    if (name.starts_with('_') && (!test || *test != name)) {
        return false;
    }
    return !test || glob_match(*test, name);
}

bool Request::matches_subtitle(const std::optional<std::string>& given) const {
    if (!subtitle) {
        return true;
    }
    return given && !given->empty() && glob_match(*subtitle, *given);
}

namespace {

bool word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

bool all_in(std::string_view text, std::string_view more) {
    for (const char c : text) {
        if (!word(c) && more.find(c) == std::string_view::npos) {
            return false;
        }
    }
    return !text.empty();
}

tl::unexpected<Error> refuse(std::string_view text, std::string what) {
    return fail(ErrorKind::usage, fmt::format("'{}': {}", text, what),
                "a request is SUITE, SUITE.TEST or SUITE.TEST.SUBTITLE, with 'N*' before it or "
                "'*N' behind it to repeat it; * ? [] may stand in TEST and SUBTITLE");
}

// The digits of a repeat count, or nothing.
std::optional<std::uint32_t> repeat_count(std::string_view text) {
    constexpr std::uint32_t most = 100'000;
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > most) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

Result<Request> parse_request(std::string_view text) {
    Request request;
    request.text = std::string(text);
    std::string_view rest = trim(text);
    bool counted = false;
    const std::size_t digits = rest.find_first_not_of("0123456789");
    if (digits != std::string_view::npos && digits > 0) {
        const std::string_view after = trim(rest.substr(digits));
        if (after.starts_with('*')) {
            const auto count = repeat_count(rest.substr(0, digits));
            if (!count) {
                return refuse(text, "the repeat count is too large");
            }
            request.count = *count;
            counted = true;
            rest = trim(after.substr(1));
        }
    }
    // A "*N" at the end repeats; a "*" that is followed by anything else is a glob.
    const std::size_t star = rest.rfind('*');
    if (star != std::string_view::npos && star > 0) {
        const std::string_view digits_behind = trim(rest.substr(star + 1));
        const std::string_view before = trim(rest.substr(0, star));
        const auto count = repeat_count(digits_behind);
        if (count && !before.ends_with('.')) {
            if (counted) {
                return refuse(text, "it is repeated before and behind");
            }
            request.count = *count;
            rest = before;
        }
    }
    const std::size_t first = rest.find('.');
    request.suite = std::string(rest.substr(0, first));
    if (!all_in(request.suite, "")) {
        return refuse(text, fmt::format("'{}' is no name for a suite", request.suite));
    }
    if (first != std::string_view::npos) {
        rest.remove_prefix(first + 1);
        const std::size_t second = rest.find('.');
        request.test = std::string(rest.substr(0, second));
        if (!all_in(*request.test, "*?[]")) {
            return refuse(text, fmt::format("'{}' is no name for a test", *request.test));
        }
        if (second != std::string_view::npos) {
            request.subtitle = std::string(rest.substr(second + 1));
            if (!all_in(*request.subtitle, ".()@*?[]")) {
                return refuse(text, fmt::format("'{}' is no subtitle", *request.subtitle));
            }
        }
    }
    return request;
}

}  // namespace pavtest::suite
