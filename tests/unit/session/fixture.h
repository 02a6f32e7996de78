// A store in a temporary directory, a clock that is set by hand, and short ways to write
// records.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "session/journal.h"
#include "session/plan.h"
#include "session/store.h"
#include "session/view.h"

namespace pavtest::session {

class HandClock : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override { return now_; }
    void set(std::int64_t seconds) { now_ = {seconds * 1'000'000}; }
    void advance(std::int64_t seconds) { now_.microseconds += seconds * 1'000'000; }

  private:
    Timestamp now_{1'700'000'000'000'000};
};

class StoreTest : public testing::Test {
  protected:
    static constexpr const char* kId = "1hf7yat00abc";

    void SetUp() override {
        std::string pattern = testing::TempDir() + "pavtest-session-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
        settings_.store = path_ + "/store";
    }
    void TearDown() override { std::filesystem::remove_all(path_); }

    static Header header(std::uint32_t tests, const std::string& id = kId) {
        Header made;
        made.id = id;
        made.created = {1'700'000'000'000'000};
        made.user = "alice";
        made.uid = 1000;
        made.cluster = "blue";
        made.request = {"hpl"};
        made.suites = {"hpl"};
        made.tests = tests;
        return made;
    }
    static Plan plan(std::uint32_t tests, const std::string& id = kId) {
        Plan made;
        made.id = id;
        for (std::uint32_t i = 0; i < tests; ++i) {
            PlannedTest test;
            test.index = i;
            test.name = "hpl.t" + std::to_string(i);
            test.suite = "hpl";
            test.config = nlohmann::json::object();
            made.tests.push_back(test);
        }
        return made;
    }
    SessionDirectory make_session(std::uint32_t tests, const std::string& id = kId) {
        auto store = Store::create(settings_);
        EXPECT_TRUE(store);
        auto session = store->create_session(header(tests, id), plan(tests, id));
        EXPECT_TRUE(session) << session.error().what;
        return *std::move(session);
    }
    [[nodiscard]] std::string session_path(const std::string& id = kId) const {
        return settings_.store + "/sessions/2023-11/" + id;
    }

    /// Appends records to a job's journal of their role on `host`.
    void write(const SessionDirectory& session, JobKey key, const std::string& host,
               const std::vector<status::Record>& records) {
        const auto job = session.make_job_directory(key);
        ASSERT_TRUE(job);
        for (const status::Record& record : records) {
            auto journal = Journal::open(*job, journal_name(record.role, host), host, clock_, 0600);
            ASSERT_TRUE(journal);
            ASSERT_TRUE(journal->append(record));
        }
    }
    void submit(const SessionDirectory& session, const std::vector<status::Record>& records) {
        for (const status::Record& record : records) {
            auto journal =
                Journal::open(session.directory(), "submit.jsonl", "login", clock_, 0600);
            ASSERT_TRUE(journal && journal->append(record));
        }
    }
    /// What pavsuite freeze and submission write.
    void submit_as_usual(const SessionDirectory& session) {
        submit(session,
               {all(status::Role::submit, "CREATED"), all(status::Role::submit, "SCHEDULED"),
                whole(status::Role::submit, "SCHEDULED", "accepted by Slurm")});
    }

    static status::Record whole(status::Role role, std::string state, std::string note = {}) {
        status::Record record;
        record.role = role;
        record.state = std::move(state);
        record.note = std::move(note);
        return record;
    }
    static status::Record all(status::Role role, std::string state) {
        status::Record record = whole(role, std::move(state));
        record.tests = "*";
        return record;
    }
    static status::Record one(status::Role role, std::uint32_t test, std::string state,
                              std::uint32_t attempt = 1) {
        status::Record record = whole(role, std::move(state));
        record.test = test;
        record.attempt = attempt;
        return record;
    }
    static status::Record ended(status::Record record, status::Cause cause,
                                status::Verdict verdict = status::Verdict::none) {
        record.end = true;
        record.cause = cause;
        record.result = verdict;
        return record;
    }
    static status::Record again(status::Record record) {
        record.again = true;
        return record;
    }
    static status::Record joined(status::Role role, std::string how = "joined") {
        status::Record record;
        record.role = role;
        record.node = std::move(how);
        return record;
    }

    std::string path_;
    Settings settings_;
    HandClock clock_;
};

}  // namespace pavtest::session
