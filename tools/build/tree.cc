// Links are never followed: a build may have made any.
#include "build/tree.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace pavtest::build {

namespace {

namespace fs = std::filesystem;

constexpr mode_t kWrite = S_IWUSR | S_IWGRP | S_IWOTH;

Result<> seal(const fs::path& path, bool group_reads) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        return fail_errno("stat", path.string(), errno);
    }
    if (S_ISLNK(info.st_mode)) {
        return {};
    }
    mode_t mode = (info.st_mode & (S_IRWXU | S_ISGID)) & ~kWrite;
    if (group_reads) {
        mode |= (mode & S_IRWXU) >> 3U;
    }
    if (::chmod(path.c_str(), mode) != 0) {
        return fail_errno("make read-only", path.string(), errno);
    }
    return {};
}

}  // namespace

Result<> seal_tree(const std::string& path, bool group_reads) {
    std::error_code error;
    auto entry = fs::recursive_directory_iterator(path, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        if (auto sealed = seal(entry->path(), group_reads); !sealed) {
            return sealed;
        }
    }
    if (error) {
        return fail_errno("read", path, error.value());
    }
    return seal(path, group_reads);
}

Result<> unseal_tree(const std::string& path) {
    std::error_code error;
    fs::permissions(path, fs::perms::owner_all, fs::perm_options::add, error);
    // Each directory is made writable before it is looked into.
    auto entry = fs::recursive_directory_iterator(path, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        if (!entry->is_symlink(error) && entry->is_directory(error)) {
            fs::permissions(entry->path(), fs::perms::owner_all, fs::perm_options::add, error);
        }
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        return fail_errno("make writable", path, error.value());
    }
    return {};
}

Result<> sync_file_system(int directory) {
    if (::syncfs(directory) != 0) {
        return fail_errno("write to disk", "the build", errno);
    }
    return {};
}

std::uint64_t tree_bytes(const std::string& path) {
    std::error_code error;
    std::uint64_t bytes = 0;
    auto entry = fs::recursive_directory_iterator(
        path, fs::directory_options::skip_permission_denied, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        struct stat info {};
        if (::lstat(entry->path().c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
            bytes += static_cast<std::uint64_t>(info.st_size);
        }
    }
    return bytes;
}

}  // namespace pavtest::build
