// A test is begun and stops before its run.
#include "run/builds_ahead.h"

#include <algorithm>
#include <set>

#include "build/registry.h"
#include "build/spec.h"
#include "run/cpu_set.h"

namespace pavtest::run {

namespace {

// Each keeps files open.
constexpr std::size_t kMostBegun = 100;

}  // namespace

void BuildsAhead::plan(const PlanReader& plan, const std::vector<std::uint32_t>& tests) {
    std::vector<build::Shelf> shelves;
    for (const build::ShelfPlace& place : world_.builds.places()) {
        if (auto shelf = build::Shelf::open_existing(place)) {
            shelves.push_back(std::move(*shelf));
        }
    }
    std::set<std::string> seen;
    for (const std::uint32_t index : tests) {
        const auto test = plan.test(index);
        // What waits for the node is decided there, even whether it runs at all.
        if (!test || test->deferred || !test->skip_reasons.empty()) {
            continue;
        }
        const auto spec = build::read_spec(*test, world_.session.directory().path());
        if (!spec || spec->empty() || spec->on_nodes) {
            continue;
        }
        const auto identity = build::identity(*spec, world_.builds.digests());
        if (!identity || !seen.insert(*identity).second ||
            std::any_of(shelves.begin(), shelves.end(), [&](const build::Shelf& shelf) {
                return shelf.find(*identity).has_value();
            })) {
            continue;
        }
        waiting_.push_back(index);
    }
    if (waiting_.size() < 2) {
        waiting_.clear();
    }
}

// The job's processors on this node.
std::size_t BuildsAhead::room() const {
    const JobContext& job = world_.job;
    const auto here = std::find(job.nodes.begin(), job.nodes.end(), job.node);
    const auto place = static_cast<std::size_t>(here - job.nodes.begin());
    const std::size_t usable = own_cpus().size();
    return std::max<std::size_t>(
        place < job.cpus.size() ? std::min<std::size_t>(job.cpus[place], usable) : usable, 1);
}

void BuildsAhead::step(Duration now, bool may_begin) {
    for (auto& [index, run] : begun_) {
        run->step(now);
    }
    while (may_begin && !waiting_.empty() && begun_.size() < kMostBegun && building() < room()) {
        const std::uint32_t index = waiting_.front();
        waiting_.pop_front();
        auto run = make_run_(index);
        run->build_ahead(now);
        begun_.emplace(index, std::move(run));
    }
}

bool BuildsAhead::working() const {
    return std::any_of(begun_.begin(), begun_.end(), [](const auto& entry) {
        return entry.second->building() && !entry.second->waits_for_build();
    });
}

bool BuildsAhead::child_ended(pid_t pid, int wait_status, Duration now) {
    return std::any_of(begun_.begin(), begun_.end(), [&](const auto& entry) {
        return entry.second->child_ended(pid, wait_status, now);
    });
}

std::optional<BuildsAhead::Duration> BuildsAhead::next_step() const {
    std::optional<Duration> next;
    for (const auto& [index, run] : begun_) {
        const auto due = run->building() ? run->next_step() : std::nullopt;
        next = due && (!next || *due < *next) ? due : next;
    }
    return next;
}

std::unique_ptr<TestRun> BuildsAhead::take(std::uint32_t test) {
    std::erase(waiting_, test);
    auto entry = begun_.extract(test);
    return entry ? std::move(entry.mapped()) : nullptr;
}

std::vector<std::uint32_t> BuildsAhead::abort(status::Cause cause, const std::string& note,
                                              Duration now, const StopTimes& times) {
    std::vector<std::uint32_t> interrupted;
    waiting_.clear();
    for (auto& [index, run] : begun_) {
        if (run->building()) {
            run->abort(cause, note, now, times);
            interrupted.push_back(index);
        }
    }
    return interrupted;
}

bool BuildsAhead::stopped() const {
    return std::all_of(begun_.begin(), begun_.end(),
                       [](const auto& entry) { return entry.second->stopped(); });
}

std::size_t BuildsAhead::building() const {
    return static_cast<std::size_t>(std::count_if(
        begun_.begin(), begun_.end(), [](const auto& entry) { return entry.second->building(); }));
}

}  // namespace pavtest::run
