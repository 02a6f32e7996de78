// The rows of an index, in and out. Errors are exceptions of the database. Internal.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/database.h"
#include "index/index.h"
#include "index/words.h"

namespace pavtest::index {

/// A session's id as the key that it is in the tables, and back.
std::int64_t number_of(std::string_view id);
std::string id_of(std::int64_t number);
/// The smallest key of that moment or later.
std::int64_t number_at(Timestamp when);

class Index::Body {
  public:
    explicit Body(Database database) : database_(std::move(database)), words_(database_) {}

    void put(const std::vector<Reading>& readings);
    void put_one(const Reading& reading);
    void put_job(std::int64_t session, std::uint32_t place, const session::JobView& job,
                 const std::vector<std::string>& names);
    void erase(std::int64_t session);  // but what is kept of its journals
    void keep_journals(std::int64_t session, const session::RememberedJournals& journals);
    void forget_journals(std::int64_t session);
    session::RememberedJournals journals(const std::string& id);
    std::vector<JobRow> jobs(const JobFilter& filter);
    std::vector<TestRow> tests(const std::vector<JobRow>& jobs, const TestFilter& filter);
    std::vector<NodeRow> nodes(const std::vector<JobRow>& jobs);

    std::int64_t word(const std::string& text) { return words_.number(text); }
    [[nodiscard]] const Database& database() const { return database_; }
    Words& words() { return words_; }

  private:
    JobRow job_row(const Statement& row);
    TestRow test_row(const Statement& row, std::size_t job);

    Database database_;
    Words words_;
    std::optional<Statement> put_session_, put_job_, put_test_, put_node_;
    std::vector<Statement> erase_;
};

}  // namespace pavtest::index
