// Status files: one line a state, read with patience for whatever stands in them.
#include "status/status_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "status/append_log.h"
#include "status/record.h"
#include "status/states.h"

namespace pavtest::status {

namespace {

constexpr std::uint64_t kReadLimit = 256ULL << 20;
constexpr std::size_t kLongestCurrent = 1U << 20;  // how far back a good line is looked for
constexpr std::size_t kMinuteText = 16;            // "2026-11-21T20:26"
constexpr mode_t kMode = 0600;

// Stamps of neighbouring lines share their minute, and mktime() is dear.
class StampReader {
  public:
    std::optional<Timestamp> read(std::string_view text) {
        if (text.size() != 26 || text[kMinuteText] != ':') {
            return from_status_stamp(text);
        }
        const std::string_view minute = text.substr(0, kMinuteText);
        if (minute != minute_) {
            const auto start = from_status_stamp(fmt::format("{}:00.000000", minute));
            if (!start) {
                return std::nullopt;
            }
            minute_ = minute;
            start_ = *start;
        }
        std::int64_t value = 0;
        for (std::size_t i = kMinuteText + 1; i < text.size(); ++i) {
            if (i == 19) {
                if (text[i] != '.') {
                    return from_status_stamp(text);
                }
                continue;
            }
            if (text[i] < '0' || text[i] > '9') {
                return from_status_stamp(text);
            }
            value = value * 10 + (text[i] - '0');
        }
        if (value > 60'999'999) {
            return std::nullopt;
        }
        return Timestamp{start_.microseconds + value};
    }

  private:
    std::string minute_;
    Timestamp start_;
};

StatusInfo flawed(StatusInfo info, std::string_view what) {
    info.flaw = what;
    if (info.state.empty()) {
        info.state = state::invalid;
    }
    return info;
}

StatusInfo parse(std::string_view line, StampReader& stamps) {
    StatusInfo info;
    if (trim(line).empty()) {
        return flawed(std::move(info), "blank line");
    }
    const std::size_t after_stamp = std::min(line.find(' '), line.size());
    info.when = stamps.read(line.substr(0, after_stamp));
    std::string_view rest = line.substr(std::min(after_stamp + 1, line.size()));
    const std::size_t after_state = std::min(rest.find(' '), rest.size());
    const std::string_view name = rest.substr(0, after_state);
    if (well_formed_state(name)) {
        info.state = name;
        rest = rest.substr(std::min(after_state + 1, rest.size()));
    }
    info.note = unescape_note(rest);
    if (line.find('\0') != std::string_view::npos) {
        return flawed(std::move(info), "NUL bytes");
    }
    if (!is_utf8(line)) {
        info.note = to_utf8(info.note);
        return flawed(std::move(info), "not UTF-8");
    }
    if (!info.when) {
        return flawed(std::move(info), "no time stamp");
    }
    if (info.state.empty()) {
        return flawed(std::move(info), "no state");
    }
    if (line.size() >= kLineMax) {
        return flawed(std::move(info), "longer than a line may be");
    }
    return info;
}

StatusInfo answer(std::string_view state, std::string note) {
    StatusInfo info;
    info.state = state;
    info.note = std::move(note);
    return info;
}

// Lines of a whole file in order; `torn` tells that the last one has no newline.
template <class Visit>
void each_line(std::string_view data, Visit&& visit) {
    while (!data.empty()) {
        const std::size_t end = data.find('\n');
        if (end == std::string_view::npos) {
            visit(data, true);
            return;
        }
        visit(data.substr(0, end), false);
        data.remove_prefix(end + 1);
    }
}

// The last good line of `data`, which begins in the middle of a line unless `whole`.
std::optional<StatusInfo> last_good(std::string_view data, bool whole) {
    StampReader stamps;
    std::size_t end = data.rfind('\n');  // what is behind it is torn
    while (end != std::string_view::npos) {
        const std::size_t before = end == 0 ? std::string_view::npos : data.rfind('\n', end - 1);
        if (before == std::string_view::npos && !whole) {
            return std::nullopt;
        }
        const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
        StatusInfo info = parse(data.substr(start, end - start), stamps);
        if (info.flaw.empty()) {
            return info;
        }
        end = before;
    }
    return std::nullopt;
}

}  // namespace

std::string escape_note(std::string_view note) {
    std::string out;
    out.reserve(note.size());
    for (const char c : note) {
        switch (c) {
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\0':
                out += "\\0";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string unescape_note(std::string_view note) {
    std::string out;
    out.reserve(note.size());
    for (std::size_t i = 0; i < note.size(); ++i) {
        const char next = note[i] == '\\' && i + 1 < note.size() ? note[i + 1] : ' ';
        switch (next) {
            case '\\':
                out += '\\';
                break;
            case 'n':
                out += '\n';
                break;
            case 'r':
                out += '\r';
                break;
            case '0':
                out += '\0';
                break;
            default:
                out += note[i];
                continue;
        }
        ++i;
    }
    return out;
}

std::string format_status_line(Timestamp when, std::string_view state, std::string_view note) {
    std::string text;
    const StateInfo* const known = find_state(state);
    if (known == nullptr || !known->ours) {
        text = fmt::format("unknown state '{}'{}{}", state, note.empty() ? "" : ": ", note);
        state = state::invalid;
    } else {
        text = note;
    }
    if (!is_utf8(text)) {
        text = to_utf8(text);
    }
    std::string escaped = escape_note(text);
    if (escaped.size() > kNoteMax) {
        escaped = utf8_prefix(escaped, kNoteMax - kCutMark.size());
        // An odd run of backslashes at the end is half of an escape.
        std::size_t run = 0;
        while (run < escaped.size() && escaped[escaped.size() - 1 - run] == '\\') {
            ++run;
        }
        if (run % 2 != 0) {
            escaped.pop_back();
        }
        escaped += kCutMark;
    }
    return fmt::format("{} {} {}\n", to_status_stamp(when), state, escaped);
}

StatusInfo parse_status_line(std::string_view line) {
    StampReader stamps;
    return parse(line, stamps);
}

Result<> StatusFile::set(std::string_view state, std::string_view note, const Clock& clock) const {
    auto log = AppendLog::open(AT_FDCWD, path_, kMode);
    if (!log) {
        return tl::make_unexpected(log.error());
    }
    return log->append(format_status_line(clock.now(), state, note));
}

StatusInfo StatusFile::current() const {
    const FileDescriptor fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat info {};
    if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
        return answer(state::status_error, fail_errno("open", path_, errno).value().what);
    }
    if (!S_ISREG(info.st_mode)) {
        return answer(state::status_error, fmt::format("'{}' is no regular file", path_));
    }
    const auto size = static_cast<std::size_t>(info.st_size);
    if (size == 0) {
        return answer(state::invalid, "the status file is empty");
    }
    std::string data;
    for (std::size_t length = 2 * kLineMax;; length *= 8) {
        length = std::min({length, size, kLongestCurrent});
        data.resize(length);
        const ssize_t n = ::pread(fd.get(), data.data(), length, static_cast<off_t>(size - length));
        if (n < 0) {
            return answer(state::status_error, fail_errno("read", path_, errno).value().what);
        }
        data.resize(static_cast<std::size_t>(n));
        if (auto good = last_good(data, length == size)) {
            return *std::move(good);
        }
        if (length == size || length == kLongestCurrent) {
            return flawed(answer(state::invalid, "the status file has no whole line"),
                          "no whole line");
        }
    }
}

std::vector<StatusInfo> StatusFile::history() const {
    std::vector<StatusInfo> all;
    const auto data = read_file(path_, kReadLimit);
    if (!data) {
        all.push_back(flawed(answer(state::status_error, data.error().what), "unreadable"));
        return all;
    }
    StampReader stamps;
    all.reserve(static_cast<std::size_t>(std::count(data->begin(), data->end(), '\n')) + 1);
    each_line(*data, [&](std::string_view line, bool torn) {
        all.push_back(parse(line, stamps));
        if (torn) {
            all.back().flaw = "torn";
        }
    });
    return all;
}

bool StatusFile::has_state(std::string_view state) const {
    const std::vector<StatusInfo> all = history();
    return std::any_of(all.begin(), all.end(), [&](const StatusInfo& info) {
        return info.flaw.empty() && info.state == state;
    });
}

}  // namespace pavtest::status
