// Records to lines and back.
#include "status/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>

#include "base/text.h"
#include "status/flat_json.h"

namespace pavtest::status {

namespace {

constexpr std::array<std::string_view, 6> kRoles{"submit", "prolog", "runner",
                                                 "user",   "epilog", "settle"};
constexpr std::array<std::string_view, 17> kCauses{
    "",          "pending",    "finished",      "skipped",         "timeout",       "time limit",
    "cancelled", "refused",    "out of memory", "node failure",    "runner killed", "preempted",
    "requeued",  "store lost", "not run",       "failed to start", "unknown"};
constexpr std::array<std::string_view, 4> kVerdicts{"", "PASS", "FAIL", "ERROR"};

template <class Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names, std::string_view text) {
    for (std::size_t i = 0; i < N; ++i) {
        if (names[i] == text) {
            return static_cast<Enum>(i);
        }
    }
    return std::nullopt;
}

// -- writing

void put_text(std::string& out, std::string_view key, std::string_view text) {
    fmt::format_to(std::back_inserter(out), ",\"{}\":\"", key);
    if (is_utf8(text)) {
        append_escaped(out, text);
    } else {
        append_escaped(out, to_utf8(text));
    }
    out += '"';
}

template <class Number>
void put_number(std::string& out, std::string_view key, Number number) {
    fmt::format_to(std::back_inserter(out), ",\"{}\":{}", key, number);
}

bool is_json_object(std::string_view text) {
    FlatReader reader(text);
    FlatValue key;
    FlatValue value;
    if (!is_utf8(text) || text.find('\n') != std::string_view::npos || !reader.begin()) {
        return false;
    }
    while (reader.next(key, value)) {
    }
    return reader.complete();
}

// What stands before and after the note; the note goes between.
struct Parts {
    std::string before;
    std::string after;
};

Parts compose(const Record& record, bool with_data, bool with_nodes) {
    Parts parts;
    std::string& out = parts.before;
    out.reserve(320);
    fmt::format_to(std::back_inserter(out), R"({{"v":1,"seq":{},"when":"{}","role":"{}")",
                   record.seq, to_rfc3339(record.when), to_string(record.role));
    put_text(out, "host", record.host);
    if (record.restart) {
        put_number(out, "restart", *record.restart);
    }
    if (record.job) {
        put_number(out, "job", *record.job);
    }
    if (record.test) {
        put_number(out, "test", *record.test);
    } else if (!record.tests.empty()) {
        put_text(out, "tests", record.tests);
    }
    if (record.attempt > 0) {
        put_number(out, "attempt", record.attempt);
    }
    if (!record.state.empty()) {
        put_text(out, "state", record.state);
    }
    std::string& rest = parts.after;
    if (record.end) {
        rest += ",\"end\":true";
    }
    if (record.again) {
        rest += ",\"again\":true";
    }
    if (record.result != Verdict::none) {
        put_text(rest, "result", to_string(record.result));
    }
    if (record.cause != Cause::none) {
        put_text(rest, "cause", to_string(record.cause));
    }
    if (record.return_value) {
        put_number(rest, "return_value", *record.return_value);
    }
    if (record.signal) {
        put_number(rest, "signal", *record.signal);
    }
    if (record.duration && std::isfinite(*record.duration)) {
        put_number(rest, "duration", *record.duration);
    }
    if (with_nodes && !record.nodes.empty()) {
        put_text(rest, "nodes", record.nodes);
    }
    if (!record.node.empty()) {
        put_text(rest, "node", record.node);
    }
    if (!record.key.empty()) {
        put_text(rest, "key", record.key);
    }
    if (with_data && !record.data.empty() && is_json_object(record.data)) {
        fmt::format_to(std::back_inserter(rest), ",\"data\":{}", record.data);
    }
    rest += "}\n";
    return parts;
}

// The note as the inside of a JSON string of at most `room` bytes.
std::string fitting_note(std::string_view note, std::size_t room) {
    std::string escaped;
    append_escaped(escaped, note);
    if (escaped.size() <= room) {
        return escaped;
    }
    escaped.clear();
    if (room < kCutMark.size()) {
        return escaped;
    }
    room -= kCutMark.size();
    while (!note.empty()) {
        // One character: a lead byte and what continues it.
        std::size_t length = 1;
        while (length < note.size() &&
               (static_cast<unsigned char>(note[length]) & 0xC0U) == 0x80U) {
            ++length;
        }
        const std::size_t before = escaped.size();
        append_escaped(escaped, note.substr(0, length));
        if (escaped.size() > room) {
            escaped.resize(before);
            break;
        }
        note.remove_prefix(length);
    }
    escaped += kCutMark;
    return escaped;
}

// For a record whose names alone are too long for a line: an honest remark in its place.
Record stand_in(const Record& record) {
    Record remark;
    remark.seq = record.seq;
    remark.when = record.when;
    remark.role = record.role;
    remark.host = utf8_prefix(record.host, 255);
    remark.restart = record.restart;
    remark.job = record.job;
    remark.state = "INFO";
    remark.note = "a record was too long to be written";
    return remark;
}

// -- reading

// `YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM`, what we write, without the detour over struct tm.
std::optional<Timestamp> parse_own_stamp(std::string_view text) {
    constexpr std::string_view shape = "0000-00-00T00:00:00.000000+00:00";
    if (text.size() != shape.size()) {
        return std::nullopt;
    }
    std::array<int, shape.size()> digits{};
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == '0') {
            digits[i] = text[i] - '0';
            if (digits[i] < 0 || digits[i] > 9) {
                return std::nullopt;
            }
        } else if (text[i] != shape[i] && !(i == 26 && text[i] == '-')) {
            return std::nullopt;
        }
    }
    const auto two = [&](std::size_t at) {
        return std::int64_t{digits[at]} * 10 + std::int64_t{digits[at + 1]};
    };
    const std::int64_t year = two(0) * 100 + two(2);
    const std::int64_t month = two(5);
    const std::int64_t day = two(8);
    if (month < 1 || month > 12 || day < 1 || day > 31 || two(11) > 23 || two(14) > 59 ||
        two(17) > 60) {
        return std::nullopt;
    }
    // Days since 1970-01-01 in the proleptic Gregorian calendar, years beginning in March.
    const std::int64_t shifted = month <= 2 ? year - 1 : year;
    const std::int64_t era = shifted / 400;
    const std::int64_t year_of_era = shifted - era * 400;
    const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const std::int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    const std::int64_t days = era * 146097 + day_of_era - 719468;
    const std::int64_t offset = (two(27) * 60 + two(30)) * 60 * (text[26] == '-' ? -1 : 1);
    const std::int64_t seconds = days * 86400 + two(11) * 3600 + two(14) * 60 + two(17) - offset;
    return Timestamp{seconds * 1'000'000 + two(20) * 10'000 + two(22) * 100 + two(24)};
}

// One member into the record; false if its value has a wrong type or range.
class Members {
  public:
    explicit Members(Record& record) : record_(record) {}

    bool put(std::string_view key, const FlatValue& value);
    /// What an unusable record lacks, or empty.
    [[nodiscard]] std::string problem() const;

  private:
    template <class Number>
    static bool number(const FlatValue& value, Number& into) {
        const char* const end = value.text.data() + value.text.size();
        const auto [stop, error] = std::from_chars(value.text.data(), end, into);
        return value.kind == FlatValue::Kind::number && error == std::errc{} && stop == end;
    }
    template <class Number>
    static bool number(const FlatValue& value, std::optional<Number>& into) {
        Number parsed{};
        if (!number(value, parsed)) {
            return false;
        }
        into = parsed;
        return true;
    }
    static bool text(const FlatValue& value, std::string& into) {
        if (value.kind != FlatValue::Kind::string) {
            return false;
        }
        if (value.escaped) {
            into = unescaped(value);
        } else {
            into = value.text;
        }
        return true;
    }
    static bool flag(const FlatValue& value, bool& into) {
        into = value.text == "true";
        return value.kind == FlatValue::Kind::boolean;
    }
    bool when(const FlatValue& value);
    bool role(const FlatValue& value);
    bool cause(const FlatValue& value);
    bool result(const FlatValue& value);
    bool data(const FlatValue& value);

    Record& record_;
    std::int64_t version_ = -1;
    bool has_seq_ = false;
    bool has_when_ = false;
    bool has_role_ = false;
};

bool Members::when(const FlatValue& value) {
    auto parsed = parse_own_stamp(value.text);
    if (!parsed) {
        parsed = from_rfc3339(value.text);
    }
    if (!parsed || value.kind != FlatValue::Kind::string) {
        return false;
    }
    record_.when = *parsed;
    return has_when_ = true;
}

bool Members::role(const FlatValue& value) {
    const auto found = role_from(value.text);
    if (!found || value.kind != FlatValue::Kind::string) {
        return false;
    }
    record_.role = *found;
    return has_role_ = true;
}

// A cause or result that only a later release knows must not cost the whole record.
bool Members::cause(const FlatValue& value) {
    record_.cause = cause_from(value.text).value_or(Cause::unknown);
    return value.kind == FlatValue::Kind::string;
}

bool Members::result(const FlatValue& value) {
    record_.result = verdict_from(value.text).value_or(Verdict::none);
    return value.kind == FlatValue::Kind::string;
}

bool Members::data(const FlatValue& value) {
    record_.data = value.text;
    return value.kind == FlatValue::Kind::compound && value.text.front() == '{';
}

bool Members::put(std::string_view key, const FlatValue& value) {
    if (value.kind == FlatValue::Kind::null) {
        return true;
    }
    switch (key.empty() ? '\0' : key.front()) {
        case 'a':
            if (key == "attempt") {
                return number(value, record_.attempt);
            }
            return key == "again" ? flag(value, record_.again) : true;
        case 'c':
            return key == "cause" ? cause(value) : true;
        case 'd':
            if (key == "duration") {
                return number(value, record_.duration);
            }
            return key == "data" ? data(value) : true;
        case 'e':
            return key == "end" ? flag(value, record_.end) : true;
        case 'h':
            return key == "host" ? text(value, record_.host) : true;
        case 'j':
            return key == "job" ? number(value, record_.job) : true;
        case 'k':
            return key == "key" ? text(value, record_.key) : true;
        case 'n':
            if (key == "note") {
                return text(value, record_.note);
            }
            if (key == "nodes") {
                return text(value, record_.nodes);
            }
            return key == "node" ? text(value, record_.node) : true;
        case 'r':
            if (key == "role") {
                return role(value);
            }
            if (key == "restart") {
                return number(value, record_.restart);
            }
            if (key == "result") {
                return result(value);
            }
            return key == "return_value" ? number(value, record_.return_value) : true;
        case 's':
            if (key == "seq") {
                return has_seq_ = number(value, record_.seq);
            }
            if (key == "state") {
                return text(value, record_.state);
            }
            return key == "signal" ? number(value, record_.signal) : true;
        case 't':
            if (key == "test") {
                return number(value, record_.test);
            }
            return key == "tests" ? text(value, record_.tests) : true;
        case 'v':
            return key == "v" ? number(value, version_) : true;
        case 'w':
            return key == "when" ? when(value) : true;
        default:
            return true;
    }
}

std::string Members::problem() const {
    if (version_ > 1) {
        return fmt::format("a record of format {}, written by a newer pavtest", version_);
    }
    if (version_ != 1) {
        return "no record: it has no version";
    }
    if (!has_seq_ || !has_when_ || !has_role_) {
        return fmt::format("a record without '{}'", !has_seq_    ? "seq"
                                                    : !has_when_ ? "when"
                                                                 : "role");
    }
    return {};
}

bool is_ascii(std::string_view text) {
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + i, 8);
        if ((word & 0x8080808080808080ULL) != 0) {
            return false;
        }
    }
    for (; i < text.size(); ++i) {
        if (static_cast<unsigned char>(text[i]) >= 0x80) {
            return false;
        }
    }
    return true;
}

}  // namespace

std::string_view to_string(Role role) {
    return kRoles[static_cast<std::size_t>(role)];
}
std::string_view to_string(Cause cause) {
    return kCauses[static_cast<std::size_t>(cause)];
}
std::string_view to_string(Verdict verdict) {
    return kVerdicts[static_cast<std::size_t>(verdict)];
}
std::optional<Role> role_from(std::string_view text) {
    return find_name<Role>(kRoles, text);
}
std::optional<Cause> cause_from(std::string_view text) {
    return find_name<Cause>(kCauses, text);
}
std::optional<Verdict> verdict_from(std::string_view text) {
    return find_name<Verdict>(kVerdicts, text);
}

std::string encode(const Record& record) {
    const std::string note = is_utf8(record.note) ? record.note : to_utf8(record.note);
    constexpr std::string_view key = ",\"note\":\"";
    constexpr std::size_t smallest_note = 200;  // what a note keeps before data is left out
    Parts parts = compose(record, true, true);
    const auto used = [&] { return parts.before.size() + parts.after.size() + key.size() + 1; };
    const auto crowded = [&] { return used() + std::min(note.size(), smallest_note) > kRecordMax; };
    std::string said = note;
    if (crowded() && !record.data.empty()) {
        parts = compose(record, false, true);
        said += " [data left out]";
    }
    if (crowded() && !record.nodes.empty()) {
        parts = compose(record, false, false);
        said += " [nodes left out]";
    }
    if (used() > kRecordMax) {
        return encode(stand_in(record));
    }
    if (said.empty()) {
        return parts.before + parts.after;
    }
    return fmt::format("{}{}{}\"{}", parts.before, key, fitting_note(said, kRecordMax - used()),
                       parts.after);
}

Result<Record> decode(std::string_view line) {
    const auto no_record = [](std::string what) {
        return fail(ErrorKind::infrastructure, std::move(what));
    };
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
        return no_record("a blank line");
    }
    FlatReader reader(line);
    if (!reader.begin()) {
        return no_record("no record: not a JSON object");
    }
    if (!is_ascii(line) && !is_utf8(line)) {
        return no_record("no record: not UTF-8");
    }
    Record record;
    Members members(record);
    FlatValue key;
    FlatValue value;
    while (reader.next(key, value)) {
        if (!members.put(key.text, value)) {
            return no_record(fmt::format("no record: bad value of '{}'", key.text));
        }
    }
    if (!reader.complete()) {
        return no_record("no record: torn, or not JSON");
    }
    if (std::string problem = members.problem(); !problem.empty()) {
        return no_record(std::move(problem));
    }
    return record;
}

std::vector<TestRange> parse_tests(std::string_view tests) {
    std::vector<TestRange> ranges;
    if (tests == "*") {
        ranges.emplace_back(0, std::numeric_limits<std::uint32_t>::max());
        return ranges;
    }
    const char* at = tests.data();
    const char* const end = at + tests.size();
    const auto index = [&](std::uint32_t& into) {
        const auto [stop, error] = std::from_chars(at, end, into);
        at = stop;
        return error == std::errc{};
    };
    while (at != end) {
        TestRange range;
        if (!index(range.first)) {
            return {};
        }
        range.second = range.first;
        if (at != end && *at == '-') {
            ++at;
            if (!index(range.second) || range.second < range.first) {
                return {};
            }
        }
        ranges.push_back(range);
        if (at != end && (*at++ != ',' || at == end)) {
            return {};
        }
    }
    return ranges;
}

bool names_test(std::string_view tests, std::uint32_t index) {
    for (const auto& [first, last] : parse_tests(tests)) {
        if (first <= index && index <= last) {
            return true;
        }
    }
    return false;
}

std::string test_ranges(std::span<const std::uint32_t> sorted) {
    std::string out;
    for (std::size_t i = 0; i < sorted.size();) {
        std::size_t last = i;
        while (last + 1 < sorted.size() && sorted[last + 1] == sorted[last] + 1) {
            ++last;
        }
        if (!out.empty()) {
            out += ',';
        }
        fmt::format_to(std::back_inserter(out), "{}", sorted[i]);
        if (last > i) {
            fmt::format_to(std::back_inserter(out), "-{}", sorted[last]);
        }
        i = last + 1;
    }
    return out;
}

}  // namespace pavtest::status
