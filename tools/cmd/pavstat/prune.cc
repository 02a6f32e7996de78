// Choosing by the index, making sure by the journals.
#include "cmd/pavstat/prune.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cmd/pavstat/fields.h"
#include "cmd/pavstat/owner.h"
#include "cmd/pavstat/table.h"
#include "index/refresh.h"
#include "session/compact.h"

namespace pavtest::cmd {

namespace {

std::string size_text(std::uint64_t bytes) {
    const double mebibytes = static_cast<double>(bytes) / (1 << 20);
    return fmt::format("{:.1f} MiB", mebibytes);
}

class Tidier {
  public:
    Tidier(const Viewer& viewer, const Collected& collected, const TidyHow& how)
        : viewer_(viewer), collected_(collected), how_(how) {}

    Tidied run();

  private:
    void look_at(const Row& row);
    Result<bool> may_go(const session::SessionDirectory& directory) const;
    Result<> do_it(const OpenStore& store, const session::SessionDirectory& directory) const;

    const Viewer& viewer_;
    const Collected& collected_;
    const TidyHow& how_;
    Tidied result_;
};

// The journals, not the index: a job may have been started again by hand.
Result<bool> Tidier::may_go(const session::SessionDirectory& directory) const {
    const index::Reading reading = index::read_session(directory, viewer_.clock->now());
    if (!reading.broken.empty()) {
        return fail(ErrorKind::infrastructure, reading.broken);
    }
    return reading.closed && index::last_word(reading.view) < how_.before &&
           (how_.what == Tidy::remove || session::all_passed(reading.view));
}

Result<> Tidier::do_it(const OpenStore& store, const session::SessionDirectory& directory) const {
    return how_.what == Tidy::remove ? session::remove_session(store.store, directory.id())
                                     : session::compact(directory);
}

void Tidier::look_at(const Row& row) {
    const OpenStore& store = collected_.stores[row.store];
    const auto owner = AsOwner::of(store.store.path());
    const auto directory =
        owner ? store.store.open_session(row.job.id) : tl::make_unexpected(owner.error());
    const auto may = directory ? may_go(*directory) : tl::make_unexpected(directory.error());
    if (!may) {
        result_.remarks.push_back(may.error().what);
        return;
    }
    if (!*may) {
        return;
    }
    session::Footprint takes = session::footprint_of(directory->directory());
    if (how_.what == Tidy::compact && session::is_compact(*directory)) {
        return;
    }
    if (how_.earnest) {
        if (auto done = do_it(store, *directory); !done) {
            result_.remarks.push_back(done.error().what);
            return;
        }
    }
    result_.lines.push_back({&row, takes.files, takes.bytes});
    if (how_.earnest && how_.what == Tidy::compact) {
        const session::Footprint now = session::footprint_of(directory->directory());
        takes.files -= std::min(now.files, takes.files);
        takes.bytes -= std::min(now.bytes, takes.bytes);
    }
    result_.files += takes.files;
    result_.bytes += takes.bytes;
}

Tidied Tidier::run() {
    const std::vector<Row>& rows = collected_.rows;
    for (std::size_t first = 0; first < rows.size();) {
        std::size_t last = first;
        bool over = true;
        bool old = true;
        while (last < rows.size() && rows[last].job.id == rows[first].job.id) {
            const index::JobRow& job = rows[last].job;
            over = over && job.settled;
            old = old && job.when.value_or(Timestamp{}) < how_.before &&
                  job.ended_at.value_or(Timestamp{}) < how_.before;
            ++last;
        }
        if (old && over) {
            look_at(rows[first]);
        } else if (old) {
            ++result_.unfinished;
        }
        first = last;
    }
    return std::move(result_);
}

}  // namespace

Result<std::int64_t> parse_age(const std::string& text) {
    constexpr std::int64_t micro = 1'000'000;
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    constexpr std::int64_t most = 100'000;
    for (const auto& [name, seconds] : {std::pair<std::string_view, std::int64_t>{"days", 86400},
                                        {"weeks", 604800},
                                        {"hours", 3600}}) {
        if (error == std::errc{} && count > 0 && count <= most && name.starts_with(unit)) {
            return count * seconds * micro;
        }
    }
    return fail(ErrorKind::usage, fmt::format("'{}' is no age", text), "as in 90d, 12h or 4w");
}

Tidied tidy(const Viewer& viewer, const Collected& collected, const TidyHow& how) {
    return Tidier(viewer, collected, how).run();
}

std::string tidied_text(const Tidied& tidied, const TidyHow& how, bool no_header) {
    Table table({">JOBID", "SESSION", "USER", "SUITES", "ENDED", ">FILES", ">MIB"});
    for (const Tidied::Line& line : tidied.lines) {
        const index::JobRow& job = line.row->job;
        table.add({job.job ? fmt::format("{}", *job.job) : "", job.id, job.user, job.suites,
                   job.when ? to_slurm_time(*job.when) : "", fmt::format("{}", line.files),
                   fmt::format("{:.1f}", static_cast<double>(line.bytes) / (1 << 20))});
    }
    std::string text = tidied.lines.empty() ? "" : table.text(no_header);
    const char* const done = how.what == Tidy::remove ? "removed" : "packed";
    text += fmt::format("{} sessions, {} files and directories, {} {}", tidied.lines.size(),
                        tidied.files, size_text(tidied.bytes),
                        how.earnest                ? done
                        : how.what == Tidy::remove ? "to remove: add --yes"
                                                   : "to pack: add --yes");
    if (tidied.unfinished > 0) {
        text += fmt::format("; {} that are not over stay", tidied.unfinished);
    }
    return text + "\n";
}

}  // namespace pavtest::cmd
