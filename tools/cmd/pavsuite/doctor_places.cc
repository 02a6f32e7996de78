// Settings, store and spool: valid, reachable, and nobody else's to write.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/build_info.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/pavsuite/doctor.h"

namespace pavtest::cmd::doctor {

namespace {

// Of the path as it is written.
std::string who_writes_one(const std::string& path, uid_t uid, bool last) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return {};
    }
    // A private cluster's root is an ordinary user, in files of their own.
    if (info.st_uid != 0 && info.st_uid != uid && info.st_uid != ::geteuid()) {
        return fmt::format("'{}' belongs to user id {}", path, info.st_uid);
    }
    const bool only_adding = !last && (info.st_mode & S_ISVTX) != 0;
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !only_adding) {
        return fmt::format("others may write '{}'", path);
    }
    return {};
}

Finding store_safety(const Settings& settings, const struct stat& info, uid_t uid) {
    const std::string mode = fmt::format("{:04o}", info.st_mode & 07777U);
    if (info.st_uid != uid) {
        return {"store", Level::problem,
                fmt::format("'{}' belongs to user id {}, not to you", settings.store, info.st_uid),
                "whoever made it can replace your sessions: let the admin move it away"};
    }
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return {"store", Level::problem,
                fmt::format("others may write '{}' (mode {})", settings.store, mode),
                fmt::format("chmod go-w '{}'", settings.store)};
    }
    const std::string parent =
        who_may_write(std::filesystem::path(settings.store).parent_path(), uid);
    if (!parent.empty()) {
        return {"store", Level::warning, "above the store " + parent,
                "take the right to write from others, or set the sticky bit (chmod +t)"};
    }
    return {"store", Level::ok, fmt::format("'{}', mode {}", settings.store, mode), ""};
}

// By doing it; nothing is left.
Finding store_writable(const std::string& store) {
    const std::string probe = fmt::format("{}/.doctor.{}", store, ::getpid());
    if (::mkdir(probe.c_str(), 0700) != 0) {
        return {"store", Level::problem,
                fmt::format("nothing can be made in '{}': {}", store, std::strerror(errno)),
                "see to its owner, its mode, its quota and its mount"};
    }
    ::rmdir(probe.c_str());
    struct statvfs room {};
    if (::statvfs(store.c_str(), &room) == 0 &&
        (room.f_bavail * 20 < room.f_blocks ||
         (room.f_files > 0 && room.f_favail * 20 < room.f_files))) {
        return {"store", Level::warning, fmt::format("less than 5 % is free in '{}'", store),
                "remove old sessions"};
    }
    return {"store", Level::ok, "it takes new sessions", ""};
}

std::size_t waiting_in(const std::string& spool) {
    std::size_t count = 0;
    std::error_code error;
    for (auto entry = std::filesystem::recursive_directory_iterator(
             spool, std::filesystem::directory_options::skip_permission_denied, error);
         !error && entry != std::filesystem::recursive_directory_iterator();
         entry.increment(error)) {
        if (entry->is_regular_file(error) && !entry->path().filename().string().starts_with('.')) {
            ++count;
        }
    }
    return count;
}

}  // namespace

std::string who_may_write(const std::string& path, uid_t uid) {
    std::error_code error;
    const std::string real = std::filesystem::canonical(path, error);
    for (std::string each : {path, real}) {
        for (bool last = true; !each.empty() && each != "/"; last = false) {
            if (std::string who = who_writes_one(each, uid, last); !who.empty()) {
                return who;
            }
            each.resize(each.rfind('/') == std::string::npos ? 0 : each.rfind('/'));
        }
    }
    return {};
}

Findings check_settings(const Patient& patient) {
    if (!patient.settings) {
        const Error& error = patient.settings.error();
        std::string where;
        if (error.place) {
            where = fmt::format("{}:{}: ", error.place->file, error.place->line);
        }
        return {{"settings", Level::problem, where + error.what,
                 error.hint.empty() ? "see pavtest.yaml(5)" : error.hint}};
    }
    const Settings& settings = *patient.settings;
    Findings findings;
    findings.push_back({"settings", Level::ok,
                        settings.site_file.empty()
                            ? "there is no site file: defaults hold"
                            : fmt::format("'{}' is valid", settings.site_file),
                        ""});
    if (const auto allowed = check_user(settings, patient.account); !allowed) {
        findings.push_back({"settings", Level::warning, allowed.error().what,
                            "the plugin refuses this user's tests"});
    }
    for (const std::string& directory : settings.config_dirs) {
        if (directory == PAVTEST_SYSCONFDIR && ::access(directory.c_str(), F_OK) != 0) {
            continue;  // the default, which nobody asked for
        }
        if (::access(directory.c_str(), R_OK | X_OK) != 0) {
            findings.push_back(
                {"settings", Level::warning,
                 fmt::format("configuration directory '{}': {}", directory, std::strerror(errno)),
                 "make it, or take it out of config_dirs"});
        } else if (const std::string who = who_may_write(directory, patient.account.uid);
                   !who.empty()) {
            findings.push_back(
                {"settings", Level::warning,
                 fmt::format("suites of '{}' run as whoever asks for them, and {}", directory, who),
                 "let those write it alone who may run programs as every user"});
        }
    }
    return findings;
}

Findings check_store(const Patient& patient) {
    if (!patient.settings) {
        return {{"store", Level::unknown, "the settings are not valid", "see there"}};
    }
    const Settings& settings = *patient.settings;
    struct stat info {};
    if (::stat(settings.store.c_str(), &info) == 0) {
        return {store_safety(settings, info, patient.account.uid), store_writable(settings.store)};
    }
    if (errno != ENOENT) {
        return {{"store", Level::problem,
                 fmt::format("'{}': {}", settings.store, std::strerror(errno)),
                 "mount it, or name another in pavtest.yaml"}};
    }
    std::filesystem::path parent = std::filesystem::path(settings.store).parent_path();
    while (::access(parent.c_str(), F_OK) != 0 && parent.has_relative_path()) {
        parent = parent.parent_path();
    }
    if (::access(parent.c_str(), W_OK | X_OK) != 0) {
        return {{"store", Level::problem,
                 fmt::format("'{}' is not there and cannot be made in '{}': {}", settings.store,
                             parent.string(), std::strerror(errno)),
                 "make it for this user, or let users make theirs (chmod 1777)"}};
    }
    return {{"store", Level::ok,
             fmt::format("'{}' will be made by the first submission", settings.store), ""}};
}

Findings check_spool(const Patient& patient) {
    const std::string spool = patient.spool();
    struct stat info {};
    if (::lstat(spool.c_str(), &info) != 0) {
        return {{"spool", errno == ENOENT ? Level::ok : Level::problem,
                 errno == ENOENT ? fmt::format("'{}' is made when it is first needed", spool)
                                 : fmt::format("'{}': {}", spool, std::strerror(errno)),
                 ""}};
    }
    const std::string who = who_may_write(spool, 0);
    if (!S_ISDIR(info.st_mode) || !who.empty()) {
        return {{"spool", Level::problem,
                 fmt::format("'{}' is not used: {}", spool,
                             S_ISDIR(info.st_mode) ? who : "it is no directory"),
                 "let root own it and all directories above it, and nobody else write them"}};
    }
    if (::access(spool.c_str(), R_OK | X_OK) != 0 || ::geteuid() != 0) {
        return {{"spool", Level::ok, fmt::format("'{}' is root's alone", spool), ""}};
    }
    const std::size_t waiting = waiting_in(spool);
    if (waiting > 0) {
        return {{"spool", Level::warning, fmt::format("{} records wait in '{}'", waiting, spool),
                 fmt::format("'{} flush' delivers them once the store can be reached; or enable "
                             "pavtest-flush.timer",
                             patient.pavnode())}};
    }
    return {{"spool", Level::ok, fmt::format("nothing waits in '{}'", spool), ""}};
}

}  // namespace pavtest::cmd::doctor
