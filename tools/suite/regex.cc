// Where Python's syntax and PCRE2's part, the pattern is rewritten.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "suite/regex.h"

#include <fmt/format.h>
#include <pcre2.h>

#include "base/text.h"

namespace pavtest::suite {

struct Regex::Code {
    explicit Code(pcre2_code* given) : compiled(given) {}
    ~Code() { pcre2_code_free(compiled); }
    Code(const Code&) = delete;
    Code& operator=(const Code&) = delete;
    pcre2_code* compiled;
};

namespace {

bool hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// \Z is the very end, \uXXXX a character, and {,n} begins at zero.
std::string translated(std::string_view pattern) {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '\\' && i + 1 < pattern.size()) {
            const char escaped = pattern[i + 1];
            const std::size_t digits = escaped == 'u' ? 4 : 8;
            if (escaped == 'Z') {
                out += "\\z";
            } else if ((escaped == 'u' || escaped == 'U') && i + 2 + digits <= pattern.size() &&
                       hex(pattern.substr(i + 2, digits))) {
                out += fmt::format("\\x{{{}}}", pattern.substr(i + 2, digits));
                i += digits;
            } else {
                out += c;
                out += escaped;
            }
            ++i;
        } else if (c == '{' && i + 2 < pattern.size() && pattern[i + 1] == ',' &&
                   pattern[i + 2] >= '0' && pattern[i + 2] <= '9') {
            out += "{0";
        } else {
            out += c;
        }
    }
    return out;
}

struct MatchData {
    explicit MatchData(const pcre2_code* code)
        : data(pcre2_match_data_create_from_pattern(code, nullptr)),
          context(pcre2_match_context_create(nullptr)) {
        constexpr std::uint32_t steps = 5'000'000;
        constexpr std::uint32_t kibibytes = 64U << 10;
        pcre2_set_match_limit(context, steps);
        pcre2_set_heap_limit(context, kibibytes);
    }
    ~MatchData() {
        pcre2_match_data_free(data);
        pcre2_match_context_free(context);
    }
    MatchData(const MatchData&) = delete;
    MatchData& operator=(const MatchData&) = delete;
    pcre2_match_data* data;
    pcre2_match_context* context;
};

int match(const pcre2_code* code, std::string_view subject, std::uint32_t options,
          const MatchData& data) {
    return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), 0,
                       options, data.data, data.context);
}

}  // namespace

tl::expected<Regex, std::string> Regex::compile(std::string_view pattern) {
    const std::string text = to_utf8(translated(pattern));
    int code = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code* compiled =
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &code, &offset, nullptr);
    if (compiled == nullptr) {
        char message[256] = "";
        pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR*>(message), sizeof message);
        return tl::make_unexpected(fmt::format("{} at character {}", message, offset));
    }
    return Regex(std::make_shared<const Code>(compiled));
}

std::optional<Regex::Match> Regex::search(std::string_view given) const {
    const std::string subject = to_utf8(given);
    const MatchData data(code_->compiled);
    const int count = match(code_->compiled, subject, 0, data);
    if (count <= 0) {
        return std::nullopt;
    }
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data.data);
    const std::uint32_t pairs = pcre2_get_ovector_count(data.data);
    Match found;
    for (std::uint32_t i = 0; i < pairs; ++i) {
        const PCRE2_SIZE from = ends[2 * static_cast<std::size_t>(i)];
        const PCRE2_SIZE until = ends[2 * static_cast<std::size_t>(i) + 1];
        std::optional<std::string> text;
        if (static_cast<int>(i) < count && from != PCRE2_UNSET && until >= from) {
            text = subject.substr(from, until - from);
        }
        if (i == 0) {
            found.text = text.value_or("");
        } else {
            found.groups.push_back(std::move(text));
        }
    }
    return found;
}

bool Regex::matches_start(std::string_view given) const {
    const std::string subject = to_utf8(given);
    const MatchData data(code_->compiled);
    return match(code_->compiled, subject, PCRE2_ANCHORED, data) > 0;
}

}  // namespace pavtest::suite
