// Formatting by Python's rules, for integers, floats and texts.
#include "suite/format_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/float_text.h"
#include "base/text.h"

namespace pavtest::suite {

namespace {

bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool align_sign(char c) {
    return c == '<' || c == '>' || c == '=' || c == '^';
}

std::size_t character_length(std::string_view text) {
    std::size_t length = text.empty() ? 0 : 1;
    while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) {
        ++length;
    }
    return length;
}

}  // namespace

std::size_t format_spec_length(std::string_view text) {
    std::size_t at = 0;
    const auto peek = [&](std::size_t ahead = 0) {
        return at + ahead < text.size() ? text[at + ahead] : '\0';
    };
    const std::size_t fill = text.starts_with('\n') ? 0 : character_length(text);
    if (fill > 0 && align_sign(peek(fill))) {
        at += fill + 1;
    } else if (align_sign(peek())) {
        ++at;
    }
    const auto take = [&](std::string_view any) {
        if (at < text.size() && any.find(peek()) != std::string_view::npos) {
            ++at;
        }
    };
    take("+ -");
    take("#");
    take("0");
    while (digit(peek())) {
        ++at;
    }
    take("_,");
    // Pavilion's pattern has an unescaped dot: any character before digits.
    const std::size_t mark = character_length(text.substr(at));
    if (peek() != '\n' && mark > 0 && digit(peek(mark))) {
        at += mark;
        while (digit(peek())) {
            ++at;
        }
    }
    take("bcdeEfFgGnosxX%");
    return at;
}

namespace {

struct Spec {
    std::string fill = " ";
    char align = '\0';
    char sign = '\0';  // none given
    bool alternate = false;
    bool zero = false;
    std::size_t width = 0;
    char grouping = '\0';
    int precision = -1;
    char type = '\0';
};

using Text = tl::expected<std::string, std::string>;

tl::expected<Spec, std::string> parse_spec(std::string_view text) {
    constexpr std::size_t widest = 10000;
    const std::string_view whole = text;
    const auto invalid = [&] {
        return tl::make_unexpected(fmt::format("'{}' is no format", whole));
    };
    Spec spec;
    const std::size_t fill = character_length(text);
    if (fill > 0 && text.size() > fill && align_sign(text[fill])) {
        spec.fill = std::string(text.substr(0, fill));
        spec.align = text[fill];
        text.remove_prefix(fill + 1);
    } else if (!text.empty() && align_sign(text.front())) {
        spec.align = text.front();
        text.remove_prefix(1);
    }
    const bool has_fill =
        fill > 0 && text.size() < whole.size() && spec.align != '\0' && align_sign(whole[fill]);
    const auto take = [&](std::string_view any) {
        if (text.empty() || any.find(text.front()) == std::string_view::npos) {
            return '\0';
        }
        const char c = text.front();
        text.remove_prefix(1);
        return c;
    };
    if (const char sign = take("+- ")) {
        spec.sign = sign;
    }
    spec.alternate = take("#") != '\0';
    // Behind a fill of its own, a 0 is but the width's first digit.
    if (!has_fill && take("0") != '\0') {
        spec.zero = true;
        spec.fill = "0";
    }
    while (!text.empty() && digit(text.front())) {
        spec.width = spec.width * 10 + static_cast<std::size_t>(text.front() - '0');
        text.remove_prefix(1);
        if (spec.width > widest) {
            return tl::make_unexpected(fmt::format("a width over {} is too wide", widest));
        }
    }
    spec.grouping = take("_,");
    if (take(".") != '\0') {
        if (text.empty() || !digit(text.front())) {
            return tl::make_unexpected(std::string("the precision is missing"));
        }
        spec.precision = 0;
        while (!text.empty() && digit(text.front())) {
            spec.precision = spec.precision * 10 + (text.front() - '0');
            text.remove_prefix(1);
            if (spec.precision > static_cast<int>(widest)) {
                return tl::make_unexpected(fmt::format("a precision over {} is too long", widest));
            }
        }
    }
    spec.type = take("bcdeEfFgGnosxX%");
    if (!text.empty()) {
        return invalid();
    }
    return spec;
}

std::string padded(const Spec& spec, std::string_view sign, std::string_view body,
                   char default_align) {
    const std::size_t length = display_width(sign) + display_width(body);
    const std::size_t missing = spec.width > length ? spec.width - length : 0;
    char align = spec.align != '\0' ? spec.align : default_align;
    if (spec.align == '\0' && spec.zero && default_align == '>') {
        align = '=';
    }
    const auto fill = [&](std::size_t count) {
        std::string out;
        for (std::size_t i = 0; i < count; ++i) {
            out += spec.fill;
        }
        return out;
    };
    switch (align) {
        case '<':
            return fmt::format("{}{}{}", sign, body, fill(missing));
        case '^':
            return fmt::format("{}{}{}{}", fill(missing / 2), sign, body,
                               fill(missing - missing / 2));
        case '=':
            return fmt::format("{}{}{}", sign, fill(missing), body);
        default:
            return fmt::format("{}{}{}", fill(missing), sign, body);
    }
}

// Digits with a separator every `group`, and at least `width` characters of it.
std::string grouped(std::string_view digits, char separator, std::size_t group, long width) {
    std::string reversed;
    auto remaining = static_cast<long>(digits.size());
    bool separate = false;
    while (true) {
        const long length =
            std::min(static_cast<long>(group), std::max(std::max(remaining, width), 1L));
        const long zeros = std::max(0L, length - remaining);
        const long characters = std::max(0L, std::min(remaining, length));
        if (separate) {
            reversed += separator;
        }
        for (long i = 0; i < characters; ++i) {
            reversed += digits[static_cast<std::size_t>(remaining - 1 - i)];
        }
        reversed.append(static_cast<std::size_t>(zeros), '0');
        separate = true;
        remaining -= characters;
        width -= length;
        if (remaining <= 0 && width <= 0) {
            break;
        }
        width -= 1;
    }
    std::reverse(reversed.begin(), reversed.end());
    return reversed;
}

std::string sign_text(const Spec& spec, bool negative) {
    if (negative) {
        return "-";
    }
    return spec.sign == '\0' || spec.sign == '-' ? "" : std::string(1, spec.sign);
}

// Digits before, and what comes behind them ("." and a fraction, an exponent, "%").
std::string number_text(const Spec& spec, const std::string& sign, std::string_view digits,
                        std::string_view tail, std::size_t group) {
    const bool zero_filled =
        spec.fill == "0" && (spec.align == '=' || (spec.align == '\0' && spec.zero));
    if (spec.grouping == '\0') {
        return padded(spec, sign, std::string(digits) + std::string(tail), '>');
    }
    const long width =
        zero_filled ? static_cast<long>(spec.width) - static_cast<long>(sign.size() + tail.size())
                    : 0;
    return padded(spec, sign, grouped(digits, spec.grouping, group, width) + std::string(tail),
                  '>');
}

std::string utf8_of(std::uint32_t code) {
    std::string out;
    const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xC0 | (code >> 6U));
        add(0x80 | (code & 0x3FU));
    } else if (code < 0x10000) {
        add(0xE0 | (code >> 12U));
        add(0x80 | ((code >> 6U) & 0x3FU));
        add(0x80 | (code & 0x3FU));
    } else {
        add(0xF0 | (code >> 18U));
        add(0x80 | ((code >> 12U) & 0x3FU));
        add(0x80 | ((code >> 6U) & 0x3FU));
        add(0x80 | (code & 0x3FU));
    }
    return out;
}

std::string digits_of(unsigned __int128 value, unsigned base, bool upper) {
    const char* alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string out;
    do {
        out += alphabet[static_cast<std::size_t>(value % base)];
        value /= base;
    } while (value != 0);
    std::reverse(out.begin(), out.end());
    return out;
}

std::string printed(const char* pattern, int precision, double value) {
    const int length = std::snprintf(nullptr, 0, pattern, precision, value);
    std::string text(static_cast<std::size_t>(length) + 1, '\0');
    std::snprintf(text.data(), text.size(), pattern, precision, value);
    text.pop_back();
    return text;
}

// As many significant digits as the precision says, with an exponent where the point
// would be far off. Without a type there is always a digit behind the point.
std::string general_text(double magnitude, int precision, const Spec& spec) {
    const std::string scientific = printed("%.*e", precision - 1, magnitude);
    const std::size_t e = scientific.find('e');
    const int exponent = std::atoi(scientific.c_str() + e + 1);
    std::string digits(1, scientific[0]);
    if (e > 2) {
        digits += scientific.substr(2, e - 2);
    }
    const bool typeless = spec.type == '\0';
    const bool with_exponent = exponent < -4 || exponent + 1 > precision - (typeless ? 1 : 0);
    if (!spec.alternate) {
        digits.erase(std::max<std::size_t>(digits.find_last_not_of('0') + 1, 1));
    }
    if (with_exponent) {
        std::string body = digits.substr(0, 1);
        if (digits.size() > 1 || spec.alternate) {
            body += "." + digits.substr(1);
        }
        body += scientific.substr(e);
        if (spec.type == 'G') {
            body[body.find('e')] = 'E';
        }
        return body;
    }
    if (exponent < 0) {
        return "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    }
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() < whole) {
        digits.append(whole - digits.size(), '0');
    }
    std::string body = digits.substr(0, whole);
    const std::string fraction = digits.substr(whole);
    if (!fraction.empty() || spec.alternate || typeless) {
        body += "." + (fraction.empty() && typeless ? "0" : fraction);
    }
    return body;
}

Text format_float(const Spec& given, double value) {
    Spec spec = given;
    if (spec.type != '\0' &&
        std::string_view("eEfFgGn%").find(spec.type) == std::string_view::npos) {
        return tl::make_unexpected(fmt::format("'{}' is no format for a float", spec.type));
    }
    if (spec.type == 'n' && spec.grouping != '\0') {
        return tl::make_unexpected(fmt::format("'{}' does not go with 'n'", spec.grouping));
    }
    std::string body;
    const bool negative = std::signbit(value) && !std::isnan(value);
    double magnitude = std::fabs(value);
    const bool percent = spec.type == '%';
    if (percent) {
        magnitude *= 100;
    }
    if (!std::isfinite(magnitude)) {
        body = std::isnan(magnitude) ? "nan" : "inf";
        if (spec.type == 'E' || spec.type == 'F' || spec.type == 'G') {
            body = std::isnan(magnitude) ? "NAN" : "INF";
        }
    } else if (spec.type == '\0' && spec.precision < 0) {
        body = float_text(magnitude);
        if (spec.alternate && body.find('.') == std::string::npos) {
            body.insert(std::min(body.find('e'), body.size()), ".");
        }
    } else {
        const int precision = spec.precision < 0 ? 6 : spec.precision;
        const char type = percent || spec.type == 'F' ? 'f' : spec.type;
        if (type == '\0' || type == 'n' || type == 'g' || type == 'G') {
            body = general_text(magnitude, std::max(precision, 1), spec);
        } else {
            const std::string pattern = fmt::format("%{}.*{}", spec.alternate ? "#" : "", type);
            body = printed(pattern.c_str(), precision, magnitude);
        }
    }
    const std::size_t whole = std::min(body.find_first_not_of("0123456789"), body.size());
    const std::string tail = body.substr(whole) + (percent ? "%" : "");
    if (whole == 0) {
        return padded(spec, sign_text(spec, negative), tail, '>');
    }
    return number_text(spec, sign_text(spec, negative), body.substr(0, whole), tail, 3);
}

Text format_integer(const Spec& spec, Integer value) {
    if (std::string_view("eEfFgG%").find(spec.type) != std::string_view::npos &&
        spec.type != '\0') {
        return format_float(spec, static_cast<double>(value));
    }
    if (spec.type == 's') {
        return tl::make_unexpected(std::string("'s' is no format for a number"));
    }
    if (spec.precision >= 0) {
        return tl::make_unexpected(std::string("an integer takes no precision"));
    }
    if (spec.type == 'c') {
        constexpr Integer last = 0x10FFFF;
        if (spec.sign != '\0' || spec.alternate || spec.grouping != '\0' || value < 0 ||
            value > last) {
            return tl::make_unexpected(std::string("'c' takes a character's number alone"));
        }
        return padded(spec, "", utf8_of(static_cast<std::uint32_t>(value)), '>');
    }
    unsigned base = 10;
    std::string prefix;
    switch (spec.type) {
        case 'b':
            base = 2;
            prefix = "0b";
            break;
        case 'o':
            base = 8;
            prefix = "0o";
            break;
        case 'x':
        case 'X':
            base = 16;
            prefix = spec.type == 'X' ? "0X" : "0x";
            break;
        default:
            break;
    }
    if (spec.grouping != '\0' && (spec.type == 'n' || (base != 10 && spec.grouping == ','))) {
        return tl::make_unexpected(
            fmt::format("'{}' does not go with '{}'", spec.grouping, spec.type));
    }
    const bool negative = value < 0;
    const auto magnitude =
        negative ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
    const std::string sign = sign_text(spec, negative) + (spec.alternate ? prefix : "");
    return number_text(spec, sign, digits_of(magnitude, base, spec.type == 'X'), "",
                       base == 10 ? 3 : 4);
}

std::string_view first_characters(std::string_view text, std::size_t count) {
    std::size_t at = 0;
    while (count-- > 0 && at < text.size()) {
        at += character_length(text.substr(at));
    }
    return text.substr(0, at);
}

Text format_text(const Spec& spec, const std::string& value) {
    if (spec.type != '\0' && spec.type != 's') {
        return tl::make_unexpected(fmt::format("'{}' is no format for a text", spec.type));
    }
    if (spec.sign != '\0' || spec.alternate || spec.align == '=' || spec.grouping != '\0') {
        return tl::make_unexpected(std::string("a text takes no sign, '#', '=', ',' or '_'"));
    }
    const std::string_view shown =
        spec.precision < 0 ? std::string_view(value)
                           : first_characters(value, static_cast<std::size_t>(spec.precision));
    return padded(spec, "", shown, '<');
}

}  // namespace

tl::expected<std::string, std::string> format_datum(const Datum& value, std::string_view text) {
    if (text.empty()) {
        return value.text();
    }
    const auto spec = parse_spec(text);
    if (!spec) {
        return tl::make_unexpected(spec.error());
    }
    if (const auto* string = value.as<std::string>()) {
        return format_text(*spec, *string);
    }
    if (const auto* integer = value.as<Integer>()) {
        return format_integer(*spec, *integer);
    }
    if (const auto* boolean = value.as<bool>()) {
        return format_integer(*spec, *boolean ? 1 : 0);
    }
    if (const auto* real = value.as<double>()) {
        return format_float(*spec, *real);
    }
    return tl::make_unexpected(fmt::format("a {} cannot be formatted", value.type_name()));
}

}  // namespace pavtest::suite
