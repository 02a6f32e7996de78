// The store on disk: making sessions, finding them, and the directories of their jobs.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/settings.h"
#include "base/time.h"
#include "session/header.h"
#include "session/journal.h"

namespace pavtest::session {

struct Plan;

/// One job of a session: an array has one for each task, a requeue another restart.
struct JobKey {
    std::uint32_t job = 0;
    std::uint32_t restart = 0;
    auto operator<=>(const JobKey&) const = default;
    [[nodiscard]] std::string directory_name() const;  // "4711.0"
    static std::optional<JobKey> from(std::string_view directory_name);
};

/// A session's directory, open.
class SessionDirectory {
  public:
    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] const Directory& directory() const { return directory_; }
    [[nodiscard]] Result<Header> header() const;
    /// Include session/plan.h to use it.
    [[nodiscard]] Result<Plan> plan() const;
    /// The names of the plan's tests by index: a tenth of what the whole plan costs. Empty ones
    /// where it can't be read.
    [[nodiscard]] std::vector<std::string> test_names(std::uint32_t tests) const;
    /// Changes when anything is added to the session: sizes of its journals, times of its
    /// directories. Reads no file.
    [[nodiscard]] std::string fingerprint() const;
    [[nodiscard]] Result<std::vector<JobKey>> jobs() const;  // sorted
    [[nodiscard]] Result<Directory> job_directory(JobKey key) const;
    [[nodiscard]] Result<Directory> make_job_directory(JobKey key) const;
    /// tests/<nnnn> in a job's directory, made if it is missing.
    [[nodiscard]] static Result<Directory> make_test_directory(const Directory& job,
                                                               std::uint32_t test, mode_t mode);
    /// Modes for new files and directories: private, or readable by the store's group.
    [[nodiscard]] mode_t file_mode() const { return file_mode_; }
    [[nodiscard]] mode_t directory_mode() const { return directory_mode_; }

  private:
    friend class Store;
    SessionDirectory(std::string id, Directory directory);
    std::string id_;
    Directory directory_;
    mode_t file_mode_;
    mode_t directory_mode_;
};

class Store {
  public:
    /// An existing store. ErrorKind::not_found if it is not there.
    static Result<Store> open(const std::string& path);
    /// Makes it if it is missing: 0700, or 02750 with the settings' group.
    static Result<Store> create(const Settings& settings);

    [[nodiscard]] const std::string& path() const { return directory_.path(); }
    [[nodiscard]] Result<SessionDirectory> open_session(std::string_view id) const;
    /// What else belongs into a new session before anybody can see it.
    using Fill = std::function<Result<>(const SessionDirectory& unborn)>;
    /// A new session directory with session.json, plan.json and what `fill` adds on disk
    /// (written, synced) before it becomes visible under its id.
    [[nodiscard]] Result<SessionDirectory> create_session(const Header& header, const Plan& plan,
                                                          const Fill& fill = {}) const;
    /// Ids, newest first, stopping when `visit` returns false.
    Result<> each_session(const std::function<bool(const std::string& id)>& visit) const;
    /// The months that have a directory ("2026-11"), sorted; none in a store without sessions.
    [[nodiscard]] Result<std::vector<std::string>> months() const;
    /// Changes when a session is added to the month or removed: nanoseconds.
    [[nodiscard]] Result<std::int64_t> month_modified(const std::string& month) const;
    [[nodiscard]] Result<Directory> month_directory(const std::string& month) const;
    /// Removes a month's directory if nothing is in it.
    void drop_month_if_empty(const std::string& month) const;
    /// Ids, sorted.
    [[nodiscard]] Result<std::vector<std::string>> sessions_of_month(
        const std::string& month) const;
    /// The sessions that have a directory for this job, newest first, at most `most`.
    [[nodiscard]] Result<std::vector<std::string>> sessions_of_job(std::uint32_t job,
                                                                   std::size_t most) const;

  private:
    explicit Store(Directory directory);
    Directory directory_;
    mode_t directory_mode_;
};

/// A directory below `parent`, made with exactly `mode` if it is missing. (A chmod after the
/// fact would lose the setgid bit for a user who isn't in the store's group.)
Result<Directory> make_directory(const Directory& parent, const std::string& name, mode_t mode);

/// This host's name as records carry it: SLURMD_NODENAME, else the short host name.
std::string record_host(const Environment& environment);

}  // namespace pavtest::session
