// Each expression is compiled in up to four forms, made when first needed: for ASCII texts
// (faster, and the same as Python's there) and for all of Unicode; plain, and guarded by a
// callout behind each repeat, which looks at the clock. PCRE2's own limit of steps does not
// see what its JIT code does with repeats of single characters, so the guarded form is for
// texts that are long enough for the expression to take its time.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "run/parsers/regex.h"

#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

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

constexpr std::uint32_t most_steps = 10'000'000;   // from one starting point
constexpr std::uint32_t most_memory = 256U << 10;  // KiB, without JIT
constexpr std::size_t jit_stack = 4U << 20;        // bytes
constexpr double cheap = 1e8;                      // steps: a tenth of a second at worst
constexpr double fair = 1e10;                      // ten seconds
constexpr double slowness_without_jit = 30;
constexpr auto suspicious = std::chrono::milliseconds(50);
constexpr auto most_time = std::chrono::seconds(5);  // for one text
constexpr std::uint32_t callouts_between_looks = 256;

std::string message_of(int code) {
    std::array<PCRE2_UCHAR, 256> buffer{};
    pcre2_get_error_message(code, buffer.data(), buffer.size());
    return reinterpret_cast<const char*>(buffer.data());
}

bool all_ascii(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// The longest text with which repeats that multiply stay below a number of steps.
std::size_t length_for(double steps, std::optional<std::size_t> ambiguous) {
    if (!ambiguous) {
        return 0;
    }
    double most = steps;
    for (std::size_t i = 2; i <= *ambiguous + 1; ++i) {
        most *= static_cast<double>(i);
    }
    return static_cast<std::size_t>(std::pow(most, 1.0 / static_cast<double>(*ambiguous + 2)));
}

}  // namespace

Subject Subject::of(std::string_view text) {
    return {text, all_ascii(text)};
}

struct Regex::State {
    std::string pattern;
    Translation translation;

    struct Form {
        Code code;
        bool jit = false;
    };
    std::array<Form, 4> forms;
    std::size_t cheap_length = 0;  // up to here the plain form
    std::size_t fair_length = 0;   // up to here too, while it does well
    MatchData match;
    MatchContext context;
    JitStack stack;
    Error error;

    // For the callouts.
    const Deadline* deadline = nullptr;
    Deadline::Clock::time_point end;
    std::uint32_t callouts = 0;

    static std::size_t index(bool unicode, bool guarded) {
        return (unicode ? 2U : 0U) + (guarded ? 1U : 0U);
    }
    Result<> make_form(bool unicode, bool guarded);
    Found run(const Form& form, std::string_view text, std::size_t start, std::uint32_t options);
    static int look_at_clock(pcre2_callout_block* /*block*/, void* data);
    Found gave_up(std::string_view why) {
        error = Error{ErrorKind::infrastructure,
                      fmt::format("regular expression '{}' was given up: {}", pattern, why),
                      "repeats within repeats, as in (a+)+, cost most", std::nullopt};
        return Found::gave_up;
    }
};

Result<> Regex::State::make_form(bool unicode, bool guarded) {
    Form& form = forms[index(unicode, guarded)];
    std::uint32_t options = PCRE2_ALT_CIRCUMFLEX | PCRE2_NO_UTF_CHECK;
    options |= translation.ignore_case ? PCRE2_CASELESS : 0U;
    options |= translation.multiline ? PCRE2_MULTILINE : 0U;
    options |= translation.dot_all ? PCRE2_DOTALL : 0U;
    options |= unicode ? PCRE2_UTF : 0U;
    options |= unicode && !translation.ascii ? PCRE2_UCP : 0U;
    const CompileContext settings(pcre2_compile_context_create(nullptr));
    pcre2_set_newline(settings.get(), PCRE2_NEWLINE_LF);
    const std::string& text = guarded ? translation.guarded : translation.pattern;
    int code = 0;
    std::size_t offset = 0;
    form.code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), options,
                                  &code, &offset, settings.get()));
    if (!form.code) {
        return fail(ErrorKind::config,
                    fmt::format("regular expression '{}': {}", pattern, message_of(code)));
    }
    // Without JIT (a system may forbid it) everything works, only slower.
    form.jit = pcre2_jit_compile(form.code.get(), PCRE2_JIT_COMPLETE) == 0;
    return {};
}

int Regex::State::look_at_clock(pcre2_callout_block* /*block*/, void* data) {
    auto& state = *static_cast<State*>(data);
    if (++state.callouts % callouts_between_looks != 0) {
        return 0;
    }
    const bool over = Deadline::Clock::now() >= state.end || state.deadline->over();
    return over ? PCRE2_ERROR_CALLOUT : 0;
}

Regex::Found Regex::State::run(const Form& form, std::string_view text, std::size_t start,
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
    switch (rc) {
        case PCRE2_ERROR_NOMATCH:
            return Found::no;
        case PCRE2_ERROR_MATCHLIMIT:
        case PCRE2_ERROR_DEPTHLIMIT:
            return gave_up(fmt::format("on a line of {} bytes it took more than {} steps",
                                       text.size(), most_steps));
        case PCRE2_ERROR_CALLOUT:
            return gave_up(deadline->over()
                               ? fmt::format("the time for parsing was over on a line of {} bytes",
                                             text.size())
                               : fmt::format("on a line of {} bytes it took more than {} s",
                                             text.size(), most_time.count()));
        default:
            return gave_up(fmt::format("on a line of {} bytes: {}", text.size(), message_of(rc)));
    }
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
    pcre2_set_callout(state->context.get(), State::look_at_clock, state.get());
    const double speed = form.jit ? 1 : 1 / slowness_without_jit;
    state->cheap_length = length_for(cheap * speed, state->translation.ambiguous);
    state->fair_length = length_for(fair * speed, state->translation.ambiguous);
    return Regex(std::move(state));
}

Regex::Found Regex::search(const Subject& subject, const Deadline& deadline) {
    return search_from(subject, 0, false, deadline);
}

Regex::Found Regex::search_from(const Subject& subject, std::size_t start, bool not_empty_at_start,
                                const Deadline& deadline) {
    State& state = *state_;
    const std::size_t size = subject.text.size();
    const bool unicode = !subject.ascii || state.translation.beyond_ascii;
    const bool guarded = size > state.fair_length;
    State::Form& form = state.forms[State::index(unicode, guarded)];
    if (!form.code) {
        if (auto made = state.make_form(unicode, guarded); !made) {
            state.error = made.error();
            return Found::gave_up;
        }
    }
    const std::uint32_t options = not_empty_at_start ? PCRE2_NOTEMPTY_ATSTART : 0U;
    if (size <= state.cheap_length) {
        return state.run(form, subject.text, start, options);
    }
    const auto begin = Deadline::Clock::now();
    state.deadline = &deadline;
    state.end = begin + most_time;
    const Found found = state.run(form, subject.text, start, options);
    if (!guarded && Deadline::Clock::now() - begin > suspicious) {
        state.fair_length = state.cheap_length;
    }
    return found;
}

Regex::Span Regex::group(std::size_t number) const {
    const std::size_t* offsets = pcre2_get_ovector_pointer(state_->match.get());
    const std::size_t begin = offsets[2 * number];
    // \K is refused, so a match never ends before it begins.
    return begin == PCRE2_UNSET ? Span{} : Span{begin, offsets[2 * number + 1], true};
}

std::size_t Regex::groups() const {
    return state_->translation.groups;
}
const std::string& Regex::pattern() const {
    return state_->pattern;
}
const Error& Regex::error() const {
    return state_->error;
}

}  // namespace pavtest::parsers
