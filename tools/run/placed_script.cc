// One face for a child and for a helper's script.
#include "run/placed_script.h"

#include <chrono>

#include "run/cpu_set.h"

namespace pavtest::run {

bool runs_here(const PlacedHost& host) {
    return host.place().node() == host.job().node;
}

Result<PlacedScript> PlacedScript::start(PlacedHost& host, ScriptStart what,
                                         const std::string& log_path, Duration now) {
    PlacedScript placed;
    if (runs_here(host)) {
        what.launch.cpus = cpus_of_ranks(own_cpus(), host.place().cpus);
        auto script = host.launch_script(std::move(what), now);
        if (!script) {
            return tl::make_unexpected(script.error());
        }
        placed.here_.emplace(std::move(*script));
        return placed;
    }
    HelperOrder order;
    order.kind = HelperOrder::Kind::start;
    order.node = host.place().node();
    order.arguments = std::move(what.launch.arguments);
    order.environment = host.variables();
    order.directory = std::move(what.launch.directory);
    order.log = log_path;
    order.timeout = what.timeout;
    order.limit = what.limit;
    order.timeout_file = std::move(what.timeout_file);
    order.scratch = std::move(what.scratch);
    order.mark = host.mark();
    order.cpus = host.place().cpus;
    if (auto script = RemoteScript::start(host.helpers(), std::move(order), now)) {
        placed.there_.emplace(std::move(*script));
    } else {
        placed.over_ = placed.lost_ = true;
    }
    return placed;
}

bool PlacedScript::child_ended(pid_t pid, int wait_status, Duration now) {
    if (!here_ || here_->over() || here_->pid() != pid) {
        return false;
    }
    here_->leader_ended(wait_status, now);
    return true;
}

void PlacedScript::step(Duration now) {
    if (over_) {
        return;
    }
    if (here_) {
        here_->step(now);
        if (here_->over()) {
            end_ = here_->end();
            over_ = true;
        }
        return;
    }
    there_->step();
    if (there_->over()) {
        end_ = there_->end();
        lost_ = there_->lost();
        over_ = true;
    }
}

void PlacedScript::stop(Duration now, Duration grace) {
    if (over_) {
        return;
    }
    if (here_) {
        here_->stop(now, grace);
    } else {
        there_->stop(std::chrono::duration_cast<Milliseconds>(grace));
    }
}

std::optional<PlacedScript::Duration> PlacedScript::next_step() const {
    return here_ && !over_ ? here_->next_step() : std::nullopt;
}

}  // namespace pavtest::run
