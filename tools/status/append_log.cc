// Appending with one write(2) a line under an flock of this host.
#include "status/append_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace pavtest::status {

namespace {

constexpr int kFlags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

// Opens or creates; a file of ours gets its mode whatever the umask says.
FileDescriptor open_or_create(int directory, const char* name, mode_t mode) {
    int fd = ::openat(directory, name, kFlags);
    if (fd < 0 && errno == ENOENT) {
        fd = ::openat(directory, name, kFlags | O_CREAT | O_EXCL, mode);
        if (fd >= 0) {
            ::fchmod(fd, mode);
        } else if (errno == EEXIST) {
            fd = ::openat(directory, name, kFlags);
        }
    }
    return FileDescriptor(fd);
}

// Some file systems have no flock; there the rule of one writer has to do.
bool locks_unsupported(int error) {
    return error == ENOLCK || error == EOPNOTSUPP || error == ENOSYS || error == EINVAL;
}

Result<> lock(int fd, const std::string& name, int patience_milliseconds) {
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_milliseconds);
    while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (locks_unsupported(errno)) {
            return {};
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return fail_errno("lock", name, errno);
        }
        if (std::chrono::steady_clock::now() >= end) {
            return fail(ErrorKind::infrastructure,
                        fmt::format("'{}' is held by another process that writes to it", name));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return {};
}

}  // namespace

Result<AppendLog> AppendLog::open(const Directory& directory, const std::string& name, mode_t mode,
                                  int patience_milliseconds) {
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
        return fail(ErrorKind::infrastructure, fmt::format("'{}' is no plain name", name));
    }
    return open(directory.fd(), name, mode, patience_milliseconds);
}

Result<AppendLog> AppendLog::open(int directory, const std::string& name, mode_t mode,
                                  int patience_milliseconds) {
    FileDescriptor fd = open_or_create(directory, name.c_str(), mode);
    if (!fd.valid()) {
        return fail_errno("open", name, errno);
    }
    if (auto locked = lock(fd.get(), name, patience_milliseconds); !locked) {
        return tl::make_unexpected(locked.error());
    }
    AppendLog log(std::move(fd), name);
    // Only now: another writer may have appended while we waited for the lock.
    struct stat info {};
    if (::fstat(log.fd(), &info) != 0) {
        return fail_errno("stat", name, errno);
    }
    if (!S_ISREG(info.st_mode)) {
        return fail(ErrorKind::infrastructure, fmt::format("'{}' is no regular file", name));
    }
    char last = '\n';
    if (info.st_size > 0 && ::pread(log.fd(), &last, 1, info.st_size - 1) < 0) {
        return fail_errno("read", name, errno);
    }
    log.torn_ = last != '\n';
    return log;
}

Result<> AppendLog::append(std::string_view line) {
    if (line.empty() || line.back() != '\n') {
        return fail(ErrorKind::infrastructure,
                    fmt::format("a line for '{}' does not end in a newline", name_));
    }
    std::string healed;
    std::string_view rest = line;
    if (torn_) {
        healed = "\n";
        healed += line;
        rest = healed;
    }
    while (!rest.empty()) {
        const ssize_t n = ::write(fd_.get(), rest.data(), rest.size());
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return fail_errno("append to", name_, errno);
        }
        if (n == 0) {
            return fail_errno("append to", name_, ENOSPC);
        }
        torn_ = rest[static_cast<std::size_t>(n) - 1] != '\n';
        rest.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

bool AppendLog::reserve(std::uint64_t bytes) {
    struct stat info {};
    return ::fstat(fd_.get(), &info) == 0 &&
           ::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, info.st_size, static_cast<off_t>(bytes)) ==
               0;
}

}  // namespace pavtest::status
