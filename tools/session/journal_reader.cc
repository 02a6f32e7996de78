// Reading journals, tolerant of whatever else has got into them.
#include "session/journal_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>
#include <tuple>

#include "session/journal_lines.h"
#include "session/packed.h"
#include "status/flat_json.h"

namespace pavtest::session {

namespace {

bool is_journal(std::string_view name) {
    return name.starts_with("journal.") && name.ends_with(".jsonl");
}

bool is_session_settle(std::string_view name) {
    return name.starts_with("settle-") && name.ends_with(".jsonl");
}

bool reads_before(const SourcedRecord& a, const SourcedRecord& b) {
    const auto key = [](const SourcedRecord& each) {
        const status::Record& record = each.record;
        return std::tuple(record.restart.value_or(0), record.role, record.seq,
                          std::string_view(each.file));
    };
    return key(a) < key(b);
}

// Records are large, and journals are sorted already: what is moved is moved once.
void sort_records(std::vector<SourcedRecord>& records) {
    if (std::is_sorted(records.begin(), records.end(), reads_before)) {
        return;
    }
    std::vector<std::uint32_t> order(records.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return reads_before(records[a], records[b]);
    });
    std::vector<SourcedRecord> sorted;
    sorted.reserve(records.size());
    for (const std::uint32_t place : order) {
        sorted.push_back(std::move(records[place]));
    }
    records = std::move(sorted);
}

// A record that came through a spool may have been delivered twice, by ways that did not
// know of each other.
void drop_second_deliveries(std::vector<SourcedRecord>& records) {
    std::map<std::string, bool> keys;
    std::erase_if(records, [&](const SourcedRecord& each) {
        return !each.record.key.empty() && !keys.emplace(each.record.key, true).second;
    });
}

// The journals of a job that was compacted. Nothing if it was not.
void read_packed_journals(const Directory& directory, const std::string& place, JobRecords& job) {
    const auto read = each_packed(directory, [&](const std::string& name, std::uint64_t /*size*/,
                                                 const Pieces& pieces) {
        if (is_journal(name)) {
            LineTaker lines(fmt::format("{}/{}", place, name), job.records, job.flaws);
            if (const auto all = pieces([&](std::string_view piece) { lines.add(piece); }); !all) {
                job.flaws.push_back({fmt::format("{}/{}", place, kPacked), 0, all.error().what});
            }
            lines.end();
        }
        return true;
    });
    if (!read) {
        job.flaws.push_back({fmt::format("{}/{}", place, kPacked), 0, read.error().what});
    }
}

// While a job is compacted its journals are there twice; afterwards a late one may come.
void drop_copies(std::vector<SourcedRecord>& records, std::size_t first, std::size_t others) {
    const auto key = [](const SourcedRecord& each) {
        const status::Record& record = each.record;
        return std::tuple(std::string_view(each.file), record.seq, record.when, record.test,
                          std::string_view(record.state), std::string_view(record.node));
    };
    std::set<decltype(key(records.front()))> known;
    for (std::size_t i = first; i < others; ++i) {
        known.insert(key(records[i]));
    }
    std::vector<bool> copies(records.size(), false);
    for (std::size_t i = others; i < records.size(); ++i) {
        copies[i] = known.contains(key(records[i]));
    }
    known.clear();
    std::size_t kept = others;
    for (std::size_t i = others; i < records.size(); ++i) {
        if (!copies[i]) {
            if (kept != i) {
                records[kept] = std::move(records[i]);
            }
            ++kept;
        }
    }
    records.erase(records.begin() + static_cast<std::ptrdiff_t>(kept), records.end());
}

void read_job_directory(const SessionDirectory& session, JobKey key, JobRecords& job,
                        RememberedJournals* known) {
    const std::string place = "jobs/" + key.directory_name();
    const auto directory = session.job_directory(key);
    const auto names = directory ? directory->names() : tl::make_unexpected(directory.error());
    if (!names) {
        job.flaws.push_back({place, 0, names.error().what});
        return;
    }
    const std::size_t first = job.records.size();
    const bool packed = std::binary_search(names->begin(), names->end(), kPacked);
    if (packed) {
        read_packed_journals(*directory, place, job);
    }
    const std::size_t plain = job.records.size();
    for (const std::string& name : *names) {
        if (is_journal(name)) {
            const std::string file = fmt::format("{}/{}", place, name);
            read_journal_file(*directory, name, file, job.records, job.flaws,
                              known == nullptr ? nullptr : &(*known)[file]);
        }
    }
    if (packed) {
        drop_copies(job.records, first, plain);
    }
    // The directory is what says whose records these are.
    for (std::size_t i = first; i < job.records.size(); ++i) {
        job.records[i].record.job = key.job;
        job.records[i].record.restart = key.restart;
    }
}

}  // namespace

Result<SessionRecords> read_journals(const SessionDirectory& session, RememberedJournals* known) {
    SessionRecords all;
    const auto names = session.directory().names();
    if (!names) {
        return tl::make_unexpected(names.error());
    }
    for (const std::string& name : *names) {
        if (name == "submit.jsonl") {
            read_journal_file(session.directory(), name, name, all.submission, all.flaws);
        } else if (is_session_settle(name)) {
            read_journal_file(session.directory(), name, name, all.settled, all.flaws);
        }
    }
    std::sort(all.submission.begin(), all.submission.end(), reads_before);
    std::sort(all.settled.begin(), all.settled.end(), reads_before);
    const auto keys = session.jobs();
    if (!keys) {
        all.flaws.push_back({"jobs", 0, keys.error().what});
        return all;
    }
    for (const JobKey key : *keys) {
        if (all.jobs.empty() || all.jobs.back().job != key.job) {
            all.jobs.emplace_back().job = key.job;
        }
        all.jobs.back().keys.push_back(key);
        read_job_directory(session, key, all.jobs.back(), known);
    }
    for (JobRecords& job : all.jobs) {
        sort_records(job.records);
        drop_second_deliveries(job.records);
    }
    return all;
}

std::optional<std::map<std::string, std::uint64_t>> data_numbers(const status::Record& record,
                                                                 std::string_view member) {
    status::FlatReader data(record.data);
    status::FlatValue key;
    status::FlatValue value;
    if (!data.begin()) {
        return std::nullopt;
    }
    while (data.next(key, value)) {
        if (key.text != member || value.kind != status::FlatValue::Kind::compound) {
            continue;
        }
        std::map<std::string, std::uint64_t> numbers;
        status::FlatReader inner(value.text);
        if (inner.begin()) {
            while (inner.next(key, value)) {
                std::uint64_t number = 0;
                std::from_chars(value.text.data(), value.text.data() + value.text.size(), number);
                numbers.emplace(status::unescaped(key), number);
            }
        }
        return numbers;
    }
    return std::nullopt;
}

std::optional<std::map<std::string, std::uint64_t>> seen_of(const status::Record& record) {
    return data_numbers(record, "seen");
}

std::string data_text(const status::Record& record, std::string_view key) {
    status::FlatReader data(record.data);
    status::FlatValue name;
    status::FlatValue value;
    if (data.begin()) {
        while (data.next(name, value)) {
            if (name.text == key && value.kind == status::FlatValue::Kind::string) {
                return status::unescaped(value);
            }
        }
    }
    return {};
}

}  // namespace pavtest::session
