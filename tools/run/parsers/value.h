// A result's value. Numbers are kept as they were written, so that nothing is lost between
// a test's output and results.json.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pavtest::parsers {

struct Value;
using List = std::vector<Value>;
using Map = std::vector<std::pair<std::string, Value>>;  // in order, each key once

/// A number in JSON's syntax, or "nan", "inf", "-inf" (never an integer).
struct Number {
    std::string text;
    bool integer = false;
    bool operator==(const Number&) const = default;

    [[nodiscard]] double as_double() const;
    [[nodiscard]] bool is_finite() const;
};

struct Value {
    std::variant<std::monostate, bool, Number, std::string, List, Map> data;

    Value() = default;
    explicit Value(bool given) : data(given) {}
    explicit Value(Number given) : data(std::move(given)) {}
    explicit Value(std::string given) : data(std::move(given)) {}
    explicit Value(List given) : data(std::move(given)) {}
    explicit Value(Map given) : data(std::move(given)) {}
    static Value integer(long long given);
    static Value real(double given);
    bool operator==(const Value&) const = default;

    template <class T>
    [[nodiscard]] const T* as() const {
        return std::get_if<T>(&data);
    }
    template <class T>
    [[nodiscard]] T* as() {
        return std::get_if<T>(&data);
    }
    [[nodiscard]] bool is_null() const { return as<std::monostate>() != nullptr; }
    /// Null or an empty list: nothing was found.
    [[nodiscard]] bool is_empty() const;
    /// Not empty, not false and, as Python has false == 0, not zero.
    [[nodiscard]] bool is_match() const;
};

[[nodiscard]] const Value* find(const Map& map, std::string_view key);
[[nodiscard]] Value* find(Map& map, std::string_view key);
/// Sets a key, in its old place if it was there.
void set(Map& map, std::string_view key, Value value);

/// The number that a text is for Python's int() or float(), blanks around it allowed.
/// "007" is 7, "+.5" is 0.5, "1_000" is none.
std::optional<Number> number_from(std::string_view text);

/// Texts that look like numbers or are "True" or "False" become what they look like; so do
/// those within lists and maps.
Value convert(Value value);

/// JSON on one line. What is no number in JSON becomes "NaN", "Infinity", "-Infinity".
std::string to_json(const Value& value);
std::string to_json(const Map& map);

Value from_json(const nlohmann::ordered_json& json);

/// About how many bytes of memory it takes.
std::size_t weight(const Value& value);

}  // namespace pavtest::parsers
