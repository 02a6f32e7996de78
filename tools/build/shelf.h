// Finished builds by their identity, shared by sessions, jobs, hosts and, where a site says so,
// users. On disk (docs/formats.md):
//   <hash>            a link to .<hash>.<token>, made in one step when the build is whole
//   .<hash>.<token>/  holder.json, build.sh, build.log, build/, uses/, and, at its end, end.json
//   <hash>.lock       who builds it now; a hard link to a holder.json
//   <hash>.failed     a link to the last attempt that failed
// The lock saves work; that nothing is mixed up does not depend on it: whoever builds does so in
// a directory of their own, and only a whole build gets its name.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "build/holder.h"

namespace pavtest::build {

struct ShelfPlace {
    std::string path;
    /// The group whose members share it; empty: only one's own builds are trusted.
    std::string group;
    /// Told of each step that is done, in order; tests end the process there.
    std::function<void(std::string_view step)> at_step;
};

/// A finished build.
struct Found {
    std::string hash;
    std::string workspace;  // absolute, of .<hash>.<token>
    std::string user;       // who built it
    std::string host;
    std::optional<std::uint64_t> bytes;  // of its files; not noted by an older release
    [[nodiscard]] std::string directory() const { return workspace + "/build"; }
    [[nodiscard]] std::string log() const { return workspace + "/build.log"; }
};

/// A build that we make: in a directory that nobody else writes.
struct Workspace {
    Holder holder;
    std::string hash;
    std::string name;  // .<hash>.<token>
    std::string path;  // absolute
    [[nodiscard]] std::string directory() const { return path + "/build"; }
    [[nodiscard]] std::string log() const { return path + "/build.log"; }
    [[nodiscard]] std::string script() const { return path + "/build.sh"; }
};

/// Somebody builds it at the moment.
struct Busy {
    Holder holder;
    /// The lock, where neither this host nor Slurm can ever tell whether the holder still lives.
    std::string unjudged;
};

using Beginning = std::variant<Found, Busy, Workspace>;

/// What a shelf holds, for listing and pruning.
struct Entry {
    std::string hash;
    std::string workspace;  // its name
    enum class Kind { finished, failed, building, left_over } kind = Kind::finished;
    Holder holder;
    struct Use {
        std::string session;
        Holder holder;
        std::int64_t when = 0;  // seconds since 1970
    };
    std::vector<Use> uses;
    std::uint64_t bytes = 0;
    std::int64_t made = 0;  // seconds since 1970
};

class Shelf {
  public:
    /// Makes it where it is missing. A shared one must be there, be the group's, setgid, and
    /// nobody else's to write.
    static Result<Shelf> open(ShelfPlace place);
    /// Without making one.
    static Result<Shelf> open_existing(ShelfPlace place);

    [[nodiscard]] const std::string& path() const { return directory_.path(); }
    /// Whether another's builds may be used at all.
    [[nodiscard]] bool shared() const { return group_.has_value(); }

    /// A whole build that is to be trusted.
    [[nodiscard]] std::optional<Found> find(const std::string& hash) const;
    /// Notes that `holder` uses it for a session, so that it is not pruned meanwhile. False if it
    /// went just before.
    [[nodiscard]] bool use(const Found& found, const std::string& session,
                           const Holder& holder) const;

    /// The lock and a workspace with an empty `build`; or what is there, or who builds it.
    /// `may_ask`: the witness may put a question to Slurm about a holder that it can't see.
    Result<Beginning> begin(const std::string& hash, const Holder& holder, Witness& witness,
                            bool may_ask) const;
    /// Makes it whole, read-only and, by one step, everybody's. What another has finished
    /// meanwhile wins.
    Result<Found> finish(const Workspace& workspace) const;
    /// Keeps it for reading, the last of its hash; gives the lock back.
    Result<> failed(const Workspace& workspace, const std::string& reason) const;
    /// Takes it away and gives the lock back: an attempt that says nothing about the build.
    void abandon(const Workspace& workspace) const;

    [[nodiscard]] Result<std::vector<Entry>> entries() const;
    /// Takes a build away unless somebody uses it; false if so. Only one's own, or as root.
    Result<bool> remove(const Entry& entry, const Holder& self, Witness& witness) const;

  private:
    Shelf(Directory directory, ShelfPlace place, std::optional<gid_t> group, bool group_reads);
    static Result<Shelf> opened(Directory directory, ShelfPlace place);

    void step(std::string_view name) const {
        if (place_.at_step) {
            place_.at_step(name);
        }
    }
    [[nodiscard]] bool trusted(uid_t owner) const;
    [[nodiscard]] std::optional<Holder> lock_holder(const std::string& hash) const;
    Result<std::optional<Holder>> take_lock(const Workspace& workspace) const;
    bool break_lock(const std::string& hash, const Holder& dead, const Holder& self) const;
    void unlock(const Workspace& workspace) const;
    void sweep(const std::string& hash, const Holder& self, Witness& witness) const;
    Result<Workspace> make_workspace(const std::string& hash, const Holder& holder) const;
    Result<> write_end(const Workspace& workspace, std::string_view state,
                       const std::string& reason, std::optional<std::uint64_t> bytes) const;
    Result<> publish(const Workspace& workspace) const;
    void take_away(const std::string& workspace) const;
    [[nodiscard]] bool in_use(const std::string& workspace, Witness& witness) const;

    Directory directory_;
    ShelfPlace place_;
    std::optional<gid_t> group_;
    mode_t file_mode_;
    mode_t directory_mode_;
};

/// Whether it is the 64 hexadecimal digits of an identity.
bool is_hash(std::string_view text);

}  // namespace pavtest::build
