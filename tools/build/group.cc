// Asked anew each time: who has left a group is not trusted any more.
#include "build/group.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <vector>

namespace pavtest::build {

Result<gid_t> group_id(const std::string& name) {
    std::array<char, 65536> buffer{};
    group entry{};
    group* found = nullptr;
    if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr) {
        return fail(ErrorKind::config,
                    fmt::format("the group '{}' of the build area is not known here", name));
    }
    return entry.gr_gid;
}

bool is_member(uid_t user, gid_t group) {
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
        return false;
    }
    constexpr int most = 65536;
    std::vector<gid_t> groups(64);
    int count = static_cast<int>(groups.size());
    while (::getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count) < 0 &&
           static_cast<int>(groups.size()) < most) {
        groups.resize(
            static_cast<std::size_t>(std::max(count, 2 * static_cast<int>(groups.size()))));
        count = static_cast<int>(groups.size());
    }
    groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    return std::find(groups.begin(), groups.end(), group) != groups.end();
}

}  // namespace pavtest::build
