// Values: conversion, JSON, and the few things that Python thinks of them.
#include "run/parsers/value.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/float_text.h"
#include "base/text.h"
#include "run/parsers/python_text.h"

namespace pavtest::parsers {

namespace {

template <class... Lambdas>
struct Overloaded : Lambdas... {
    using Lambdas::operator()...;
};
template <class... Lambdas>
Overloaded(Lambdas...) -> Overloaded<Lambdas...>;

bool digit(char c) {
    return c >= '0' && c <= '9';
}

// Takes the digits that `text` begins with.
std::string_view take_digits(std::string_view& text) {
    std::size_t count = 0;
    while (count < text.size() && digit(text[count])) {
        ++count;
    }
    const std::string_view digits = text.substr(0, count);
    text.remove_prefix(count);
    return digits;
}

std::string without_leading_zeros(std::string_view digits) {
    const std::size_t first = digits.find_first_not_of('0');
    return first == std::string_view::npos ? "0" : std::string(digits.substr(first));
}

void append_text(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (byte < 0x20 || byte == 0x7F) {
            out += "\\u00";
            out += hex[byte >> 4U];
            out += hex[byte & 0xFU];
        } else {
            out += c;
        }
    }
    out += '"';
}

void append(std::string& out, const Map& map);

void append(std::string& out, const Value& value) {
    std::visit(Overloaded{
                   [&](std::monostate) { out += "null"; },
                   [&](bool given) { out += given ? "true" : "false"; },
                   [&](const Number& number) {
                       if (number.is_finite()) {
                           out += number.text;
                       } else {
                           out += number.text == "nan"   ? "\"NaN\""
                                  : number.text == "inf" ? "\"Infinity\""
                                                         : "\"-Infinity\"";
                       }
                   },
                   [&](const std::string& text) { append_text(out, text); },
                   [&](const List& list) {
                       out += '[';
                       for (std::size_t i = 0; i < list.size(); ++i) {
                           out += i == 0 ? "" : ", ";
                           append(out, list[i]);
                       }
                       out += ']';
                   },
                   [&](const Map& map) { append(out, map); },
               },
               value.data);
}

void append(std::string& out, const Map& map) {
    out += '{';
    for (std::size_t i = 0; i < map.size(); ++i) {
        out += i == 0 ? "" : ", ";
        append_text(out, map[i].first);
        out += ": ";
        append(out, map[i].second);
    }
    out += '}';
}

}  // namespace

double Number::as_double() const {
    return std::strtod(text.c_str(), nullptr);
}

bool Number::is_finite() const {
    const char last = text.empty() ? '\0' : text.back();
    return digit(last);
}

Value Value::integer(long long given) {
    return Value(Number{std::to_string(given), true});
}

Value Value::real(double given) {
    return Value(Number{float_text(given), false});
}

bool Value::is_empty() const {
    const auto* list = as<List>();
    return is_null() || (list != nullptr && list->empty());
}

bool Value::is_match() const {
    if (const auto* flag = as<bool>()) {
        return *flag;
    }
    if (const auto* number = as<Number>()) {
        return number->as_double() != 0;
    }
    return !is_empty();
}

const Value* find(const Map& map, std::string_view key) {
    const auto found = std::find_if(map.begin(), map.end(),
                                    [&](const auto& member) { return member.first == key; });
    return found == map.end() ? nullptr : &found->second;
}

Value* find(Map& map, std::string_view key) {
    return const_cast<Value*>(find(static_cast<const Map&>(map), key));
}

void set(Map& map, std::string_view key, Value value) {
    if (Value* there = find(map, key)) {
        *there = std::move(value);
    } else {
        map.emplace_back(std::string(key), std::move(value));
    }
}

std::optional<Number> number_from(std::string_view text) {
    // Python refuses to read integers of more digits; a word of that length is no number.
    constexpr std::size_t longest = 4300;
    text = strip(text);
    if (text.empty() || text.size() > longest) {
        return std::nullopt;
    }
    std::string sign;
    if (text.front() == '-' || text.front() == '+') {
        sign = text.front() == '-' ? "-" : "";
        text.remove_prefix(1);
    }
    std::string_view rest = text;
    const std::string_view whole = take_digits(rest);
    if (rest.empty() && !whole.empty()) {
        const std::string digits = without_leading_zeros(whole);
        return Number{digits == "0" ? digits : sign + digits, true};
    }
    std::string_view fraction;
    const bool point = rest.starts_with('.');
    if (point) {
        rest.remove_prefix(1);
        fraction = take_digits(rest);
    }
    if (whole.empty() && fraction.empty()) {
        const std::string word = lower_ascii(text);
        if (word == "nan") {
            return Number{"nan", false};
        }
        if (word == "inf" || word == "infinity") {
            return Number{sign + "inf", false};
        }
        return std::nullopt;
    }
    std::string out = sign + without_leading_zeros(whole);
    if (point) {
        out += '.';
        out += fraction.empty() ? "0" : fraction;
    }
    if (rest.starts_with('e') || rest.starts_with('E')) {
        rest.remove_prefix(1);
        out += 'e';
        if (rest.starts_with('+') || rest.starts_with('-')) {
            out += rest.front();
            rest.remove_prefix(1);
        }
        const std::string_view power = take_digits(rest);
        if (power.empty()) {
            return std::nullopt;
        }
        out += power;
    }
    return rest.empty() ? std::optional(Number{std::move(out), false}) : std::nullopt;
}

Value convert(Value value) {
    if (auto* text = value.as<std::string>()) {
        if (*text == "True" || *text == "False") {
            return Value(*text == "True");
        }
        auto number = number_from(*text);
        return number ? Value(std::move(*number)) : std::move(value);
    }
    if (auto* list = value.as<List>()) {
        for (Value& item : *list) {
            item = convert(std::move(item));
        }
    } else if (auto* map = value.as<Map>()) {
        for (auto& [key, item] : *map) {
            item = convert(std::move(item));
        }
    }
    return value;
}

std::string to_json(const Value& value) {
    std::string out;
    append(out, value);
    return out;
}

std::string to_json(const Map& map) {
    std::string out;
    append(out, map);
    return out;
}

Value from_json(const nlohmann::ordered_json& json) {
    switch (json.type()) {
        case nlohmann::json::value_t::boolean:
            return Value(json.get<bool>());
        case nlohmann::json::value_t::number_integer:
        case nlohmann::json::value_t::number_unsigned:
            return Value(Number{json.dump(), true});
        case nlohmann::json::value_t::number_float:
            return Value::real(json.get<double>());
        case nlohmann::json::value_t::string:
            return Value(to_utf8(json.get_ref<const std::string&>()));
        case nlohmann::json::value_t::array: {
            List list;
            for (const auto& item : json) {
                list.push_back(from_json(item));
            }
            return Value(std::move(list));
        }
        case nlohmann::json::value_t::object: {
            Map map;
            for (const auto& [key, item] : json.items()) {
                map.emplace_back(to_utf8(key), from_json(item));
            }
            return Value(std::move(map));
        }
        default:
            return {};
    }
}

std::size_t weight(const Value& value) {
    std::size_t bytes = sizeof(Value);
    if (const auto* text = value.as<std::string>()) {
        bytes += text->size();
    } else if (const auto* list = value.as<List>()) {
        for (const Value& item : *list) {
            bytes += weight(item);
        }
    } else if (const auto* map = value.as<Map>()) {
        for (const auto& [key, item] : *map) {
            bytes += sizeof(key) + key.size() + weight(item);
        }
    }
    return bytes;
}

}  // namespace pavtest::parsers
