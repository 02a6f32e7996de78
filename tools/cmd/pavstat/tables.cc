// Tables in squeue's manner.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cmd/pavstat/owner.h"
#include "cmd/pavstat/table.h"
#include "cmd/pavstat/views.h"
#include "status/states.h"

namespace pavtest::cmd {

namespace {

using session::JobView;
using session::OpenSession;
using session::TestView;
using status::Cause;
using status::Verdict;

std::string or_blank(const std::optional<std::uint32_t>& number) {
    return number ? fmt::format("{}", *number) : std::string{};
}

std::string time_text(const std::optional<Timestamp>& when) {
    return when ? to_slurm_time(*when) : std::string{};
}

// From start to end, or to now for what still runs; clocks that disagree make no negative.
std::string elapsed(const std::optional<Timestamp>& started, const std::optional<Timestamp>& ended,
                    bool over, Timestamp now) {
    if (!started || (over && !ended)) {
        return {};
    }
    const std::int64_t micro = ended.value_or(now).microseconds - started->microseconds;
    return to_slurm_duration(std::max<std::int64_t>(micro, 0) / 1'000'000);
}

// What a cause adds to a state; that something finished as it should adds nothing.
std::string cause_text(Cause cause) {
    switch (cause) {
        case Cause::none:
        case Cause::finished:
        case Cause::skipped:
            return {};
        case Cause::pending:
            return "ended, cause pending";
        default:
            return std::string(to_string(cause));
    }
}

std::string nodes_or_reason(const Row& row) {
    std::string reason = cause_text(row.job.cause);
    if (row.live && row.live->state == "PENDING") {
        reason = row.live->reason;
    }
    if (reason.empty()) {
        return row.job.nodes;
    }
    return fmt::format("{}{}({})", row.job.nodes, row.job.nodes.empty() ? "" : " ", reason);
}

std::string test_note(const TestView& test) {
    const std::string cause = cause_text(test.cause);
    if (cause.empty() || test.note.find(cause) != std::string::npos) {
        return test.note;
    }
    return test.note.empty() ? cause : fmt::format("{}: {}", cause, test.note);
}

// A test's run alone, where it is known; else from its start until now.
std::string test_time(const TestView& test, Timestamp now) {
    if (test.duration) {
        return to_slurm_duration(static_cast<std::int64_t>(*test.duration));
    }
    return elapsed(test.started, test.ended, test.ended.has_value(), now);
}

std::string subject_text(const status::Record& record) {
    if (record.test) {
        return fmt::format("{}", *record.test);
    }
    return record.tests;
}

std::string record_note(const session::SourcedRecord& each) {
    const status::Record& record = each.record;
    std::vector<std::string> parts;
    if (!record.node.empty()) {
        parts.push_back(fmt::format("node {}", record.node));
    }
    if (record.end) {
        parts.emplace_back(record.again ? "interrupted" : "end");
    }
    if (const std::string cause = cause_text(record.cause); !cause.empty()) {
        parts.push_back(cause);
    }
    if (!record.note.empty()) {
        parts.push_back(record.note);
    }
    if (each.ignored) {
        parts.emplace_back("[came too late: ignored]");
    }
    return join(parts, "; ");
}

bool concerns(const status::Record& record, const Row& row) {
    const bool same_job = !record.job || !row.job.job || *record.job == *row.job.job;
    if (!same_job || !row.test) {
        return same_job;
    }
    return record.test ? *record.test == *row.test
                       : !record.tests.empty() && status::names_test(record.tests, *row.test);
}

}  // namespace

Counts counts_of(const JobView& job) {
    Counts counts;
    for (const TestView& test : job.tests) {
        ++counts.total;
        const bool skipped = test.ended_for_good &&
                             (test.cause == Cause::skipped || test.state == status::state::skipped);
        std::uint32_t& kind = test.result == Verdict::pass    ? counts.pass
                              : test.result == Verdict::fail  ? counts.fail
                              : test.result == Verdict::error ? counts.error
                              : skipped                       ? counts.skipped
                                                              : counts.unfinished;
        ++kind;
    }
    return counts;
}

std::string sessions_table(const Collected& collected, Timestamp now, bool no_header) {
    Table table({">JOBID", "SESSION", "REQUEST", "USER", "STATE", ">PASS", ">FAIL", ">ERR", ">SKIP",
                 ">LEFT", "SUBMIT_TIME", ">TIME", "NODELIST(REASON)"});
    for (const Row& row : collected.rows) {
        const session::Header& header = collected.sessions[row.session].view.header;
        const Counts counts = counts_of(row.job);
        const auto number = [](std::uint32_t count) { return fmt::format("{}", count); };
        table.add({or_blank(row.job.job), header.id, join(header.request, ","), header.user,
                   row.job.state, number(counts.pass), number(counts.fail), number(counts.error),
                   number(counts.skipped), number(counts.unfinished), time_text(row.job.submitted),
                   elapsed(row.job.started, row.job.ended_at, row.job.ended, now),
                   nodes_or_reason(row)});
    }
    return table.text(no_header);
}

std::string tests_table(const Collected& collected, Timestamp now, bool no_header) {
    Table table({">JOBID", ">TEST", "NAME", "STATE", "RESULT", ">TIME", "NODELIST", "NOTE"});
    std::vector<std::string> names;
    std::size_t names_of = collected.sessions.size();
    for (const Row& row : collected.rows) {
        if (names_of != row.session) {
            names = test_names(collected.sessions[row.session]);
            names_of = row.session;
        }
        for (const TestView& test : row.job.tests) {
            if (row.test && *row.test != test.index) {
                continue;
            }
            table.add({or_blank(row.job.job), fmt::format("{}", test.index), names[test.index],
                       test.state, std::string(to_string(test.result)), test_time(test, now),
                       test.nodes, test_note(test)});
        }
    }
    return table.text(no_header);
}

std::string nodes_table(const Collected& collected, bool no_header) {
    Table table({">JOBID", ">RESTART", "NODE", "JOINED", "BY", "LEFT", "BY", "DATA"});
    for (const Row& row : collected.rows) {
        for (const auto& [name, node] : row.job.node_views) {
            table.add({or_blank(row.job.job), fmt::format("{}", node.restart), name,
                       time_text(node.joined), node.joined_by, time_text(node.left), node.left_by,
                       node.data});
        }
    }
    return table.text(no_header);
}

Result<std::string> history_table(const Collected& collected, bool no_header) {
    Table table({">JOBID", ">RESTART", ">TEST", ">TRY", "WHEN", "HOST", "SOURCE", "STATE", "RESULT",
                 "NOTE"});
    std::size_t read = collected.sessions.size();
    std::vector<session::SourcedRecord> records;
    for (const Row& row : collected.rows) {
        if (read != row.session) {
            const OpenSession& session = collected.sessions[row.session];
            const auto owner = AsOwner::of(session.directory.directory().path());
            auto all =
                owner ? history(session.directory, nullptr) : tl::make_unexpected(owner.error());
            if (!all) {
                return tl::make_unexpected(all.error());
            }
            records = *std::move(all);
            read = row.session;
        }
        for (const session::SourcedRecord& each : records) {
            const status::Record& record = each.record;
            if (!concerns(record, row)) {
                continue;
            }
            table.add({or_blank(record.job), or_blank(record.restart), subject_text(record),
                       record.attempt == 0 ? "" : fmt::format("{}", record.attempt),
                       to_status_stamp(record.when), record.host,
                       std::string(to_string(record.role)), record.state,
                       std::string(to_string(record.result)), record_note(each)});
        }
    }
    return table.text(no_header);
}

std::string states_table(bool no_header) {
    Table table({"STATE", "WRITTEN_BY", "MEANING"});
    for (const status::StateInfo& info : status::known_states()) {
        table.add(
            {std::string(info.name), info.ours ? "pavtest" : "Pavilion", std::string(info.help)});
    }
    return table.text(no_header);
}

}  // namespace pavtest::cmd
