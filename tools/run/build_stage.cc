// A finished build is taken as it is; one that is being made is waited for; else it is made here.
#include "run/build_stage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "build/stage.h"
#include "run/result.h"
#include "status/states.h"

namespace pavtest::run {

namespace {

namespace state = status::state;
using status::Record;

constexpr BuildStage::Duration kLookEvery = std::chrono::milliseconds(500);
constexpr BuildStage::Duration kLookInJob = std::chrono::milliseconds(50);
// Slurm is asked about a holder that can't be seen from here after some time, and then ever less
// often.
constexpr BuildStage::Duration kFirstQuestion = std::chrono::seconds(20);
constexpr BuildStage::Duration kLongestPause = std::chrono::minutes(10);

Record record_of(std::string_view name, std::string note) {
    Record record;
    record.state = name;
    record.note = std::move(note);
    return record;
}

}  // namespace

BuildStage::BuildStage(StageHost& host, build::Spec spec, std::string node)
    : host_(host),
      spec_(std::move(spec)),
      node_(node.empty() ? host.job().node : std::move(node)),
      question_pause_(kFirstQuestion) {}

BuildStage::~BuildStage() {
    if (shelf_ && workspace_) {
        shelf_->abandon(*workspace_);
    }
}

Result<> BuildStage::start(Duration now) {
    auto hash = build::identity(spec_, host_.builds().digests());
    if (!hash) {
        return tl::make_unexpected(hash.error());
    }
    hash_ = spec_.on_nodes ? build::identity_on(*hash, node_) : std::move(*hash);
    spec_.limits = host_.builds().limits();
    self_ = build::with_new_token(host_.builds().self());
    self_.node = node_;
    if (auto opened = open_shelf(); !opened) {
        return opened;
    }
    return look(now);
}

// Where the shared shelf can't be used, the job has one of its own.
Result<> BuildStage::open_shelf() {
    std::string why;
    for (const build::ShelfPlace& place : host_.builds().places()) {
        auto shelf = build::Shelf::open(place);
        if (shelf) {
            shelf_.emplace(std::move(*shelf));
            if (!why.empty()) {
                host_.write(
                    record_of(state::info, fmt::format("builds in {}: {}", place.path, why)));
            }
            return {};
        }
        why = shelf.error().what;
    }
    auto shelf =
        build::Shelf::open({.path = host_.root().path() + "/builds", .group = {}, .at_step = {}});
    if (!shelf) {
        return tl::make_unexpected(shelf.error());
    }
    shelf_.emplace(std::move(*shelf));
    if (!why.empty()) {
        host_.write(record_of(state::info, fmt::format("built in the job alone: {}", why)));
    }
    return {};
}

Result<> BuildStage::look(Duration now) {
    if (take_over_failure()) {
        return {};
    }
    const bool may_ask = waits_for_ && now >= next_question_;
    if (may_ask) {
        question_pause_ = std::min(2 * question_pause_, kLongestPause);
        next_question_ = now + question_pause_;
    }
    auto beginning = shelf_->begin(hash_, self_, host_.builds().witness(), may_ask);
    if (!beginning) {
        return tl::make_unexpected(beginning.error());
    }
    if (const auto* found = std::get_if<build::Found>(&*beginning)) {
        if (!take(*found)) {
            next_look_ = now;  // it was pruned under us
        }
        return {};
    }
    if (const auto* busy = std::get_if<build::Busy>(&*beginning)) {
        wait_for(*busy, now);
        return {};
    }
    workspace_ = std::get<build::Workspace>(std::move(*beginning));
    waits_for_.reset();
    return start_script(now);
}

// What failed in this job fails for the others that need it, without another try, unless it
// is the test that tried which is to run again.
bool BuildStage::take_over_failure() {
    const build::Built* earlier = host_.builds().failure(hash_);
    if (earlier == nullptr || (earlier->by_test == host_.test_index() && host_.attempt() > 1)) {
        return false;
    }
    built_ = *earlier;
    over_ = true;
    built_.reason =
        fmt::format("the same build failed for test {}: {}", built_.by_test, built_.reason);
    host_.write(record_of(built_.state, built_.reason));
    show_log(built_.log, false);
    return true;
}

bool BuildStage::take(const build::Found& found) {
    if (!shelf_->use(found, host_.session_id(), self_)) {
        return false;
    }
    built_ = {.ok = true,
              .identity = hash_,
              .directory = found.directory(),
              .log = found.log(),
              .state = std::string(state::build_reused),
              .reason = {},
              .by_test = host_.test_index()};
    over_ = true;
    show_log(built_.log, false);
    std::string note =
        fmt::format("{}, built by {} on {}", found.workspace, found.user, found.host);
    if (std::string copy = host_.copy_at_hand(hash_); !copy.empty()) {
        note += "; copied to " + copy;
        built_.directory = std::move(copy);
    }
    host_.write(record_of(state::build_reused, std::move(note)));
    return true;
}

void BuildStage::wait_for(const build::Busy& busy, Duration now) {
    const build::Holder& holder = busy.holder;
    if (!waits_for_ || !(*waits_for_ == holder)) {
        waits_for_ = holder;
        question_pause_ = kFirstQuestion;
        next_question_ = now + question_pause_;
        std::string note = fmt::format("{} builds the same", holder.text());
        if (!busy.unjudged.empty()) {
            note += fmt::format(
                "; nobody here can tell whether it still does: if it does not, remove {}",
                busy.unjudged);
        }
        host_.write(record_of(state::build_wait, std::move(note)));
    }
    const build::Holder& self = host_.builds().self();
    const bool in_job =
        holder.host == self.host && holder.pid == self.pid && holder.start_time == self.start_time;
    next_look_ = now + (in_job ? kLookInJob : kLookEvery);
}

// What the build said is found beside what the run will say. A second name of the log lives on
// when the build is pruned; not every file system has such names.
void BuildStage::show_log(const std::string& log, bool ours) {
    const int directory = host_.files().directory().fd();
    if (!ours || ::linkat(AT_FDCWD, log.c_str(), directory, "build.log", 0) != 0) {
        ::symlinkat(log.c_str(), directory, "build.log");
    }
}

Result<> BuildStage::start_script(Duration now) {
    built_ = {.ok = false,
              .identity = hash_,
              .directory = workspace_->directory(),
              .log = workspace_->log(),
              .state = {},
              .reason = {},
              .by_test = host_.test_index()};
    host_.write(record_of(state::build_created, workspace_->path));
    const auto directory = Directory::open(workspace_->path);
    if (!directory) {
        return tl::make_unexpected(directory.error());
    }
    auto script = open_with_mode(*directory, "build.sh", O_WRONLY | O_CREAT | O_TRUNC,
                                 host_.modes().file | S_IXUSR);
    auto log = open_with_mode(*directory, "build.log", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND,
                              host_.modes().file);
    if (!script || !log) {
        return tl::make_unexpected(script ? log.error() : script.error());
    }
    build::ScriptFrame frame = host_.frame(built_.directory);
    for (build::EnvironmentChange& variable : frame.environment) {
        if (variable.name == "PAVTEST_NODE") {
            variable.value = node_;
        }
    }
    if (auto written = write_all(script->get(), build::compose_script(spec_.section, frame),
                                 workspace_->script());
        !written) {
        return written;
    }
    show_log(built_.log, true);
    ScriptStart what;
    what.launch.directory = built_.directory;
    what.launch.preparation = [spec = spec_, target = built_.directory] {
        return build::stage_build(spec, target);
    };
    what.log = std::move(*log);
    host_.write(record_of(state::building, fmt::format("on {}, log {}", node_, built_.log)));
    ScriptStart script_itself;
    ScriptStart& runs = is_remote() ? script_itself : what;
    runs.launch.directory = built_.directory;
    runs.launch.arguments = build::interpreter_of(spec_.shebang);
    runs.launch.arguments.push_back(workspace_->script());
    runs.launch.arguments.push_back(frame.test_id);
    runs.timeout = spec_.section.timeout;
    if (spec_.section.timeout_file) {
        runs.timeout_file = built_.directory + "/" + *spec_.section.timeout_file;
    }
    if (is_remote()) {
        // What is in the shelf reaches the other node through it.
        what.launch.arguments = {"/bin/true"};
        prepared_ = std::move(script_itself);
    }
    auto started = host_.launch_script(std::move(what), now);
    if (!started) {
        return tl::make_unexpected(started.error());
    }
    script_.emplace(std::move(*started));
    return {};
}

Result<> BuildStage::start_remote(Duration now) {
    auto remote = host_.launch_on(node_, std::move(*prepared_), built_.log, now);
    prepared_.reset();
    if (!remote) {
        node_lost();
        return {};
    }
    remote_.emplace(std::move(*remote));
    return {};
}

Result<> BuildStage::step_remote() {
    remote_->step();
    if (!remote_->over()) {
        return {};
    }
    const bool lost = remote_->lost();
    end_ = remote_->end();
    remote_.reset();
    if (stopped_) {
        return {};
    }
    if (lost) {
        node_lost();
        return {};
    }
    return script_ended();
}

// Its node's fault, and not the build's.
void BuildStage::node_lost() {
    shelf_->abandon(*workspace_);
    workspace_.reset();
    built_.state = state::build_error;
    built_.lost = true;
    built_.reason = fmt::format("node {} was lost: its helper is gone", node_);
    host_.write(record_of(built_.state, built_.reason));
    over_ = true;
}

bool BuildStage::child_ended(pid_t pid, int wait_status, Duration now) {
    if (!script_ || script_->over() || script_->pid() != pid) {
        return false;
    }
    script_->leader_ended(wait_status, now);
    return true;
}

Result<> BuildStage::step(Duration now) {
    if (over_) {
        return {};
    }
    if (remote_) {
        return step_remote();
    }
    if (!script_) {
        return stopped_ || now < next_look_ ? Result<>{} : look(now);
    }
    script_->step(now);
    if (!script_->over()) {
        return {};
    }
    end_ = script_->end();
    script_.reset();
    if (stopped_) {
        return {};
    }
    return prepared_ && end_.well() ? start_remote(now) : script_ended();
}

void BuildStage::stop(Duration now, Duration grace) {
    stopped_ = true;
    if (script_) {
        script_->stop(now, grace);
    }
    if (remote_) {
        remote_->stop(std::chrono::duration_cast<Milliseconds>(grace));
    }
}

std::optional<BuildStage::Duration> BuildStage::next_step() const {
    if (script_) {
        return script_->next_step();
    }
    return over_ || remote_ ? std::nullopt : std::optional(next_look_);
}

Result<> BuildStage::script_ended() {
    built_.reason = describe_end(end_, spec_.section.timeout);
    if (end_.well()) {
        return end_well();
    }
    end_badly();
    return {};
}

Result<> BuildStage::end_well() {
    auto found = shelf_->finish(*workspace_);
    if (!found) {
        return tl::make_unexpected(found.error());
    }
    workspace_.reset();
    built_.ok = true;
    built_.state = state::build_done;
    built_.directory = found->directory();
    built_.log = found->log();
    Record record = record_of(state::build_done,
                              fmt::format("after {:.2f} s, {}", end_.duration, found->workspace));
    record.return_value = end_.return_value;
    record.duration = end_.duration;
    host_.write(std::move(record));
    // Nobody prunes what was finished a moment ago.
    static_cast<void>(shelf_->use(*found, host_.session_id(), self_));
    over_ = true;
    return {};
}

void BuildStage::end_badly() {
    if (const auto why = environment_failure(host_.files()); !why.empty()) {
        built_.reason = why;
        built_.state = state::env_failed;
    } else {
        built_.state = end_.timed_out              ? state::build_timeout
                       : !end_.not_started.empty() ? state::build_error
                                                   : state::build_failed;
    }
    host_.builds().add_failure(hash_, built_);
    std::string note = built_.reason;
    if (auto kept = shelf_->failed(*workspace_, built_.reason); !kept) {
        note += fmt::format("; {}", kept.error().what);
    }
    workspace_.reset();
    Record record = record_of(built_.state, note);
    record.return_value = end_.return_value;
    record.duration = end_.duration;
    host_.write(std::move(record));
    over_ = true;
}

}  // namespace pavtest::run
