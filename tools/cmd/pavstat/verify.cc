// The journals are the truth; the index was made of them, the status files beside them.
#include "cmd/pavstat/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cmd/pavstat/owner.h"
#include "index/refresh.h"
#include "session/packed.h"
#include "status/states.h"
#include "status/status_file.h"

namespace pavtest::cmd {

namespace {

constexpr std::uint64_t kStatusLimit = 64ULL << 20;

std::string time_text(const std::optional<Timestamp>& when) {
    return when ? to_rfc3339(*when) : "-";
}

// All that the index keeps, so that no column can go wrong unseen.
std::string text_of(const index::JobRow& job) {
    const index::Counts& counts = job.counts;
    return fmt::format("{} {} {} {} {} {} {} {} {} '{}' '{}' {} {} {} {} {}/{}/{}/{}/{}/{}",
                       job.job.value_or(0), job.restarts, job.user, job.uid, job.cluster,
                       job.request, job.suites, job.state, job.nodes, job.note,
                       to_string(job.cause), time_text(job.when), time_text(job.submitted),
                       time_text(job.started), time_text(job.ended_at), counts.total, counts.pass,
                       counts.fail, counts.error, counts.skipped, counts.unfinished);
}

std::string text_of(const index::TestRow& row) {
    const session::TestView& test = row.view;
    return fmt::format("{} {} {} {} {} '{}' {} {} {} {} {} {} {} {}", test.index, row.name,
                       test.state, to_string(test.result), to_string(test.cause), test.note,
                       test.nodes, time_text(test.when), time_text(test.started),
                       time_text(test.ended), test.return_value.value_or(0), test.attempt, test.had,
                       test.ended_for_good);
}

template <class Row>
void compare_rows(const std::string& id, const std::vector<Row>& indexed,
                  const std::vector<Row>& read, std::vector<std::string>& differences) {
    for (std::size_t i = 0; i < std::max(indexed.size(), read.size()); ++i) {
        const std::string ours = i < indexed.size() ? text_of(indexed[i]) : "nothing";
        const std::string theirs = i < read.size() ? text_of(read[i]) : "nothing";
        if (ours != theirs) {
            differences.push_back(
                fmt::format("{}: the index has {}; the journals say {}", id, ours, theirs));
        }
    }
}

class Verifier {
  public:
    Verifier(const Viewer& viewer, const OpenStore& store, Verified& result)
        : viewer_(viewer), store_(store), result_(result) {}

    Result<> session(const std::string& id);

  private:
    void compare_status(const session::SessionDirectory& directory, const session::JobView& job);
    void compare_status_file(const std::string& what, const std::string& text,
                             const session::TestView& test);

    const Viewer& viewer_;
    const OpenStore& store_;
    Verified& result_;
};

Result<> Verifier::session(const std::string& id) {
    index::JobFilter only;
    only.sessions = {id};
    const auto directory = store_.store.open_session(id);
    if (!directory) {
        result_.differences.push_back(
            fmt::format("{}: in the index, but {}", id, directory.error().what));
        return {};
    }
    const index::Reading reading = index::read_session(*directory, viewer_.clock->now());
    if (!reading.broken.empty()) {
        result_.differences.push_back(fmt::format("{}: {}", id, reading.broken));
        return {};
    }
    auto fresh = index::Index::in_memory();
    const auto put = fresh ? fresh->put({reading}) : tl::make_unexpected(fresh.error());
    const auto jobs = put ? fresh->jobs(only) : tl::make_unexpected(put.error());
    const auto indexed = store_.index.jobs(only);
    const auto tests = jobs ? fresh->tests(*jobs, {}) : tl::make_unexpected(jobs.error());
    const auto indexed_tests =
        indexed ? store_.index.tests(*indexed, {}) : tl::make_unexpected(indexed.error());
    if (!tests || !indexed_tests) {
        return tl::make_unexpected((tests ? indexed_tests : tests).error());
    }
    compare_rows(id, *indexed, *jobs, result_.differences);
    compare_rows(id, *indexed_tests, *tests, result_.differences);
    result_.tests += tests->size();
    for (const session::JobView& job : reading.view.jobs) {
        compare_status(*directory, job);
    }
    return {};
}

// Only the host of the job's first node writes status files: of what others say, a file need
// only know some state that the test went through.
void Verifier::compare_status_file(const std::string& what, const std::string& text,
                                   const session::TestView& test) {
    ++result_.status_files;
    const std::size_t end = text.rfind('\n');
    if (end == std::string::npos || end + 1 != text.size()) {
        result_.differences.push_back(fmt::format("{}: a torn or empty status file", what));
        return;
    }
    const std::size_t before = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
    const std::size_t start = before == std::string::npos ? 0 : before + 1;
    const auto last = status::parse_status_line(text.substr(start, end - start));
    const bool same = test.source == status::Role::runner
                          ? last.state == test.state
                          : (test.had & status::state_bit(last.state)) != 0;
    if (!last.flaw.empty()) {
        result_.differences.push_back(fmt::format("{}: its status file: {}", what, last.flaw));
    } else if (!same) {
        result_.differences.push_back(fmt::format("{}: its status file says {}, the journals {}",
                                                  what, last.state, test.state));
    }
}

void Verifier::compare_status(const session::SessionDirectory& directory,
                              const session::JobView& job) {
    if (!job.job || !job.has_directory) {
        return;
    }
    const auto files = directory.job_directory({*job.job, job.restarts});
    for (const session::TestView& test : job.tests) {
        const std::string what = fmt::format("{} test {}", directory.id(), test.index);
        const auto place = files ? files->open_below(fmt::format("tests/{:04}", test.index))
                                 : tl::make_unexpected(files.error());
        auto text =
            place ? place->read("status", kStatusLimit) : tl::make_unexpected(place.error());
        if (!text && files) {
            text = session::read_packed(*files, fmt::format("tests/{:04}/status", test.index),
                                        kStatusLimit);
        }
        if (text) {
            compare_status_file(what, *text, test);
        } else if (test.source == status::Role::runner && test.result != status::Verdict::none) {
            result_.differences.push_back(fmt::format("{}: {}", what, text.error().what));
        }
    }
}

}  // namespace

Result<Verified> verify(const Viewer& viewer, const Collected& collected) {
    Verified result;
    for (const OpenStore& store : collected.stores) {
        if (auto checked = store.index.check(); !checked) {
            result.differences.push_back(checked.error().what);
        }
    }
    std::string last;
    bool over = true;
    for (std::size_t i = 0; i < collected.rows.size(); ++i) {
        const Row& row = collected.rows[i];
        over = (row.job.id != last || over) && row.job.settled;
        last = row.job.id;
        if (i + 1 < collected.rows.size() && collected.rows[i + 1].job.id == last) {
            continue;  // a session is compared with all its jobs
        }
        if (!over) {
            ++result.unfinished;
            continue;
        }
        ++result.sessions;
        const OpenStore& store = collected.stores[row.store];
        const auto owner = AsOwner::of(store.store.path());
        if (!owner) {
            return tl::make_unexpected(owner.error());
        }
        if (auto compared = Verifier(viewer, store, result).session(last); !compared) {
            return tl::make_unexpected(compared.error());
        }
    }
    return result;
}

std::string verified_text(const Verified& verified) {
    std::string text;
    for (const std::string& line : verified.differences) {
        text += printable(line) + "\n";
    }
    text += fmt::format("compared {} sessions, {} tests, {} status files: {}", verified.sessions,
                        verified.tests, verified.status_files,
                        verified.differences.empty()
                            ? "all agree"
                            : fmt::format("{} differences", verified.differences.size()));
    return text + (verified.unfinished == 0
                       ? "\n"
                       : fmt::format("; {} sessions are not over\n", verified.unfinished));
}

}  // namespace pavtest::cmd
