// Each expression is compiled in up to four forms, made when first needed: for ASCII texts
// (twice as fast, and the same as Python's there) and for all of Unicode; for short texts
// and for long ones, where the clock is looked at between stretches of starting points.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "run/parsers/regex.h"

#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"
#include "run/parsers/python_regex.h"

namespace pavtest::parsers {

namespace {

template <class T, void (*release)(T*)>
struct Release {
    void operator()(T* given) const { release(given); }
};
template <class T, void (*release)(T*)>
using Handle = std::unique_ptr<T, Release<T, release>>;

using Code = Handle<pcre2_code, pcre2_code_free>;
using MatchData = Handle<pcre2_match_data, pcre2_match_data_free>;
using MatchContext = Handle<pcre2_match_context, pcre2_match_context_free>;
using CompileContext = Handle<pcre2_compile_context, pcre2_compile_context_free>;
using JitStack = Handle<pcre2_jit_stack, pcre2_jit_stack_free>;

constexpr std::uint32_t most_steps = 10'000'000;    // from one starting point
constexpr std::uint32_t most_memory = 256U << 10;   // KiB, without JIT
constexpr std::size_t jit_stack = 4U << 20;         // bytes
constexpr std::size_t long_text = 16U << 10;        // bytes from which on the clock counts
constexpr std::size_t stretch_cost = 64U << 20;     // bytes looked at between two looks

std::string message_of(int code) {
    std::array<PCRE2_UCHAR, 256> buffer{};
    pcre2_get_error_message(code, buffer.data(), buffer.size());
    return reinterpret_cast<const char*>(buffer.data());
}

bool all_ascii(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace

Subject Subject::of(std::string_view text) { return {text, all_ascii(text)}; }

struct Regex::State {
    std::string pattern;
    Translation translation;

    struct Form {
        Code code;
        bool jit = false;
    };
    std::array<Form, 4> forms;  // [unicode][long]
    MatchData match;
    MatchContext context;
    JitStack stack;
    Error error;

    static std::size_t index(bool unicode, bool long_texts) {
        return (unicode ? 2U : 0U) + (long_texts ? 1U : 0U);
    }
    Result<> make_form(bool unicode, bool long_texts);
    Found run(Form& form, std::string_view text, std::size_t start, std::uint32_t options);
    Found stretches(Form& form, const Subject& subject, std::size_t start, std::uint32_t options,
                    const Deadline& deadline);
    Found gave_up(std::string_view why) {
        error = Error{ErrorKind::infrastructure,
                      fmt::format("regular expression '{}' was given up: {}", pattern, why),
                      "repeats within repeats, as in (a+)+, cost most", std::nullopt};
        return Found::gave_up;
    }
};

Result<> Regex::State::make_form(bool unicode, bool long_texts) {
    Form& form = forms[index(unicode, long_texts)];
    std::uint32_t options = PCRE2_ALT_CIRCUMFLEX | PCRE2_NO_UTF_CHECK;
    options |= translation.ignore_case ? PCRE2_CASELESS : 0U;
    options |= translation.multiline ? PCRE2_MULTILINE : 0U;
    options |= translation.dot_all ? PCRE2_DOTALL : 0U;
    options |= unicode ? PCRE2_UTF : 0U;
    options |= unicode && !translation.ascii ? PCRE2_UCP : 0U;
    options |= long_texts ? PCRE2_USE_OFFSET_LIMIT : 0U;
    const CompileContext settings(pcre2_compile_context_create(nullptr));
    pcre2_set_newline(settings.get(), PCRE2_NEWLINE_LF);
    int code = 0;
    std::size_t offset = 0;
    form.code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translation.pattern.data()),
                                  translation.pattern.size(), options, &code, &offset,
                                  settings.get()));
    if (!form.code) {
        return fail(ErrorKind::config,
                    fmt::format("regular expression '{}': {}", pattern, message_of(code)));
    }
    // Without JIT (a system may forbid it) everything works, only slower.
    form.jit = pcre2_jit_compile(form.code.get(), PCRE2_JIT_COMPLETE) == 0;
    return {};
}

Regex::Found Regex::State::run(Form& form, std::string_view text, std::size_t start,
                               std::uint32_t options) {
    const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    int rc = form.jit ? pcre2_jit_match(form.code.get(), subject, text.size(), start, options,
                                        match.get(), context.get())
                      : pcre2_match(form.code.get(), subject, text.size(), start,
                                    options | PCRE2_NO_UTF_CHECK, match.get(), context.get());
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT) {
        rc = pcre2_match(form.code.get(), subject, text.size(), start,
                         options | PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, match.get(), context.get());
    }
    if (rc >= 0) {
        return Found::yes;
    }
    if (rc == PCRE2_ERROR_NOMATCH) {
        return Found::no;
    }
    if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT) {
        return gave_up(fmt::format("on one line of {} bytes it took more than {} steps",
                                   text.size(), most_steps));
    }
    return gave_up(fmt::format("on a line of {} bytes: {}", text.size(), message_of(rc)));
}

// A search that tries every starting point may take the square of a long text's length, and
// no limit of PCRE2's is on the whole. So the starting points are tried in stretches.
Regex::Found Regex::State::stretches(Form& form, const Subject& subject, std::size_t start,
                                     std::uint32_t options, const Deadline& deadline) {
    const std::size_t size = subject.text.size();
    const std::size_t stretch = std::max<std::size_t>(1, stretch_cost / size);
    Found found = Found::no;
    while (found == Found::no) {
        std::size_t next = start + stretch;
        while (next < size && (static_cast<unsigned char>(subject.text[next]) & 0xC0U) == 0x80U) {
            ++next;
        }
        pcre2_set_offset_limit(context.get(), std::min(next - 1, size));
        found = run(form, subject.text, start, options);
        start = next;
        options = 0;
        if (start > size) {
            break;
        }
        if (found == Found::no && deadline.over()) {
            return gave_up(fmt::format("the time for parsing was over on a line of {} bytes", size));
        }
    }
    pcre2_set_offset_limit(context.get(), PCRE2_UNSET);
    return found;
}

Regex::Regex(std::unique_ptr<State> state) : state_(std::move(state)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::compile(std::string_view pattern) {
    auto translation = translate_regex(pattern);
    if (!translation) {
        return tl::unexpected(translation.error());
    }
    auto state = std::make_unique<State>();
    state->pattern = pattern;
    state->translation = std::move(*translation);
    const bool unicode = state->translation.beyond_ascii;
    if (auto made = state->make_form(unicode, false); !made) {
        return tl::unexpected(made.error());
    }
    const State::Form& form = state->forms[State::index(unicode, false)];
    state->match.reset(pcre2_match_data_create_from_pattern(form.code.get(), nullptr));
    state->context.reset(pcre2_match_context_create(nullptr));
    state->stack.reset(pcre2_jit_stack_create(32U << 10, jit_stack, nullptr));
    pcre2_set_match_limit(state->context.get(), most_steps);
    pcre2_set_heap_limit(state->context.get(), most_memory);
    pcre2_jit_stack_assign(state->context.get(), nullptr, state->stack.get());
    return Regex(std::move(state));
}

Regex::Found Regex::search(const Subject& subject, const Deadline& deadline) {
    return search_from(subject, 0, false, deadline);
}

Regex::Found Regex::search_from(const Subject& subject, std::size_t start, bool not_empty_at_start,
                                const Deadline& deadline) {
    State& state = *state_;
    const bool long_texts = subject.text.size() >= long_text;
    const bool unicode = !subject.ascii || state.translation.beyond_ascii;
    State::Form& form = state.forms[State::index(unicode, long_texts)];
    if (!form.code) {
        if (auto made = state.make_form(unicode, long_texts); !made) {
            state.error = made.error();
            return Found::gave_up;
        }
    }
    const std::uint32_t options = not_empty_at_start ? PCRE2_NOTEMPTY_ATSTART : 0U;
    return long_texts ? state.stretches(form, subject, start, options, deadline)
                      : state.run(form, subject.text, start, options);
}

Regex::Span Regex::group(std::size_t number) const {
    const std::size_t* offsets = pcre2_get_ovector_pointer(state_->match.get());
    const std::size_t begin = offsets[2 * number];
    // \K is refused, so a match never ends before it begins.
    return begin == PCRE2_UNSET ? Span{} : Span{begin, offsets[2 * number + 1], true};
}

std::size_t Regex::groups() const { return state_->translation.groups; }
const std::string& Regex::pattern() const { return state_->pattern; }
const Error& Regex::error() const { return state_->error; }

}  // namespace pavtest::parsers
