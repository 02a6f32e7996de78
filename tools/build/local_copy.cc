// Under a name of its own first, so that another on this disk may do the same meanwhile.
#include "build/local_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "build/tree.h"

namespace pavtest::build {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 1U << 20;

class Copier {
  public:
    explicit Copier(const CopyLimits& limits) : limits_(limits) {}

    Result<> tree(const std::string& from, const std::string& to) {
        std::error_code error;
        auto entry = fs::recursive_directory_iterator(from, error);
        for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
            const std::string target = to + entry->path().string().substr(from.size());
            if (auto copied = this->entry(entry->path().string(), target); !copied) {
                return copied;
            }
        }
        return error ? Result<>(fail_errno("read", from, error.value())) : Result<>{};
    }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    Result<> entry(const std::string& from, const std::string& to) {
        struct stat info {};
        if (::lstat(from.c_str(), &info) != 0) {
            return fail_errno("read", from, errno);
        }
        if (S_ISDIR(info.st_mode)) {
            return ::mkdir(to.c_str(), S_IRWXU) == 0 ? Result<>{}
                                                     : fail_errno("create directory", to, errno);
        }
        if (S_ISLNK(info.st_mode)) {
            std::error_code error;
            fs::copy_symlink(from, to, error);
            return error ? Result<>(fail_errno("copy", from, error.value())) : Result<>{};
        }
        if (!S_ISREG(info.st_mode)) {
            return fail(ErrorKind::infrastructure,
                        fmt::format("'{}' is no file, directory or link", from));
        }
        return file(from, to, info.st_mode);
    }

    Result<> file(const std::string& from, const std::string& to, mode_t mode) {
        const FileDescriptor in(::open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        if (!in.valid()) {
            return fail_errno("read", from, errno);
        }
        const FileDescriptor out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                                        S_IWUSR | (mode & S_IRWXU)));
        if (!out.valid()) {
            return fail_errno("create", to, errno);
        }
        for (;;) {
            if (limits_.may_go_on && !limits_.may_go_on()) {
                return fail(ErrorKind::infrastructure, "the time for copying is over");
            }
            const ssize_t sent = ::sendfile(out.get(), in.get(), nullptr, kPiece);
            if (sent < 0 && errno == EINTR) {
                continue;
            }
            if (sent < 0) {
                return fail_errno("copy", from, errno);
            }
            if (sent == 0) {
                return {};
            }
            bytes_ += static_cast<std::uint64_t>(sent);
            if (bytes_ > limits_.bytes) {
                return fail(ErrorKind::infrastructure,
                            fmt::format("it has more than {} MiB", limits_.bytes >> 20U));
            }
        }
    }

    const CopyLimits& limits_;
    std::uint64_t bytes_ = 0;
};

}  // namespace

Result<std::uint64_t> copy_build(const std::string& from, const Directory& parent,
                                 const std::string& name, const CopyLimits& limits) {
    if (parent.has(name)) {
        return std::uint64_t{0};
    }
    const std::string temporary = fmt::format(".{}.{}", name, ::getpid());
    if (auto made = parent.create_new(temporary, S_IRWXU); !made) {
        return tl::make_unexpected(made.error());
    }
    const std::string to = parent.path() + "/" + temporary;
    Copier copier(limits);
    auto copied = copier.tree(from, to);
    // Before the seal: a directory that nobody may write can't be moved by its owner everywhere.
    if (copied && ::renameat(parent.fd(), temporary.c_str(), parent.fd(), name.c_str()) == 0) {
        if (auto sealed = seal_tree(parent.path() + "/" + name, false); !sealed) {
            return tl::make_unexpected(sealed.error());
        }
        return copier.bytes();
    }
    static_cast<void>(unseal_tree(to));
    static_cast<void>(remove_tree(parent, temporary));
    if (copied && !parent.has(name)) {
        return fail_errno("name", parent.path() + "/" + name, errno);
    }
    return copied ? Result<std::uint64_t>(0) : tl::make_unexpected(copied.error());
}

}  // namespace pavtest::build
