// Files and directories over openat, never following a link below the starting point.
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/text.h"

namespace pavtest {

Result<std::string> read_all(int fd, std::uint64_t limit) {
    std::string data;
    std::array<char, 65536> buffer{};
    while (true) {
        const ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return fail_errno("read", fmt::format("descriptor {}", fd), errno);
        }
        if (n == 0) {
            return data;
        }
        data.append(buffer.data(), static_cast<std::size_t>(n));
        if (data.size() > limit) {
            return fail(ErrorKind::infrastructure,
                        fmt::format("more than {} bytes, which is the limit", limit));
        }
    }
}

Result<std::string> read_file_at(int directory, const std::string& name, std::uint64_t limit) {
    // O_NONBLOCK: opening a FIFO must not hang; regular files ignore it.
    const FileDescriptor fd(
        ::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd.valid()) {
        return fail_errno("open", name, errno);
    }
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) {
        return fail_errno("stat", name, errno);
    }
    if (!S_ISREG(info.st_mode)) {
        return fail(ErrorKind::config, fmt::format("'{}' is no regular file", name));
    }
    if (static_cast<std::uint64_t>(info.st_size) > limit) {
        return fail(ErrorKind::config,
                    fmt::format("'{}' has {} bytes; the limit is {}", name, info.st_size, limit));
    }
    auto data = read_all(fd.get(), limit);
    if (!data) {
        return tl::make_unexpected(data.error().within(name));
    }
    return data;
}

Result<std::string> read_file(const std::string& path, std::uint64_t limit) {
    return read_file_at(AT_FDCWD, path, limit);
}

Result<> write_all(int fd, std::string_view data, std::string_view name) {
    while (!data.empty()) {
        const ssize_t n = ::write(fd, data.data(), data.size());
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return fail_errno("write", name, errno);
        }
        data.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

Result<> write_file_atomic(int directory, const std::string& name, std::string_view data,
                           mode_t mode) {
    const std::string temporary = fmt::format(".{}.{}.new", name, ::getpid());
    FileDescriptor fd(::openat(directory, temporary.c_str(),
                               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd.valid()) {
        return fail_errno("create", temporary, errno);
    }
    auto written = write_all(fd.get(), data, name);
    // What others are to read they can read, whatever the user's umask.
    if (written && ::fchmod(fd.get(), mode) != 0) {
        written = fail_errno("set the mode of", name, errno);
    }
    if (written && ::fsync(fd.get()) != 0) {
        written = fail_errno("flush", name, errno);
    }
    if (written && ::renameat(directory, temporary.c_str(), directory, name.c_str()) != 0) {
        written = fail_errno("rename to", name, errno);
    }
    if (!written) {
        ::unlinkat(directory, temporary.c_str(), 0);
        return written;
    }
    // Best effort: some file systems refuse to fsync a directory.
    ::fsync(directory);
    return {};
}

namespace {

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

bool plain_component(std::string_view name) {
    return !name.empty() && name != "." && name != ".." &&
           name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

Result<std::vector<std::string>> plain_components(std::string_view relative) {
    std::vector<std::string> parts = split(relative, '/');
    for (const std::string& part : parts) {
        if (!plain_component(part)) {
            return fail(ErrorKind::infrastructure,
                        fmt::format("'{}' is no plain relative path", relative));
        }
    }
    return parts;
}

}  // namespace

Result<Directory> Directory::open(const std::string& path) {
    FileDescriptor fd(::open(path.c_str(), kOpenDirectory));
    if (!fd.valid()) {
        return fail_errno("open directory", path, errno);
    }
    return Directory(std::move(fd), path);
}

Result<Directory> Directory::create(const std::string& path, mode_t mode) {
    if (path.empty() || path.front() != '/') {
        return fail(ErrorKind::config, fmt::format("'{}' is no absolute path", path));
    }
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string prefix = path.substr(0, end);
        if (!prefix.empty() && ::mkdir(prefix.c_str(), mode) != 0 && errno != EEXIST &&
            ::access(prefix.c_str(), F_OK) != 0) {
            return fail_errno("create directory", prefix, errno);
        }
        if (end == std::string::npos) {
            break;
        }
    }
    return open(path);
}

namespace {

// The whole path in one call, where the kernel can (since 5.6); otherwise nothing.
FileDescriptor open_without_links(int directory, const std::string& relative) {
#ifdef SYS_openat2
    open_how how{};
    how.flags = static_cast<std::uint64_t>(kOpenDirectory);
    how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
    return FileDescriptor(
        static_cast<int>(::syscall(SYS_openat2, directory, relative.c_str(), &how, sizeof how)));
#else
    static_cast<void>(directory);
    static_cast<void>(relative);
    return {};
#endif
}

}  // namespace

Result<Directory> Directory::open_below(std::string_view relative) const {
    auto parts = plain_components(relative);
    if (!parts) {
        return tl::make_unexpected(parts.error());
    }
    FileDescriptor current;
    if (parts->size() > 1) {
        current = open_without_links(fd_.get(), std::string(relative));
        if (current.valid()) {
            return Directory(std::move(current), fmt::format("{}/{}", path_, relative));
        }
    }
    int at = fd_.get();
    for (const std::string& part : *parts) {
        FileDescriptor next(::openat(at, part.c_str(), kOpenDirectory | O_NOFOLLOW));
        if (!next.valid()) {
            return fail_errno("open directory", fmt::format("{}/{}", path_, relative), errno);
        }
        current = std::move(next);
        at = current.get();
    }
    return Directory(std::move(current), fmt::format("{}/{}", path_, relative));
}

Result<Directory> Directory::create_below(std::string_view relative, mode_t mode) const {
    auto parts = plain_components(relative);
    if (!parts) {
        return tl::make_unexpected(parts.error());
    }
    FileDescriptor current;
    int at = fd_.get();
    for (const std::string& part : *parts) {
        if (::mkdirat(at, part.c_str(), mode) != 0 && errno != EEXIST) {
            return fail_errno("create directory", fmt::format("{}/{}", path_, relative), errno);
        }
        FileDescriptor next(::openat(at, part.c_str(), kOpenDirectory | O_NOFOLLOW));
        if (!next.valid()) {
            return fail_errno("open directory", fmt::format("{}/{}", path_, relative), errno);
        }
        current = std::move(next);
        at = current.get();
    }
    return Directory(std::move(current), fmt::format("{}/{}", path_, relative));
}

Result<Directory> Directory::create_new(const std::string& name, mode_t mode) const {
    if (!plain_component(name)) {
        return fail(ErrorKind::infrastructure, fmt::format("'{}' is no plain name", name));
    }
    if (::mkdirat(fd_.get(), name.c_str(), mode) != 0) {
        return fail_errno("create directory", fmt::format("{}/{}", path_, name), errno);
    }
    return open_below(name);
}

Result<FileDescriptor> Directory::open_file(const std::string& name, int flags, mode_t mode) const {
    if (!plain_component(name)) {
        return fail(ErrorKind::infrastructure, fmt::format("'{}' is no plain name", name));
    }
    FileDescriptor fd(::openat(fd_.get(), name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd.valid()) {
        return fail_errno("open", fmt::format("{}/{}", path_, name), errno);
    }
    return fd;
}

Result<std::string> Directory::read(const std::string& name, std::uint64_t limit) const {
    auto fd = open_file(name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd) {
        return tl::make_unexpected(fd.error());
    }
    struct stat info {};
    if (::fstat(fd->get(), &info) != 0) {
        return fail_errno("stat", fmt::format("{}/{}", path_, name), errno);
    }
    if (!S_ISREG(info.st_mode)) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("'{}/{}' is no regular file", path_, name));
    }
    auto data = read_all(fd->get(), limit);
    if (!data) {
        return tl::make_unexpected(data.error().within(fmt::format("{}/{}", path_, name)));
    }
    return data;
}

Result<std::vector<std::string>> Directory::names() const {
    const int copy = ::openat(fd_.get(), ".", kOpenDirectory);
    if (copy < 0) {
        return fail_errno("open directory", path_, errno);
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy), ::closedir);
    if (!stream) {
        ::close(copy);
        return fail_errno("read directory", path_, errno);
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(stream.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            names.emplace_back(name);
        }
        errno = 0;
    }
    if (errno != 0) {
        return fail_errno("read directory", path_, errno);
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool Directory::has(const std::string& name) const {
    return ::faccessat(fd_.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<> remove_tree(const Directory& parent, const std::string& name) {
    if (::unlinkat(parent.fd(), name.c_str(), 0) == 0 || errno == ENOENT) {
        return {};
    }
    if (errno != EISDIR && errno != EPERM) {
        return fail_errno("remove", fmt::format("{}/{}", parent.path(), name), errno);
    }
    auto directory = parent.open_below(name);
    if (!directory) {
        return tl::make_unexpected(directory.error());
    }
    auto names = directory->names();
    if (!names) {
        return tl::make_unexpected(names.error());
    }
    for (const std::string& child : *names) {
        auto removed = remove_tree(*directory, child);
        if (!removed) {
            return removed;
        }
    }
    if (::unlinkat(parent.fd(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
        return fail_errno("remove", fmt::format("{}/{}", parent.path(), name), errno);
    }
    return {};
}

}  // namespace pavtest
