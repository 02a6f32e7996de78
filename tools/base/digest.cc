// Over libcrypto.
#include "base/digest.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <vector>

#include "base/file.h"

namespace pavtest {

namespace {

class Sha256 {
  public:
    Sha256() : context_(::EVP_MD_CTX_new(), ::EVP_MD_CTX_free) {
        ::EVP_DigestInit_ex(context_.get(), ::EVP_sha256(), nullptr);
    }
    void add(std::string_view bytes) {
        ::EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
    }
    [[nodiscard]] std::string hex() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned length = 0;
        ::EVP_DigestFinal_ex(context_.get(), digest.data(), &length);
        std::string text;
        for (unsigned i = 0; i < length; ++i) {
            text += fmt::format("{:02x}", digest.at(i));
        }
        return text;
    }

  private:
    std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context_;
};

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

Result<std::string> target_of(const std::string& link) {
    std::string target(PATH_MAX, '\0');
    const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
    if (length < 0) {
        return fail_errno("read the link", link, errno);
    }
    target.resize(static_cast<std::size_t>(length));
    return target;
}

}  // namespace

std::string sha256(std::string_view text) {
    Sha256 digest;
    digest.add(text);
    return digest.hex();
}

Result<std::string> Digests::of(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        return fail_errno("read", path, errno);
    }
    if (S_ISREG(info.st_mode)) {
        return of_file(path);
    }
    if (S_ISDIR(info.st_mode)) {
        return of_tree(path);
    }
    return fail(ErrorKind::config, fmt::format("'{}' is neither a file nor a directory", path));
}

Result<std::string> Digests::of_file(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat info {};
    if (!file.valid() || ::fstat(file.get(), &info) != 0) {
        return fail_errno("read", path, errno);
    }
    const Known key{info.st_dev, info.st_ino, info.st_size, nanoseconds(info.st_mtim),
                    nanoseconds(info.st_ctim)};
    if (const auto found = known_.find(key); found != known_.end()) {
        return found->second;
    }
    ++files_read_;
    Sha256 digest;
    std::vector<char> block(1U << 18);
    for (;;) {
        const ssize_t got = ::read(file.get(), block.data(), block.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_errno("read", path, errno);
        }
        if (got == 0) {
            break;
        }
        digest.add({block.data(), static_cast<std::size_t>(got)});
    }
    return known_[key] = digest.hex();
}

Result<std::string> Digests::of_tree(const std::string& path) {
    const auto directory = Directory::open(path);
    const auto names = directory ? directory->names() : tl::make_unexpected(directory.error());
    if (!names) {
        return tl::make_unexpected(names.error());
    }
    Sha256 digest;
    for (const std::string& name : *names) {
        const std::string below = path + "/" + name;
        struct stat info {};
        if (::lstat(below.c_str(), &info) != 0) {
            return fail_errno("read", below, errno);
        }
        const auto content = S_ISLNK(info.st_mode) ? target_of(below) : of(below);
        if (!content) {
            return content;
        }
        const char kind = S_ISLNK(info.st_mode)           ? 'l'
                          : S_ISDIR(info.st_mode)         ? 'd'
                          : (info.st_mode & S_IXUSR) != 0 ? 'x'
                                                          : 'f';
        digest.add(fmt::format("{}{}:{}{}:{}", kind, name.size(), name, content->size(), *content));
    }
    return digest.hex();
}

}  // namespace pavtest
