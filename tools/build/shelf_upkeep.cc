// Listing a shelf, and taking away what nobody uses.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "build/shelf.h"
#include "build/shelf_files.h"
#include "build/tree.h"

namespace pavtest::build {

Result<std::vector<Entry>> Shelf::entries() const {
    const auto names = directory_.names();
    if (!names) {
        return tl::make_unexpected(names.error());
    }
    std::vector<Entry> entries;
    for (const std::string& name : *names) {
        const std::string hash = hash_of(name);
        const auto workspace =
            hash.empty() ? fail(ErrorKind::not_found, name) : directory_.open_below(name);
        struct stat info {};
        if (!workspace || ::fstat(workspace->fd(), &info) != 0) {
            continue;
        }
        Entry entry;
        entry.hash = hash;
        entry.workspace = name;
        entry.holder = holder_in(directory_, *workspace, name).value_or(Holder{});
        entry.made = info.st_mtim.tv_sec;
        const std::string state = state_of(end_of(*workspace));
        const auto lock = lock_holder(hash);
        entry.kind = state == "failed" ? Entry::Kind::failed
                     : state == "done" && link_target(directory_, hash) == name
                         ? Entry::Kind::finished
                     : lock && lock->token == entry.holder.token ? Entry::Kind::building
                                                                 : Entry::Kind::left_over;
        entry.bytes = tree_bytes(workspace->path());
        const auto uses = workspace->open_below("uses");
        const auto notes = uses ? uses->names() : tl::make_unexpected(uses.error());
        for (const std::string& note : notes.value_or(std::vector<std::string>())) {
            const auto text = uses->read(note, kRecordLimit);
            const auto holder = text ? holder_from_json(*text) : std::nullopt;
            const std::size_t at = note.find('@');
            if (holder && at != std::string::npos &&
                ::fstatat(uses->fd(), note.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
                entry.uses.push_back({note.substr(at + 1, note.find('.', at) - at - 1), *holder,
                                      info.st_mtim.tv_sec});
            }
        }
        entries.push_back(std::move(entry));
    }
    return entries;
}

bool Shelf::in_use(const std::string& workspace, Witness& witness) const {
    const auto uses = directory_.open_below(workspace + "/uses");
    const auto notes = uses ? uses->names() : tl::make_unexpected(uses.error());
    for (const std::string& note : notes.value_or(std::vector<std::string>())) {
        const auto text = uses->read(note, kRecordLimit);
        const auto holder = text ? holder_from_json(*text) : std::nullopt;
        if (!holder) {
            continue;
        }
        Life life = witness.look(*holder);
        if (life == Life::unknown) {
            life = witness.ask(*holder);
        }
        if (life != Life::dead) {
            return true;
        }
    }
    return false;
}

Result<bool> Shelf::remove(const Entry& entry, const Holder& self, Witness& witness) const {
    struct stat info {};
    if (::fstatat(directory_.fd(), entry.workspace.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        return fail_errno("look at", entry.workspace, errno);
    }
    if (info.st_uid != self.uid && self.uid != 0) {
        return fail(ErrorKind::usage, fmt::format("the build {} is another's", entry.workspace));
    }
    Life life = witness.look(entry.holder);
    if (life == Life::unknown) {
        life = witness.ask(entry.holder);
    }
    const bool unfinished =
        entry.kind == Entry::Kind::building || entry.kind == Entry::Kind::left_over;
    if ((unfinished && life != Life::dead) || in_use(entry.workspace, witness)) {
        return false;
    }
    if (entry.kind == Entry::Kind::finished) {
        // The name first, then a second look: who noted a use before the name went keeps it;
        // who does so later sees that the name is gone.
        if (::unlinkat(directory_.fd(), entry.hash.c_str(), 0) != 0) {
            return fail_errno("remove", entry.hash, errno);
        }
        step("name removed");
        if (in_use(entry.workspace, witness)) {
            ::symlinkat(entry.workspace.c_str(), directory_.fd(), entry.hash.c_str());
            return false;
        }
    }
    const std::string failed = entry.hash + ".failed";
    if (entry.kind == Entry::Kind::failed && link_target(directory_, failed) == entry.workspace) {
        ::unlinkat(directory_.fd(), failed.c_str(), 0);
    }
    if (const auto lock = lock_holder(entry.hash);
        lock && lock->token == entry.holder.token && life == Life::dead) {
        break_lock(entry.hash, *lock, self);
    }
    if (auto ready = unseal_tree(path() + "/" + entry.workspace); !ready) {
        return tl::make_unexpected(ready.error());
    }
    if (auto removed = remove_tree(directory_, entry.workspace); !removed) {
        return tl::make_unexpected(removed.error());
    }
    return true;
}

}  // namespace pavtest::build
