// Finding, reading, settling.
#include "cmd/pavstat/collect.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/text.h"
#include "cmd/pavstat/collector.h"
#include "cmd/pavstat/owner.h"
#include "cmd/pavstat/stores.h"
#include "index/place.h"
#include "index/refresh.h"
#include "session/id.h"
#include "session/settle_rules.h"
#include "status/states.h"

namespace pavtest::cmd {

using index::JobRow;
using session::SlurmJob;

namespace {

constexpr std::int64_t kRecentDays = 7;
constexpr std::int64_t kMicro = 1'000'000;

}  // namespace

// The session is in the store and on the right cluster.
bool Collector::read_wish(OpenStore& store, const std::string& id) {
    if (named_.contains(id)) {
        return true;
    }
    const auto directory = store.store.open_session(id);
    if (!directory) {
        return false;
    }
    const auto read = index::bring_up_to_date(store.index, store.store, {Timestamp{}, {id}},
                                              viewer_.clock->now());
    index::JobFilter only;
    only.sessions = {id};
    only.cluster = filters_.jobs.cluster;
    const auto jobs = store.index.jobs(only);
    if (!read || !jobs) {
        result_.remarks.push_back((read ? jobs.error() : read.error()).what);
        return false;
    }
    if (jobs->empty()) {
        if (const auto why = store.index.broken(session::id_time(id).value_or(Timestamp{}));
            why && !why->empty()) {
            broken_.push_back(why->front());
        }
        return false;
    }
    ++result_.sessions_read;
    named_.insert(id);
    return true;
}

void Collector::read_wishes(OpenStore& store, bool in_memory) {
    std::erase_if(missing_, [&](const Wish& wish) {
        if (!wish.session.empty()) {
            return read_wish(store, wish.session);
        }
        // Two clusters may have given out one number: take the newest that fits.
        constexpr std::size_t most = 8;
        std::vector<std::string> ids;
        if (!in_memory) {
            index::JobFilter by_number;
            by_number.jobs = {wish.job};
            if (const auto jobs = store.index.jobs(by_number)) {
                std::transform(jobs->rbegin(), jobs->rend(), std::back_inserter(ids),
                               [](const JobRow& job) { return job.id; });
            }
        }
        if (ids.empty()) {
            ids = store.store.sessions_of_job(wish.job, most).value_or(std::vector<std::string>{});
        }
        return std::any_of(ids.begin(), ids.end(),
                           [&](const std::string& id) { return read_wish(store, id); });
    });
}

Result<> Collector::refresh(OpenStore& store, bool in_memory) {
    const bool by_number = std::any_of(missing_.begin(), missing_.end(),
                                       [](const Wish& wish) { return wish.job != 0; });
    if (options_.wishes.empty() || options_.with_past || (by_number && !in_memory)) {
        const Timestamp since =
            options_.wishes.empty() || options_.with_past ? filters_.jobs.since : recent();
        const auto read =
            index::bring_up_to_date(store.index, store.store, {since, {}}, viewer_.clock->now());
        if (!read) {
            return tl::make_unexpected(read.error());
        }
        result_.sessions_read += read->read;
    }
    if (options_.wishes.empty()) {
        auto broken = store.index.broken(filters_.jobs.since);
        if (!broken) {
            return tl::make_unexpected(broken.error());
        }
        std::move(broken->begin(), broken->end(), std::back_inserter(broken_));
    } else {
        read_wishes(store, in_memory);
    }
    return {};
}

void Collector::read_store(const std::string& path) {
    const auto owner = AsOwner::of(path);
    if (!owner) {
        return;
    }
    auto store = session::Store::open(path);
    if (!store) {
        if (store.error().kind != ErrorKind::not_found && !options_.all_users) {
            result_.remarks.push_back(store.error().what);
        }
        return;
    }
    // Who root becomes for a while has no cache of root's.
    bool in_memory = owner->changed();
    for (;; in_memory = true) {
        auto index =
            in_memory
                ? index::Index::in_memory()
                : index::open_or_in_memory(
                      index::path_for(viewer_.environment, viewer_.account, viewer_.settings, path),
                      path);
        if (!index) {
            result_.remarks.push_back(index.error().what);
            return;
        }
        OpenStore opened{*std::move(store), *std::move(index)};
        const auto refreshed = refresh(opened, in_memory);
        if (refreshed || in_memory) {
            if (!refreshed) {
                result_.remarks.push_back(refreshed.error().what);
            }
            result_.stores.push_back(std::move(opened));
            break;
        }
        store = std::move(opened.store);
    }
    open_unsettled(result_.stores.size() - 1);
}

// What settling has to see whole: the viewer's own sessions that nobody has ended.
void Collector::open_unsettled(std::size_t place) {
    if (options_.offline) {
        return;
    }
    OpenStore& store = result_.stores[place];
    index::JobFilter unsettled;
    unsettled.since = filters_.jobs.since;
    unsettled.uid = viewer_.account.uid;
    unsettled.sessions.assign(named_.begin(), named_.end());
    const auto jobs = options_.wishes.empty() || !named_.empty()
                          ? store.index.sessions_to_settle(unsettled)
                          : Result<std::vector<std::string>>(tl::in_place);
    if (!jobs) {
        result_.remarks.push_back(jobs.error().what);
        return;
    }
    for (const std::string& id : *jobs) {
        auto directory = store.store.open_session(id);
        if (!directory) {
            continue;
        }
        auto journals = store.index.journals(id).value_or(session::RememberedJournals{});
        if (auto view = session::view_session(*directory, journals)) {
            open_.push_back({*std::move(directory), *std::move(view)});
            open_store_.push_back(place);
        }
    }
}

// A job that has not started has no directory: Slurm knows whose session it is.
void Collector::look_for_jobs_in_queue() {
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
    for (std::size_t i = 0; i < result_.stores.size(); ++i) {
        OpenStore& store = result_.stores[i];
        const auto owner = AsOwner::of(store.store.path());
        const std::size_t before = missing_.size();
        std::erase_if(missing_, [&](const Wish& wish) {
            return !wish.session.empty() && read_wish(store, wish.session);
        });
        if (missing_.size() < before) {
            open_unsettled(i);
        }
    }
}

void Collector::settle() {
    if (options_.offline) {
        live_ = options_.queue;
        return;
    }
    const session::Asker asker{viewer_.account.uid, session::record_host(viewer_.environment),
                               viewer_.clock};
    session::Settling settling = session::settle(open_, *viewer_.slurm, asker);
    live_ = std::move(settling.live);
    result_.queue = live_;
    result_.settled = settling.settled;
    for (std::string& remark : settling.remarks) {
        result_.remarks.push_back(std::move(remark));
    }
    if (!settling.answered) {
        result_.remarks.emplace_back("states are as of their last records");
    }
    if (settling.settled == 0) {
        return;
    }
    std::vector<std::vector<index::Reading>> changed(result_.stores.size());
    for (std::size_t i = 0; i < open_.size(); ++i) {
        // Without a fingerprint it is read once more the next time: somebody may have written
        // while we did.
        changed[open_store_[i]].push_back(index::reading_of(
            open_[i].directory, std::move(open_[i].view), "", viewer_.clock->now()));
    }
    for (std::size_t i = 0; i < changed.size(); ++i) {
        if (auto put = result_.stores[i].index.put(changed[i]); !put) {
            result_.remarks.push_back(put.error().what);
        }
    }
}

Timestamp Collector::recent() const {
    return {viewer_.clock->now().microseconds - kRecentDays * 86400 * kMicro};
}

Result<Collected> Collector::run(bool everything) {
    auto filters = filters_of(options_, everything ? Timestamp{} : recent());
    if (!filters) {
        return tl::make_unexpected(filters.error());
    }
    filters_ = *std::move(filters);
    const auto stores = stores_of(viewer_, options_);
    if (!stores) {
        return tl::make_unexpected(stores.error());
    }
    for (const std::string& path : *stores) {
        read_store(path);
    }
    result_.named = !options_.wishes.empty();
    look_for_jobs_in_queue();
    settle();
    if (auto added = add_rows(); !added) {
        return tl::make_unexpected(added.error());
    }
    add_remarks();
    if (auto added = add_tests(); !added) {
        return tl::make_unexpected(added.error());
    }
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

Result<Collected> collect(const Viewer& viewer, const PavstatOptions& options) {
    return Collector(viewer, options).run(false);
}

Result<Collected> settle_all(const Viewer& viewer, const PavstatOptions& options) {
    return Collector(viewer, options).run(options.wishes.empty());
}

Result<std::vector<index::NodeRow>> nodes_of(const Collected& collected) {
    std::vector<index::NodeRow> found;
    for (std::size_t i = 0; i < collected.rows.size(); ++i) {
        const Row& row = collected.rows[i];
        if (row.waiting) {
            continue;
        }
        auto nodes = collected.stores[row.store].index.nodes({row.job});
        if (!nodes) {
            return tl::make_unexpected(nodes.error());
        }
        for (index::NodeRow& node : *nodes) {
            found.push_back({i, std::move(node.view)});
        }
    }
    return found;
}

Result<session::SessionDirectory> directory_of(const Collected& collected, const Row& row) {
    const session::Store& store = collected.stores[row.store].store;
    const auto owner = AsOwner::of(store.path());
    return owner ? store.open_session(row.job.id) : tl::make_unexpected(owner.error());
}

}  // namespace pavtest::cmd
