// A strict scanner for one JSON object; nested values are checked and skipped.
#include "status/flat_json.h"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

namespace pavtest::status {

namespace {

constexpr int kDeepest = 32;

bool digit(char c) {
    return c >= '0' && c <= '9';
}

int hex(char c) {
    if (digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::uint32_t hex4(std::string_view text) {
    std::uint32_t value = 0;
    for (const char c : text.substr(0, 4)) {
        value = value * 16 + static_cast<std::uint32_t>(hex(c));
    }
    return value;
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0U | (code >> 6U));
        put(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
        put(0xE0U | (code >> 12U));
        put(0x80U | ((code >> 6U) & 0x3FU));
        put(0x80U | (code & 0x3FU));
    } else {
        put(0xF0U | (code >> 18U));
        put(0x80U | ((code >> 12U) & 0x3FU));
        put(0x80U | ((code >> 6U) & 0x3FU));
        put(0x80U | (code & 0x3FU));
    }
}

}  // namespace

void FlatReader::blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) {
        ++at_;
    }
}

bool FlatReader::take(char c) {
    if (at_ < text_.size() && text_[at_] == c) {
        ++at_;
        return true;
    }
    return false;
}

bool FlatReader::string(FlatValue& value) {
    if (!take('"')) {
        return false;
    }
    value.kind = FlatValue::Kind::string;
    value.escaped = false;
    const std::size_t start = at_;
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c == '"') {
            value.text = text_.substr(start, at_ - start);
            ++at_;
            return true;
        }
        if (static_cast<unsigned char>(c) < 0x20) {
            return false;
        }
        ++at_;
        if (c != '\\') {
            continue;
        }
        value.escaped = true;
        if (at_ >= text_.size()) {
            return false;
        }
        const char kind = text_[at_++];
        if (kind == 'u') {
            for (int i = 0; i < 4; ++i, ++at_) {
                if (at_ >= text_.size() || hex(text_[at_]) < 0) {
                    return false;
                }
            }
        } else if (std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) {
            return false;
        }
    }
    return false;
}

bool FlatReader::number(FlatValue& value) {
    const std::size_t start = at_;
    const auto digits = [&] {
        const std::size_t from = at_;
        while (at_ < text_.size() && digit(text_[at_])) {
            ++at_;
        }
        return at_ > from;
    };
    take('-');
    const std::size_t whole = at_;
    if (!digits() || (text_[whole] == '0' && at_ > whole + 1)) {
        return false;
    }
    if (take('.') && !digits()) {
        return false;
    }
    if (take('e') || take('E')) {
        if (!take('-')) {
            take('+');
        }
        if (!digits()) {
            return false;
        }
    }
    value.kind = FlatValue::Kind::number;
    value.text = text_.substr(start, at_ - start);
    return true;
}

bool FlatReader::literal(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) {
        return false;
    }
    at_ += word.size();
    return true;
}

bool FlatReader::compound(FlatValue& value, int depth) {
    const std::size_t start = at_;
    const bool object = text_[at_++] == '{';
    const char close = object ? '}' : ']';
    FlatValue inner;
    blanks();
    if (!take(close)) {
        do {
            blanks();
            if (object) {
                if (!string(inner)) {
                    return false;
                }
                blanks();
                if (!take(':')) {
                    return false;
                }
                blanks();
            }
            if (!this->value(inner, depth + 1)) {
                return false;
            }
            blanks();
        } while (take(','));
        if (!take(close)) {
            return false;
        }
    }
    value.kind = FlatValue::Kind::compound;
    value.text = text_.substr(start, at_ - start);
    return true;
}

bool FlatReader::value(FlatValue& value, int depth) {
    if (at_ >= text_.size() || depth > kDeepest) {
        return false;
    }
    const std::size_t start = at_;
    switch (text_[at_]) {
        case '"':
            return string(value);
        case '{':
        case '[':
            return compound(value, depth);
        case 't':
        case 'f':
            value.kind = FlatValue::Kind::boolean;
            if (!literal("true") && !literal("false")) {
                return false;
            }
            break;
        case 'n':
            value.kind = FlatValue::Kind::null;
            if (!literal("null")) {
                return false;
            }
            break;
        default:
            return number(value);
    }
    value.text = text_.substr(start, at_ - start);
    return true;
}

bool FlatReader::begin() {
    blanks();
    return take('{');
}

bool FlatReader::begin_array() {
    blanks();
    return take('[');
}

bool FlatReader::next_element(FlatValue& value) {
    blanks();
    if (take(']') || (!first_ && !take(','))) {
        return false;
    }
    first_ = false;
    blanks();
    return this->value(value, 0);
}

bool FlatReader::next(FlatValue& key, FlatValue& value) {
    blanks();
    if (take('}')) {
        blanks();
        complete_ = at_ == text_.size();
        return false;
    }
    if (!first_ && !take(',')) {
        return false;
    }
    first_ = false;
    blanks();
    if (!string(key)) {
        return false;
    }
    blanks();
    if (!take(':')) {
        return false;
    }
    blanks();
    return this->value(value, 0);
}

std::string unescaped(const FlatValue& value) {
    if (!value.escaped) {
        return std::string(value.text);
    }
    std::string out;
    out.reserve(value.text.size());
    const std::string_view text = value.text;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        switch (text[++i]) {
            case 'b':
                out += '\b';
                break;
            case 'f':
                out += '\f';
                break;
            case 'n':
                out += '\n';
                break;
            case 'r':
                out += '\r';
                break;
            case 't':
                out += '\t';
                break;
            case 'u': {
                std::uint32_t code = hex4(text.substr(i + 1));
                i += 4;
                const bool high = code >= 0xD800 && code < 0xDC00;
                if (high && text.substr(i + 1, 2) == "\\u") {
                    const std::uint32_t low = hex4(text.substr(i + 3));
                    if (low >= 0xDC00 && low < 0xE000) {
                        code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
                        i += 6;
                    }
                }
                append_utf8(out, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
                break;
            }
            default:
                out += text[i];
        }
    }
    return out;
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) {
                    fmt::format_to(std::back_inserter(out), "\\u{:04x}",
                                   static_cast<unsigned char>(c));
                } else {
                    out += c;
                }
        }
    }
}

}  // namespace pavtest::status
