// Sums are exact while all numbers are integers of at most 38 digits.
#include "run/parsers/actions.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace pavtest::parsers {

namespace {

// Python counts True as 1.
std::optional<Number> number_in(const Value& value) {
    const Value converted = convert(value);
    if (const auto* number = converted.as<Number>()) {
        return *number;
    }
    if (const auto* flag = converted.as<bool>()) {
        return Number{*flag ? "1" : "0", true};
    }
    return std::nullopt;
}

std::optional<__int128> whole_of(const Number& number) {
    constexpr std::size_t most_digits = 36;
    if (!number.integer || number.text.size() > most_digits) {
        return std::nullopt;
    }
    __int128 value = 0;
    for (const char c : number.text) {
        if (c != '-') {
            value = value * 10 + (c - '0');
        }
    }
    return number.text.starts_with('-') ? -value : value;
}

std::string text_of(__int128 value) {
    std::string digits;
    for (__int128 rest = value < 0 ? -value : value; rest != 0 || digits.empty(); rest /= 10) {
        digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    }
    digits += value < 0 ? "-" : "";
    std::reverse(digits.begin(), digits.end());
    return digits;
}

bool less(const Number& a, const Number& b) {
    const auto left = whole_of(a);
    const auto right = whole_of(b);
    return left && right ? *left < *right : a.as_double() < b.as_double();
}

}  // namespace

bool Reduction::is_for(Action action) {
    return action == Action::store_sum || action == Action::store_min ||
           action == Action::store_median || action == Action::store_mean ||
           action == Action::store_max;
}

void Reduction::add(const Value& value) {
    auto number = number_in(value);
    if (!number) {
        return;
    }
    ++count_;
    constexpr __int128 far = static_cast<__int128>(1) << 126U;
    const auto whole = whole_of(*number);
    if (sum_.exact && whole && sum_.whole < far - *whole && sum_.whole > -far - *whole) {
        sum_.whole += *whole;
    } else {
        sum_.real =
            (sum_.exact ? static_cast<double>(sum_.whole) : sum_.real) + number->as_double();
        sum_.exact = false;
    }
    if (!least_ || less(*number, *least_)) {
        least_ = *number;
    }
    if (!greatest_ || less(*greatest_, *number)) {
        greatest_ = *number;
    }
    if (action_ == Action::store_median) {
        all_.push_back(std::move(*number));
    }
}

Value Reduction::result() const {
    if (count_ == 0) {
        return {};
    }
    switch (action_) {
        case Action::store_min:
            return Value(*least_);
        case Action::store_max:
            return Value(*greatest_);
        case Action::store_median:
            return median();
        case Action::store_mean: {
            const auto total = sum_.exact ? static_cast<long double>(sum_.whole)
                                          : static_cast<long double>(sum_.real);
            return Value::real(static_cast<double>(total / static_cast<long double>(count_)));
        }
        default:
            return sum_.exact ? Value(Number{text_of(sum_.whole), true}) : Value::real(sum_.real);
    }
}

Value Reduction::median() const {
    const bool ordered = std::none_of(all_.begin(), all_.end(), [](const Number& number) {
        return std::isnan(number.as_double());
    });
    if (!ordered) {
        return Value(Number{"nan", false});
    }
    std::vector<Number> sorted = all_;
    std::sort(sorted.begin(), sorted.end(), less);
    const std::size_t half = sorted.size() / 2;
    if (sorted.size() % 2 == 1) {
        return Value(sorted[half]);
    }
    return Value::real((sorted[half - 1].as_double() + sorted[half].as_double()) / 2);
}

Value apply(Action action, bool verdict, Value found) {
    if (verdict) {
        // A text "True" or "False" says it itself; a number says nothing.
        Value converted = convert(found);
        const bool says = converted.as<bool>() != nullptr || found.as<Number>() != nullptr;
        return says ? converted : Value(found.is_match());
    }
    switch (action) {
        case Action::store:
            return convert(std::move(found));
        case Action::store_str:
            return found;
        case Action::store_true:
            return Value(found.is_match());
        case Action::store_false:
            return Value(!found.is_match());
        case Action::count: {
            const auto* list = found.as<List>();
            return Value::integer(list != nullptr ? static_cast<long long>(list->size())
                                                  : (found.is_match() ? 1 : 0));
        }
        default:
            break;
    }
    const auto* list = found.as<List>();
    if (list == nullptr) {
        return {};
    }
    Reduction reduction(action);
    for (const Value& item : *list) {
        reduction.add(item);
    }
    return reduction.result();
}

}  // namespace pavtest::parsers
