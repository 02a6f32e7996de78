// Reading slurmstepd's lines.
#include "run/notices.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/file_descriptor.h"
#include "base/text.h"

namespace pavtest::run {

namespace {

using status::Cause;

constexpr std::uint64_t kTailMax = 256U << 10;

Cause cause_of(std::string_view notice) {
    struct Reason {
        std::string_view text;
        Cause cause;
    };
    static constexpr std::array<Reason, 4> reasons{{
        {"DUE TO TIME LIMIT", Cause::time_limit},
        {"DUE TO PREEMPTION", Cause::preempted},
        {"DUE TO NODE FAILURE", Cause::node_failure},
        {"DUE TO JOB REQUEUE", Cause::requeued},
    }};
    const auto* const found =
        std::find_if(reasons.begin(), reasons.end(), [notice](const Reason& reason) {
            return notice.find(reason.text) != std::string_view::npos;
        });
    if (found != reasons.end()) {
        return found->cause;
    }
    // Without a reason, or with the signal that was asked for, it is a cancel. Other reasons
    // are not ours to guess.
    const bool other_reason = notice.find("DUE TO ") != std::string_view::npos;
    return other_reason ? Cause::none : Cause::cancelled;
}

// "<before><id><end of a number>"
bool names_job(std::string_view line, std::string_view before, std::uint32_t job) {
    const std::string text = fmt::format("{}{}", before, job);
    const std::size_t at = line.find(text);
    return at != std::string_view::npos &&
           (at + text.size() == line.size() ||
            std::isdigit(static_cast<unsigned char>(line[at + text.size()])) == 0);
}

std::optional<Notice> notice_of(std::string_view line, std::uint32_t job) {
    if (!line.starts_with("slurmstepd")) {
        return std::nullopt;
    }
    const std::size_t stars = line.find("error: *** ");
    if (stars != std::string_view::npos && line.find(" CANCELLED AT ") != std::string_view::npos &&
        (names_job(line, "*** JOB ", job) || names_job(line, "*** STEP ", job))) {
        const Cause cause = cause_of(line);
        if (cause != Cause::none) {
            return Notice{cause, std::string(line.substr(stars + 7))};
        }
    }
    // "Detected 1 oom-kill event(s) in StepId=7.batch", "oom_kill" from 23.11 on.
    const std::size_t detected = line.find("error: Detected ");
    if (detected != std::string_view::npos &&
        (line.find("oom-kill event") != std::string_view::npos ||
         line.find("oom_kill event") != std::string_view::npos) &&
        names_job(line, "StepId=", job)) {
        return Notice{Cause::out_of_memory, std::string(line.substr(detected + 7))};
    }
    return std::nullopt;
}

}  // namespace

std::optional<Notice> find_notice(std::string_view output, std::uint32_t job) {
    while (!output.empty()) {
        const std::size_t end = std::min(output.find('\n'), output.size());
        if (auto notice = notice_of(output.substr(0, end), job)) {
            return notice;
        }
        output.remove_prefix(std::min(end + 1, output.size()));
    }
    return std::nullopt;
}

OutputTail OutputTail::of_descriptor(int fd, bool requeued) {
    struct stat info {};
    std::array<char, 4096> target{};
    const ssize_t length =
        ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), target.data(), target.size());
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || length <= 0 ||
        static_cast<std::size_t>(length) == target.size()) {
        return {};
    }
    return {std::string(target.data(), static_cast<std::size_t>(length)),
            requeued ? static_cast<std::uint64_t>(info.st_size) : 0};
}

std::optional<Notice> OutputTail::notice(std::uint32_t job) const {
    if (path.empty()) {
        return std::nullopt;
    }
    const FileDescriptor file(
        ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    struct stat info {};
    if (!file.valid() || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
        return std::nullopt;
    }
    const auto size = static_cast<std::uint64_t>(info.st_size);
    // The file may have been truncated since; and only its end can be of interest.
    std::uint64_t begin = std::min(from, size);
    begin = std::max(begin, size - std::min(size, kTailMax));
    std::string text(size - begin, '\0');
    const ssize_t n = ::pread(file.get(), text.data(), text.size(), static_cast<off_t>(begin));
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return find_notice(text, job);
}

}  // namespace pavtest::run
