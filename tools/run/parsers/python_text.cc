// Python's idea of blanks and words.
#include "run/parsers/python_text.h"

#include <algorithm>
#include <cstdint>

namespace pavtest::parsers {

namespace {

struct Character {
    std::uint32_t code = 0;
    std::size_t bytes = 0;
};

Character first_of(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
    };
    const std::uint32_t lead = byte(0);
    if (lead < 0x80 || text.size() < 2) {
        return {lead, 1};
    }
    if (lead < 0xE0) {
        return {(lead & 0x1FU) << 6U | (byte(1) & 0x3FU), 2};
    }
    if (lead < 0xF0 && text.size() >= 3) {
        return {(lead & 0xFU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU), 3};
    }
    if (text.size() >= 4) {
        return {(lead & 7U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U |
                    (byte(3) & 0x3FU),
                4};
    }
    return {lead, 1};
}

bool is_blank(std::uint32_t code) {
    return code == ' ' || (code >= 9 && code <= 13) || (code >= 0x1C && code <= 0x1F) ||
           code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
           code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

// Whether a character beyond ASCII is a letter or digit. Blocks rather than single characters:
// what stands between words in tables is punctuation, arrows, lines and boxes.
bool is_foreign_word(std::uint32_t code) {
    const bool latin1_letter = code >= 0xC0 && code != 0xD7 && code != 0xF7;
    const bool latin1_other = code == 0xAA || code == 0xB5 || code == 0xBA || code == 0xB2 ||
                              code == 0xB3 || code == 0xB9 || (code >= 0xBC && code <= 0xBE);
    const bool punctuation =
        (code >= 0x2000 && code <= 0x206F) || (code >= 0x20A0 && code <= 0x20CF) ||
        (code >= 0x2190 && code <= 0x2BFF) || (code >= 0x3000 && code <= 0x3004) ||
        (code >= 0x3008 && code <= 0x3020) || (code >= 0xE000 && code <= 0xF8FF) ||
        (code >= 0xFE00 && code <= 0xFE6F) || code >= 0xFFF0;
    return (latin1_letter || latin1_other) && !punctuation;
}

bool is_ascii_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string_view lstrip(std::string_view text) {
    while (!text.empty()) {
        const Character c = first_of(text);
        if (!is_blank(c.code)) {
            break;
        }
        text.remove_prefix(c.bytes);
    }
    return text;
}

std::string_view strip(std::string_view text) {
    text = lstrip(text);
    while (!text.empty()) {
        std::size_t at = text.size() - 1;
        while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) {
            --at;
        }
        if (!is_blank(first_of(text.substr(at)).code)) {
            break;
        }
        text = text.substr(0, at);
    }
    return text;
}

std::vector<std::string_view> split_blanks(std::string_view text) {
    std::vector<std::string_view> parts;
    text = lstrip(text);
    while (!text.empty()) {
        std::size_t end = 0;
        while (end < text.size()) {
            const Character c = first_of(text.substr(end));
            if (is_blank(c.code)) {
                break;
            }
            end += c.bytes;
        }
        parts.push_back(text.substr(0, end));
        text = lstrip(text.substr(end));
    }
    return parts;
}

std::vector<std::string_view> split_by(std::string_view text, std::string_view separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(at + separator.size());
    }
}

std::string lower_ascii(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

std::string with_underscores(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Character c = first_of(text);
        const bool word = c.bytes == 1 ? is_ascii_word(text[0]) : is_foreign_word(c.code);
        if (word) {
            out += text.substr(0, c.bytes);
        } else {
            out += '_';
        }
        text.remove_prefix(c.bytes);
    }
    return out;
}

std::string file_key(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    name = name.substr(0, name.find('.'));
    return with_underscores(lower_ascii(name));
}

}  // namespace pavtest::parsers
