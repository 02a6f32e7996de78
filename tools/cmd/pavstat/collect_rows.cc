// Rows: what the index has and what Slurm has, side by side, and what was left out.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cmd/pavstat/collector.h"
#include "status/states.h"

namespace pavtest::cmd {

using index::JobRow;
using session::SlurmJob;

// Whether a row is among what was asked for, and whether only one test of it was.
bool Collector::wanted(const Row& row, std::optional<std::uint32_t>& test) const {
    if (options_.wishes.empty()) {
        return true;
    }
    bool whole = false;
    bool some = false;
    for (const Wish& wish : options_.wishes) {
        const bool array = row.live && row.live->array_job == wish.job;
        const bool fits =
            wish.job != 0 ? row.job.job == wish.job || array : row.job.id == wish.session;
        if (fits) {
            some = true;
            whole = whole || !wish.test;
            test = wish.test;
        }
    }
    if (whole) {
        test.reset();
    }
    return some;
}

void Collector::add_row(Row row) {
    std::optional<std::uint32_t> test;
    if (wanted(row, test)) {
        row.test = test;
        result_.rows.push_back(std::move(row));
    }
}

namespace {

std::string waiting_note(const SlurmJob& job, std::string_view what) {
    const std::string tasks =
        job.array_task.empty() ? "" : fmt::format("array tasks {}: ", job.array_task);
    if (job.state == "PENDING") {
        return fmt::format("{}{}: {}", tasks, what,
                           job.reason.empty() ? "no reason yet" : job.reason);
    }
    return fmt::format("{}Slurm says {}; no node has reported yet", tasks, job.state);
}

// What Slurm has and no record tells of yet.
JobRow waiting_job(JobRow like, const SlurmJob& job) {
    like.job = job.job;
    like.restarts = 0;
    like.state = status::state::scheduled;
    like.note = waiting_note(job, "waits in the queue");
    like.when = like.submitted;
    like.started = like.ended_at = std::nullopt;
    like.ended = like.settled = false;
    like.cause = status::Cause::none;
    like.nodes.clear();
    const std::uint32_t total = like.counts.total;
    like.counts = {};
    like.counts.total = like.counts.unfinished = total;
    return like;
}

}  // namespace

// The jobs of one session.
void Collector::add_rows_of(std::size_t store, std::vector<JobRow> jobs) {
    std::vector<SlurmJob> live;
    if (const auto found = live_.find(jobs.front().id); found != live_.end()) {
        live = found->second;
    }
    const JobRow first = jobs.front();
    for (JobRow& job : jobs) {
        if (!job.job && !job.ended && !live.empty()) {
            continue;  // the rows of its live jobs say more
        }
        Row row{std::move(job), store, std::nullopt, std::nullopt, false};
        const auto found = std::find_if(live.begin(), live.end(), [&](const SlurmJob& each) {
            return row.job.job && each.job == *row.job.job;
        });
        if (found != live.end()) {
            row.live = *found;
            live.erase(found);
            // What was said a while ago says nothing of a job that has spoken since.
            const bool old = options_.offline && row.job.when > options_.queue_at;
            if (row.live->state == "PENDING" && !old) {
                row.job.state = status::state::scheduled;
                row.job.note = waiting_note(*row.live, "waits to be started again");
                row.job.cause = status::Cause::none;
                row.job.ended_at.reset();
            }
        }
        add_row(std::move(row));
    }
    for (const SlurmJob& job : live) {
        add_row({waiting_job(first, job), store, job, std::nullopt, true});
    }
}

Result<> Collector::add_rows() {
    index::JobFilter filter = filters_.jobs;
    filter.sessions.assign(named_.begin(), named_.end());
    if (!options_.wishes.empty() && named_.empty()) {
        return {};
    }
    for (std::size_t i = 0; i < result_.stores.size(); ++i) {
        auto jobs = result_.stores[i].index.jobs(filter);
        if (!jobs) {
            return tl::make_unexpected(jobs.error());
        }
        for (auto at = jobs->begin(); at != jobs->end();) {
            const auto next =
                std::find_if(at, jobs->end(), [&](const JobRow& job) { return job.id != at->id; });
            add_rows_of(i, {std::make_move_iterator(at), std::make_move_iterator(next)});
            at = next;
        }
    }
    if (result_.stores.size() > 1) {
        std::stable_sort(result_.rows.begin(), result_.rows.end(),
                         [](const Row& a, const Row& b) { return a.job.id < b.job.id; });
    }
    return {};
}

Result<> Collector::add_tests() {
    if (!options_.of_tests && !filters_.tests.any()) {
        return {};
    }
    for (std::size_t store = 0; store < result_.stores.size(); ++store) {
        std::vector<JobRow> jobs;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < result_.rows.size(); ++i) {
            if (result_.rows[i].store == store) {
                jobs.push_back(result_.rows[i].job);
                places.push_back(i);
            }
        }
        auto tests = result_.stores[store].index.tests(jobs, filters_.tests);
        if (!tests) {
            return tl::make_unexpected(tests.error());
        }
        for (index::TestRow& test : *tests) {
            const Row& row = result_.rows[places[test.job]];
            if (row.test && *row.test != test.view.index) {
                continue;
            }
            if (row.waiting) {
                session::TestView waits;
                waits.index = test.view.index;
                waits.state = status::state::scheduled;
                waits.when = row.job.submitted;
                test.view = waits;
            }
            result_.tests.push_back({places[test.job], std::move(test.name), std::move(test.view)});
        }
    }
    if (result_.stores.size() > 1) {
        std::stable_sort(result_.tests.begin(), result_.tests.end(),
                         [](const TestLine& a, const TestLine& b) { return a.row < b.row; });
    }
    if (filters_.tests.any()) {
        // Only what has such a test is left.
        std::vector<Row> rows;
        std::size_t last = static_cast<std::size_t>(-1);
        for (TestLine& test : result_.tests) {
            if (test.row != last) {
                last = test.row;
                rows.push_back(std::move(result_.rows[last]));
            }
            test.row = rows.size() - 1;
        }
        result_.rows = std::move(rows);
    }
    return {};
}

// One line for all that could not be read.
void Collector::add_remarks() {
    std::size_t count = 0;
    std::string first;
    std::string_view last;
    for (const Row& row : result_.rows) {
        if (row.job.id != last && row.job.flaws > 0) {
            count += row.job.flaws;
            first = first.empty() ? row.job.flaw : first;
        }
        last = row.job.id;
    }
    if (count > 0) {
        result_.remarks.push_back(
            fmt::format("{} left out{}: {}",
                        count == 1 ? "one line or file" : fmt::format("{} lines or files", count),
                        count == 1 ? "" : ", the first", first));
    }
    if (!broken_.empty()) {
        result_.remarks.push_back(broken_.front());
    }
    if (broken_.size() > 1) {
        result_.remarks.push_back(
            fmt::format("{} more sessions can't be read", broken_.size() - 1));
    }
}

}  // namespace pavtest::cmd
