// cleanup.sh beside run.sh, with the environment of the run.
#include "run/cleanup_stage.h"

#include <fmt/format.h>

#include "run/result.h"
#include "status/states.h"

namespace pavtest::run {

namespace {

constexpr CleanupStage::Duration kGrace = std::chrono::milliseconds(300);

}  // namespace

Result<CleanupOrder> read_cleanup(const nlohmann::json& config) {
    // Its two keys are those of a build's or a run's section.
    auto section = build::read_section(config, "cleanup");
    if (!section) {
        return tl::make_unexpected(section.error());
    }
    CleanupOrder order;
    order.commands = std::move(section->commands);
    order.timeout = section->timeout.value_or(order.timeout);
    return order;
}

CleanupStage::CleanupStage(PlacedHost& host, CleanupOrder order, build::Section run,
                           std::string shebang)
    : host_(host),
      order_(std::move(order)),
      section_(std::move(run)),
      shebang_(std::move(shebang)) {
    section_.commands = order_.commands;
    section_.autoexit = false;
    // A module that can't be loaded must not keep it from running.
    section_.modules.clear();
}

void CleanupStage::start(Duration now) {
    if (auto launched = launch(now); !launched) {
        say(launched.error().what);
        over_ = true;
    } else {
        step(now);
    }
}

Result<> CleanupStage::launch(Duration now) {
    TestFiles& files = host_.files();
    build::ScriptFrame frame = host_.frame(files.build_path());
    frame.shebang = shebang_;
    if (auto written = files.write("cleanup.sh", build::compose_script(section_, frame), true);
        !written) {
        return written;
    }
    auto log = files.new_log("cleanup.log");
    if (!log) {
        return tl::make_unexpected(log.error());
    }
    ScriptStart what;
    what.launch.arguments = build::interpreter_of(shebang_);
    what.launch.arguments.push_back(files.path() + "/cleanup.sh");
    what.launch.arguments.push_back(frame.test_id);
    what.launch.directory = files.build_path();
    what.log = std::move(*log);
    what.limit = order_.timeout;
    what.scratch = host_.scratch();
    auto script = PlacedScript::start(host_, std::move(what), files.path() + "/cleanup.log", now);
    if (!script) {
        return tl::make_unexpected(script.error());
    }
    script_.emplace(std::move(*script));
    return {};
}

bool CleanupStage::child_ended(pid_t pid, int wait_status, Duration now) {
    return script_ && script_->child_ended(pid, wait_status, now);
}

void CleanupStage::step(Duration now) {
    if (over_) {
        return;
    }
    if (due_ && now >= *due_ && !stopped_) {
        stopped_ = true;
        script_->stop(now, kGrace);
    }
    script_->step(now);
    if (!script_->over()) {
        return;
    }
    over_ = true;
    const ScriptEnd& end = script_->end();
    if (script_->lost()) {
        say(fmt::format("node {} was lost", host_.place().node()));
    } else if (stopped_) {
        say("ended with the job, before it was done");
    } else if (end.over_limit) {
        say(fmt::format("ended after {} s (cleanup.timeout)", order_.timeout));
    } else if (!end.well()) {
        say(describe_end(end, std::nullopt));
    }
}

std::optional<CleanupStage::Duration> CleanupStage::next_step() const {
    const auto next = script_ && !over_ ? script_->next_step() : std::nullopt;
    if (!due_ || over_) {
        return next;
    }
    return next ? std::min(*next, *due_) : due_;
}

void CleanupStage::say(const std::string& text) {
    status::Record record;
    record.state = status::state::info;
    record.note = "cleanup: " + text;
    host_.write(std::move(record));
}

}  // namespace pavtest::run
