// The index of one store: what its journals said when they were read. Never needed for the
// truth: it may be deleted at any time, and where it can't be used, one in memory serves.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "index/rows.h"
#include "session/remembered.h"
#include "session/view.h"

namespace pavtest::index {

/// A session as it was read.
struct Reading {
    std::string id;
    std::string fingerprint;  // of its files before they were read
    session::SessionView view;
    std::vector<std::string> test_names;
    session::RememberedJournals journals;  // kept while the session is not settled
    /// Nothing will be added to it any more, so that nobody looks at its files again.
    bool closed = false;
    bool settled = false;  // nothing is left that Slurm could be asked about
    std::string broken;    // why it can't be read; the rest is empty then
};

/// A month's directory as it was when it was listed.
struct Month {
    std::string name;
    std::int64_t modified = 0;  // nanoseconds
    Timestamp since;            // sessions before that moment were not looked at
};

struct Known {
    std::string id, fingerprint;
};

class Index {
  public:
    /// In the file `path`, for the store there. Foreign, corrupt or of another version: made
    /// anew. An error where it can't be used at all.
    static Result<Index> open(const std::string& path, const std::string& store);
    static Result<Index> in_memory();
    Index(Index&&) noexcept;
    Index& operator=(Index&&) noexcept;
    ~Index();

    /// Everything of these in one transaction.
    Result<> put(const std::vector<Reading>& readings);
    Result<> remove(const std::vector<std::string>& ids);
    Result<> set_month(const Month& month);

    [[nodiscard]] Result<std::vector<Month>> months() const;
    /// Ids in [from, to), sorted: all, or those that are not closed.
    [[nodiscard]] Result<std::vector<Known>> known(std::string_view from, std::string_view to,
                                                   bool open_only) const;
    /// What is kept of the journals of a session that was not settled.
    [[nodiscard]] Result<session::RememberedJournals> journals(const std::string& id) const;
    /// Why sessions since then can't be read.
    [[nodiscard]] Result<std::vector<std::string>> broken(Timestamp since) const;

    /// Sorted by session and job.
    [[nodiscard]] Result<std::vector<JobRow>> jobs(const JobFilter& filter) const;
    /// Sessions of the filter's user, span and ids that Slurm could be asked about.
    [[nodiscard]] Result<std::vector<std::string>> sessions_to_settle(
        const JobFilter& filter) const;
    /// Of these jobs, in their order.
    [[nodiscard]] Result<std::vector<TestRow>> tests(const std::vector<JobRow>& jobs,
                                                     const TestFilter& filter) const;
    [[nodiscard]] Result<std::vector<NodeRow>> nodes(const std::vector<JobRow>& jobs) const;
    /// Whether every page of the file is as it should be.
    [[nodiscard]] Result<> check() const;

  private:
    class Body;
    explicit Index(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

}  // namespace pavtest::index
