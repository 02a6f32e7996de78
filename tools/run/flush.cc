// A child for each user.
#include "run/flush.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <vector>

#include "base/file.h"
#include "run/delivery.h"

namespace pavtest::run {

namespace {

constexpr std::uint64_t kRecordLimit = 4096;

// Root's alone, or the caller's where that is not root.
bool trusted(const Directory& directory) {
    struct stat info {};
    return ::fstat(directory.fd(), &info) == 0 &&
           (info.st_uid == 0 || info.st_uid == ::geteuid()) &&
           (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::optional<uid_t> user_of(const std::string& name) {
    uid_t uid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), uid);
    if (error != std::errc{} || end != name.data() + name.size()) {
        return std::nullopt;
    }
    return uid;
}

struct Waiting {
    std::vector<std::string> files;
    std::string lines;
};

Waiting collect(const Directory& directory) {
    Waiting waiting;
    const auto names = directory.names();
    if (!names) {
        return waiting;
    }
    for (const std::string& name : *names) {
        if (name.front() == '.') {
            continue;  // not finished
        }
        const auto text = directory.read(name, kRecordLimit);
        if (text && !text->empty() && text->back() == '\n') {
            waiting.files.push_back(name);
            waiting.lines += *text;
        }
    }
    return waiting;
}

// For good, in all three places; false where that fails in any of them.
bool become(uid_t uid) {
    if (uid == ::geteuid() && uid != 0) {
        return true;
    }
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
        return false;
    }
    return ::initgroups(found->pw_name, found->pw_gid) == 0 &&
           ::setresgid(found->pw_gid, found->pw_gid, found->pw_gid) == 0 &&
           ::setresuid(uid, uid, uid) == 0 && ::geteuid() == uid &&
           (uid == 0 || ::setresuid(0, 0, 0) != 0);
}

bool deliver_as(uid_t uid, const std::string& lines, std::chrono::seconds deadline,
                const Clock& clock) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        // Even a store that hangs ends with it, unless the kernel itself hangs.
        ::alarm(static_cast<unsigned>(deadline.count()));
        ::prctl(PR_SET_DUMPABLE, 0);
        ::_exit(become(uid) && deliver(lines, clock) ? 0 : 1);
    }
    int status = 0;
    const auto until = std::chrono::steady_clock::now() + deadline + std::chrono::seconds(1);
    while (child > 0 && ::waitpid(child, &status, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() > until) {
            ::kill(-child, SIGKILL);
            return false;  // one that hangs in the kernel is left
        }
        ::usleep(2000);
    }
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void flush_user(const Directory& directory, uid_t uid, std::chrono::seconds deadline,
                const Clock& clock, Flushed& flushed) {
    const Waiting waiting = collect(directory);
    if (waiting.files.empty()) {
        return;
    }
    if (!deliver_as(uid, waiting.lines, deadline, clock)) {
        flushed.kept += waiting.files.size();
        return;
    }
    for (const std::string& name : waiting.files) {
        ::unlinkat(directory.fd(), name.c_str(), 0);
        ++flushed.delivered;
    }
}

}  // namespace

Result<Flushed> flush_spool(const std::string& spool, std::chrono::seconds deadline,
                            const Clock& clock) {
    Flushed flushed;
    const auto top = Directory::open(spool);
    if (!top) {
        if (top.error().kind == ErrorKind::not_found) {
            return flushed;
        }
        return tl::make_unexpected(top.error());
    }
    const auto nodes = top->names();
    if (!nodes) {
        return tl::make_unexpected(nodes.error());
    }
    if (!trusted(*top)) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("the spool '{}' is not root's alone", spool));
    }
    for (const std::string& node : *nodes) {
        const auto of_node = top->open_below(node);
        const auto users =
            of_node && trusted(*of_node) ? of_node->names() : Result<std::vector<std::string>>{};
        if (!users) {
            continue;
        }
        for (const std::string& name : *users) {
            const auto uid = user_of(name);
            const auto of_user = of_node->open_below(name);
            if (uid && of_user && trusted(*of_user)) {
                flush_user(*of_user, *uid, deadline, clock, flushed);
            }
        }
    }
    return flushed;
}

}  // namespace pavtest::run
