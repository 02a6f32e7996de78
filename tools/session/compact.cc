// First the archive is there, whole; then what is in it goes.
#include "session/compact.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "session/id.h"
#include "session/packed.h"

namespace pavtest::session {

namespace {

constexpr const char* kSources = "sources";

// Files that the archive holds as they are now. What was written since stays beside it.
Result<> remove_packed(const Directory& job) {
    std::map<std::string, std::uint64_t> sizes;
    // All of it is read, so that nothing goes that could not be had back.
    Result<> whole;
    const auto read =
        each_packed(job, [&](const std::string& name, std::uint64_t size, const Pieces& pieces) {
            sizes.emplace(name, size);
            whole = pieces([](std::string_view) {});
            return whole.has_value();
        });
    if (!read || !whole) {
        return read ? whole : read;
    }
    const auto names = job.names();
    if (!names) {
        return tl::make_unexpected(names.error());
    }
    for (const std::string& name : *names) {
        struct stat info {};
        if (name == kPacked || ::fstatat(job.fd(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        const auto found = sizes.find(name);
        const bool same_file = S_ISREG(info.st_mode) && found != sizes.end() &&
                               found->second == static_cast<std::uint64_t>(info.st_size);
        // Of directories everything was packed; nobody writes there after a session's end.
        if (same_file || S_ISDIR(info.st_mode)) {
            if (auto removed = remove_tree(job, name); !removed) {
                return removed;
            }
        }
    }
    return {};
}

void add_footprint(const Directory& directory, Footprint& sum) {
    const auto names = directory.names();
    for (const std::string& name : names ? *names : std::vector<std::string>{}) {
        struct stat info {};
        if (::fstatat(directory.fd(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        ++sum.files;
        sum.bytes += static_cast<std::uint64_t>(info.st_blocks) * 512;
        if (S_ISDIR(info.st_mode)) {
            if (const auto below = directory.open_below(name)) {
                add_footprint(*below, sum);
            }
        }
    }
}

}  // namespace

Footprint footprint_of(const Directory& directory) {
    Footprint sum{1, 0};
    add_footprint(directory, sum);
    return sum;
}

bool is_compact(const SessionDirectory& session) {
    const auto keys = session.jobs();
    return keys && std::all_of(keys->begin(), keys->end(), [&](JobKey key) {
               const auto job = session.job_directory(key);
               const auto names = job ? job->names() : tl::make_unexpected(job.error());
               return names && *names == std::vector<std::string>{kPacked};
           });
}

bool all_passed(const SessionView& view) {
    return !view.awaits_tasks() &&
           std::all_of(view.jobs.begin(), view.jobs.end(), [](const JobView& job) {
               return job.settled() && job.has_directory &&
                      std::all_of(job.tests.begin(), job.tests.end(), [](const TestView& test) {
                          return test.result == status::Verdict::pass ||
                                 (test.result == status::Verdict::none &&
                                  test.cause == status::Cause::skipped);
                      });
           });
}

Result<> compact(const SessionDirectory& session) {
    const auto keys = session.jobs();
    if (!keys) {
        return tl::make_unexpected(keys.error());
    }
    for (const JobKey key : *keys) {
        const auto job = session.job_directory(key);
        auto done = job ? Result<>{} : tl::make_unexpected(job.error());
        if (done && !job->has(kPacked)) {
            done = pack(*job, kPacked, session.file_mode());
        }
        if (done) {
            done = remove_packed(*job);
        }
        if (!done) {
            return tl::make_unexpected(done.error().within("session " + session.id()));
        }
    }
    const auto sources = session.directory().open_below(kSources);
    if (!sources) {
        return {};
    }
    auto packed = sources->has(kPacked) ? Result<>{} : pack(*sources, kPacked, session.file_mode());
    return packed ? remove_packed(*sources) : packed;
}

Result<> remove_session(const Store& store, const std::string& id) {
    const auto month = store.month_directory(id_month(id));
    if (!month) {
        return tl::make_unexpected(month.error());
    }
    // Readers pass over such names, and what an interruption leaves is taken up the next time.
    const std::string away = fmt::format(".{}.gone", id);
    if (::renameat(month->fd(), id.c_str(), month->fd(), away.c_str()) != 0 && errno != ENOENT) {
        return fail_errno("remove the session", id, errno);
    }
    if (auto removed = remove_tree(*month, away); !removed) {
        return removed;
    }
    store.drop_month_if_empty(id_month(id));
    return {};
}

}  // namespace pavtest::session
