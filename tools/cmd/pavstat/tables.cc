// Tables in squeue's manner.
#include <fmt/format.h>

#include "base/text.h"
#include "cmd/pavstat/layout.h"
#include "cmd/pavstat/owner.h"
#include "cmd/pavstat/table.h"
#include "cmd/pavstat/views.h"
#include "status/states.h"

namespace pavtest::cmd {

namespace {

std::string or_blank(const std::optional<std::uint32_t>& number) {
    return number ? fmt::format("{}", *number) : std::string{};
}

std::string time_text(const std::optional<Timestamp>& when) {
    return when ? to_slurm_time(*when) : std::string{};
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

std::vector<Subject> session_lines(const Collected& collected, Timestamp now,
                                   std::string_view times) {
    std::vector<Subject> lines;
    lines.reserve(collected.rows.size());
    for (const Row& row : collected.rows) {
        lines.push_back({&row, nullptr, now, times});
    }
    return lines;
}

std::vector<Subject> test_lines(const Collected& collected, Timestamp now, std::string_view times) {
    std::vector<Subject> lines;
    lines.reserve(collected.tests.size());
    for (const TestLine& test : collected.tests) {
        lines.push_back({&collected.rows[test.row], &test, now, times});
    }
    return lines;
}

std::string sessions_table(const Collected& collected, Timestamp now, bool no_header) {
    return lay_out({session_columns(), no_header, "", false}, session_lines(collected, now));
}

std::string tests_table(const Collected& collected, Timestamp now, bool no_header) {
    return lay_out({test_columns(), no_header, "", false}, test_lines(collected, now));
}

Result<std::string> nodes_table(const Collected& collected, bool no_header) {
    Table table({">JOBID", ">RESTART", "NODE", "JOINED", "BY", "LEFT", "BY", "DATA"});
    const auto nodes = nodes_of(collected);
    if (!nodes) {
        return tl::make_unexpected(nodes.error());
    }
    for (const index::NodeRow& each : *nodes) {
        const session::NodeView& node = each.view;
        table.add({or_blank(collected.rows[each.job].job.job), fmt::format("{}", node.restart),
                   node.name, time_text(node.joined), node.joined_by, time_text(node.left),
                   node.left_by, node.data});
    }
    return table.text(no_header);
}

Result<std::string> history_table(const Collected& collected, bool no_header) {
    Table table({">JOBID", ">RESTART", ">TEST", ">TRY", "WHEN", "HOST", "SOURCE", "STATE", "RESULT",
                 "NOTE"});
    std::string read;
    std::vector<session::SourcedRecord> records;
    for (const Row& row : collected.rows) {
        if (read != row.job.id) {
            const session::Store& store = collected.stores[row.store].store;
            const auto owner = AsOwner::of(store.path());
            const auto directory =
                owner ? store.open_session(row.job.id) : tl::make_unexpected(owner.error());
            auto all =
                directory ? history(*directory, nullptr) : tl::make_unexpected(directory.error());
            if (!all) {
                return tl::make_unexpected(all.error());
            }
            records = *std::move(all);
            read = row.job.id;
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
