// Which type a plain scalar has under YAML 1.1, and its text in Python's form.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "base/float_text.h"
#include "base/text.h"
#include "base/yaml.h"

namespace pavtest::yaml {

namespace {

bool digit(char c) {
    return c >= '0' && c <= '9';
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

/// A cursor over a scalar, for patterns that are too simple for a regex engine.
class Cursor {
  public:
    explicit Cursor(std::string_view text) : text_(text) {}
    [[nodiscard]] bool done() const { return at_ == text_.size(); }
    [[nodiscard]] char peek() const { return done() ? '\0' : text_[at_]; }
    bool take(char c) {
        if (peek() != c || done()) {
            return false;
        }
        ++at_;
        return true;
    }
    bool take_any(std::string_view characters) {
        if (done() || characters.find(peek()) == std::string_view::npos) {
            return false;
        }
        ++at_;
        return true;
    }
    /// Takes as many of the characters as there are, at most `most`; says how many.
    std::size_t take_while(std::string_view characters,
                           std::size_t most = std::numeric_limits<std::size_t>::max()) {
        std::size_t taken = 0;
        while (taken < most && take_any(characters)) {
            ++taken;
        }
        return taken;
    }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
};

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kDigitsAnd = "0123456789_";

// (?::[0-5]?[0-9])+
bool take_sexagesimals(Cursor& cursor) {
    bool any = false;
    while (cursor.take(':')) {
        const char first = cursor.peek();
        if (cursor.take_while(kDigits, 1) == 0) {
            return false;
        }
        if (first <= '5') {
            cursor.take_while(kDigits, 1);
        }
        any = true;
    }
    return any;
}

std::string without_underscores(std::string_view raw) {
    std::string out(raw);
    out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
    return out;
}

double sexagesimal_value(std::string_view text) {
    double value = 0;
    for (const std::string& part : split(text, ':')) {
        value = value * 60 + std::strtod(part.c_str(), nullptr);
    }
    return value;
}

std::optional<double> as_real(std::string_view raw) {
    std::string_view body = raw;
    const bool negative = body.front() == '-';
    const bool is_signed = negative || body.front() == '+';
    if (is_signed) {
        body.remove_prefix(1);
    }
    if (one_of(body, {".inf", ".Inf", ".INF"})) {
        const double infinity = std::numeric_limits<double>::infinity();
        return negative ? -infinity : infinity;
    }
    if (!is_signed && one_of(body, {".nan", ".NaN", ".NAN"})) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    if (body.find('.') == std::string_view::npos) {
        return std::nullopt;
    }
    Cursor cursor(body);
    const bool begins_with_digit = digit(cursor.peek());
    bool sexagesimal = false;
    if (begins_with_digit) {
        cursor.take_while(kDigitsAnd);
        sexagesimal = cursor.peek() == ':' && take_sexagesimals(cursor);
        if (!cursor.take('.')) {
            return std::nullopt;
        }
        cursor.take_while(kDigitsAnd);
    } else if (is_signed || !cursor.take('.') || cursor.take_while(kDigitsAnd) == 0) {
        return std::nullopt;
    }
    if (!sexagesimal && cursor.take_any("eE") &&
        (!cursor.take_any("+-") || cursor.take_while(kDigits) == 0)) {
        return std::nullopt;
    }
    const std::string plain = without_underscores(body);
    if (!cursor.done() || plain == ".") {
        return std::nullopt;
    }
    const double value =
        sexagesimal ? sexagesimal_value(plain) : std::strtod(plain.c_str(), nullptr);
    return negative ? -value : value;
}

// Digits of a number in another base as decimal digits, of any length.
std::string to_decimal(std::string_view digits, unsigned base) {
    constexpr std::uint64_t group = 1'000'000'000;
    std::vector<std::uint64_t> groups{0};  // least significant first
    for (const char c : digits) {
        unsigned value = 0;
        std::from_chars(&c, &c + 1, value, 16);
        std::uint64_t carry = value;
        for (std::uint64_t& part : groups) {
            const std::uint64_t sum = part * base + carry;
            part = sum % group;
            carry = sum / group;
        }
        if (carry != 0) {
            groups.push_back(carry);
        }
    }
    std::string out = std::to_string(groups.back());
    for (auto part = groups.rbegin() + 1; part != groups.rend(); ++part) {
        const std::string text = std::to_string(*part);
        out += std::string(9 - text.size(), '0') + text;
    }
    return out;
}

std::optional<std::string> as_integer(std::string_view raw) {
    constexpr std::size_t longest = 4300;  // as Python limits it
    std::string_view body = raw;
    const bool negative = body.front() == '-';
    if (negative || body.front() == '+') {
        body.remove_prefix(1);
    }
    if (body.empty() || !digit(body.front()) || body.size() > longest) {
        return std::nullopt;
    }
    std::string value;
    Cursor cursor(body);
    if (body.starts_with("0b") || body.starts_with("0x")) {
        const bool binary = body[1] == 'b';
        body.remove_prefix(2);
        Cursor tail(body);
        tail.take_while(binary ? "01_" : "0123456789abcdefABCDEF_");
        const std::string digits = without_underscores(body);
        if (!tail.done() || digits.empty()) {
            return std::nullopt;
        }
        value = to_decimal(digits, binary ? 2 : 16);
    } else if (body.front() == '0') {
        cursor.take_while("01234567_");
        if (!cursor.done()) {
            return std::nullopt;
        }
        value = to_decimal(without_underscores(body), 8);
    } else {
        cursor.take_while(kDigitsAnd);
        if (cursor.done()) {
            value = without_underscores(body);
        } else if (take_sexagesimals(cursor) && cursor.done() && body.size() < 18) {
            std::int64_t total = 0;
            for (const std::string& part : split(without_underscores(body), ':')) {
                total = total * 60 + std::atoll(part.c_str());
            }
            value = std::to_string(total);
        } else {
            return std::nullopt;
        }
    }
    return negative && value != "0" ? "-" + value : value;
}

bool is_timestamp(std::string_view raw) {
    Cursor cursor(raw);
    if (cursor.take_while(kDigits, 4) != 4 || !cursor.take('-')) {
        return false;
    }
    const std::size_t month = cursor.take_while(kDigits, 2);
    if (month == 0 || !cursor.take('-')) {
        return false;
    }
    const std::size_t day = cursor.take_while(kDigits, 2);
    if (day == 0) {
        return false;
    }
    if (cursor.done()) {
        return month == 2 && day == 2;
    }
    if (!cursor.take_any("Tt") && cursor.take_while(" \t") == 0) {
        return false;
    }
    if (cursor.take_while(kDigits, 2) == 0 || !cursor.take(':') ||
        cursor.take_while(kDigits, 2) != 2 || !cursor.take(':') ||
        cursor.take_while(kDigits, 2) != 2) {
        return false;
    }
    if (cursor.take('.')) {
        cursor.take_while(kDigits);
    }
    cursor.take_while(" \t");
    if (cursor.done() || cursor.take('Z')) {
        return cursor.done();
    }
    if (!cursor.take_any("+-") || cursor.take_while(kDigits, 2) == 0) {
        return false;
    }
    return cursor.done() ||
           (cursor.take(':') && cursor.take_while(kDigits, 2) == 2 && cursor.done());
}

}  // namespace

Type resolve_plain(std::string_view raw, std::string& text, bool& null) {
    null = raw.empty() || one_of(raw, {"~", "null", "Null", "NULL"});
    text.assign(raw);
    if (null) {
        return Type::text;
    }
    const char first = raw.front();
    if (digit(first) || first == '-' || first == '+' || first == '.') {
        if (const auto real = as_real(raw)) {
            text = float_text(*real);
            return Type::real;
        }
        if (auto integer = as_integer(raw)) {
            text = std::move(*integer);
            return Type::integer;
        }
        return is_timestamp(raw) ? Type::timestamp : Type::text;
    }
    constexpr std::size_t longest_word = 5;
    if (raw.size() > longest_word) {
        return Type::text;
    }
    if (one_of(raw, {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) {
        text = "True";
        return Type::boolean;
    }
    if (one_of(raw, {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) {
        text = "False";
        return Type::boolean;
    }
    return Type::text;
}

}  // namespace pavtest::yaml
