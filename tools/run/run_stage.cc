// A directory is set up by the child itself where the script runs here, else by one of its own:
// what is in the store reaches the other node through it.
#include "run/run_stage.h"

#include <fmt/format.h>

#include <algorithm>

#include "build/stage.h"
#include "status/states.h"

namespace pavtest::run {

namespace {

constexpr Milliseconds kSweepGrace{500};

}  // namespace

RunStage::RunStage(PlacedHost& host, RunOrder order) : host_(host), order_(std::move(order)) {}

std::string RunStage::script() {
    build::ScriptFrame frame = host_.frame(host_.files().build_path());
    frame.shebang = order_.shebang;
    return build::compose_script(order_.section, frame);
}

Result<> RunStage::start(FileDescriptor log, Duration now) {
    const std::string directory = host_.files().build_path();
    ScriptStart what;
    what.launch.arguments = build::interpreter_of(order_.shebang);
    what.launch.arguments.push_back(host_.files().path() + "/run.sh");
    what.launch.arguments.push_back(host_.frame({}).test_id);
    what.launch.directory = directory;
    std::function<Result<>()> preparation;
    if (order_.built.ok || !order_.section.files.empty()) {
        preparation = [built = order_.built, globs = order_.copy_files,
                       files = order_.section.files, directory]() -> Result<> {
            if (built.ok) {
                if (auto copied = build::copy_for_test(built.directory, directory, globs);
                    !copied) {
                    return copied;
                }
            }
            return build::create_files(files, directory);
        };
    }
    what.log = std::move(log);
    what.timeout = order_.section.timeout;
    if (order_.limit > 0) {
        what.limit = order_.limit;
    }
    what.scratch = host_.scratch();
    if (order_.section.timeout_file) {
        what.timeout_file = directory + "/" + *order_.section.timeout_file;
    }
    prepared_ = std::move(what);
    if (!preparation) {
        return start_script(now);
    }
    if (runs_here(host_)) {
        prepared_->launch.preparation = std::move(preparation);
        return start_script(now);
    }
    auto setup_log = host_.files().new_log("prepare.log");
    if (!setup_log) {
        return tl::make_unexpected(setup_log.error());
    }
    ScriptStart setup;
    setup.launch.arguments = {"/bin/true"};
    setup.launch.directory = host_.files().path();
    setup.launch.preparation = std::move(preparation);
    setup.log = std::move(*setup_log);
    auto started = host_.launch_script(std::move(setup), now);
    if (!started) {
        return tl::make_unexpected(started.error());
    }
    preparation_.emplace(std::move(*started));
    return {};
}

Result<> RunStage::start_script(Duration now) {
    stage_ = Stage::running;
    auto script =
        PlacedScript::start(host_, std::move(*prepared_), host_.files().path() + "/run.log", now);
    prepared_.reset();
    if (!script) {
        stage_ = Stage::over;
        return tl::make_unexpected(script.error());
    }
    script_.emplace(std::move(*script));
    return script_->over() ? script_ended(now) : Result<>{};
}

bool RunStage::child_ended(pid_t pid, int wait_status, Duration now) {
    if (script_) {
        return script_->child_ended(pid, wait_status, now);
    }
    if (!preparation_ || preparation_->over() || preparation_->pid() != pid) {
        return false;
    }
    preparation_->leader_ended(wait_status, now);
    return true;
}

Result<> RunStage::step(Duration now) {
    switch (stage_) {
        case Stage::preparing:
            preparation_->step(now);
            if (!preparation_->over()) {
                return {};
            }
            end_ = preparation_->end();
            preparation_.reset();
            if (stopped_ || !end_.well()) {
                stage_ = Stage::over;
                return {};
            }
            return start_script(now);
        case Stage::running:
            script_->step(now);
            return script_->over() ? script_ended(now) : Result<>{};
        case Stage::sweeping:
            for (RemoteScript& sweep : sweeps_) {
                sweep.step();
            }
            if (std::all_of(sweeps_.begin(), sweeps_.end(),
                            [](const RemoteScript& sweep) { return sweep.over(); })) {
                stage_ = Stage::over;
            }
            return {};
        case Stage::over:
            return {};
    }
    return {};
}

Result<> RunStage::script_ended(Duration now) {
    end_ = script_->end();
    lost_ = script_->lost();
    stage_ = Stage::over;
    if (!end_.immortal.empty()) {
        status::Record record;
        record.state = status::state::info;
        record.note = fmt::format("{} processes of it could not be ended", end_.immortal.size());
        host_.write(std::move(record));
    }
    // When the job ends, its helpers end what is left on their nodes.
    if (!lost_ && !stopped_ && start_sweeps(now)) {
        stage_ = Stage::sweeping;
    }
    return {};
}

// What a script's steps on other nodes may have left there, if it did not end by itself.
bool RunStage::start_sweeps(Duration now) {
    if (!end_.timed_out && end_.signal == 0) {
        return false;
    }
    const std::vector<std::string>& nodes = host_.place().nodes;
    for (std::size_t i = 1; i < nodes.size(); ++i) {
        HelperOrder order;
        order.kind = HelperOrder::Kind::sweep;
        order.node = nodes[i];
        order.mark = host_.mark();
        order.grace = kSweepGrace;
        if (auto sweep = RemoteScript::start(host_.helpers(), std::move(order), now)) {
            sweeps_.push_back(std::move(*sweep));
        }
    }
    return !sweeps_.empty();
}

std::optional<RunStage::Duration> RunStage::next_step() const {
    if (preparation_) {
        return preparation_->next_step();
    }
    return script_ ? script_->next_step() : std::nullopt;
}

void RunStage::stop(Duration now, Duration grace) {
    stopped_ = true;
    if (preparation_) {
        preparation_->stop(now, grace);
    }
    if (script_) {
        script_->stop(now, grace);
    }
    if (stage_ == Stage::sweeping) {
        stage_ = Stage::over;
    }
}

}  // namespace pavtest::run
