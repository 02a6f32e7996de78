// From records to views and histories.
#include "session/view.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "session/journal_reader.h"
#include "session/merge.h"

namespace pavtest::session {

namespace {

using status::Role;

// Jobs that never had a directory but were settled, and the one nameless job of a session
// that has none yet.
void add_jobs_without_directory(SessionRecords& all) {
    std::set<std::optional<std::uint32_t>> known;
    for (const JobRecords& job : all.jobs) {
        known.insert(job.job);
    }
    for (const SourcedRecord& settled : all.settled) {
        if (settled.record.job && known.insert(settled.record.job).second) {
            all.jobs.emplace_back().job = settled.record.job;
        }
    }
    if (all.jobs.empty()) {
        all.jobs.emplace_back();
    }
    std::sort(all.jobs.begin(), all.jobs.end(),
              [](const JobRecords& a, const JobRecords& b) { return a.job < b.job; });
}

// What was settled without a job goes to the job that it is about, unless that one has a
// directory: then it did start, and its own records know better.
void distribute_settled(SessionRecords& all) {
    for (SourcedRecord& settled : all.settled) {
        const auto found =
            std::find_if(all.jobs.begin(), all.jobs.end(), [&](const JobRecords& job) {
                return settled.record.job ? job.job == settled.record.job : all.jobs.size() == 1;
            });
        if (found != all.jobs.end() && found->keys.empty()) {
            found->records.push_back(std::move(settled));
        } else if (settled.record.end) {
            all.flaws.push_back({settled.file, 0,
                                 fmt::format("record {}: settled as never started, but a job did",
                                             settled.record.seq)});
        }
    }
    all.settled.clear();
}

Merge merge(std::uint32_t tests, SessionRecords& all, JobRecords& job) {
    Merge merged(tests, !job.keys.empty());
    merged.add(all.submission);
    merged.add(job.records);
    return merged;
}

Result<SessionRecords> prepared_records(const SessionDirectory& session,
                                        RememberedJournals* known = nullptr) {
    auto all = read_journals(session, known);
    if (all) {
        add_jobs_without_directory(*all);
        distribute_settled(*all);
    }
    return all;
}

// What a test said of itself goes behind the last record of its attempt under which it
// could speak; the reading order has it behind everything of the runner's.
void place_words_of_tests(std::vector<SourcedRecord>& records) {
    using Place = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;
    const auto place = [](const status::Record& record) {
        return Place(record.restart.value_or(0), record.test.value_or(0), record.attempt);
    };
    std::map<Place, std::vector<std::size_t>> words;
    std::map<Place, std::size_t> anchors;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const status::Record& record = records[i].record;
        if (!record.test) {
            continue;
        }
        if (record.role == Role::user) {
            words[place(record)].push_back(i);
        } else if (record.role == Role::runner && test_may_speak(record.state)) {
            anchors[place(record)] = i;
        }
    }
    std::map<std::size_t, const std::vector<std::size_t>*> behind;
    std::set<std::size_t> moved;
    for (const auto& [where, indices] : words) {
        if (const auto anchor = anchors.find(where); anchor != anchors.end()) {
            behind.emplace(anchor->second, &indices);
            moved.insert(indices.begin(), indices.end());
        }
    }
    std::vector<SourcedRecord> placed;
    placed.reserve(records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (!moved.contains(i)) {
            placed.push_back(std::move(records[i]));
        }
        if (const auto found = behind.find(i); found != behind.end()) {
            for (const std::size_t word : *found->second) {
                placed.push_back(std::move(records[word]));
            }
        }
    }
    records = std::move(placed);
}

Result<SessionView> view_of(const SessionDirectory& session, RememberedJournals* known) {
    auto header = session.header();
    if (!header) {
        return tl::make_unexpected(header.error());
    }
    auto all = prepared_records(session, known);
    if (!all) {
        return tl::make_unexpected(all.error());
    }
    SessionView view;
    view.header = *std::move(header);
    for (JobRecords& job : all->jobs) {
        const Merge merged = merge(view.header.tests, *all, job);
        view.accepted = merged.accepted();
        view.jobs.push_back(merged.view(view.header, job));
        if (view.jobs.back().array_job != 0) {
            view.array_job = view.jobs.back().array_job;
            view.array_count = view.jobs.back().array_count;
        }
    }
    view.flaws = std::move(all->flaws);
    return view;
}

}  // namespace

Result<SessionView> view_session(const SessionDirectory& session) {
    return view_of(session, nullptr);
}

Result<SessionView> view_session(const SessionDirectory& session, RememberedJournals& journals) {
    return view_of(session, &journals);
}

Result<std::vector<SourcedRecord>> history(const SessionDirectory& session,
                                           std::vector<Flaw>* flaws) {
    const auto header = session.header();
    if (!header) {
        return tl::make_unexpected(header.error());
    }
    auto all = prepared_records(session);
    if (!all) {
        return tl::make_unexpected(all.error());
    }
    std::vector<SourcedRecord> records;
    std::vector<SourcedRecord> of_jobs;
    for (JobRecords& job : all->jobs) {
        static_cast<void>(merge(header->tests, *all, job));  // marks what came too late
        place_words_of_tests(job.records);
        std::move(job.records.begin(), job.records.end(), std::back_inserter(of_jobs));
        if (flaws != nullptr) {
            flaws->insert(flaws->end(), job.flaws.begin(), job.flaws.end());
        }
    }
    records = std::move(all->submission);
    std::move(of_jobs.begin(), of_jobs.end(), std::back_inserter(records));
    if (flaws != nullptr) {
        flaws->insert(flaws->end(), all->flaws.begin(), all->flaws.end());
    }
    return records;
}

}  // namespace pavtest::session
