// The rules by which records make up the state of a job and its tests (docs/formats.md,
// "Reading"). Internal to this module.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "session/journal_reader.h"
#include "session/view.h"
#include "status/record.h"

namespace pavtest::session {

/// What the records say of one test, or of the session itself. Points into the records.
struct Subject {
    const status::Record* shown = nullptr;  // the last one with a state
    const status::Record* end = nullptr;    // the end that stands
    const status::Record* completion =
        nullptr;                              // what Slurm said to an end whose cause was pending
    const status::Record* running = nullptr;  // start of the present attempt
    const status::Record* exit = nullptr;     // the last one with a return value or signal
    const status::Record* lasted = nullptr;   // the last one with a duration
    const status::Record* placed = nullptr;   // the last one with nodes
    std::uint32_t attempt = 0;
    std::uint64_t had = 0;  // status::state_bit of each state that counted

    /// Whether a later restart has nothing to add to the end.
    [[nodiscard]] bool final() const { return end != nullptr && !end->again; }
    /// Whether the test was interrupted and Slurm may, for all that is known, start the job
    /// again by itself.
    [[nodiscard]] bool awaits_restart() const;
};

/// Goes through the records of one job once, in reading order, and marks those that came
/// too late as ignored.
class Merge {
  public:
    Merge(std::uint32_t tests, bool has_job) : tests_(tests), has_job_(has_job) {}

    void add(std::vector<SourcedRecord>& records);
    [[nodiscard]] JobView view(const Header& header, const JobRecords& job) const;
    [[nodiscard]] std::optional<Timestamp> accepted() const { return accepted_; }

  private:
    enum class Effect { used, ignored, second_end };

    void add_restart(SourcedRecord* begin, SourcedRecord* end);
    /// `overwritten`: the next record says the same of the same tests anew.
    void add_one(SourcedRecord& each, bool overwritten);
    void add_node(const SourcedRecord& each);
    void add_to_seen(const SourcedRecord& each);
    void add_look(const status::Record& record);
    void add_array(const status::Record& record);
    static Effect apply(Subject& subject, const status::Record& record);
    void flaw(const SourcedRecord& each, std::string what);
    void name_state(JobView& view) const;
    [[nodiscard]] std::string job_nodes() const;

    std::vector<Subject> tests_;
    Subject session_;
    bool has_job_;
    std::optional<Timestamp> accepted_;
    std::uint32_t restart_ = 0;              // the highest that has spoken
    bool runner_spoke_ = false;              // in that restart, of a test
    bool runner_named_state_ = false;        // in that restart, of the session
    bool node_spoke_ = false;                // in that restart
    const status::Record* first_ = nullptr;  // from a node in that restart
    std::uint32_t array_job_ = 0, array_count_ = 0;
    std::map<std::string, NodeView> nodes_;
    std::map<std::string, std::uint64_t> seen_, seen_at_look_;
    std::optional<Timestamp> not_known_since_;
    std::vector<Flaw> flaws_;
};

/// Whether code of the test's own runs in this state, so that it may speak.
bool test_may_speak(std::string_view state);

}  // namespace pavtest::session
