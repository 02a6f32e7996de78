// Reading a regular expression of Python's piece by piece: characters, escapes, names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pavtest::parsers {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_octal(char c) {
    return c >= '0' && c <= '7';
}
constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_word(char c) {
    return is_letter(c) || is_digit(c) || c == '_';
}

class PatternReader {
  protected:
    /// The pattern is well-formed UTF-8.
    explicit PatternReader(std::string_view pattern) : in_(pattern) {}

    /// Takes one character.
    std::uint32_t character();
    /// Takes an escape that stands for one character, in a class or outside.
    Result<std::uint32_t> escaped_character();
    /// Whether a backslash and three octal digits come.
    [[nodiscard]] bool is_octal_escape() const;
    /// A group's name or number from `from` up to `closing`; takes nothing.
    [[nodiscard]] Result<std::string> name_until(char closing, std::size_t from) const;

    [[nodiscard]] char peek(std::size_t ahead) const {
        return at_ + ahead < in_.size() ? in_[at_ + ahead] : '\0';
    }
    /// The number that digits write, or one that is beyond all limits.
    static std::size_t number_of(std::string_view digits);

    /// What is wrong at this place.
    [[nodiscard]] tl::unexpected<Error> bad(std::string_view why, std::string hint = {}) const;

    std::string_view in_;
    std::size_t at_ = 0;

  private:
    Result<std::uint32_t> hex_escape(std::size_t digits);
    Result<std::uint32_t> octal_escape();
    [[nodiscard]] tl::unexpected<Error> bad_escape(char c) const;
};

}  // namespace pavtest::parsers
