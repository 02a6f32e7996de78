// Whitelists by character class and length; no locale is asked.
#include "checks.h"

#include "text.h"

namespace pavtest::spank {

namespace {

constexpr std::size_t path_limit = 1024;
constexpr std::size_t host_list_limit = 65536;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_name_character(char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
}

bool is_path_character(char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

template <typename Predicate>
bool all_of(std::string_view text, Predicate allowed) {
    for (const char c : text) {
        if (!allowed(c)) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool is_session_id(std::string_view text) {
    constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    return text.size() == 12 &&
           all_of(text, [&](char c) { return alphabet.find(c) != std::string_view::npos; });
}

bool is_plain_path(std::string_view text) {
    if (text.size() < 2 || text.size() > path_limit || text.front() != '/' ||
        !all_of(text, is_path_character)) {
        return false;
    }
    bool climbs = false;
    for_each_piece(text, '/', [&](std::string_view piece) { climbs = climbs || piece == ".."; });
    return !climbs;
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 20 && all_of(text, is_digit);
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 255 && text.front() != '.' && text.front() != '-' &&
           all_of(text, is_name_character);
}

bool is_host_list(std::string_view text) {
    return !text.empty() && text.size() <= host_list_limit && all_of(text, [](char c) {
        return is_name_character(c) || c == ',' || c == '[' || c == ']';
    });
}

bool is_exit_code(std::string_view text) {
    const std::size_t colon = text.find(':');
    return colon == std::string_view::npos
               ? is_number(text)
               : is_number({text.data(), colon}) && is_number(after(text, colon + 1));
}

bool has_control_character(std::string_view text) {
    return !all_of(text, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 127; });
}

}  // namespace pavtest::spank
