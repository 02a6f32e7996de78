// Host lists, as scontrol show hostnames and hostlist have them.
#include "base/hostlist.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>

#include "base/text.h"

namespace pavtest {

namespace {

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

tl::unexpected<Error> malformed(std::string_view text, std::string_view why) {
    return fail(ErrorKind::usage, fmt::format("'{}' is no host list: {}", text, why));
}

// Splits at commas outside brackets.
Result<std::vector<std::string>> split_list(std::string_view text) {
    std::vector<std::string> parts;
    std::string current;
    bool inside = false;
    for (const char c : text) {
        if (c == '[' && inside) {
            return malformed(text, "'[' inside '['");
        }
        if (c == ']' && !inside) {
            return malformed(text, "']' without '['");
        }
        inside = c == '[' || (inside && c != ']');
        if (c == ',' && !inside) {
            parts.push_back(current);
            current.clear();
        } else {
            current += c;
        }
    }
    if (inside) {
        return malformed(text, "'[' without ']'");
    }
    parts.push_back(current);
    return parts;
}

// "001-004,7" → 001 002 003 004 7.
Result<std::vector<std::string>> expand_range(std::string_view range, std::size_t limit) {
    std::vector<std::string> numbers;
    for (const std::string& part : split(range, ',')) {
        const std::size_t dash = part.find('-');
        const std::string first = part.substr(0, dash);
        const std::string last = dash == std::string::npos ? first : part.substr(dash + 1);
        if (!all_digits(first) || !all_digits(last) || first.size() > 18 || last.size() > 18) {
            return malformed(range, "a range has numbers only");
        }
        std::uint64_t from = 0;
        std::uint64_t to = 0;
        std::from_chars(first.data(), first.data() + first.size(), from);
        std::from_chars(last.data(), last.data() + last.size(), to);
        if (to < from || to - from >= limit) {
            return malformed(range, to < from ? "the range runs backwards" : "it is too long");
        }
        for (std::uint64_t value = from; value <= to; ++value) {
            numbers.push_back(fmt::format("{:0{}}", value, first.size()));
        }
    }
    return numbers;
}

}  // namespace

Result<std::vector<std::string>> expand_hostlist(std::string_view text, std::size_t limit) {
    auto parts = split_list(text);
    if (!parts) {
        return parts;
    }
    std::vector<std::string> names;
    for (const std::string& part : *parts) {
        if (part.empty()) {
            continue;
        }
        std::vector<std::string> expanded{""};
        std::string_view rest = part;
        while (!rest.empty()) {
            const std::size_t open = rest.find('[');
            for (std::string& name : expanded) {
                name += rest.substr(0, open);
            }
            if (open == std::string_view::npos) {
                break;
            }
            const std::size_t close = rest.find(']', open);
            auto numbers = expand_range(rest.substr(open + 1, close - open - 1), limit);
            if (!numbers) {
                return numbers;
            }
            if (expanded.size() * numbers->size() + names.size() > limit) {
                return malformed(text, "it is too long");
            }
            std::vector<std::string> next;
            next.reserve(expanded.size() * numbers->size());
            for (const std::string& name : expanded) {
                for (const std::string& number : *numbers) {
                    next.push_back(name + number);
                }
            }
            expanded = std::move(next);
            rest.remove_prefix(close + 1);
        }
        names.insert(names.end(), expanded.begin(), expanded.end());
        if (names.size() > limit) {
            return malformed(text, "it is too long");
        }
    }
    return names;
}

std::string compress_hostlist(const std::vector<std::string>& names) {
    // Key: prefix and, for a number with leading zeros, its width; a number without them
    // goes with all others that have none.
    struct Group {
        std::vector<std::uint64_t> numbers;
    };
    std::map<std::pair<std::string, std::size_t>, Group> groups;
    std::vector<std::string> plain;
    for (const std::string& name : names) {
        const std::size_t last = name.find_last_not_of("0123456789");
        const std::size_t start = last == std::string::npos ? 0 : last + 1;
        const std::string digits = name.substr(start);
        if (digits.empty() || digits.size() > 18) {
            plain.push_back(name);
            continue;
        }
        std::uint64_t value = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
        const bool padded = digits.size() > 1 && digits[0] == '0';
        groups[{name.substr(0, start), padded ? digits.size() : 0}].numbers.push_back(value);
    }
    // n08, n09, n10 is one range: a number without leading zeros joins a padded group of
    // its width.
    for (auto& [key, group] : groups) {
        auto loose = groups.find({key.first, 0});
        if (key.second == 0 || loose == groups.end()) {
            continue;
        }
        const std::size_t width = key.second;
        auto& numbers = loose->second.numbers;
        const auto fits = std::partition(numbers.begin(), numbers.end(), [&](std::uint64_t value) {
            return fmt::formatted_size("{}", value) != width;
        });
        group.numbers.insert(group.numbers.end(), fits, numbers.end());
        numbers.erase(fits, numbers.end());
    }
    std::vector<std::string> parts;
    std::sort(plain.begin(), plain.end());
    plain.erase(std::unique(plain.begin(), plain.end()), plain.end());
    parts.insert(parts.end(), plain.begin(), plain.end());
    for (auto& [key, group] : groups) {
        auto& [prefix, width] = key;
        if (group.numbers.empty()) {
            continue;
        }
        std::sort(group.numbers.begin(), group.numbers.end());
        group.numbers.erase(std::unique(group.numbers.begin(), group.numbers.end()),
                            group.numbers.end());
        std::vector<std::string> ranges;
        for (std::size_t i = 0; i < group.numbers.size();) {
            std::size_t j = i;
            while (j + 1 < group.numbers.size() && group.numbers[j + 1] == group.numbers[j] + 1) {
                ++j;
            }
            ranges.push_back(i == j ? fmt::format("{:0{}}", group.numbers[i], width)
                                    : fmt::format("{:0{}}-{:0{}}", group.numbers[i], width,
                                                  group.numbers[j], width));
            i = j + 1;
        }
        const bool single = ranges.size() == 1 && group.numbers.size() == 1;
        parts.push_back(single ? prefix + ranges[0]
                               : fmt::format("{}[{}]", prefix, join(ranges, ",")));
    }
    return join(parts, ",");
}

}  // namespace pavtest
