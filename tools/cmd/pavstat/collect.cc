// Finding, reading, settling.
#include "cmd/pavstat/collect.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cmd/pavstat/owner.h"
#include "cmd/pavstat/stores.h"
#include "session/id.h"
#include "session/plan.h"
#include "session/settle_rules.h"
#include "status/states.h"

namespace pavtest::cmd {

namespace {

using session::JobView;
using session::OpenSession;
using session::SlurmJob;

constexpr std::int64_t kRecentDays = 7;
constexpr std::int64_t kMicro = 1'000'000;

class Collector {
  public:
    Collector(const Viewer& viewer, const PavstatOptions& options)
        : viewer_(viewer), options_(options), missing_(options.wishes) {}

    Result<Collected> run(bool everything);

  private:
    void read_store(const std::string& path, bool everything);
    void read_recent(const session::Store& store, Timestamp since);
    void read_wishes(const session::Store& store);
    bool read_session(const session::Store& store, const std::string& id);
    void look_for_jobs_in_queue(const std::vector<std::string>& stores);
    void settle();
    void add_rows();
    void add_rows_of(std::size_t place);
    void add_row(Row row);
    void sum_up_flaws();
    [[nodiscard]] bool wanted(const Row& row, std::optional<std::uint32_t>& test) const;
    [[nodiscard]] Timestamp recent() const {
        return {viewer_.clock->now().microseconds - kRecentDays * 86400 * kMicro};
    }

    const Viewer& viewer_;
    const PavstatOptions& options_;
    std::vector<Wish> missing_;  // wishes that nothing has answered to yet
    std::set<std::string> seen_;
    std::map<std::string, std::vector<SlurmJob>> live_;
    Collected result_;
    std::size_t unreadable_ = 0;
};

bool Collector::read_session(const session::Store& store, const std::string& id) {
    if (seen_.contains(id)) {
        return true;
    }
    auto directory = store.open_session(id);
    if (!directory) {
        return false;
    }
    auto view = view_session(*directory);
    if (!view) {
        if (++unreadable_ == 1) {
            result_.remarks.push_back(view.error().what);
        }
        return false;
    }
    const auto& clusters = options_.clusters;
    if (!clusters.empty() &&
        std::none_of(clusters.begin(), clusters.end(), [&](const std::string& cluster) {
            return session::same_cluster(cluster, view->header.cluster.value_or(""));
        })) {
        return false;
    }
    seen_.insert(id);
    result_.sessions.push_back({*std::move(directory), *std::move(view)});
    return true;
}

void Collector::read_recent(const session::Store& store, Timestamp since) {
    const auto visited = store.each_session([&](const std::string& id) {
        if (session::id_time(id).value_or(Timestamp{}) < since) {
            return false;
        }
        read_session(store, id);
        return true;
    });
    if (!visited) {
        result_.remarks.push_back(visited.error().what);
    }
}

void Collector::read_wishes(const session::Store& store) {
    std::erase_if(missing_, [&](const Wish& wish) {
        if (!wish.session.empty()) {
            return read_session(store, wish.session);
        }
        // Two clusters may have given out one number: take the newest that fits.
        constexpr std::size_t most = 8;
        const auto ids = store.sessions_of_job(wish.job, most);
        return ids && std::any_of(ids->begin(), ids->end(),
                                  [&](const std::string& id) { return read_session(store, id); });
    });
}

void Collector::read_store(const std::string& path, bool everything) {
    const auto owner = AsOwner::of(path);
    if (!owner) {
        return;
    }
    const auto store = session::Store::open(path);
    if (!store) {
        if (store.error().kind != ErrorKind::not_found && !options_.all_users) {
            result_.remarks.push_back(store.error().what);
        }
        return;
    }
    if (everything) {
        read_recent(*store, Timestamp{});
    } else if (options_.wishes.empty()) {
        read_recent(*store, options_.since.value_or(recent()));
    } else {
        read_wishes(*store);
    }
}

// A job that has not started has no directory: Slurm knows whose session it is.
void Collector::look_for_jobs_in_queue(const std::vector<std::string>& stores) {
    const bool jobs = std::any_of(missing_.begin(), missing_.end(),
                                  [](const Wish& wish) { return wish.job != 0; });
    if (!jobs || options_.offline) {
        return;
    }
    const auto queued = viewer_.slurm->queue("", viewer_.account.uid);
    if (!queued) {
        result_.remarks.push_back(queued.error().what);
        return;
    }
    for (Wish& wish : missing_) {
        for (const SlurmJob& job : *queued) {
            if (wish.job != 0 && (job.job == wish.job || job.array_job == wish.job)) {
                wish.session = session::session_in_comment(job.comment);
            }
        }
    }
    for (const std::string& path : stores) {
        const auto store = session::Store::open(path);
        if (store) {
            std::erase_if(missing_, [&](const Wish& wish) {
                return !wish.session.empty() && read_session(*store, wish.session);
            });
        }
    }
}

void Collector::settle() {
    if (options_.offline) {
        return;
    }
    const session::Asker asker{viewer_.account.uid, session::record_host(viewer_.environment),
                               viewer_.clock};
    session::Settling settling = session::settle(result_.sessions, *viewer_.slurm, asker);
    live_ = std::move(settling.live);
    result_.settled = settling.settled;
    for (std::string& remark : settling.remarks) {
        result_.remarks.push_back(std::move(remark));
    }
    if (!settling.answered) {
        result_.remarks.emplace_back("states are as of their last records");
    }
}

// Whether a row is among what was asked for, and whether only one test of it was.
bool Collector::wanted(const Row& row, std::optional<std::uint32_t>& test) const {
    if (options_.wishes.empty()) {
        return true;
    }
    bool whole = false;
    bool some = false;
    for (const Wish& wish : options_.wishes) {
        const bool array = row.live && row.live->array_job == wish.job;
        const bool fits = wish.job != 0
                              ? row.job.job == wish.job || array
                              : result_.sessions[row.session].view.header.id == wish.session;
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
JobView waiting_job(const JobView& like, const SlurmJob& job) {
    JobView view;
    view.job = job.job;
    view.submitted = like.submitted;
    view.state = status::state::scheduled;
    view.note = waiting_note(job, "waits in the queue");
    view.source = like.source;
    view.when = like.submitted;
    for (const session::TestView& test : like.tests) {
        session::TestView& waiting = view.tests.emplace_back();
        waiting.index = test.index;
        waiting.state = status::state::scheduled;
        waiting.when = like.submitted;
    }
    return view;
}

void Collector::add_rows_of(std::size_t place) {
    const session::SessionView& view = result_.sessions[place].view;
    std::vector<SlurmJob> live;
    if (const auto found = live_.find(view.header.id); found != live_.end()) {
        live = found->second;
    }
    for (const JobView& job : view.jobs) {
        if (!job.job && !job.ended && !live.empty()) {
            continue;  // the rows of its live jobs say more
        }
        Row row{place, job, std::nullopt, std::nullopt};
        const auto found = std::find_if(live.begin(), live.end(), [&](const SlurmJob& each) {
            return job.job && each.job == *job.job;
        });
        if (found != live.end()) {
            row.live = *found;
            live.erase(found);
            if (row.live->state == "PENDING") {
                row.job.state = status::state::scheduled;
                row.job.note = waiting_note(*row.live, "waits to be started again");
                row.job.cause = status::Cause::none;
                row.job.ended_at.reset();
            }
        }
        add_row(std::move(row));
    }
    for (const SlurmJob& job : live) {
        add_row({place, waiting_job(view.jobs.front(), job), job, std::nullopt});
    }
}

void Collector::add_rows() {
    std::sort(result_.sessions.begin(), result_.sessions.end(),
              [](const OpenSession& a, const OpenSession& b) {
                  return a.view.header.id < b.view.header.id;
              });
    for (std::size_t i = 0; i < result_.sessions.size(); ++i) {
        add_rows_of(i);
    }
}

// One line for all that could not be read.
void Collector::sum_up_flaws() {
    std::size_t count = 0;
    const session::Flaw* first = nullptr;
    const OpenSession* where = nullptr;
    const auto add = [&](const OpenSession& session, const std::vector<session::Flaw>& flaws) {
        count += flaws.size();
        if (first == nullptr && !flaws.empty()) {
            first = &flaws.front();
            where = &session;
        }
    };
    for (const OpenSession& session : result_.sessions) {
        add(session, session.view.flaws);
        for (const JobView& job : session.view.jobs) {
            add(session, job.flaws);
        }
    }
    if (first != nullptr) {
        const std::string line = first->line == 0 ? "" : fmt::format(":{}", first->line);
        result_.remarks.push_back(
            fmt::format("{} left out{}: {}/{}{}: {}",
                        count == 1 ? "one line or file" : fmt::format("{} lines or files", count),
                        count == 1 ? "" : ", the first", where->view.header.id, first->file, line,
                        first->what));
    }
    if (unreadable_ > 1) {
        result_.remarks.push_back(fmt::format("{} more sessions can't be read", unreadable_ - 1));
    }
}

Result<Collected> Collector::run(bool everything) {
    const auto stores = stores_of(viewer_, options_);
    if (!stores) {
        return tl::make_unexpected(stores.error());
    }
    for (const std::string& path : *stores) {
        read_store(path, everything);
    }
    look_for_jobs_in_queue(*stores);
    settle();
    add_rows();
    sum_up_flaws();
    if (!missing_.empty()) {
        const Wish& wish = missing_.front();
        return fail(
            ErrorKind::nothing_selected,
            fmt::format("no session of {} '{}'", wish.job != 0 ? "job" : "the id", wish.text),
            result_.remarks.empty() ? fmt::format("looked into {}", join(*stores, ", "))
                                    : result_.remarks.front());
    }
    return std::move(result_);
}

}  // namespace

Result<Collected> collect(const Viewer& viewer, const PavstatOptions& options) {
    return Collector(viewer, options).run(false);
}

Result<Collected> settle_all(const Viewer& viewer, const PavstatOptions& options) {
    return Collector(viewer, options).run(options.wishes.empty());
}

std::vector<std::string> test_names(const OpenSession& session) {
    std::vector<std::string> names(session.view.header.tests);
    const auto owner = AsOwner::of(session.directory.directory().path());
    if (!owner) {
        return names;
    }
    if (const auto plan = session.directory.plan()) {
        for (const session::PlannedTest& test : plan->tests) {
            if (test.index < names.size()) {
                names[test.index] = test.name;
            }
        }
    }
    return names;
}

}  // namespace pavtest::cmd
