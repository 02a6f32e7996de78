// Python's arithmetic on integers, floats and booleans; texts that look like numbers are
// taken as numbers.
#include "suite/arithmetic.h"

#include <fmt/format.h>

#include <cmath>

namespace pavtest::suite {

namespace {

tl::unexpected<std::string> fail(std::string what) {
    return tl::make_unexpected(std::move(what));
}

bool is_float(const Datum& datum) {
    return datum.as<double>() != nullptr;
}

Integer integer_of(const Datum& datum) {
    if (const auto* boolean = datum.as<bool>()) {
        return *boolean ? 1 : 0;
    }
    return *datum.as<Integer>();
}

double float_of(const Datum& datum) {
    const auto* real = datum.as<double>();
    return real != nullptr ? *real : static_cast<double>(integer_of(datum));
}

constexpr const char* kTooLarge = "the result is too large";

Integer floor_divide(Integer a, Integer b) {
    const Integer quotient = a / b;
    return (a % b != 0 && (a < 0) != (b < 0)) ? quotient - 1 : quotient;
}

double float_modulo(double a, double b) {
    double rest = std::fmod(a, b);
    if (rest != 0 && (b < 0) != (rest < 0)) {
        rest += b;
    }
    return rest == 0 ? std::copysign(0.0, b) : rest;
}

Computed integer_power(Integer base, Integer exponent) {
    if (exponent < 0) {
        if (base == 0) {
            return fail("0 cannot be raised to a negative power");
        }
        return Datum::of(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
    }
    Integer result = 1;
    while (exponent > 0) {
        if (exponent % 2 == 1 && __builtin_mul_overflow(result, base, &result)) {
            return fail(kTooLarge);
        }
        exponent /= 2;
        if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) {
            return fail(kTooLarge);
        }
    }
    return Datum::of(result);
}

Computed integer_operation(std::string_view symbol, Integer a, Integer b) {
    Integer result = 0;
    bool overflow = false;
    switch (symbol.front()) {
        case '+':
            overflow = __builtin_add_overflow(a, b, &result);
            break;
        case '-':
            overflow = __builtin_sub_overflow(a, b, &result);
            break;
        case '*':
            overflow = __builtin_mul_overflow(a, b, &result);
            break;
        case '^':
            return integer_power(a, b);
        default:
            if (b == 0) {
                return fail("division by zero");
            }
            if (symbol == "/") {
                return Datum::of(static_cast<double>(a) / static_cast<double>(b));
            }
            result = symbol == "%" ? a - floor_divide(a, b) * b : floor_divide(a, b);
    }
    if (overflow) {
        return fail(kTooLarge);
    }
    return Datum::of(result);
}

Computed float_operation(std::string_view symbol, double a, double b) {
    switch (symbol.front()) {
        case '+':
            return Datum::of(a + b);
        case '-':
            return Datum::of(a - b);
        case '*':
            return Datum::of(a * b);
        case '^': {
            if (a < 0 && b != std::floor(b)) {
                return fail("the power of a negative number has a complex result");
            }
            if (a == 0 && b < 0) {
                return fail("0 cannot be raised to a negative power");
            }
            const double power = std::pow(a, b);
            if (std::isinf(power) && std::isfinite(a) && std::isfinite(b)) {
                return fail(kTooLarge);
            }
            return Datum::of(power);
        }
        default:
            if (b == 0) {
                return fail("division by zero");
            }
            if (symbol == "/") {
                return Datum::of(a / b);
            }
            return symbol == "%" ? Datum::of(float_modulo(a, b))
                                 : Datum::of(std::floor((a - float_modulo(a, b)) / b + 0.0));
    }
}

Computed arithmetic(std::string_view symbol, const Datum& left, const Datum& right) {
    for (const Datum* side : {&left, &right}) {
        if (side->is_text()) {
            return fail(fmt::format("'{}' is no number to calculate with", side->text()));
        }
        if (!side->is_number()) {
            return fail(fmt::format("a {} cannot be calculated with", side->type_name()));
        }
    }
    if (is_float(left) || is_float(right)) {
        return float_operation(symbol, float_of(left), float_of(right));
    }
    return integer_operation(symbol, integer_of(left), integer_of(right));
}

bool equal(const Datum& left, const Datum& right) {
    if (left.is_number() && right.is_number()) {
        return is_float(left) || is_float(right) ? float_of(left) == float_of(right)
                                                 : integer_of(left) == integer_of(right);
    }
    if (left.value.index() != right.value.index()) {
        return false;
    }
    if (const auto* text = left.as<std::string>()) {
        return *text == *right.as<std::string>();
    }
    if (const auto* map = left.as<DatumMap>()) {
        for (const auto& [key, item] : *map) {
            const Datum* other = right.find(key);
            if (other == nullptr || !equal(item, *other)) {
                return false;
            }
        }
        return map->size() == right.as<DatumMap>()->size();
    }
    return left.is_null();
}

template <class T>
bool ordered(std::string_view symbol, const T& a, const T& b) {
    if (symbol == "<") {
        return a < b;
    }
    if (symbol == ">") {
        return a > b;
    }
    return symbol == "<=" ? a <= b : a >= b;
}

Computed compare(std::string_view symbol, const Datum& left, const Datum& right) {
    if (symbol == "==" || symbol == "!=") {
        return Datum::of(equal(left, right) == (symbol == "=="));
    }
    if (left.is_number() && right.is_number()) {
        return Datum::of(is_float(left) || is_float(right)
                             ? ordered(symbol, float_of(left), float_of(right))
                             : ordered(symbol, integer_of(left), integer_of(right)));
    }
    if (left.is_text() && right.is_text()) {
        return Datum::of(ordered(symbol, *left.as<std::string>(), *right.as<std::string>()));
    }
    return fail(fmt::format("a {} and a {} cannot be compared with '{}'", left.type_name(),
                            right.type_name(), symbol));
}

Computed logical(std::string_view symbol, const Datum& left, const Datum& right) {
    return Datum::of(symbol == "or" ? left.truth() || right.truth()
                                    : left.truth() && right.truth());
}

using Operation = Computed (*)(std::string_view, const Datum&, const Datum&);

// A single value goes with each item of a list, a list with one of the same length.
Computed broadcast(std::string_view symbol, const Datum& left, const Datum& right,
                   Operation operation) {
    const auto* left_list = left.as<DatumList>();
    const auto* right_list = right.as<DatumList>();
    if (left_list == nullptr && right_list == nullptr) {
        return operation(symbol, left, right);
    }
    if (left_list != nullptr && right_list != nullptr && left_list->size() != right_list->size()) {
        return fail(fmt::format("lists of {} and {} items cannot be combined", left_list->size(),
                                right_list->size()));
    }
    const std::size_t size = left_list != nullptr ? left_list->size() : right_list->size();
    DatumList out;
    out.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
        auto item = operation(symbol, left_list != nullptr ? (*left_list)[i] : left,
                              right_list != nullptr ? (*right_list)[i] : right);
        if (!item) {
            return item;
        }
        out.push_back(std::move(*item));
    }
    return Datum::of(std::move(out));
}

Computed joined(const Datum& left, const Datum& right) {
    const auto* left_list = left.as<DatumList>();
    const auto* right_list = right.as<DatumList>();
    if (left_list != nullptr && right_list != nullptr) {
        DatumList out = *left_list;
        out.insert(out.end(), right_list->begin(), right_list->end());
        return Datum::of(std::move(out));
    }
    if (left_list == nullptr && right_list == nullptr) {
        return Datum::of(left.text() + right.text());
    }
    DatumList out;
    for (const Datum& item : left_list != nullptr ? *left_list : *right_list) {
        if (!item.is_text()) {
            return fail(fmt::format("'..' joins texts, and an item is a {}", item.type_name()));
        }
        out.push_back(Datum::of(left_list != nullptr ? item.text() + right.text()
                                                     : left.text() + item.text()));
    }
    return Datum::of(std::move(out));
}

}  // namespace

Computed apply(std::string_view symbol, const Datum& left, const Datum& right) {
    if (symbol == "..") {
        return joined(left, right);
    }
    if (symbol == "and" || symbol == "or") {
        return broadcast(symbol, left, right, logical);
    }
    if (symbol.front() == '=' || symbol.front() == '!' || symbol.front() == '<' ||
        symbol.front() == '>') {
        return broadcast(symbol, left, right, compare);
    }
    const Datum numbers[] = {auto_convert(left), auto_convert(right)};
    for (const Datum& side : numbers) {
        // Even beside an empty list, with whose items it would never meet.
        if (side.is_text()) {
            return fail(fmt::format("'{}' is no number to calculate with", side.text()));
        }
    }
    return broadcast(symbol, numbers[0], numbers[1], arithmetic);
}

Computed negated(const Datum& value) {
    return broadcast("-", auto_convert(value), Datum::of(Integer{0}),
                     [](std::string_view symbol, const Datum& item, const Datum& zero) -> Computed {
                         if (const auto* real = item.as<double>()) {
                             return Datum::of(-*real);
                         }
                         return arithmetic(symbol, zero, item);
                     });
}

Computed affirmed(const Datum& value) {
    return broadcast("+", auto_convert(value), Datum::of(Integer{0}),
                     [](std::string_view, const Datum& item, const Datum&) -> Computed {
                         if (!item.is_number()) {
                             return fail(fmt::format("'{}' is no number", item.text()));
                         }
                         return item;
                     });
}

Computed inverted(const Datum& value) {
    return broadcast("not", value, Datum::of(false),
                     [](std::string_view, const Datum& item, const Datum&) -> Computed {
                         return Datum::of(!item.truth());
                     });
}

}  // namespace pavtest::suite
