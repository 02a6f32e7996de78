// Bundles as files.
#include "cmd/pavsuite/bundle_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"

namespace pavtest::cmd {

std::optional<std::string> bundle_request(const std::vector<std::string>& requests) {
    if (requests.size() == 1 && requests.front().starts_with("@/")) {
        return requests.front().substr(1);
    }
    return std::nullopt;
}

Result<session::Bundle> read_bundle(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        return fail_errno("read", path, errno);
    }
    if (!S_ISREG(info.st_mode) || info.st_uid != ::getuid() || (info.st_mode & 077) != 0) {
        return fail(ErrorKind::usage, fmt::format("'{}' is no private file of yours", path),
                    "'@' is for what 'pavsuite submit' prepared");
    }
    constexpr std::uint64_t most = 1ULL << 30;
    auto text = read_file(path, most);
    if (!text) {
        return tl::make_unexpected(text.error());
    }
    return session::bundle_from_json(*text);
}

}  // namespace pavtest::cmd
