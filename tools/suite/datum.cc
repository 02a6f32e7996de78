// Python's views of numbers and texts.
#include "suite/datum.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/float_text.h"

namespace pavtest::suite {

bool Datum::is_number() const {
    return as<bool>() != nullptr || as<Integer>() != nullptr || as<double>() != nullptr;
}

bool Datum::truth() const {
    struct Visitor {
        bool operator()(std::monostate) const { return false; }
        bool operator()(bool v) const { return v; }
        bool operator()(Integer v) const { return v != 0; }
        bool operator()(double v) const { return v != 0; }
        bool operator()(const std::string& v) const { return !v.empty(); }
        bool operator()(const DatumList& v) const { return !v.empty(); }
        bool operator()(const DatumMap& v) const { return !v.empty(); }
    };
    return std::visit(Visitor{}, value);
}

std::string_view Datum::type_name() const {
    constexpr std::string_view names[] = {"NoneType", "bool", "int", "float",
                                          "str",      "list", "dict"};
    return names[value.index()];
}

std::string integer_text(Integer value) {
    if (value == 0) {
        return "0";
    }
    const bool negative = value < 0;
    unsigned __int128 rest =
        negative ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
    std::string digits;
    while (rest != 0) {
        digits += static_cast<char>('0' + static_cast<int>(rest % 10));
        rest /= 10;
    }
    if (negative) {
        digits += '-';
    }
    std::reverse(digits.begin(), digits.end());
    return digits;
}

namespace {

std::string repr(const Datum& datum) {
    const auto* text = datum.as<std::string>();
    return text != nullptr ? python_repr(*text) : datum.text();
}

}  // namespace

std::string Datum::text() const {
    struct Visitor {
        std::string operator()(std::monostate) const { return "None"; }
        std::string operator()(bool v) const { return v ? "True" : "False"; }
        std::string operator()(Integer v) const { return integer_text(v); }
        std::string operator()(double v) const { return float_text(v); }
        std::string operator()(const std::string& v) const { return v; }
        std::string operator()(const DatumList& v) const {
            std::string out = "[";
            for (const Datum& item : v) {
                out += (out.size() > 1 ? ", " : "") + repr(item);
            }
            return out + "]";
        }
        std::string operator()(const DatumMap& v) const {
            std::string out = "{";
            for (const auto& [key, item] : v) {
                out += (out.size() > 1 ? ", " : "") + python_repr(key) + ": " + repr(item);
            }
            return out + "}";
        }
    };
    return std::visit(Visitor{}, value);
}

const Datum* Datum::find(std::string_view key) const {
    if (const auto* map = as<DatumMap>()) {
        for (const auto& [name, item] : *map) {
            if (name == key) {
                return &item;
            }
        }
    }
    return nullptr;
}

namespace {

bool blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f');
}

std::string_view stripped(std::string_view text) {
    while (!text.empty() && blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

bool digit(char c) {
    return c >= '0' && c <= '9';
}

// Python allows single underscores between digits: drops them, or says no.
bool without_underscores(std::string_view text, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '_') {
            out += text[i];
        } else if (i == 0 || i + 1 == text.size() || !digit(text[i - 1]) || !digit(text[i + 1])) {
            return false;
        }
    }
    return true;
}

// digits[.digits][e[sign]digits], with digits on one side of the point at least.
bool is_decimal(std::string_view text) {
    std::size_t at = 0;
    const auto digits = [&] {
        const std::size_t from = at;
        while (at < text.size() && digit(text[at])) {
            ++at;
        }
        return at - from;
    };
    std::size_t mantissa = digits();
    if (at < text.size() && text[at] == '.') {
        ++at;
        mantissa += digits();
    }
    if (mantissa == 0) {
        return false;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
            ++at;
        }
        if (digits() == 0) {
            return false;
        }
    }
    return at == text.size();
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
    return text.size() == lower.size() &&
           std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
               return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
           });
}

}  // namespace

bool parse_integer(std::string_view text, Integer& out) {
    text = stripped(text);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    std::string bare;
    if (text.find('_') != std::string_view::npos) {
        if (!without_underscores(text, bare)) {
            return false;
        }
        text = bare;
    }
    if (text.empty() || !std::all_of(text.begin(), text.end(), digit)) {
        return false;
    }
    Integer value = 0;
    for (const char c : text) {
        if (__builtin_mul_overflow(value, Integer{10}, &value) ||
            __builtin_add_overflow(value, Integer{c - '0'}, &value)) {
            return false;
        }
    }
    out = negative ? -value : value;
    return true;
}

bool parse_float(std::string_view text, double& out) {
    text = stripped(text);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    std::string bare;
    if (text.find('_') != std::string_view::npos) {
        if (!without_underscores(text, bare)) {
            return false;
        }
        text = bare;
    }
    if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
        out = std::numeric_limits<double>::infinity();
    } else if (equals_ignoring_case(text, "nan")) {
        out = std::numeric_limits<double>::quiet_NaN();
    } else if (is_decimal(text)) {
        out = std::strtod(std::string(text).c_str(), nullptr);
    } else {
        return false;
    }
    out = negative ? -out : out;
    return true;
}

Datum auto_convert(std::string_view text) {
    constexpr std::size_t longest_number = 4300;
    if (text.find('_') != std::string_view::npos || text.size() > longest_number) {
        return Datum::of(std::string(text));
    }
    Integer integer = 0;
    if (parse_integer(text, integer)) {
        return Datum::of(integer);
    }
    // Beyond what an Integer holds: kept as digits, which print the same.
    std::string_view digits = stripped(text);
    if (digits.starts_with('+') || digits.starts_with('-')) {
        digits.remove_prefix(1);
    }
    if (!digits.empty() && std::all_of(digits.begin(), digits.end(), digit)) {
        return Datum::of(std::string(stripped(text)));
    }
    double number = 0;
    if (parse_float(text, number)) {
        return Datum::of(number);
    }
    if (text == "True" || text == "False") {
        return Datum::of(text == "True");
    }
    return Datum::of(std::string(text));
}

Datum auto_convert(const Datum& datum) {
    if (const auto* text = datum.as<std::string>()) {
        return auto_convert(std::string_view(*text));
    }
    if (const auto* list = datum.as<DatumList>()) {
        DatumList out;
        out.reserve(list->size());
        for (const Datum& item : *list) {
            out.push_back(auto_convert(item));
        }
        return Datum::of(std::move(out));
    }
    if (const auto* map = datum.as<DatumMap>()) {
        DatumMap out;
        out.reserve(map->size());
        for (const auto& [key, item] : *map) {
            out.emplace_back(key, auto_convert(item));
        }
        return Datum::of(std::move(out));
    }
    return datum;
}

std::string python_repr(std::string_view text) {
    const bool has_single = text.find('\'') != std::string_view::npos;
    const bool has_double = text.find('"') != std::string_view::npos;
    const char quote = has_single && !has_double ? '"' : '\'';
    std::string out(1, quote);
    for (const char c : text) {
        if (c == quote || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else if (c == '\t') {
            out += "\\t";
        } else if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out + quote;
}

}  // namespace pavtest::suite
