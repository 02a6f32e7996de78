// The way of a test: files, build, run, verdict.
#include "run/test_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/hostlist.h"
#include "base/text.h"
#include "run/node_config.h"
#include "run/parsers/check.h"
#include "run/scratch.h"
#include "session/needs.h"
#include "status/states.h"
#include "suite/deferred.h"

namespace pavtest::run {

namespace {

namespace state = status::state;
using status::Record;

constexpr double kResolveTimeout = 300;  // seconds

bool has_prolog_state(const Ledger& ledger, std::uint32_t test) {
    return std::any_of(ledger.before.begin(), ledger.before.end(),
                       [test](const CommonState& common) {
                           return common.state == state::prepping_run && common.holds_for(test);
                       });
}

Result<Directory> make_spare(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail_errno("create directory", path, errno);
    }
    auto directory = Directory::open(path);
    struct stat info {};
    if (directory && (::fstat(directory->fd(), &info) != 0 || info.st_uid != ::geteuid())) {
        return fail(ErrorKind::infrastructure, fmt::format("'{}' is somebody else's", path));
    }
    return directory;
}

}  // namespace

std::string Attempt::text() const {
    return fmt::format("attempt {} of {}", number, number - here + most_here);
}

TestRun::TestRun(TestWorld& world, session::PlannedTest test, Attempt attempt, TestPlace place)
    : world_(world),
      test_(std::move(test)),
      attempt_(attempt),
      place_(std::move(place)),
      nodes_(compress_hostlist(place_.nodes)) {}

Record TestRun::record_of(std::string_view name, std::string note) const {
    Record record;
    record.test = test_.index;
    record.attempt = attempt_.number;
    record.state = name;
    record.note = std::move(note);
    return record;
}

void TestRun::record(Record record) {
    world_.recorder.record(std::move(record), files_ ? &*files_ : nullptr);
}

std::string TestRun::log_path() const {
    if (!ran_) {
        return built_.log;
    }
    return files_ ? files_->path() + "/run.log" : std::string();
}

Result<> TestRun::make_files() {
    auto files = TestFiles::open(world_.recorder.job_directory(), test_.index, attempt_.number,
                                 world_.recorder.modes());
    if (!files) {
        return move_to_spare(files.error());
    }
    files_ = std::move(*files);
    return {};
}

// A full or lost store is no reason not to test.
Result<> TestRun::move_to_spare(const Error& why) {
    auto spare = make_spare(world_.spare_directory);
    if (spare_ || !spare) {
        return tl::make_unexpected(why);
    }
    auto files = TestFiles::open(*spare, test_.index, attempt_.number, world_.recorder.modes());
    if (!files) {
        return tl::make_unexpected(why);
    }
    spare_ = std::move(*spare);
    files_ = std::move(*files);
    record(state::info,
           fmt::format("files in {} on {}: {}", files_->path(), world_.job.node, why.what));
    return {};
}

// The run's directory, its script, and its log, which is returned.
Result<FileDescriptor> TestRun::lay_out_run() {
    if (auto made = files_->make_build_directory(); !made) {
        return tl::make_unexpected(made.error());
    }
    if (auto written = files_->write("run.sh", run_stage_->script(), true); !written) {
        return tl::make_unexpected(written.error());
    }
    return files_->new_log("run.log");
}

bool TestRun::skip_if_told() {
    if (test_.skip_reasons.empty() && !place_.impossible.empty() && place_.for_lost_nodes) {
        verdict_ = Verdict{status::Verdict::none, status::Cause::node_failure,
                           std::string(state::aborted), place_.impossible};
        return true;
    }
    std::vector<std::string> reasons = test_.skip_reasons;
    if (!place_.impossible.empty()) {
        reasons.push_back(place_.impossible);
    }
    if (reasons.empty()) {
        return false;
    }
    verdict_ = Verdict{status::Verdict::none, status::Cause::skipped, std::string(state::skipped),
                       join(reasons, "; ")};
    return true;
}

void TestRun::refuse(std::string_view name, const std::string& reason, Duration now) {
    record(name, reason);
    judged({status::Verdict::error, status::Cause::finished, std::string(name), reason}, now);
}

void TestRun::start(Duration now) {
    started_ = world_.recorder.now();
    if (skip_if_told()) {
        return;
    }
    if (auto made = make_files(); !made) {
        refuse(state::run_error, made.error().what, now);
        return;
    }
    if (attempt_.here > 1) {
        record(state::prepping_run, fmt::format("{} on {}", attempt_.text(), place_.node()));
    } else {
        if (const auto lines = earlier_status_lines(world_.ledger, test_.index); !lines.empty()) {
            // Best effort: these states are in the journals.
            static_cast<void>(files_->append_status(lines));
        }
        if (!has_prolog_state(world_.ledger, test_.index)) {
            record(state::prepping_run, fmt::format("on {}", world_.job.node));
        }
    }
    go_on(test_.deferred ? start_resolving(now) : start_stages(now), now);
}

void TestRun::build_ahead(Duration now) {
    ahead_ = true;
    start(now);
}

void TestRun::run_at(TestPlace place, Duration now) {
    place_ = std::move(place);
    nodes_ = compress_hostlist(place_.nodes);
    ahead_ = false;
    if (building() && !place_.impossible.empty()) {
        build_stage_->stop(now, Duration(0));
    }
    if (!over() && !skip_if_told() && built_.ok) {
        go_on(start_run(now), now);
    }
}

// A stage that could not be started ends the test.
void TestRun::go_on(const Result<>& started, Duration now) {
    if (started || aborted_) {
        return;
    }
    refuse(stage_ == Stage::building  ? state::build_error
           : stage_ == Stage::results ? state::results_error
                                      : state::run_error,
           started.error().what, now);
}

Result<> TestRun::start_resolving(Duration now) {
    stage_ = Stage::resolving;
    auto log = files_->new_log("resolve.log");
    if (!log) {
        return tl::make_unexpected(log.error());
    }
    ScriptStart what;
    what.launch.arguments = {"/bin/true"};
    what.launch.directory = files_->path();
    what.launch.preparation = [this] {
        return write_node_config(test_, world_.environment, nodes_, *files_);
    };
    what.log = std::move(*log);
    what.timeout = kResolveTimeout;
    return start_script(std::move(what), now);
}

Result<> TestRun::resolving_ended(Duration now) {
    if (!end_.well()) {
        return fail(ErrorKind::infrastructure, describe_end(end_, kResolveTimeout));
    }
    auto config = read_node_config(*files_);
    if (!config) {
        return tl::make_unexpected(config.error());
    }
    test_.config = std::move(*config);
    auto reasons = suite::skip_reasons_on_node(test_.config);
    if (!reasons) {
        return tl::make_unexpected(reasons.error());
    }
    test_.skip_reasons = std::move(*reasons);
    if (skip_if_told()) {
        return {};
    }
    stage_ = Stage::running;
    return start_stages(now);
}

Result<> TestRun::start_stages(Duration now) {
    auto build = build::read_spec(test_, world_.session.directory().path());
    if (!build) {
        return tl::make_unexpected(build.error());
    }
    auto run = build::read_section(test_.config, "run");
    if (!run) {
        return tl::make_unexpected(run.error());
    }
    // A test that nobody could judge need not run.
    if (auto errors = parsers::check_results(test_.config); !errors.empty()) {
        return tl::make_unexpected(std::move(errors.front()));
    }
    auto cleanup = read_cleanup(test_.config);
    if (!cleanup) {
        return tl::make_unexpected(cleanup.error());
    }
    build_ = std::move(*build);
    run_ = std::move(*run);
    cleanup_ = std::move(*cleanup);
    return build_.empty() ? start_run(now) : start_build(now);
}

Environment TestRun::script_environment() const {
    Environment environment = world_.environment;
    for (auto& [name, value] : test_variables(identity())) {
        environment.set(name, std::move(value));
    }
    return environment;
}

TestIdentity TestRun::identity() const {
    return {.index = test_.index,
            .name = test_.name,
            .directory = files_->path(),
            .attempt = attempt_.number,
            .nodes = nodes_,
            .node = place_.node(),
            .scratch = scratch()};
}

std::string TestRun::scratch() const {
    return fmt::format(
        "{}/{:04}.{}",
        scratch_root(world_.node_dir, world_.session.id(), world_.job.mark(), place_.node()),
        test_.index, attempt_.number);
}

std::vector<Variable> TestRun::variables() const {
    return test_variables(identity());
}

// Of all its processes, whatever their node.
std::vector<Variable> TestRun::mark() const {
    return test_mark(job_mark(world_.session.id(), world_.job.mark(),
                              fmt::format("{}", world_.job.key.job), {}),
                     test_.index, attempt_.number)
        .required;
}

build::ScriptFrame TestRun::frame(const std::string& directory) const {
    std::vector<build::EnvironmentChange> variables;
    for (auto& [name, value] : test_variables(identity())) {
        variables.push_back({std::move(name), std::move(value)});
    }
    return {.shebang = build_.shebang,
            .directory = directory,
            .test_id = fmt::format("{}/{}", world_.header.id, test_.index),
            .environment = std::move(variables)};
}

Result<ScriptProcess> TestRun::launch_script(ScriptStart what, Duration now) {
    what.launch.environment = script_environment().as_strings();
    what.mark = test_mark(job_mark(world_.session.id(), world_.job.mark(),
                                   fmt::format("{}", world_.job.key.job), world_.job.node),
                          test_.index, attempt_.number);
    return ScriptProcess::start(std::move(what), world_.leaders, world_.kills, now);
}

Result<> TestRun::start_script(ScriptStart what, Duration now) {
    if (stage_ != Stage::results) {
        end_ = {};
    }
    auto script = launch_script(std::move(what), now);
    if (!script) {
        return tl::make_unexpected(script.error());
    }
    script_.emplace(std::move(*script));
    return {};
}

Result<RemoteScript> TestRun::launch_on(const std::string& node, ScriptStart what,
                                        const std::string& log, Duration now) {
    TestIdentity there = identity();
    there.node = node;
    HelperOrder order;
    order.kind = HelperOrder::Kind::start;
    order.node = node;
    order.arguments = std::move(what.launch.arguments);
    order.environment = test_variables(there);
    order.directory = std::move(what.launch.directory);
    order.log = log;
    order.timeout = what.timeout;
    order.timeout_file = std::move(what.timeout_file);
    order.mark = mark();
    return RemoteScript::start(world_.helpers, std::move(order), now);
}

std::string TestRun::copy_at_hand(const std::string& build) {
    return world_.copies != nullptr
               ? world_.copies->everywhere(build, place_.nodes, world_.job.node)
               : std::string();
}

const Directory& TestRun::root() const {
    return spare_ ? *spare_ : world_.recorder.job_directory();
}

void TestRun::write(Record record) {
    record.test = test_.index;
    record.attempt = attempt_.number;
    this->record(std::move(record));
}

Result<> TestRun::start_build(Duration now) {
    stage_ = Stage::building;
    build_stage_.emplace(static_cast<StageHost&>(*this), build_);
    if (auto started = build_stage_->start(now); !started) {
        return started;
    }
    return step_build(now);
}

Result<> TestRun::start_run(Duration now) {
    stage_ = Stage::running;
    run_stage_.emplace(static_cast<PlacedHost&>(*this),
                       RunOrder{.section = run_,
                                .shebang = build_.shebang,
                                .built = built_,
                                .copy_files = build_.copy_files,
                                .limit = session::time_limit_of(test_)});
    if (spare_ && !runs_here(*this)) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("the store takes no files, and what is kept on {} is not seen on "
                                "{}",
                                world_.job.node, place_.node()));
    }
    auto log = lay_out_run();
    if (!log) {
        if (!runs_here(*this)) {
            return tl::make_unexpected(log.error());
        }
        if (auto moved = move_to_spare(log.error()); !moved) {
            return moved;
        }
        log = lay_out_run();
        if (!log) {
            return tl::make_unexpected(log.error());
        }
    }
    started_ = world_.recorder.now();
    ran_ = true;
    Record running = record_of(state::running, fmt::format("run.sh on {}", place_.node()));
    running.nodes = nodes_;
    record(std::move(running));
    if (auto started = run_stage_->start(std::move(*log), now); !started) {
        return started;
    }
    return step_run(now);
}

bool TestRun::child_ended(pid_t pid, int wait_status, Duration now) {
    if ((build_stage_ && build_stage_->child_ended(pid, wait_status, now)) ||
        (run_stage_ && run_stage_->child_ended(pid, wait_status, now)) ||
        (cleanup_stage_ && cleanup_stage_->child_ended(pid, wait_status, now))) {
        return true;
    }
    if (!script_ || script_->over() || script_->pid() != pid) {
        return false;
    }
    script_->leader_ended(wait_status, now);
    return true;
}

void TestRun::step(Duration now) {
    if (over()) {
        return;
    }
    switch (stage_) {
        case Stage::building:
            if (!build_stage_) {
                break;
            }
            if (aborted_) {
                // Only its processes' end is still of interest.
                static_cast<void>(build_stage_->step(now));
            } else {
                go_on(step_build(now), now);
            }
            break;
        case Stage::running:
            if (run_stage_) {
                go_on(step_run(now), now);
            }
            break;
        case Stage::cleaning:
            step_cleanup(now);
            break;
        case Stage::resolving:
        case Stage::results:
            step_script(now);
            break;
    }
}

void TestRun::step_script(Duration now) {
    if (!script_) {
        return;
    }
    script_->step(now);
    if (!script_->over()) {
        return;
    }
    const ScriptEnd end = script_->end();
    script_.reset();
    if (stage_ == Stage::results) {
        take(results_->collect(end), now);
        return;
    }
    end_ = end;
    if (!aborted_) {
        go_on(resolving_ended(now), now);
    }
}

std::optional<TestRun::Duration> TestRun::next_step() const {
    switch (stage_) {
        case Stage::building:
            return build_stage_ ? build_stage_->next_step() : std::nullopt;
        case Stage::running:
            return run_stage_ ? run_stage_->next_step() : std::nullopt;
        case Stage::cleaning:
            return cleanup_stage_ ? cleanup_stage_->next_step() : std::nullopt;
        case Stage::resolving:
        case Stage::results:
            break;
    }
    return script_ ? script_->next_step() : std::nullopt;
}

Result<> TestRun::step_build(Duration now) {
    if (auto stepped = build_stage_->step(now); !stepped) {
        return stepped;
    }
    if (!build_stage_->over()) {
        return {};
    }
    built_ = build_stage_->built();
    end_ = build_stage_->end();
    if (built_.ok) {
        return ahead_ ? Result<>{} : start_run(now);
    }
    Verdict verdict;
    if (built_.lost) {
        judged({status::Verdict::none, status::Cause::node_failure, std::string(state::aborted),
                built_.reason},
               now);
        return {};
    }
    verdict.result = built_.state == state::build_error || built_.state == state::env_failed
                         ? status::Verdict::error
                         : status::Verdict::fail;
    verdict.cause = end_.timed_out       ? status::Cause::timeout
                    : end_.out_of_memory ? status::Cause::out_of_memory
                                         : status::Cause::finished;
    verdict.state = built_.state;
    verdict.reason = "build: " + built_.reason;
    judged(std::move(verdict), now);
    return {};
}

Result<> TestRun::step_run(Duration now) {
    if (auto stepped = run_stage_->step(now); !stepped) {
        return stepped;
    }
    if (run_stage_->over()) {
        end_ = run_stage_->end();
        run_ended(now);
    }
    return {};
}

void TestRun::run_ended(Duration now) {
    finished_ = world_.recorder.now();
    if (aborted_) {
        if (run_stage_->lost()) {
            return;
        }
        // Its end is written; what it had found by then is worth keeping, and no more.
        static_cast<void>(start_results(now));
        return;
    }
    if (run_stage_->lost()) {
        judged({status::Verdict::none, status::Cause::node_failure, std::string(state::aborted),
                fmt::format("node {} was lost: its helper is gone", place_.node())},
               now);
        return;
    }
    const std::string environment = run_.modules.empty() ? "" : environment_failure(*files_);
    const bool started = end_.not_started.empty() && environment.empty();
    const std::string_view name = !environment.empty() ? state::env_failed
                                  : !started           ? state::run_error
                                  : end_.timed_out     ? state::run_timeout
                                                       : state::run_done;
    const std::string reason = environment.empty() ? describe_end(end_, run_.timeout) : environment;
    Record record = record_of(name, reason);
    record.return_value = end_.return_value;
    if (end_.signal != 0) {
        record.signal = end_.signal;
    }
    record.duration = end_.duration;
    this->record(std::move(record));
    if (!started) {
        judged({status::Verdict::error, status::Cause::finished, std::string(name), reason}, now);
        return;
    }
    go_on(start_results(now), now);
}

}  // namespace pavtest::run
