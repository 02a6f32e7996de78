// Equal builds of a job happen once; what became of the first holds for all.
#include "run/build_stage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build/stage.h"
#include "run/result.h"
#include "status/states.h"

namespace pavtest::run {

namespace {

namespace state = status::state;
using status::Record;

Record record_of(std::string_view name, std::string note) {
    Record record;
    record.state = name;
    record.note = std::move(note);
    return record;
}

}  // namespace

BuildStage::BuildStage(StageHost& host, build::Spec spec)
    : host_(host), spec_(std::move(spec)), identity_(build::identity(spec_)) {}

Result<> BuildStage::start(Duration now) {
    return take_over_earlier() ? Result<>{} : start_script(now);
}

bool BuildStage::take_over_earlier() {
    const build::Built* earlier = host_.builds().find(identity_);
    if (earlier == nullptr) {
        return false;
    }
    built_ = *earlier;
    over_ = true;
    if (built_.ok) {
        host_.write(record_of(state::build_reused, fmt::format("built for test {} in this job: {}",
                                                               built_.by_test, built_.directory)));
        return true;
    }
    built_.reason =
        fmt::format("the same build failed for test {}: {}", built_.by_test, built_.reason);
    host_.write(record_of(built_.state, built_.reason));
    return true;
}

Result<> BuildStage::start_script(Duration now) {
    // A build belongs to the job, beside its tests.
    auto builds = session::make_directory(host_.root(), "builds", host_.modes().directory);
    if (!builds) {
        return tl::make_unexpected(builds.error());
    }
    const std::string name = fmt::format("{:04}.{}", host_.test_index(), host_.attempt());
    auto directory = session::make_directory(*builds, name, host_.modes().directory);
    if (!directory) {
        return tl::make_unexpected(directory.error());
    }
    built_ = {.ok = false,
              .directory = directory->path(),
              .log = directory->path() + ".log",
              .state = {},
              .reason = {},
              .by_test = host_.test_index()};
    host_.write(record_of(state::build_created, built_.directory));
    auto script =
        open_with_mode(*builds, name + ".sh", O_WRONLY | O_TRUNC, host_.modes().file | S_IXUSR);
    auto log =
        open_with_mode(*builds, name + ".log", O_WRONLY | O_TRUNC | O_APPEND, host_.modes().file);
    if (!script || !log) {
        return tl::make_unexpected(script ? log.error() : script.error());
    }
    const std::string path = built_.directory + ".sh";
    const build::ScriptFrame frame = host_.frame(built_.directory);
    if (auto written = write_all(script->get(), build::compose_script(spec_.section, frame), path);
        !written) {
        return written;
    }
    // What the build said is found beside what the run will say.
    ::symlinkat(built_.log.c_str(), host_.files().directory().fd(), "build.log");
    ScriptStart what;
    what.launch.arguments = build::interpreter_of(spec_.shebang);
    what.launch.arguments.push_back(path);
    what.launch.arguments.push_back(frame.test_id);
    what.launch.directory = built_.directory;
    what.launch.preparation = [source = spec_.source, files = spec_.section.files,
                               target = built_.directory] {
        return build::stage_build(source, files, target);
    };
    what.log = std::move(*log);
    what.timeout = spec_.section.timeout;
    what.timeout_file = spec_.section.timeout_file
                            ? built_.directory + "/" + *spec_.section.timeout_file
                            : std::string();
    host_.write(
        record_of(state::building, fmt::format("on {}, log {}", host_.job().node, built_.log)));
    auto started = host_.launch_script(std::move(what), now);
    if (!started) {
        return tl::make_unexpected(started.error());
    }
    script_.emplace(std::move(*started));
    return {};
}

bool BuildStage::child_ended(pid_t pid, int wait_status, Duration now) {
    if (!script_ || script_->over() || script_->pid() != pid) {
        return false;
    }
    script_->leader_ended(wait_status, now);
    return true;
}

Result<> BuildStage::step(Duration now) {
    if (over_ || !script_) {
        return {};
    }
    script_->step(now);
    if (script_->over()) {
        end_ = script_->end();
        script_.reset();
        script_ended();
    }
    return {};
}

void BuildStage::stop(Duration now, Duration grace) {
    if (script_) {
        script_->stop(now, grace);
    }
}

std::optional<BuildStage::Duration> BuildStage::next_step() const {
    return script_ ? script_->next_step() : std::nullopt;
}

void BuildStage::script_ended() {
    built_.ok = end_.well();
    built_.reason = describe_end(end_, spec_.section.timeout);
    built_.state = built_.ok                   ? state::build_done
                   : end_.timed_out            ? state::build_timeout
                   : !end_.not_started.empty() ? state::build_error
                                               : state::build_failed;
    host_.builds().add(identity_, built_);
    Record record = record_of(
        built_.state, built_.ok ? fmt::format("after {:.2f} s", end_.duration) : built_.reason);
    record.return_value = end_.return_value;
    record.duration = end_.duration;
    host_.write(std::move(record));
    over_ = true;
}

}  // namespace pavtest::run
