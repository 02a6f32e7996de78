// Binding and taking columns, in the order of the schema.
#include "index/tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "session/id.h"
#include "status/states.h"

namespace pavtest::index {

namespace {

using status::Verdict;

constexpr std::int64_t kNoEnum = -1;

template <class Enum>
Enum enum_of(std::int64_t value, Enum last) {
    if (value < 0 || value > static_cast<std::int64_t>(last)) {
        throw DatabaseError{SQLITE_CORRUPT, "an impossible value"};
    }
    return static_cast<Enum>(value);
}

std::optional<status::Role> role_of(std::int64_t value) {
    return value == kNoEnum ? std::nullopt : std::optional(enum_of(value, status::Role::settle));
}

std::int64_t number_of(const std::optional<status::Role>& role) {
    return role ? static_cast<std::int64_t>(*role) : kNoEnum;
}

}  // namespace

std::int64_t number_of(std::string_view id) {
    return static_cast<std::int64_t>(session::id_number(id));
}

std::string id_of(std::int64_t number) {
    return session::id_from_number(static_cast<std::uint64_t>(number));
}

std::int64_t number_at(Timestamp when) {
    if (when.microseconds == INT64_MAX) {
        return INT64_MAX;
    }
    return number_of(session::make_id(when, 0));
}

Counts counts_of(const session::JobView& job) {
    Counts counts;
    for (const session::TestView& test : job.tests) {
        ++counts.total;
        const bool skipped = test.ended_for_good && (test.cause == status::Cause::skipped ||
                                                     test.state == status::state::skipped);
        std::uint32_t& kind = test.result == Verdict::pass    ? counts.pass
                              : test.result == Verdict::fail  ? counts.fail
                              : test.result == Verdict::error ? counts.error
                              : skipped                       ? counts.skipped
                                                              : counts.unfinished;
        ++kind;
    }
    return counts;
}

void Index::Body::erase(std::int64_t session) {
    if (erase_.empty()) {
        for (const char* sql :
             {"DELETE FROM sessions WHERE id = ?", "DELETE FROM jobs WHERE session = ?",
              "DELETE FROM tests WHERE session = ?", "DELETE FROM nodes WHERE session = ?"}) {
            erase_.emplace_back(database_, sql);
        }
    }
    for (Statement& statement : erase_) {
        statement.bind(1, session).run();
    }
}

void Index::Body::forget_journals(std::int64_t session) {
    Statement(database_, "DELETE FROM journals WHERE session = ?").bind(1, session).run();
}

// Only what is new is written: a piece behind those that are there.
void Index::Body::keep_journals(std::int64_t session, const session::RememberedJournals& journals) {
    Statement forget(database_, "DELETE FROM journals WHERE session = ? AND file = ?");
    Statement keep(database_, "INSERT OR REPLACE INTO journals VALUES(?,?,?,?,?)");
    for (const auto& [file, journal] : journals) {
        if (journal.known == 0) {
            forget.bind(1, session).bind(2, file).run();
        }
        if (journal.inode != 0 && journal.text.size() > journal.known) {
            const std::string_view piece = std::string_view(journal.text).substr(journal.known);
            keep.bind(1, session).bind(2, file).bind(3, static_cast<std::int64_t>(journal.inode));
            keep.bind(4, static_cast<std::int64_t>(journal.known)).bind(5, piece).run();
        }
    }
}

session::RememberedJournals Index::Body::journals(const std::string& id) {
    session::RememberedJournals found;
    Statement rows(database_,
                   "SELECT file, inode, start, text FROM journals WHERE session = ?"
                   " ORDER BY file, start");
    rows.bind(1, number_of(id));
    while (rows.step()) {
        session::RememberedJournal& journal = found[rows.text(0)];
        const auto inode = static_cast<std::uint64_t>(rows.integer(1));
        // Pieces that two pavstats wrote at once may not fit: then the file is read anew.
        const bool fits = static_cast<std::size_t>(rows.integer(2)) == journal.text.size() &&
                          (journal.text.empty() || journal.inode == inode);
        journal.text = fits ? journal.text + rows.text(3) : std::string{};
        journal.inode = fits ? inode : 0;
    }
    return found;
}

void Index::Body::put_job(std::int64_t session, std::uint32_t place, const session::JobView& job,
                          const std::vector<std::string>& names) {
    if (!put_job_) {
        put_job_.emplace(database_,
                         "INSERT INTO jobs VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
        put_test_.emplace(database_,
                          "INSERT INTO tests VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
        put_node_.emplace(database_, "INSERT INTO nodes VALUES(?,?,?,?,?,?,?,?,?)");
    }
    const Counts counts = counts_of(job);
    Statement& row = *put_job_;
    row.bind(1, session).bind(2, std::int64_t{place}).bind_or_null(3, job.job);
    row.bind(4, std::int64_t{job.restarts}).bind(5, word(job.state)).bind(6, job.note);
    row.bind(7, std::int64_t{job.ended}).bind(8, static_cast<std::int64_t>(job.cause));
    row.bind(9, number_of(job.source)).bind(10, job.when).bind(11, job.submitted);
    row.bind(12, job.started).bind(13, job.ended_at).bind(14, word(job.nodes));
    row.bind(15, std::int64_t{job.settled()}).bind(16, std::int64_t{counts.total});
    row.bind(17, std::int64_t{counts.pass}).bind(18, std::int64_t{counts.fail});
    row.bind(19, std::int64_t{counts.error}).bind(20, std::int64_t{counts.skipped});
    row.bind(21, std::int64_t{counts.unfinished}).run();
    for (const session::TestView& test : job.tests) {
        Statement& put = *put_test_;
        put.bind(1, session).bind(2, std::int64_t{place}).bind(3, std::int64_t{test.index});
        put.bind(4, word(test.index < names.size() ? names[test.index] : std::string{}));
        put.bind(5, word(test.state)).bind(6, static_cast<std::int64_t>(test.result));
        put.bind(7, static_cast<std::int64_t>(test.cause)).bind(8, number_of(test.source));
        put.bind(9, test.note).bind(10, word(test.nodes)).bind(11, test.when);
        put.bind(12, test.started).bind(13, test.ended).bind_or_null(14, test.return_value);
        put.bind_or_null(15, test.signal);
        if (test.duration) {
            put.bind(16, *test.duration);
        } else {
            put.bind_null(16);
        }
        const int over = (test.ended_for_good ? 1 : 0) | (test.again ? 2 : 0);
        put.bind(17, std::int64_t{test.attempt}).bind(18, std::int64_t{over});
        put.bind(19, static_cast<std::int64_t>(test.had)).run();
    }
    for (const auto& [name, node] : job.node_views) {
        Statement& put = *put_node_;
        put.bind(1, session).bind(2, std::int64_t{place}).bind(3, word(name));
        put.bind(4, std::int64_t{node.restart}).bind(5, node.joined).bind(6, node.left);
        put.bind(7, word(node.joined_by)).bind(8, word(node.left_by)).bind(9, node.data).run();
    }
}

void Index::Body::put_one(const Reading& reading) {
    const std::int64_t session = number_of(reading.id);
    erase(session);
    if (reading.settled || !reading.broken.empty()) {
        forget_journals(session);
    } else {
        keep_journals(session, reading.journals);
    }
    if (!put_session_) {
        put_session_.emplace(database_,
                             "INSERT INTO sessions VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    }
    const session::Header& header = reading.view.header;
    std::size_t flaws = reading.view.flaws.size();
    const session::Flaw* first = reading.view.flaws.empty() ? nullptr : &reading.view.flaws.front();
    for (const session::JobView& job : reading.view.jobs) {
        flaws += job.flaws.size();
        first = first == nullptr && !job.flaws.empty() ? &job.flaws.front() : first;
    }
    std::string flaw;
    if (first != nullptr) {
        const std::string line = first->line == 0 ? "" : fmt::format(":{}", first->line);
        flaw = fmt::format("{}/{}{}: {}", reading.id, first->file, line, first->what);
    }
    Statement& row = *put_session_;
    row.bind(1, session).bind(2, reading.fingerprint).bind(3, std::int64_t{reading.closed});
    row.bind(4, std::int64_t{reading.settled});
    if (reading.broken.empty()) {
        row.bind_null(5);
    } else {
        row.bind(5, reading.broken);
    }
    const auto text = [&](int place, const std::string& value) { row.bind(place, word(value)); };
    row.bind(6, std::int64_t{header.uid});
    text(7, header.user);
    text(8, header.cluster.value_or(""));
    text(9, join(header.request, ","));
    text(10, join(header.suites, ","));
    text(11, header.wanted.partition.value_or(""));
    text(12, header.wanted.account.value_or(""));
    text(13, header.submit_host);
    text(14, header.submit_dir);
    row.bind(15, static_cast<std::int64_t>(flaws)).bind(16, flaw).run();
    for (std::size_t i = 0; i < reading.view.jobs.size(); ++i) {
        put_job(session, static_cast<std::uint32_t>(i), reading.view.jobs[i], reading.test_names);
    }
}

void Index::Body::put(const std::vector<Reading>& readings) {
    try {
        Transaction transaction(database_);
        for (const Reading& reading : readings) {
            put_one(reading);
        }
        transaction.commit();
    } catch (const DatabaseError&) {
        words_.forget();
        throw;
    }
}

JobRow Index::Body::job_row(const Statement& row) {
    const auto text = [&](int column) { return words_.text(row.integer(column)); };
    const auto count = [&](int column) { return static_cast<std::uint32_t>(row.integer(column)); };
    JobRow job;
    job.id = id_of(row.integer(0));
    job.place = count(1);
    if (!row.null(2)) {
        job.job = count(2);
    }
    job.restarts = count(3);
    job.state = text(4);
    job.note = row.text(5);
    job.ended = row.integer(6) != 0;
    job.cause = enum_of(row.integer(7), status::Cause::unknown);
    job.source = role_of(row.integer(8));
    job.when = row.time(9);
    job.submitted = row.time(10);
    job.started = row.time(11);
    job.ended_at = row.time(12);
    job.nodes = text(13);
    job.settled = row.integer(14) != 0;
    job.counts = {count(15), count(16), count(17), count(18), count(19), count(20)};
    job.uid = count(21);
    job.user = text(22);
    job.cluster = text(23);
    job.request = text(24);
    job.suites = text(25);
    job.partition = text(26);
    job.account = text(27);
    job.submit_host = text(28);
    job.submit_dir = text(29);
    job.flaws = static_cast<std::size_t>(row.integer(30));
    job.flaw = row.text(31);
    return job;
}

std::vector<JobRow> Index::Body::jobs(const JobFilter& filter) {
    std::string sql =
        "SELECT j.session, j.place, j.job, j.restarts, j.state, j.note, j.ended, j.cause,"
        " j.source, j.at, j.submitted, j.started, j.ended_at, j.nodes, j.settled, j.total, j.pass,"
        " j.fail, j.error, j.skipped, j.unfinished, s.uid, s.user, s.cluster, s.request, s.suites,"
        " s.partition, s.account, s.host, s.directory, s.flaws, s.flaw"
        " FROM jobs j CROSS JOIN sessions s ON s.id = j.session WHERE j.session >= ?1 AND"
        " j.session < ?2";
    if (!filter.sessions.empty() || !filter.jobs.empty()) {
        std::vector<std::string> sessions;
        for (const std::string& id : filter.sessions) {
            sessions.push_back(fmt::format("{}", number_of(id)));
        }
        sql += fmt::format(" AND (j.session IN ({}) OR j.job IN ({}))", join(sessions, ","),
                           fmt::join(filter.jobs, ","));
    }
    if (filter.uid) {
        sql += fmt::format(" AND s.uid = {}", *filter.uid);
    }
    if (filter.ended_only) {
        sql += " AND j.ended = 1";
    }
    sql += filter.newest > 0 ? " ORDER BY j.session DESC, j.place DESC"
                             : " ORDER BY j.session, j.place";
    Statement rows(database_, sql);
    rows.bind(1, number_at(filter.since)).bind(2, number_at(filter.until));
    WordMatch state(words_, filter.state), nodes(words_, filter.nodes), user(words_, filter.user),
        cluster(words_, filter.cluster), request(words_, filter.request),
        suites(words_, filter.suites), partition(words_, filter.partition),
        account(words_, filter.account);
    std::vector<JobRow> found;
    while (rows.step()) {
        if (state(rows.integer(4)) && nodes(rows.integer(13)) && user(rows.integer(22)) &&
            cluster(rows.integer(23)) && request(rows.integer(24)) && suites(rows.integer(25)) &&
            partition(rows.integer(26)) && account(rows.integer(27))) {
            found.push_back(job_row(rows));
            if (found.size() == filter.newest) {
                break;
            }
        }
    }
    if (filter.newest > 0) {
        std::reverse(found.begin(), found.end());
    }
    return found;
}

TestRow Index::Body::test_row(const Statement& row, std::size_t job) {
    TestRow test;
    test.job = job;
    test.name = words_.text(row.integer(3));
    session::TestView& view = test.view;
    view.index = static_cast<std::uint32_t>(row.integer(2));
    view.state = words_.text(row.integer(4));
    view.result = enum_of(row.integer(5), Verdict::error);
    view.cause = enum_of(row.integer(6), status::Cause::unknown);
    view.source = role_of(row.integer(7));
    view.note = row.text(8);
    view.nodes = words_.text(row.integer(9));
    view.when = row.time(10);
    view.started = row.time(11);
    view.ended = row.time(12);
    if (!row.null(13)) {
        view.return_value = static_cast<int>(row.integer(13));
    }
    if (!row.null(14)) {
        view.signal = static_cast<int>(row.integer(14));
    }
    if (!row.null(15)) {
        view.duration = row.real(15);
    }
    view.attempt = static_cast<std::uint32_t>(row.integer(16));
    view.ended_for_good = (row.integer(17) & 1) != 0;
    view.again = (row.integer(17) & 2) != 0;
    view.had = static_cast<std::uint64_t>(row.integer(18));
    return test;
}

// Both are sorted by session and place: one walk over the tests of the span.
std::vector<TestRow> Index::Body::tests(const std::vector<JobRow>& jobs, const TestFilter& filter) {
    std::vector<TestRow> found;
    if (jobs.empty()) {
        return found;
    }
    constexpr std::size_t few = 200;
    WordMatch name(words_, filter.name), state(words_, filter.state), nodes(words_, filter.nodes);
    const auto take = [&](const Statement& rows, std::size_t job) {
        if (filter.had != 0 && (static_cast<std::uint64_t>(rows.integer(18)) & filter.had) == 0) {
            return;
        }
        if (!name(rows.integer(3)) || !state(rows.integer(4)) || !nodes(rows.integer(9))) {
            return;
        }
        if (filter.result) {
            session::TestView verdict;
            verdict.result = enum_of(rows.integer(5), Verdict::error);
            verdict.cause = enum_of(rows.integer(6), status::Cause::unknown);
            verdict.ended_for_good = (rows.integer(17) & 1) != 0;
            if (!filter.result(verdict)) {
                return;
            }
        }
        found.push_back(test_row(rows, job));
    };
    if (jobs.size() <= few) {
        Statement rows(database_, "SELECT * FROM tests WHERE session = ?1 AND place = ?2");
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            rows.bind(1, number_of(jobs[i].id)).bind(2, std::int64_t{jobs[i].place});
            while (rows.step()) {
                take(rows, i);
            }
            rows.reset();
        }
        return found;
    }
    Statement rows(database_,
                   "SELECT * FROM tests WHERE session BETWEEN ?1 AND ?2"
                   " ORDER BY session, place, number");
    rows.bind(1, number_of(jobs.front().id)).bind(2, number_of(jobs.back().id));
    std::size_t at = 0;
    std::int64_t session = number_of(jobs[0].id);
    while (rows.step()) {
        const auto here = std::pair(rows.integer(0), rows.integer(1));
        while (std::pair(session, std::int64_t{jobs[at].place}) < here) {
            if (++at == jobs.size()) {
                return found;
            }
            session = number_of(jobs[at].id);
        }
        if (std::pair(session, std::int64_t{jobs[at].place}) == here) {
            take(rows, at);
        }
    }
    return found;
}

std::vector<NodeRow> Index::Body::nodes(const std::vector<JobRow>& jobs) {
    std::vector<NodeRow> found;
    Statement rows(database_, "SELECT * FROM nodes WHERE session = ?1 AND place = ?2");
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        rows.bind(1, number_of(jobs[i].id)).bind(2, std::int64_t{jobs[i].place});
        const std::size_t first = found.size();
        while (rows.step()) {
            session::NodeView node;
            node.name = words_.text(rows.integer(2));
            node.restart = static_cast<std::uint32_t>(rows.integer(3));
            node.joined = rows.time(4);
            node.left = rows.time(5);
            node.joined_by = words_.text(rows.integer(6));
            node.left_by = words_.text(rows.integer(7));
            node.data = rows.text(8);
            found.push_back({i, std::move(node)});
        }
        rows.reset();
        std::sort(found.begin() + static_cast<std::ptrdiff_t>(first), found.end(),
                  [](const NodeRow& a, const NodeRow& b) { return a.view.name < b.view.name; });
    }
    return found;
}

}  // namespace pavtest::index
