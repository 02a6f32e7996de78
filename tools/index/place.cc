// Choosing a file. The host is part of its name: a home that several hosts share must not
// have them share what SQLite can only lock on one.
#include "index/place.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "session/store.h"

namespace pavtest::index {

std::string path_for(const Environment& environment, const Account& account,
                     const Settings& settings, const std::string& store) {
    std::string directory = settings.index_dir;
    if (directory.empty()) {
        directory = environment.get_or("XDG_CACHE_HOME", "");
        if (directory.empty() || directory.front() != '/') {
            directory = account.home + "/.cache";
        }
        directory += "/pavtest";
    }
    // FNV-1a: names one of a few stores, and the index itself says of which it is.
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : store) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    }
    Environment login = environment;
    login.unset("SLURMD_NODENAME");
    return fmt::format("{}/index-{}-{:016x}.sqlite", directory, session::record_host(login), hash);
}

Result<Index> open_or_in_memory(const std::string& path, const std::string& store) {
    const std::string parent = path.substr(0, path.rfind('/'));
    struct stat info {};
    const auto directory = Directory::create(parent, S_IRWXU);
    // Who could rename things there could give us another's index.
    const bool safe = directory && ::fstat(directory->fd(), &info) == 0 &&
                      info.st_uid == ::geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    if (safe) {
        if (auto index = Index::open(path, store)) {
            return index;
        }
    }
    return Index::in_memory();
}

}  // namespace pavtest::index
