// Becoming a store's owner for a while.
#include "cmd/pavstat/owner.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace pavtest::cmd {

Result<AsOwner> AsOwner::of(const std::string& store) {
    struct stat info {};
    if (::geteuid() != 0) {
        return AsOwner(false);
    }
    if (::stat(store.c_str(), &info) != 0) {
        return fail_errno("open the store", store, errno);
    }
    if (info.st_uid == 0) {
        return AsOwner(false);
    }
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    ::getpwuid_r(info.st_uid, &entry, buffer.data(), buffer.size(), &found);
    const bool groups = found != nullptr ? ::initgroups(entry.pw_name, entry.pw_gid) == 0
                                         : ::setgroups(0, nullptr) == 0;
    if (!groups || ::setegid(found != nullptr ? entry.pw_gid : info.st_gid) != 0 ||
        ::seteuid(info.st_uid) != 0) {
        return fail_errno("become the owner of", store, errno);
    }
    return AsOwner(true);
}

AsOwner::AsOwner(AsOwner&& other) noexcept : changed_(std::exchange(other.changed_, false)) {}

AsOwner::~AsOwner() {
    if (!changed_) {
        return;
    }
    // To go on with half an identity would be worse than to stop.
    if (::seteuid(0) != 0 || ::setegid(0) != 0 || ::setgroups(0, nullptr) != 0) {
        std::abort();
    }
}

}  // namespace pavtest::cmd
