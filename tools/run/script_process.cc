// Starting, watching and ending one script.
#include "run/script_process.h"

#include <sys/wait.h>

#include <algorithm>

#include "run/scratch.h"
#include "run/test_files.h"

namespace pavtest::run {

namespace {

using Duration = ScriptProcess::Duration;

constexpr Duration kGrace = std::chrono::seconds(2);
constexpr Duration kPatience = std::chrono::seconds(10);
constexpr Duration kKillStep = std::chrono::milliseconds(10);

// To whom a child of ours that leads no script belongs: its environment says so. Without one,
// it can only be of the one script that runs.
bool belongs(pid_t pid, const ProcessMark& mark, bool only_script) {
    const std::string environment = environment_of(pid);
    if (mark.matches(environment)) {
        return true;
    }
    return only_script && environment.find("PAVTEST_TEST=") == std::string::npos;
}

}  // namespace

Result<ScriptProcess> ScriptProcess::start(ScriptStart what, Leaders& leaders,
                                           const MemoryKills& kills, Duration now) {
    what.launch.log = what.log.get();
    if (!what.scratch.empty()) {
        if (auto made = make_scratch(what.scratch); !made) {
            return tl::make_unexpected(made.error());
        }
    }
    auto child = launch(what.launch);
    if (!child) {
        return tl::make_unexpected(child.error());
    }
    return ScriptProcess(std::move(what), std::move(*child), leaders, kills, now);
}

ScriptProcess::ScriptProcess(ScriptStart what, Launched child, Leaders& leaders,
                             const MemoryKills& kills, Duration now)
    : child_(std::move(child)),
      log_(std::move(what.log)),
      mark_(std::move(what.mark)),
      leaders_(&leaders),
      kills_(&kills),
      kills_before_(kills.count()),
      started_(now),
      looked_(now),
      watch_(log_.get(), std::move(what.timeout_file), what.timeout, now),
      scratch_(std::move(what.scratch)) {
    leaders_->scripts.insert(child_.pid);
    if (what.limit) {
        // A year is for ever, and fits.
        constexpr double longest = 365.0 * 24 * 3600;
        limit_ = now + std::chrono::duration_cast<Duration>(
                           std::chrono::duration<double>(std::min(*what.limit, longest)));
    }
}

Victims ScriptProcess::victims() const {
    const pid_t leader = child_.pid;
    return [leader, mark = mark_, leaders = leaders_,
            gone = leader_gone_](const std::vector<ProcessEntry>& table) {
        std::set<pid_t> roots;
        const bool only_script = std::all_of(leaders->scripts.begin(), leaders->scripts.end(),
                                             [leader](pid_t other) { return other == leader; });
        for (const ProcessEntry& entry : table) {
            if (entry.pid == ::getpid() || (leaders->contains(entry.pid) && entry.pid != leader)) {
                continue;
            }
            // The number of a leader that was reaped may be anybody's by now.
            const bool in_session = entry.session == leader && !(gone && entry.pid == leader);
            if (in_session || (entry.parent == ::getpid() && entry.pid != leader &&
                               belongs(entry.pid, mark, only_script))) {
                roots.insert(entry.pid);
            } else if (mark.matches(environment_of(entry.pid))) {
                roots.insert(entry.pid);
            }
        }
        return with_descendants(table, std::move(roots));
    };
}

// We are the reaper of all that the script left behind, so a look at our own children tells
// in one file that there is nothing, without reading the whole of /proc.
bool ScriptProcess::nothing_left_behind() const {
    const auto children = own_children();
    return children && std::all_of(children->begin(), children->end(),
                                   [this](pid_t pid) { return leaders_->contains(pid); });
}

void ScriptProcess::leader_ended(int wait_status, Duration now) {
    leader_gone_ = true;
    leaders_->scripts.erase(child_.pid);
    end_.duration = std::chrono::duration<double>(now - started_).count();
    end_.not_started = failure_before_script(child_);
    if (WIFSIGNALED(wait_status)) {
        end_.signal = WTERMSIG(wait_status);
        end_.return_value = -end_.signal;
    } else {
        end_.return_value = WEXITSTATUS(wait_status);
    }
    end_.out_of_memory = end_.return_value != 0 && kills_->count() > kills_before_;
    if (!kill_ && nothing_left_behind()) {
        finish();
    } else if (!kill_) {
        kill_.emplace(victims(), kGrace, kPatience, now);
    }
}

void ScriptProcess::finish() {
    over_ = true;
    give_back_room(log_);
    if (!scratch_.empty()) {
        if (const pid_t remover = remove_scratch(scratch_); remover > 0) {
            leaders_->own.insert(remover);
        }
    }
}

void ScriptProcess::stop(Duration now, Duration grace) {
    if (!over_) {
        kill_.emplace(victims(), grace, grace + kPatience, now);
        step(now);
    }
}

void ScriptProcess::step(Duration now) {
    if (over_) {
        return;
    }
    looked_ = now;
    const bool over_limit = limit_ && now >= *limit_;
    if (!kill_ && (over_limit || watch_.timed_out(now))) {
        end_.timed_out = true;
        end_.over_limit = over_limit;
        kill_.emplace(victims(), kGrace, kPatience, now);
    }
    if (kill_ && kill_->step(now)) {
        end_.immortal = kill_->left();
        // A leader that is gone is reaped, and told to us, before we are over; one that hangs
        // in the kernel is not waited for.
        if (leader_gone_ || !end_.immortal.empty()) {
            leaders_->scripts.erase(child_.pid);
            finish();
        }
    }
}

std::optional<Duration> ScriptProcess::next_step() const {
    if (over_) {
        return std::nullopt;
    }
    if (kill_) {
        return looked_ + kKillStep;
    }
    const auto look = watch_.next_look();
    return look && limit_ ? std::min(*look, *limit_) : limit_ ? limit_ : look;
}

}  // namespace pavtest::run
