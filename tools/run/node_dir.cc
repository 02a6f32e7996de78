// Looked at once it is open, so that nothing changes in between.
#include "run/node_dir.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

namespace pavtest::run {

namespace {

Result<struct stat> status_of(const Directory& directory) {
    struct stat info {};
    if (::fstat(directory.fd(), &info) != 0) {
        return fail_errno("look at", directory.path(), errno);
    }
    return info;
}

}  // namespace

bool is_safe_place(const struct stat& directory) {
    const bool others_write = (directory.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    const bool sticky = (directory.st_mode & S_ISVTX) != 0;
    return (directory.st_uid == ::geteuid() || directory.st_uid == 0) && (!others_write || sticky);
}

Result<Directory> open_node_dir(const std::string& path) {
    auto directory = Directory::create(path, S_IRWXU);
    if (!directory) {
        return directory;
    }
    const auto info = status_of(*directory);
    if (!info) {
        return tl::make_unexpected(info.error());
    }
    if (!is_safe_place(*info)) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("'{}' is no safe place for builds: others may write there", path));
    }
    return directory;
}

Result<Directory> open_own(const Directory& parent, const std::string& name) {
    auto directory = parent.create_new(name, S_IRWXU);
    if (!directory) {
        directory = parent.open_below(name);
    }
    const auto info = directory ? status_of(*directory) : tl::make_unexpected(directory.error());
    if (!info) {
        return tl::make_unexpected(info.error());
    }
    if (info->st_uid != ::geteuid() || (info->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("'{}' is there and is not ours alone", directory->path()));
    }
    return directory;
}

}  // namespace pavtest::run
