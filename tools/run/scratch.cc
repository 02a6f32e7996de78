// mkdir, and removal in a child where there is something to remove.
#include "run/scratch.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "run/node_dir.h"

namespace pavtest::run {

namespace {

std::string parent_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

Result<> make_own(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0) {
        return {};
    }
    if (errno != EEXIST) {
        return fail_errno("create scratch directory", path, errno);
    }
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != ::geteuid()) {
        return fail(ErrorKind::infrastructure, fmt::format("'{}' is there and is not ours", path),
                    "it is the scratch directory of this job");
    }
    return {};
}

// Who may write there may put something else in the place of what we make.
Result<> check_parent(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return errno == ENOENT ? Result<>{} : fail_errno("look at", path, errno);
    }
    if (!is_safe_place(info)) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("'{}' is no safe place for scratch: others may write there", path),
                    "it is the node_dir of pavtest.yaml, or below it");
    }
    return {};
}

}  // namespace

std::string scratch_root(const std::string& node_dir, const std::string& session,
                         const std::string& job_mark, const std::string& node) {
    return fmt::format("{}/scratch.{}.{}.{}", node_dir, session, job_mark, node);
}

Result<> make_scratch(const std::string& path) {
    if (auto safe = check_parent(parent_of(path)); !safe) {
        return safe;
    }
    if (::mkdir(path.c_str(), 0700) == 0) {
        return {};
    }
    if (errno == ENOENT && !parent_of(path).empty()) {
        if (auto made = make_scratch(parent_of(path)); !made) {
            return made;
        }
    }
    return make_own(path);
}

pid_t remove_scratch(const std::string& path) {
    const std::string parent = parent_of(path);
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT) {
        return 0;
    }
    const pid_t child = ::fork();
    if (child != 0) {
        return child > 0 ? child : 0;
    }
    ::setsid();
    if (const auto root = Directory::open(parent)) {
        static_cast<void>(remove_tree(*root, path.substr(parent.size() + 1)));
    }
    ::_exit(0);
}

}  // namespace pavtest::run
