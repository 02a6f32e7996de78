// Each node's build is on its own; the test waits for all of them.
#include "run/build_stages.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pavtest::run {

BuildStages::BuildStages(StageHost& host, const build::Spec& spec)
    : host_(host), on_nodes_(spec.on_nodes) {
    const std::vector<std::string> nodes = host.nodes_of_test();
    if (on_nodes_ && !nodes.empty()) {
        nodes_ = nodes;
        for (const std::string& node : nodes_) {
            builds_.emplace_back(host, spec, node);
        }
    } else {
        builds_.emplace_back(host, spec);
    }
}

Result<> BuildStages::start(Duration now) {
    for (BuildStage& build : builds_) {
        if (auto started = build.start(now); !started) {
            return started;
        }
    }
    return {};
}

bool BuildStages::child_ended(pid_t pid, int wait_status, Duration now) {
    return std::any_of(builds_.begin(), builds_.end(),
                       [&](BuildStage& build) { return build.child_ended(pid, wait_status, now); });
}

Result<> BuildStages::step(Duration now) {
    for (BuildStage& build : builds_) {
        if (auto stepped = build.step(now); !stepped) {
            return stepped;
        }
    }
    return over() && !shown_ ? show_each_node() : Result<>{};
}

// builds/<node> in the test's directory, for steps that look for their own node's.
Result<> BuildStages::show_each_node() {
    shown_ = true;
    if (!on_nodes_ || !built().ok) {
        return {};
    }
    const auto directory =
        session::make_directory(host_.files().directory(), "builds", host_.modes().directory);
    if (!directory) {
        return tl::make_unexpected(directory.error());
    }
    auto build = builds_.begin();
    for (const std::string& node : nodes_) {
        const std::string& target = (build++)->built().directory;
        if (::symlinkat(target.c_str(), directory->fd(), node.c_str()) != 0 && errno != EEXIST) {
            return fail_errno("make the link", directory->path() + "/" + node, errno);
        }
    }
    return {};
}

std::optional<BuildStages::Duration> BuildStages::next_step() const {
    std::optional<Duration> next;
    for (const BuildStage& build : builds_) {
        const auto due = build.next_step();
        next = due && (!next || *due < *next) ? due : next;
    }
    return next;
}

void BuildStages::stop(Duration now, Duration grace) {
    for (BuildStage& build : builds_) {
        build.stop(now, grace);
    }
}

bool BuildStages::stopped() const {
    return std::all_of(builds_.begin(), builds_.end(),
                       [](const BuildStage& build) { return build.stopped(); });
}

bool BuildStages::waits() const {
    return std::all_of(builds_.begin(), builds_.end(),
                       [](const BuildStage& build) { return build.over() || build.waits(); });
}

bool BuildStages::over() const {
    return std::all_of(builds_.begin(), builds_.end(),
                       [](const BuildStage& build) { return build.over(); });
}

const BuildStage& BuildStages::decisive() const {
    const auto failed = std::find_if(builds_.begin(), builds_.end(), [](const BuildStage& build) {
        return build.over() && !build.built().ok;
    });
    return failed != builds_.end() ? *failed : builds_.front();
}

}  // namespace pavtest::run
