// Listing months, comparing, reading in parallel.
#include "index/refresh.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <limits>
#include <map>
#include <thread>

#include "session/id.h"

namespace pavtest::index {

namespace {

constexpr std::size_t kBatch = 2000;  // sessions in one transaction
constexpr std::size_t kWorthThreads = 64;
constexpr std::int64_t kDay = std::int64_t{86400} * 1'000'000;
constexpr std::string_view kLastId = "zzzzzzzzzzzz";

// Ids of a month are between these.
struct Bounds {
    std::string from, to;
};

Bounds bounds_of(const std::string& month) {
    const auto id_at = [](int year, int number) {
        std::tm broken{};
        broken.tm_year = year - 1900;
        broken.tm_mon = number - 1;
        broken.tm_mday = 1;
        return session::make_id({static_cast<std::int64_t>(::timegm(&broken)) * 1'000'000}, 0);
    };
    const int year = std::stoi(month.substr(0, 4));
    const int number = std::stoi(month.substr(5, 2));
    return {id_at(year, number), id_at(year, number + 1)};
}

class Refresh {
  public:
    Refresh(Index& index, const session::Store& store, const Scope& scope, Timestamp now)
        : index_(index), store_(store), scope_(scope), now_(now) {}

    Result<Refreshed> run();

  private:
    Result<> compare_months();
    Result<> compare_month(const std::string& name, const std::map<std::string, Month>& known);
    Result<> drop_lost_months(const std::vector<std::string>& months,
                              const std::map<std::string, Month>& known);
    Result<> add_changed();
    Result<> read_all();
    void remember(const std::string& id);
    [[nodiscard]] std::vector<Reading> read_batch(const std::string* ids, std::size_t count) const;
    [[nodiscard]] Reading read_one(const std::string& id) const;

    Index& index_;
    const session::Store& store_;
    const Scope& scope_;
    Timestamp now_;
    std::vector<std::string> wanted_;
    std::vector<Month> listed_;
    std::map<std::string, session::RememberedJournals> journals_;  // of those of the wanted
    Refreshed result_;
};

Reading broken(const std::string& id, std::string what) {
    Reading reading;
    reading.id = id;
    reading.broken = std::move(what);
    return reading;
}

Reading Refresh::read_one(const std::string& id) const {
    const auto directory = store_.open_session(id);
    if (!directory) {
        return broken(id, directory.error().what);
    }
    const auto known = journals_.find(id);
    return read_session(*directory, now_,
                        known == journals_.end() ? session::RememberedJournals{} : known->second);
}

std::vector<Reading> Refresh::read_batch(const std::string* ids, std::size_t count) const {
    std::vector<Reading> readings(count);
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < count; i = next++) {
            readings[i] = read_one(ids[i]);
        }
    };
    constexpr unsigned most = 8;
    const unsigned helpers =
        count < kWorthThreads ? 0 : std::clamp(std::thread::hardware_concurrency(), 1U, most) - 1;
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < helpers; ++i) {
        threads.emplace_back(work);
    }
    work();
    return readings;
}

// What is new in a month, and what is gone from it.
Result<> Refresh::compare_month(const std::string& name,
                                const std::map<std::string, Month>& known) {
    const auto before = store_.month_modified(name);
    const auto was = known.find(name);
    if (!before || (was != known.end() && was->second.modified == *before &&
                    was->second.since <= scope_.since)) {
        return {};
    }
    const auto ids = store_.sessions_of_month(name);
    if (!ids) {
        return {};  // not ours to read: the others still count
    }
    const Bounds bounds = bounds_of(name);
    const auto indexed = index_.known(bounds.from, bounds.to, false);
    if (!indexed) {
        return tl::make_unexpected(indexed.error());
    }
    std::vector<std::string> gone;
    auto at = ids->begin();
    for (const Known& each : *indexed) {
        at = std::lower_bound(at, ids->end(), each.id);
        if (at == ids->end() || *at != each.id) {
            gone.push_back(each.id);
        }
    }
    auto have = indexed->begin();
    for (const std::string& id : *ids) {
        while (have != indexed->end() && have->id < id) {
            ++have;
        }
        const bool in_scope = session::id_time(id).value_or(Timestamp{}) >= scope_.since;
        if (in_scope && (have == indexed->end() || have->id != id)) {
            wanted_.push_back(id);
        }
    }
    result_.removed += gone.size();
    if (auto removed = index_.remove(gone); !removed) {
        return removed;
    }
    // A directory that changed within this tick of its clock may change again without a sign.
    constexpr std::int64_t settled = 2'000'000'000;
    if (*before < now_.microseconds * 1000 - settled) {
        listed_.push_back({name, *before, scope_.since});
    }
    return {};
}

Result<> Refresh::drop_lost_months(const std::vector<std::string>& months,
                                   const std::map<std::string, Month>& known) {
    for (const auto& [name, month] : known) {
        if (std::find(months.begin(), months.end(), name) != months.end()) {
            continue;
        }
        const Bounds bounds = bounds_of(name);
        const auto indexed = index_.known(bounds.from, bounds.to, false);
        if (!indexed) {
            return tl::make_unexpected(indexed.error());
        }
        std::vector<std::string> gone;
        for (const Known& each : *indexed) {
            gone.push_back(each.id);
        }
        result_.removed += gone.size();
        if (auto removed = index_.remove(gone); !removed) {
            return removed;
        }
    }
    return {};
}

Result<> Refresh::compare_months() {
    const auto months = store_.months();
    if (!months) {
        return tl::make_unexpected(months.error());
    }
    const auto listed = index_.months();
    if (!listed) {
        return tl::make_unexpected(listed.error());
    }
    std::map<std::string, Month> known;
    for (const Month& month : *listed) {
        known.emplace(month.name, month);
    }
    const std::string first = session::id_month(session::make_id(scope_.since, 0));
    for (const std::string& name : *months) {
        if (name < first) {
            continue;
        }
        if (auto compared = compare_month(name, known); !compared) {
            return compared;
        }
    }
    return drop_lost_months(*months, known);
}

// Sessions that something may have been added to since they were read.
Result<> Refresh::add_changed() {
    const std::string from =
        session::make_id({std::max<std::int64_t>(scope_.since.microseconds, 0)}, 0);
    const auto open = index_.known(from, kLastId, true);
    if (!open) {
        return tl::make_unexpected(open.error());
    }
    for (const Known& each : *open) {
        const auto directory = store_.open_session(each.id);
        if (!directory || each.fingerprint.empty() ||
            directory->fingerprint() != each.fingerprint) {
            wanted_.push_back(each.id);
            remember(each.id);
        }
    }
    return {};
}

// Here, as the workers do not share the index.
void Refresh::remember(const std::string& id) {
    if (auto journals = index_.journals(id); journals && !journals->empty()) {
        journals_.emplace(id, *std::move(journals));
    }
}

Result<> Refresh::read_all() {
    std::sort(wanted_.begin(), wanted_.end());
    wanted_.erase(std::unique(wanted_.begin(), wanted_.end()), wanted_.end());
    for (std::size_t first = 0; first < wanted_.size(); first += kBatch) {
        const std::size_t count = std::min(kBatch, wanted_.size() - first);
        const auto readings = read_batch(wanted_.data() + first, count);
        result_.read += count;
        if (auto put = index_.put(readings); !put) {
            return put;
        }
    }
    for (const Month& month : listed_) {
        if (auto set = index_.set_month(month); !set) {
            return set;
        }
    }
    return {};
}

Result<Refreshed> Refresh::run() {
    if (!scope_.only.empty()) {
        wanted_ = scope_.only;
        for (const std::string& id : wanted_) {
            remember(id);
        }
    } else if (auto compared = compare_months(); !compared) {
        return tl::make_unexpected(compared.error());
    } else if (auto changed = add_changed(); !changed) {
        return tl::make_unexpected(changed.error());
    }
    if (auto read = read_all(); !read) {
        return tl::make_unexpected(read.error());
    }
    return result_;
}

}  // namespace

Timestamp last_word(const session::SessionView& view) {
    Timestamp last = view.header.created;
    for (const session::JobView& job : view.jobs) {
        last = std::max({last, job.when.value_or(last), job.ended_at.value_or(last)});
        for (const auto& [name, node] : job.node_views) {
            last = std::max({last, node.joined.value_or(last), node.left.value_or(last)});
        }
    }
    return last;
}

Reading reading_of(const session::SessionDirectory& directory, session::SessionView view,
                   std::string fingerprint, Timestamp now) {
    Reading reading;
    reading.id = directory.id();
    reading.fingerprint = std::move(fingerprint);
    reading.settled = !view.awaits_tasks() &&
                      std::all_of(view.jobs.begin(), view.jobs.end(),
                                  [](const session::JobView& job) { return job.settled(); });
    // Somebody may requeue by hand what has ended, and a spool may be delivered late; a day
    // after the last word Slurm has long forgotten the job.
    reading.closed = reading.settled && last_word(view).microseconds < now.microseconds - kDay;
    reading.test_names = directory.test_names(view.header.tests);
    reading.view = std::move(view);
    return reading;
}

Reading read_session(const session::SessionDirectory& directory, Timestamp now,
                     session::RememberedJournals journals) {
    // What is old is mostly closed, and then nobody asks for its fingerprint, which costs as
    // much as all the rest. It is taken before anything is read, or it would prove nothing.
    bool with_print =
        session::id_time(directory.id()).value_or(now).microseconds > now.microseconds - 2 * kDay;
    for (;; with_print = true) {
        std::string fingerprint = with_print ? directory.fingerprint() : std::string{};
        auto view = session::view_session(directory, journals);
        if (!view) {
            return broken(directory.id(), view.error().what);
        }
        if (view->header.id != directory.id()) {
            return broken(directory.id(), fmt::format("session {} says that it is '{}'",
                                                      directory.id(), view->header.id));
        }
        Reading reading = reading_of(directory, *std::move(view), std::move(fingerprint), now);
        if (reading.closed || with_print) {
            reading.journals = std::move(journals);
            return reading;
        }
        journals.clear();  // what is new in them is so for the index, too
    }
}

Result<Refreshed> bring_up_to_date(Index& index, const session::Store& store, const Scope& scope,
                                   Timestamp now) {
    return Refresh(index, store, scope, now).run();
}

}  // namespace pavtest::index
