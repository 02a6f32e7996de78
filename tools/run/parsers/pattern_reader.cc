// Python's escapes, each as the character that it stands for.
#include "run/parsers/pattern_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace pavtest::parsers {

std::uint32_t PatternReader::character() {
    const auto lead = static_cast<unsigned char>(in_[at_++]);
    if (lead < 0x80) {
        return lead;
    }
    std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    std::uint32_t code = lead & (0x3FU >> more);
    for (; more > 0 && at_ < in_.size(); --more) {
        code = code << 6U | (static_cast<unsigned char>(in_[at_++]) & 0x3FU);
    }
    return code;
}

Result<std::uint32_t> PatternReader::escaped_character() {
    const char c = peek(1);
    constexpr std::string_view names = "abfnrtv";
    constexpr std::string_view codes = "\a\b\f\n\r\t\v";
    if (const auto found = names.find(c); found != std::string_view::npos) {
        at_ += 2;
        return static_cast<std::uint32_t>(codes[found]);
    }
    if (c == 'x' || c == 'u' || c == 'U') {
        return hex_escape(c == 'x' ? 2 : c == 'u' ? 4 : 8);
    }
    if (is_digit(c)) {
        return octal_escape();
    }
    if (is_letter(c)) {
        return bad_escape(c);
    }
    ++at_;
    return character();
}

bool PatternReader::is_octal_escape() const {
    return is_octal(peek(1)) && is_octal(peek(2)) && is_octal(peek(3));
}

Result<std::string> PatternReader::name_until(char closing, std::size_t from) const {
    const std::size_t end = in_.find(closing, std::min(from, in_.size()));
    const std::string_view name =
        end == std::string_view::npos ? std::string_view() : in_.substr(from, end - from);
    const bool may_be_number = closing == ')' && peek(2) == '(';
    const bool good = !name.empty() && (may_be_number || !is_digit(name.front())) &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                          return is_word(c) || static_cast<unsigned char>(c) >= 0x80;
                      });
    if (!good) {
        return bad("a group's name is missing or is no name");
    }
    return std::string(name);
}

std::size_t PatternReader::number_of(std::string_view digits) {
    constexpr std::size_t beyond = 1U << 20;
    std::size_t number = 0;
    for (const char c : digits) {
        number = std::min(number * 10 + static_cast<std::size_t>(c - '0'), beyond);
    }
    return number;
}

tl::unexpected<Error> PatternReader::bad(std::string_view why, std::string hint) const {
    return fail(ErrorKind::config,
                fmt::format("regular expression '{}', character {}: {}", in_, at_ + 1, why),
                std::move(hint));
}

Result<std::uint32_t> PatternReader::hex_escape(std::size_t digits) {
    const std::string_view text = in_.substr(at_ + 2).substr(0, digits);
    std::uint32_t code = 0;
    bool good = text.size() == digits;
    for (const char c : text) {
        const char small = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        good = good && (is_digit(small) || (small >= 'a' && small <= 'f'));
        code = code * 16 +
               static_cast<std::uint32_t>(is_digit(small) ? small - '0' : small - 'a' + 10);
    }
    if (!good || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        return bad(fmt::format("\\{} needs {} hexadecimal digits of a character", peek(1), digits));
    }
    at_ += 2 + digits;
    return code;
}

Result<std::uint32_t> PatternReader::octal_escape() {
    std::uint32_t code = 0;
    std::size_t count = 0;
    while (count < 3 && is_octal(peek(1 + count))) {
        code = code * 8 + static_cast<std::uint32_t>(peek(1 + count) - '0');
        ++count;
    }
    if (count == 0) {
        return bad(fmt::format("\\{} is no octal number", peek(1)));
    }
    if (code > 0377) {
        return bad(fmt::format("\\{:o} is beyond \\377", code));
    }
    at_ += 1 + count;
    return code;
}

tl::unexpected<Error> PatternReader::bad_escape(char c) const {
    if (c == 'N') {
        return bad("\\N{…} is not supported", "write the character, or \\u and its number");
    }
    constexpr std::string_view perl = "hHRXKGQEpPCzceko";
    std::string hint;
    if (c == 'z') {
        hint = "the end of the text is \\Z";
    } else if (perl.find(c) != std::string_view::npos) {
        hint = "Perl has it; the regular expressions here are Python's";
    }
    return bad(fmt::format("\\{} means nothing in Python's regular expressions", c), hint);
}

}  // namespace pavtest::parsers
