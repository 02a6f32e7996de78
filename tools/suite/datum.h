// A value of the expression language: what Python would have in its place.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pavtest::suite {

/// Integers are exact up to 127 bits; what is beyond is an error, never a wrong number.
using Integer = __int128;

struct Datum;
using DatumList = std::vector<Datum>;
using DatumMap = std::vector<std::pair<std::string, Datum>>;

struct Datum {
    std::variant<std::monostate, bool, Integer, double, std::string, DatumList, DatumMap> value;

    Datum() = default;
    template <class T>
    static Datum of(T given) {
        Datum datum;
        datum.value = std::move(given);
        return datum;
    }

    template <class T>
    [[nodiscard]] const T* as() const {
        return std::get_if<T>(&value);
    }
    [[nodiscard]] bool is_null() const { return as<std::monostate>() != nullptr; }
    [[nodiscard]] bool is_text() const { return as<std::string>() != nullptr; }
    [[nodiscard]] bool is_list() const { return as<DatumList>() != nullptr; }
    [[nodiscard]] bool is_map() const { return as<DatumMap>() != nullptr; }
    /// A boolean, integer or float.
    [[nodiscard]] bool is_number() const;
    /// Python's truth of it.
    [[nodiscard]] bool truth() const;
    /// Python's name of its type.
    [[nodiscard]] std::string_view type_name() const;
    /// Python's str() of it.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] const Datum* find(std::string_view key) const;
};

std::string integer_text(Integer value);

/// A text as the integer, float or boolean that it looks like, otherwise as it is
/// ("007" → 7, " 1.50 " → 1.5, "True" → true, "1_0" stays).
Datum auto_convert(std::string_view text);
/// The same for every text in a list or map.
Datum auto_convert(const Datum& datum);

/// What Python's int() and float() take, blanks around it allowed.
bool parse_integer(std::string_view text, Integer& out);
bool parse_float(std::string_view text, double& out);

/// Python's repr() of a text: in single quotes unless it holds some and no double ones.
std::string python_repr(std::string_view text);

}  // namespace pavtest::suite
