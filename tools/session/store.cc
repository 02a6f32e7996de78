// Sessions on disk. A session appears by one rename, so it is there whole or not at all.
#include "session/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>

#include "session/id.h"
#include "session/plan.h"
#include "status/flat_json.h"

namespace pavtest::session {

namespace {

constexpr mode_t kPrivateDirectory = 0700;
constexpr mode_t kGroupDirectory = 0750;  // setgid is inherited
constexpr mode_t kPrivateFile = 0600;
constexpr mode_t kGroupFile = 0640;
constexpr std::uint64_t kHeaderLimit = 16ULL << 20;
constexpr std::uint64_t kPlanLimit = 1ULL << 30;

// All modes of a store are said outright; the user's umask has no part in them.
class ExactModes {
  public:
    ExactModes() : before_(::umask(0)) {}
    ~ExactModes() { ::umask(before_); }
    ExactModes(const ExactModes&) = delete;
    ExactModes& operator=(const ExactModes&) = delete;

  private:
    mode_t before_;
};

// What is below a directory gets its modes: a group may read if it may read the directory
// and the directory hands its group on.
bool group_shared(const Directory& directory) {
    struct stat info {};
    return ::fstat(directory.fd(), &info) == 0 && (info.st_mode & S_ISGID) != 0 &&
           (info.st_mode & S_IRGRP) != 0;
}

Result<> write_exactly(const Directory& directory, const std::string& name, std::string_view data,
                       mode_t mode) {
    auto written = write_file_atomic(directory.fd(), name, data, mode);
    if (written && ::fchmodat(directory.fd(), name.c_str(), mode, 0) != 0) {
        return fail_errno("set the mode of", name, errno);
    }
    return written;
}

Result<gid_t> group_id(const std::string& name) {
    std::array<char, 65536> buffer{};
    group entry{};
    group* found = nullptr;
    if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr) {
        return fail(ErrorKind::config,
                    fmt::format("the store's group '{}' is not known here", name));
    }
    return entry.gr_gid;
}

// A store that was just made gets its group, from its parent or from us.
Result<> share_with_group(const Directory& store, const std::string& name) {
    const auto group = group_id(name);
    if (!group) {
        return tl::make_unexpected(group.error());
    }
    struct stat info {};
    if (::fstat(store.fd(), &info) != 0) {
        return fail_errno("stat", store.path(), errno);
    }
    if (info.st_gid != *group && ::fchown(store.fd(), static_cast<uid_t>(-1), *group) != 0) {
        return fail(ErrorKind::config,
                    fmt::format("cannot give the store '{}' to the group '{}'", store.path(), name),
                    "its parent directory should belong to that group and be setgid");
    }
    if ((info.st_mode & S_ISGID) == 0 && ::fchmod(store.fd(), S_ISGID | kGroupDirectory) != 0) {
        return fail_errno("set the mode of", store.path(), errno);
    }
    return {};
}

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

bool is_month(std::string_view name) {
    return name.size() == 7 && name[4] == '-' && number(name.substr(0, 4)) &&
           number(name.substr(5));
}

}  // namespace

std::string JobKey::directory_name() const {
    return fmt::format("{}.{}", job, restart);
}

std::optional<JobKey> JobKey::from(std::string_view directory_name) {
    const std::size_t dot = directory_name.find('.');
    if (dot == std::string_view::npos) {
        return std::nullopt;
    }
    const auto job = number(directory_name.substr(0, dot));
    const auto restart = number(directory_name.substr(dot + 1));
    if (!job || !restart) {
        return std::nullopt;
    }
    return JobKey{*job, *restart};
}

Result<Directory> make_directory(const Directory& parent, const std::string& name, mode_t mode) {
    {
        const ExactModes guard;
        auto made = parent.create_new(name, mode);
        if (made) {
            return made;
        }
    }
    return parent.open_below(name);
}

SessionDirectory::SessionDirectory(std::string id, Directory directory)
    : id_(std::move(id)), directory_(std::move(directory)) {
    const bool shared = group_shared(directory_);
    file_mode_ = shared ? kGroupFile : kPrivateFile;
    directory_mode_ = shared ? kGroupDirectory : kPrivateDirectory;
}

Result<Header> SessionDirectory::header() const {
    const auto text = directory_.read("session.json", kHeaderLimit);
    if (!text) {
        return tl::make_unexpected(text.error());
    }
    return header_from_json(*text).map_error(
        [&](const Error& error) { return error.within("session " + id_); });
}

Result<Plan> SessionDirectory::plan() const {
    const auto text = directory_.read("plan.json", kPlanLimit);
    if (!text) {
        return tl::make_unexpected(text.error());
    }
    return plan_from_json(*text).map_error(
        [&](const Error& error) { return error.within("session " + id_); });
}

std::vector<std::string> SessionDirectory::test_names(std::uint32_t tests) const {
    std::vector<std::string> names(tests);
    const auto text = directory_.read("plan.json", kPlanLimit);
    status::FlatValue key;
    status::FlatValue value;
    status::FlatReader plan(text ? std::string_view(*text) : std::string_view{});
    for (bool more = plan.begin(); more && plan.next(key, value);) {
        if (key.text != "tests" || value.kind != status::FlatValue::Kind::compound) {
            continue;
        }
        status::FlatReader all(value.text);
        status::FlatValue element;
        for (bool each = all.begin_array(); each && all.next_element(element);) {
            std::optional<std::uint32_t> index;
            std::string name;
            status::FlatReader test(element.text);
            for (bool member = test.begin(); member && test.next(key, value);) {
                if (key.text == "index") {
                    index = number(value.text);
                } else if (key.text == "name") {
                    name = status::unescaped(value);
                }
            }
            if (index && *index < tests) {
                names[*index] = std::move(name);
            }
        }
    }
    return names;
}

std::string SessionDirectory::fingerprint() const {
    std::string print;
    const auto add = [&](const Directory& directory, bool with_files) {
        struct stat info {};
        ::fstat(directory.fd(), &info);
        fmt::format_to(std::back_inserter(print), "{}.{}", info.st_mtim.tv_sec,
                       info.st_mtim.tv_nsec);
        const auto names =
            with_files ? directory.names() : Result<std::vector<std::string>>(tl::in_place);
        if (!names) {
            print += '!';
            return;
        }
        for (const std::string& name : *names) {
            if (name.ends_with(".jsonl") &&
                ::fstatat(directory.fd(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
                fmt::format_to(std::back_inserter(print), " {}:{}:{}", name, info.st_ino,
                               info.st_size);
            }
        }
        print += ';';
    };
    add(directory_, true);
    if (const auto all = directory_.open_below("jobs")) {
        add(*all, false);
        const auto keys = jobs();
        for (const JobKey key : keys ? *keys : std::vector<JobKey>{}) {
            if (const auto job = job_directory(key)) {
                add(*job, true);
            }
        }
    }
    return print;
}

Result<std::vector<JobKey>> SessionDirectory::jobs() const {
    std::vector<JobKey> keys;
    const auto jobs = directory_.open_below("jobs");
    if (!jobs) {
        if (jobs.error().kind == ErrorKind::not_found) {
            return keys;
        }
        return tl::make_unexpected(jobs.error());
    }
    const auto names = jobs->names();
    if (!names) {
        return tl::make_unexpected(names.error());
    }
    for (const std::string& name : *names) {
        if (const auto key = JobKey::from(name)) {
            keys.push_back(*key);
        }
    }
    std::sort(keys.begin(), keys.end());
    return keys;
}

Result<Directory> SessionDirectory::job_directory(JobKey key) const {
    return directory_.open_below("jobs/" + key.directory_name());
}

Result<Directory> SessionDirectory::make_job_directory(JobKey key) const {
    const auto jobs = make_directory(directory_, "jobs", directory_mode_);
    if (!jobs) {
        return tl::make_unexpected(jobs.error());
    }
    return make_directory(*jobs, key.directory_name(), directory_mode_);
}

Result<Directory> SessionDirectory::make_test_directory(const Directory& job, std::uint32_t test,
                                                        mode_t mode) {
    const auto tests = make_directory(job, "tests", mode);
    if (!tests) {
        return tl::make_unexpected(tests.error());
    }
    return make_directory(*tests, fmt::format("{:04}", test), mode);
}

Store::Store(Directory directory)
    : directory_(std::move(directory)),
      directory_mode_(group_shared(directory_) ? kGroupDirectory : kPrivateDirectory) {}

Result<Store> Store::open(const std::string& path) {
    auto directory = Directory::open(path);
    if (!directory) {
        return tl::make_unexpected(directory.error());
    }
    return Store(*std::move(directory));
}

Result<Store> Store::create(const Settings& settings) {
    auto store = open(settings.store);
    if (store || store.error().kind != ErrorKind::not_found) {
        return store;
    }
    const bool shared = !settings.store_group.empty();
    const ExactModes guard;
    auto made = Directory::create(settings.store, shared ? kGroupDirectory : kPrivateDirectory);
    if (!made) {
        return tl::make_unexpected(made.error().within("making the store"));
    }
    if (shared) {
        if (auto given = share_with_group(*made, settings.store_group); !given) {
            return tl::make_unexpected(given.error());
        }
    }
    return Store(*std::move(made));
}

Result<SessionDirectory> Store::open_session(std::string_view id) const {
    if (!is_id(id)) {
        return fail(ErrorKind::not_found, fmt::format("'{}' is no session id", id));
    }
    auto directory = directory_.open_below(fmt::format("sessions/{}/{}", id_month(id), id));
    if (!directory) {
        if (directory.error().kind == ErrorKind::not_found) {
            return fail(ErrorKind::not_found,
                        fmt::format("there is no session '{}' in the store '{}'", id, path()));
        }
        return tl::make_unexpected(directory.error());
    }
    return SessionDirectory(std::string(id), *std::move(directory));
}

Result<SessionDirectory> Store::create_session(const Header& header, const Plan& plan,
                                               const Fill& fill) const {
    if (!is_id(header.id) || header.id != plan.id) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("'{}' and '{}' are not the id of one session", header.id, plan.id));
    }
    const auto sessions = make_directory(directory_, "sessions", directory_mode_);
    if (!sessions) {
        return tl::make_unexpected(sessions.error());
    }
    const auto month = make_directory(*sessions, id_month(header.id), directory_mode_);
    if (!month) {
        return tl::make_unexpected(month.error());
    }
    if (month->has(header.id)) {
        return fail(ErrorKind::infrastructure, fmt::format("the session '{}' exists", header.id));
    }
    const std::string temporary = fmt::format(".{}.new", header.id);
    auto directory = make_directory(*month, temporary, directory_mode_);
    if (!directory) {
        return tl::make_unexpected(directory.error());
    }
    const SessionDirectory unborn(header.id, *std::move(directory));
    auto written =
        write_exactly(unborn.directory(), "session.json", to_json(header), unborn.file_mode());
    if (written && fill) {
        written = fill(unborn);
    }
    // Last, so that the plan can tell of what was filled in.
    if (written) {
        written = write_exactly(unborn.directory(), "plan.json", to_json(plan), unborn.file_mode());
        ::fsync(unborn.directory().fd());
    }
    if (written &&
        ::renameat(month->fd(), temporary.c_str(), month->fd(), header.id.c_str()) != 0) {
        written = fail_errno("make visible", header.id, errno);
    }
    if (!written) {
        // Nothing better can be done if this fails as well; readers don't look at it.
        static_cast<void>(remove_tree(*month, temporary));
        return tl::make_unexpected(written.error().within("making the session"));
    }
    // Best effort: some file systems refuse to fsync a directory.
    ::fsync(month->fd());
    ::fsync(sessions->fd());
    return open_session(header.id);
}

Result<std::vector<std::string>> Store::months() const {
    const auto sessions = directory_.open_below("sessions");
    if (!sessions) {
        if (sessions.error().kind == ErrorKind::not_found) {
            return std::vector<std::string>{};
        }
        return tl::make_unexpected(sessions.error());
    }
    auto months = sessions->names();
    if (months) {
        std::erase_if(*months, [](const std::string& name) { return !is_month(name); });
    }
    return months;
}

Result<std::int64_t> Store::month_modified(const std::string& month) const {
    const std::string path = "sessions/" + month;
    struct stat info {};
    if (::fstatat(directory_.fd(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        return fail_errno("look at", path, errno);
    }
    return std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
}

Result<Directory> Store::month_directory(const std::string& month) const {
    return directory_.open_below("sessions/" + month);
}

void Store::drop_month_if_empty(const std::string& month) const {
    if (const auto sessions = directory_.open_below("sessions")) {
        ::unlinkat(sessions->fd(), month.c_str(), AT_REMOVEDIR);
    }
}

Result<std::vector<std::string>> Store::sessions_of_month(const std::string& month) const {
    const auto directory = directory_.open_below("sessions/" + month);
    auto ids = directory ? directory->names() : tl::make_unexpected(directory.error());
    if (ids) {
        std::erase_if(*ids,
                      [&](const std::string& id) { return !is_id(id) || id_month(id) != month; });
    }
    return ids;
}

Result<> Store::each_session(const std::function<bool(const std::string&)>& visit) const {
    const auto all = months();
    if (!all) {
        return tl::make_unexpected(all.error());
    }
    for (auto month = all->rbegin(); month != all->rend(); ++month) {
        const auto ids = sessions_of_month(*month);
        if (!ids) {
            // Removed while we look, or not ours to read: the other months still count.
            continue;
        }
        for (auto id = ids->rbegin(); id != ids->rend(); ++id) {
            if (!visit(*id)) {
                return {};
            }
        }
    }
    return {};
}

Result<std::vector<std::string>> Store::sessions_of_job(std::uint32_t job, std::size_t most) const {
    std::vector<std::string> found;
    const auto sessions = directory_.open_below("sessions");
    if (!sessions) {
        return found;
    }
    const auto search = [&](const auto& has_job) {
        return each_session([&](const std::string& id) {
            if (has_job(fmt::format("{}/{}/jobs", id_month(id), id))) {
                found.push_back(id);
            }
            return found.size() < most;
        });
    };
    // One system call a session finds nearly every job: it began with restart 0.
    auto searched = search([&](const std::string& jobs) {
        const std::string path = fmt::format("{}/{}.0", jobs, job);
        return ::faccessat(sessions->fd(), path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    });
    if (searched && found.empty()) {
        searched = search([&](const std::string& jobs) {
            const auto directory = sessions->open_below(jobs);
            const auto names =
                directory ? directory->names() : tl::make_unexpected(directory.error());
            return names && std::any_of(names->begin(), names->end(), [&](const std::string& name) {
                       const auto key = JobKey::from(name);
                       return key && key->job == job;
                   });
        });
    }
    if (!searched) {
        return tl::make_unexpected(searched.error());
    }
    return found;
}

std::string record_host(const Environment& environment) {
    std::string name = environment.get_or("SLURMD_NODENAME", "");
    if (name.empty()) {
        std::array<char, HOST_NAME_MAX + 1> buffer{};
        ::gethostname(buffer.data(), buffer.size() - 1);
        name = buffer.data();
        name.resize(std::min(name.find('.'), name.size()));
    }
    // It becomes part of file names.
    const auto odd = [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '-' || c == '_' || c == '.');
    };
    std::replace_if(name.begin(), name.end(), odd, '_');
    return name.empty() ? "localhost" : name;
}

}  // namespace pavtest::session
