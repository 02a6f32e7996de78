// One loop: signals first, then ends, time-outs and verdicts that are due.
#include "run/runner.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "status/states.h"

namespace pavtest::run {

namespace {

namespace state = status::state;
using status::Cause;
using status::Record;

constexpr std::chrono::microseconds kStoreRetry = std::chrono::seconds(1);
constexpr std::chrono::microseconds kPipeRetry = std::chrono::milliseconds(10);
constexpr Milliseconds kLongestSleep = std::chrono::seconds(30);

bool well(const Verdict& verdict) {
    return verdict.result == status::Verdict::pass ||
           (verdict.result == status::Verdict::none && verdict.cause == Cause::skipped);
}

std::string_view name_of(int signal) {
    switch (signal) {
        case SIGINT:
            return "SIGINT";
        case SIGHUP:
            return "SIGHUP";
        case SIGQUIT:
            return "SIGQUIT";
        default:
            return "SIGTERM";
    }
}

nlohmann::json output_data(const OutputTail& output) {
    return {{"pid", ::getpid()}, {"output", output.path}, {"output_from", output.from}};
}

}  // namespace

Runner::Runner(TestWorld& world, const PlanReader& plan, session::Packer packer,
               std::size_t left_out, SignalInbox& signals, const StepDaemon& daemon,
               OutputTail job_output, Report& report, RunnerOptions options)
    : world_(world),
      plan_(plan),
      packer_(std::move(packer)),
      left_out_(left_out),
      signals_(signals),
      daemon_(daemon),
      job_output_(std::move(job_output)),
      report_(report),
      options_(std::move(options)),
      clock_(std::chrono::steady_clock::now()),
      builds_ahead_(world, [this](std::uint32_t index) {
          return make_run(index, {.nodes = {world_.job.node}, .cpus = {}, .impossible = {}});
      }) {}

ExitCode Runner::run() {
    begin();
    builds_ahead_.plan(plan_, options_.build_ahead);
    if (builds_ahead_.planned() > 0) {
        report_.line(fmt::format("builds: {} to be made before their tests, at most {} at once",
                                 builds_ahead_.planned(), builds_ahead_.room()));
    }
    while (stop_reason_.empty()) {
        step_builds();
        start_tests();
        if (running_.empty() && held_.empty() && !builds_ahead_.busy()) {
            break;
        }
        wait();
        handle_signals();
        if (!stop_reason_.empty()) {
            break;
        }
        reap();
        listen_to_helpers();
        step_tests();
        conclude_held(false);
        look_after_store();
    }
    if (!stop_reason_.empty()) {
        stop();
    }
    end_session();
    return finish();
}

void Runner::begin() {
    world_.recorder.reserve(packer_.waiting());
    Record record;
    record.state = state::running;
    record.note = fmt::format("pavrun on {}: {} tests", world_.job.node, packer_.waiting());
    record.nodes = world_.job.node_list;
    // With this the epilog can read, when we are dead, what Slurm said about it.
    record.data =
        output_data(job_output_).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    world_.recorder.record(std::move(record));
}

bool Runner::too_many_failures() const {
    return options_.max_failures > 0 && tally_.failed + tally_.errors >= options_.max_failures;
}

void Runner::start_tests() {
    if (too_many_failures()) {
        give_up_waiting(fmt::format("not run: {} tests had not passed (--maxfail)",
                                    tally_.failed + tally_.errors));
        return;
    }
    // With a limit on failures, one that is held could be the last that is allowed.
    if (options_.max_failures > 0 && !held_.empty()) {
        return;
    }
    while (const auto placement = packer_.next()) {
        start_test(*placement);
        if (!running_.empty() && running_.back().test->over()) {
            step_tests();
        }
    }
}

void Runner::start_test(const session::Placement& placement) {
    const std::uint32_t index = placement.test;
    const auto earlier = retried_.find(index);
    if (earlier != retried_.end() && !placement.impossible.empty()) {
        packer_.ended(index);
        no_further_attempt(index, placement.impossible);
        return;
    }
    const std::size_t place = earlier == retried_.end() ? ++started_ : earlier->second.place;
    count_busy_time();
    TestPlace where;
    for (const std::size_t node : placement.nodes) {
        where.nodes.push_back(packer_.nodes()[node].name);
    }
    if (!placement.cpus.empty()) {
        where.cpus = placement.cpus.front();
    }
    where.impossible = placement.impossible;
    where.for_lost_nodes = placement.for_lost_nodes;
    figures_.wide += placement.nodes.size() > 1 ? 1 : 0;
    figures_.at_once = std::max(figures_.at_once, packer_.running());
    auto begun = builds_ahead_.take(index);
    const bool built_ahead = begun != nullptr;
    running_.push_back({built_ahead ? std::move(begun) : make_run(index, where), place});
    TestRun& run = *running_.back().test;
    if (built_ahead) {
        run.run_at(std::move(where), now());
    } else {
        run.start(now());
    }
    if (!run.over() || !well(run.verdict())) {
        report_.started(place, run.test().name, run.nodes());
    }
}

std::unique_ptr<TestRun> Runner::make_run(std::uint32_t index, TestPlace where) {
    auto test = plan_.test(index);
    if (!test) {
        // A plan whose tests can't be read is no test's fault, and must not end the others.
        session::PlannedTest unreadable;
        unreadable.index = index;
        unreadable.name = fmt::format("test {}", index);
        unreadable.skip_reasons.push_back(test.error().what);
        test = std::move(unreadable);
    }
    const auto earlier = retried_.find(index);
    Attempt attempt;
    attempt.here = 1 + (earlier == retried_.end() ? 0 : earlier->second.made);
    attempt.number = world_.ledger.tests[index].attempts + attempt.here;
    attempt.most_here = 1 + session::read_retry(test->config).value_or(session::Retry{}).count;
    return std::make_unique<TestRun>(world_, std::move(*test), attempt, std::move(where));
}

// Builds and tests that want a node for themselves take turns on the first one: what is measured
// there while something is built would be worth nothing.
void Runner::step_builds() {
    const auto& nodes = packer_.nodes();
    const auto here =
        std::find_if(nodes.begin(), nodes.end(),
                     [&](const session::PackedNode& node) { return node.name == world_.job.node; });
    if (here == nodes.end()) {
        return;
    }
    const auto place = static_cast<std::size_t>(here - nodes.begin());
    builds_ahead_.step(now(), !packer_.busy(place));
    packer_.keep_for_builds(place, builds_ahead_.working());
}

int Runner::poll_timeout() const {
    std::optional<Duration> next;
    const auto sooner = [&next](std::optional<Duration> other) {
        if (other && (!next || *other < *next)) {
            next = other;
        }
    };
    for (const Running& running : running_) {
        sooner(running.test->next_step());
        if (running.test->over()) {
            sooner(now());
        }
    }
    for (const Held& held : held_) {
        sooner(held.due);
    }
    sooner(builds_ahead_.next_step());
    if (world_.recorder.waiting() > 0) {
        sooner(now() + kStoreRetry);
    }
    if (world_.helpers.unsent()) {
        sooner(now() + kPipeRetry);
    }
    // Not for ever: what passes in one sleep counts as time, even if we were stopped in it.
    const auto left =
        next ? std::chrono::ceil<Milliseconds>(*next - now()) : Milliseconds(kLongestSleep);
    return static_cast<int>(std::clamp(left, Milliseconds(0), kLongestSleep).count());
}

void Runner::wait() {
    std::array<pollfd, 4> waits{pollfd{signals_.fd(), POLLIN, 0}, pollfd{daemon_.fd(), POLLIN, 0},
                                pollfd{world_.helpers.output(), POLLIN, 0},
                                pollfd{world_.helpers.errors(), POLLIN, 0}};
    const int timeout = poll_timeout();
    ::poll(waits.data(), waits.size(), timeout);
    clock_.advance(std::chrono::steady_clock::now(), Milliseconds(timeout));
}

void Runner::handle_signals() {
    while (const auto signal = signals_.take()) {
        switch (*signal) {
            case SIGTERM:
            case SIGINT:
            case SIGHUP:
            case SIGQUIT:
                stop_reason_ = fmt::format("pavrun was told to end by {}", name_of(*signal));
                break;
            default:
                break;  // SIGCHLD only wakes us; the others are the tests' business
        }
    }
    if (daemon_.gone()) {
        stop_reason_ = "the slurmstepd that pavrun ran under died";
    }
}

void Runner::reap() {
    int wait_status = 0;
    std::vector<std::pair<pid_t, int>> ended;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &wait_status, WNOHANG)) > 0;) {
        ended.emplace_back(pid, wait_status);
    }
    // All zombies are gone by now: what is left of a script's tree lives.
    for (const auto& [pid, how] : ended) {
        if (world_.helpers.child_ended(pid) || world_.leaders.own.erase(pid) > 0 ||
            builds_ahead_.child_ended(pid, how, now())) {
            continue;
        }
        for (Running& running : running_) {
            if (running.test->child_ended(pid, how, now())) {
                break;
            }
        }
    }
}

void Runner::listen_to_helpers() {
    world_.helpers.listen(now());
    for (const std::string& message : world_.helpers.take_messages()) {
        report_.line(printable(message));
    }
    for (const std::string& node : world_.helpers.take_lost()) {
        for (std::size_t i = 0; i < packer_.nodes().size(); ++i) {
            if (packer_.nodes()[i].name == node) {
                packer_.lose_node(i);
            }
        }
        report_.problem(fmt::format("node {} was lost; its tests are, too", node));
    }
}

// How long each node had tests on it.
void Runner::count_busy_time() {
    const double passed = std::chrono::duration<double>(now() - counted_to_).count();
    counted_to_ = now();
    figures_.busy.resize(packer_.nodes().size());
    for (std::size_t i = 0; i < figures_.busy.size(); ++i) {
        figures_.busy[i] += packer_.busy(i) ? passed : 0;
    }
}

void Runner::step_tests() {
    for (auto entry = running_.begin(); entry != running_.end();) {
        entry->test->step(now());
        if (!entry->test->over()) {
            ++entry;
            continue;
        }
        Running ended = std::move(*entry);
        entry = running_.erase(entry);
        count_busy_time();
        packer_.ended(ended.test->test().index);
        if (well(ended.test->verdict())) {
            conclude(std::move(ended));
        } else {
            held_.push_back({std::move(ended), now() + options_.hold});
        }
    }
}

void Runner::conclude_held(bool all_due) {
    while (!held_.empty() && (all_due || held_.front().due <= now())) {
        Running running = std::move(held_.front().running);
        held_.pop_front();
        conclude(std::move(running));
    }
}

void Runner::give_up_waiting(const std::string& why) {
    builds_ahead_.give_up();
    std::vector<std::uint32_t> tests = packer_.take_waiting();
    std::erase_if(tests, [&](std::uint32_t test) {
        const bool was_tried = retried_.contains(test);
        if (was_tried) {
            no_further_attempt(test, why);
        }
        return was_tried;
    });
    if (tests.empty()) {
        return;
    }
    std::sort(tests.begin(), tests.end());
    Record record;
    record.tests = status::test_ranges(tests);
    record.state = state::aborted;
    record.note = why;
    record.end = true;
    record.cause = Cause::not_run;
    world_.recorder.record(std::move(record));
    tally_.not_run += static_cast<std::uint32_t>(tests.size());
    report_.line(fmt::format("{} tests {}", tests.size(), why));
}

void Runner::look_after_store() {
    world_.recorder.flush();
    if (!world_.recorder.trouble().empty()) {
        report_.problem(fmt::format("the store: {}; {} records wait", world_.recorder.trouble(),
                                    world_.recorder.waiting()));
    }
}

// Slurm or a person ends us. Records first: there may be little time.
void Runner::stop() {
    stopped_ = true;
    const auto notice = job_output_.notice(world_.job.key.job);
    const Cause cause = notice ? notice->cause : Cause::pending;
    const std::string note = notice ? notice->text : stop_reason_ + ", cause pending";
    report_.line(fmt::format("pavrun: {}", printable(note)));
    const Duration grace_over = now() + options_.stop_grace + std::chrono::seconds(1);
    const Duration results_due = grace_over + options_.result_grace;
    const StopTimes times{options_.stop_grace, results_due + options_.cleanup_grace};
    for (Held& held : held_) {
        held.running.test->abort(cause, note, now(), times);
        report_.interrupted(held.running.place, held.running.test->test().name);
        ++tally_.interrupted;
    }
    held_.clear();
    for (Running& running : running_) {
        running.test->abort(cause, note, now(), times);
        report_.interrupted(running.place, running.test->test().name);
        ++tally_.interrupted;
    }
    std::vector<std::uint32_t> tests = packer_.take_waiting();
    const auto builds = builds_ahead_.abort(cause, note, now(), times);
    std::erase_if(tests, [&](std::uint32_t test) {
        return std::find(builds.begin(), builds.end(), test) != builds.end();
    });
    tally_.interrupted += static_cast<std::uint32_t>(builds.size());
    std::sort(tests.begin(), tests.end());
    Record record;
    record.state = state::aborted;
    record.end = true;
    record.again = true;
    record.cause = cause;
    if (!tests.empty()) {
        record.tests = status::test_ranges(tests);
        record.note = "not started: " + note;
        world_.recorder.record(record);
        tally_.not_run += static_cast<std::uint32_t>(tests.size());
    }
    record.tests.clear();
    record.note = note;
    world_.recorder.record(std::move(record));

    finish_stopping(grace_over, results_due, times.cleanup_due + std::chrono::seconds(1));
}

// Waits for what is left of the tests: their processes, then results, then cleanups.
void Runner::finish_stopping(Duration grace_over, Duration results_due, Duration cleanup_due) {
    const auto any = [this](bool (TestRun::*is)() const) {
        return std::any_of(running_.begin(), running_.end(),
                           [is](const Running& running) { return ((*running.test).*is)(); });
    };
    const auto all_gone = [this] {
        return builds_ahead_.stopped() &&
               std::all_of(running_.begin(), running_.end(),
                           [](const Running& running) { return running.test->stopped(); });
    };
    bool results_given_up = false;
    while (!all_gone() && now() < cleanup_due && (now() < grace_over || any(&TestRun::finishing))) {
        ::poll(nullptr, 0, 5);
        clock_.advance(std::chrono::steady_clock::now(), Milliseconds(5));
        reap();
        world_.helpers.listen(now());
        if (!results_given_up && now() >= results_due) {
            results_given_up = true;
            for (Running& running : running_) {
                running.test->give_up_results(now());
            }
        }
        builds_ahead_.step(now(), false);
        for (Running& running : running_) {
            running.test->step(now());
        }
    }
}

void Runner::end_session() {
    if (!stopped_) {
        Record record;
        record.note = tally_.text();
        if (left_out_ == 0) {
            record.state = state::complete;
            record.end = true;
            record.cause = Cause::finished;
        } else {
            // Another pavrun of the job may run the rest; if none does, the epilog knows why.
            record.state = state::info;
            record.note += fmt::format("; {} tests were not selected", left_out_);
        }
        world_.recorder.record(std::move(record));
    }
    const auto patience = std::chrono::steady_clock::now() + options_.store_patience;
    while (!world_.recorder.flush() && std::chrono::steady_clock::now() < patience && !stopped_) {
        ::poll(nullptr, 0, 100);
    }
    if (world_.recorder.waiting() > 0) {
        store_failed_ = true;
        report_.problem(fmt::format("{} records could not be written: {}",
                                    world_.recorder.waiting(), world_.recorder.trouble()));
    }
    world_.recorder.close();
}

// For the packing of sessions to come; without them it is only less good.
void Runner::keep_durations() {
    if (options_.durations == nullptr) {
        return;
    }
    if (const auto store = Directory::open(world_.store)) {
        static_cast<void>(
            options_.durations->write(*store, world_.recorder.now(), world_.recorder.modes().file));
    }
}

ExitCode Runner::finish() {
    keep_durations();
    count_busy_time();
    figures_.nodes = packer_.nodes().size();
    figures_.helper_step = world_.helpers.started();
    figures_.seconds = std::chrono::duration<double>(now()).count();
    for (std::size_t i = 0; i < figures_.busy.size(); ++i) {
        figures_.names.push_back(packer_.nodes()[i].name);
    }
    world_.helpers.close();
    report_.summary(tally_, troubles_, figures_);
    if (stopped_ || store_failed_) {
        return ExitCode::infrastructure;
    }
    return tally_.failed + tally_.errors + tally_.interrupted > 0 ? ExitCode::tests_failed
                                                                  : ExitCode::ok;
}

}  // namespace pavtest::run
