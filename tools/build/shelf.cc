// Every name appears and disappears by one system call that is atomic on NFS, too.
#include "build/shelf.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "build/group.h"
#include "build/shelf_files.h"
#include "build/tree.h"
#include "session/store.h"

namespace pavtest::build {

namespace {

constexpr mode_t kPrivateDirectory = 0700;
constexpr mode_t kGroupDirectory = 0750;
constexpr mode_t kSharedUses = 02770;

Result<> make_link(const Directory& directory, const std::string& target, const std::string& name,
                   const std::string& token) {
    const std::string temporary = fmt::format(".link.{}", token);
    if (::symlinkat(target.c_str(), directory.fd(), temporary.c_str()) != 0) {
        return fail_errno("make the link", temporary, errno);
    }
    if (::renameat(directory.fd(), temporary.c_str(), directory.fd(), name.c_str()) != 0) {
        const int error = errno;
        ::unlinkat(directory.fd(), temporary.c_str(), 0);
        return fail_errno("make the link", name, error);
    }
    return {};
}

}  // namespace

Shelf::Shelf(Directory directory, ShelfPlace place, std::optional<gid_t> group, bool group_reads)
    : directory_(std::move(directory)),
      place_(std::move(place)),
      group_(group),
      file_mode_(group_reads ? 0640 : 0600),
      directory_mode_(group_reads ? kGroupDirectory : kPrivateDirectory) {}

Result<Shelf> Shelf::opened(Directory directory, ShelfPlace place) {
    struct stat info {};
    if (::fstat(directory.fd(), &info) != 0) {
        return fail_errno("stat", directory.path(), errno);
    }
    const bool group_reads = (info.st_mode & S_ISGID) != 0 && (info.st_mode & S_IRGRP) != 0;
    if (place.group.empty()) {
        if (info.st_uid != ::geteuid() || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
            return fail(ErrorKind::config,
                        fmt::format("'{}' is not used for builds: it is not yours alone to write",
                                    directory.path()));
        }
        return Shelf(std::move(directory), std::move(place), std::nullopt, group_reads);
    }
    const auto group = group_id(place.group);
    if (!group) {
        return tl::make_unexpected(group.error());
    }
    if (info.st_gid != *group || (info.st_mode & S_ISGID) == 0 || (info.st_mode & S_IWOTH) != 0) {
        return fail(ErrorKind::config,
                    fmt::format("'{}' is not used for builds: it is not the group {}'s alone",
                                directory.path(), place.group),
                    fmt::format("as root: chgrp {0} '{1}' && chmod 2770 '{1}'", place.group,
                                directory.path()));
    }
    if (info.st_uid != 0 && !is_member(info.st_uid, *group)) {
        return fail(ErrorKind::config,
                    fmt::format("'{}' is not used for builds: its owner is neither root nor in "
                                "the group {}",
                                directory.path(), place.group));
    }
    return Shelf(std::move(directory), std::move(place), *group, true);
}

Result<Shelf> Shelf::open_existing(ShelfPlace place) {
    auto directory = Directory::open(place.path);
    if (!directory) {
        return tl::make_unexpected(directory.error());
    }
    return opened(std::move(*directory), std::move(place));
}

Result<Shelf> Shelf::open(ShelfPlace place) {
    auto shelf = open_existing(place);
    if (shelf || shelf.error().kind != ErrorKind::not_found || !place.group.empty()) {
        return shelf;
    }
    const std::size_t slash = place.path.rfind('/');
    const auto parent = Directory::open(place.path.substr(0, slash));
    if (!parent) {
        return tl::make_unexpected(parent.error());
    }
    struct stat info {};
    const bool group_reads = ::fstat(parent->fd(), &info) == 0 && (info.st_mode & S_ISGID) != 0 &&
                             (info.st_mode & S_IRGRP) != 0;
    auto made = session::make_directory(*parent, place.path.substr(slash + 1),
                                        group_reads ? kGroupDirectory : kPrivateDirectory);
    if (!made) {
        return tl::make_unexpected(made.error());
    }
    return opened(std::move(*made), std::move(place));
}

bool Shelf::trusted(uid_t owner) const {
    return owner == ::geteuid() || (group_ && (owner == 0 || is_member(owner, *group_)));
}

std::optional<Found> Shelf::find(const std::string& hash) const {
    struct stat link {};
    const auto target = link_target(directory_, hash);
    if (!target || !is_workspace_of(*target, hash) ||
        ::fstatat(directory_.fd(), hash.c_str(), &link, AT_SYMLINK_NOFOLLOW) != 0 ||
        !trusted(link.st_uid)) {
        return std::nullopt;
    }
    const auto workspace = directory_.open_below(*target);
    struct stat info {};
    if (!workspace || ::fstat(workspace->fd(), &info) != 0 || !trusted(info.st_uid) ||
        (info.st_mode & S_IWOTH) != 0 || !workspace->has("build")) {
        return std::nullopt;
    }
    const nlohmann::json end = end_of(*workspace);
    if (state_of(end) != "done") {
        return std::nullopt;
    }
    std::optional<std::uint64_t> bytes;
    if (const auto noted = end.find("bytes"); noted != end.end() && noted->is_number_unsigned()) {
        bytes = noted->get<std::uint64_t>();
    }
    const Holder builder = holder_in(directory_, *workspace, *target).value_or(Holder{});
    return Found{hash, path() + "/" + *target, builder.user,
                 builder.node.empty() ? builder.host : builder.node, bytes};
}

bool Shelf::use(const Found& found, const std::string& session, const Holder& holder) const {
    const std::string name = found.workspace.substr(path().size() + 1);
    const auto uses = directory_.open_below(name + "/uses");
    if (uses) {
        // Without a note the build can be pruned under us; that costs the test, not the truth.
        const std::string note =
            fmt::format("{}@{}.{}.{}", holder.uid, session, holder.job, holder.restart);
        static_cast<void>(write_file_atomic(uses->fd(), note, to_json(holder), file_mode_));
    }
    return link_target(directory_, found.hash) == name;
}

std::optional<Holder> Shelf::lock_holder(const std::string& hash) const {
    const auto text = directory_.read(hash + ".lock", kRecordLimit);
    return text ? holder_from_json(*text) : std::nullopt;
}

Result<Workspace> Shelf::make_workspace(const std::string& hash, const Holder& holder) const {
    const std::string name = fmt::format(".{}.{}", hash, holder.token);
    const std::string note = early_note(name);
    if (auto written = write_file_atomic(directory_.fd(), note, to_json(holder), file_mode_);
        !written) {
        return tl::make_unexpected(written.error());
    }
    step("holder written");
    const auto directory = session::make_directory(directory_, name, directory_mode_);
    if (!directory) {
        return tl::make_unexpected(directory.error());
    }
    step("workspace made");
    const auto build = session::make_directory(*directory, "build", directory_mode_);
    const auto uses = build ? session::make_directory(*directory, "uses",
                                                      group_ ? kSharedUses : kPrivateDirectory)
                            : tl::make_unexpected(build.error());
    if (!uses) {
        return tl::make_unexpected(uses.error());
    }
    if (::renameat(directory_.fd(), note.c_str(), directory->fd(), "holder.json") != 0) {
        return fail_errno("write", directory->path() + "/holder.json", errno);
    }
    step("workspace named");
    return Workspace{holder, hash, name, directory->path()};
}

// Nothing if it is ours, else who has it. A link's own answer may be lost on NFS, so the count
// of the names decides.
Result<std::optional<Holder>> Shelf::take_lock(const Workspace& workspace) const {
    const std::string lock = workspace.hash + ".lock";
    const std::string holder = workspace.name + "/holder.json";
    const int linked = ::linkat(directory_.fd(), holder.c_str(), directory_.fd(), lock.c_str(), 0);
    const int error = errno;
    struct stat info {};
    if (linked == 0 ||
        (::fstatat(directory_.fd(), holder.c_str(), &info, 0) == 0 && info.st_nlink == 2)) {
        step("lock taken");
        return std::optional<Holder>{};
    }
    if (error != EEXIST) {
        return fail_errno("take the lock", path() + "/" + lock, error);
    }
    // Somebody, even if it can't be read who: it may be gone again by now.
    return lock_holder(workspace.hash).value_or(Holder{});
}

// Under a name of our own first: another may have broken it, and taken it, before us.
bool Shelf::break_lock(const std::string& hash, const Holder& dead, const Holder& self) const {
    const std::string lock = hash + ".lock";
    const std::string aside = fmt::format(".lock.{}", self.token);
    if (::renameat(directory_.fd(), lock.c_str(), directory_.fd(), aside.c_str()) != 0) {
        return errno == ENOENT;
    }
    step("lock put aside");
    const auto text = directory_.read(aside, kRecordLimit);
    const auto holder = text ? holder_from_json(*text) : std::nullopt;
    const bool right = holder && *holder == dead;
    if (!right && ::linkat(directory_.fd(), aside.c_str(), directory_.fd(), lock.c_str(), 0) != 0 &&
        errno == EPERM) {
        // Another user's file may be renamed, but not be given a second name.
        ::renameat2(directory_.fd(), aside.c_str(), directory_.fd(), lock.c_str(),
                    RENAME_NOREPLACE);
    }
    ::unlinkat(directory_.fd(), aside.c_str(), 0);
    step("lock broken");
    return right;
}

void Shelf::unlock(const Workspace& workspace) const {
    const auto holder = lock_holder(workspace.hash);
    if (holder && holder->token == workspace.holder.token) {
        ::unlinkat(directory_.fd(), (workspace.hash + ".lock").c_str(), 0);
    }
    step("lock given back");
}

Result<Beginning> Shelf::begin(const std::string& hash, const Holder& holder, Witness& witness,
                               bool may_ask) const {
    constexpr int most_tries = 8;
    for (int tries = 0; tries < most_tries; ++tries) {
        if (auto found = find(hash)) {
            return Beginning(std::move(*found));
        }
        if (const auto other = lock_holder(hash)) {
            Life life = witness.look(*other);
            if (life == Life::unknown && may_ask) {
                life = witness.ask(*other);
            }
            if (life != Life::dead) {
                const bool never_known = life == Life::unknown && other->job == 0;
                return Beginning(
                    Busy{*other, never_known ? path() + "/" + hash + ".lock" : std::string()});
            }
            break_lock(hash, *other, holder);
        }
        auto workspace = make_workspace(hash, holder);
        if (!workspace) {
            return tl::make_unexpected(workspace.error());
        }
        const auto other = take_lock(*workspace);
        if (!other) {
            take_away(workspace->name);
            return tl::make_unexpected(other.error());
        }
        if (*other) {
            take_away(workspace->name);
            continue;
        }
        // It may have been finished between our look and the lock.
        if (auto found = find(hash)) {
            abandon(*workspace);
            return Beginning(std::move(*found));
        }
        sweep(hash, holder, witness);
        return Beginning(std::move(*workspace));
    }
    return fail(ErrorKind::infrastructure,
                fmt::format("the lock of the build {} changes hands all the time", hash));
}

// Private directories of holders that died at work.
void Shelf::sweep(const std::string& hash, const Holder& self, Witness& witness) const {
    const auto names = directory_.names();
    const auto kept = link_target(directory_, hash);
    for (const std::string& name : names.value_or(std::vector<std::string>())) {
        if (hash_of(name) != hash || name == kept) {
            continue;
        }
        const auto workspace = directory_.open_below(name);
        const auto holder = workspace ? holder_in(directory_, *workspace, name) : std::nullopt;
        if (holder && holder->token != self.token && holder->uid == self.uid &&
            state_of(end_of(*workspace)).empty() && witness.look(*holder) == Life::dead) {
            take_away(name);
        }
    }
}

Result<> Shelf::write_end(const Workspace& workspace, std::string_view state,
                          const std::string& reason, std::optional<std::uint64_t> bytes) const {
    const auto directory = directory_.open_below(workspace.name);
    if (!directory) {
        return tl::make_unexpected(directory.error());
    }
    nlohmann::json end{
        {"format", 1}, {"hash", workspace.hash}, {"state", state}, {"reason", reason}};
    if (bytes) {
        end["bytes"] = *bytes;
    }
    return write_file_atomic(directory->fd(), "end.json",
                             end.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                             file_mode_);
}

// A link that leads to nothing whole gives way; any other stays.
Result<> Shelf::publish(const Workspace& workspace) const {
    if (::symlinkat(workspace.name.c_str(), directory_.fd(), workspace.hash.c_str()) == 0) {
        return {};
    }
    if (errno != EEXIST) {
        return fail_errno("make the link", workspace.hash, errno);
    }
    if (find(workspace.hash)) {
        return {};
    }
    return make_link(directory_, workspace.name, workspace.hash, workspace.holder.token);
}

Result<Found> Shelf::finish(const Workspace& workspace) const {
    if (auto sealed = seal_tree(workspace.directory(), directory_mode_ == kGroupDirectory);
        !sealed) {
        return tl::make_unexpected(sealed.error());
    }
    step("sealed");
    if (auto synced = sync_file_system(directory_.fd()); !synced) {
        return tl::make_unexpected(synced.error());
    }
    step("synced");
    if (auto written = write_end(workspace, "done", "", tree_bytes(workspace.directory()));
        !written) {
        return tl::make_unexpected(written.error());
    }
    step("end written");
    if (auto published = publish(workspace); !published) {
        return tl::make_unexpected(published.error());
    }
    step("published");
    ::fsync(directory_.fd());
    auto found = find(workspace.hash);
    if (!found) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("the build {} is not there after all", workspace.hash));
    }
    unlock(workspace);
    if (found->workspace != workspace.path) {
        take_away(workspace.name);
    }
    return *found;
}

Result<> Shelf::failed(const Workspace& workspace, const std::string& reason) const {
    const std::string name = workspace.hash + ".failed";
    const auto before = link_target(directory_, name);
    auto kept = write_end(workspace, "failed", reason, std::nullopt);
    if (kept) {
        step("failure written");
        kept = make_link(directory_, workspace.name, name, workspace.holder.token);
        step("failure linked");
    }
    if (kept && before && before != workspace.name && is_workspace_of(*before, workspace.hash)) {
        take_away(*before);
    }
    unlock(workspace);
    return kept;
}

void Shelf::abandon(const Workspace& workspace) const {
    unlock(workspace);
    take_away(workspace.name);
}

void Shelf::take_away(const std::string& workspace) const {
    // What is left is found by the next sweep or prune.
    if (unseal_tree(path() + "/" + workspace)) {
        static_cast<void>(remove_tree(directory_, workspace));
    }
}

}  // namespace pavtest::build
