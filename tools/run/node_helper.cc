// One loop over signals and orders, like the runner's, without records.
#include "run/node_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>

#include "base/file.h"
#include "run/active_clock.h"
#include "run/cpu_set.h"
#include "run/helper_protocol.h"
#include "run/job_context.h"
#include "run/memory_kills.h"
#include "run/script_process.h"
#include "run/signals.h"

namespace pavtest::run {

namespace {

using Duration = ScriptProcess::Duration;

constexpr Milliseconds kBeat = std::chrono::seconds(5);
constexpr Milliseconds kStopGrace{300};

void say(const HelperReport& report) {
    // If nobody listens any more, our input ends, too.
    static_cast<void>(write_all(STDOUT_FILENO, encode(report), "report"));
}

class Helper {
  public:
    Helper(const Environment& environment, SignalInbox& signals)
        : node_(environment.get_or("SLURMD_NODENAME", "")),
          job_(environment.get_or("SLURM_JOB_ID", "")),
          signals_(signals),
          kills_(MemoryKills::of_process()),
          clock_(std::chrono::steady_clock::now()) {}

    void serve() {
        say(HelperReport::Kind::ready);
        while (open_) {
            wait();
            take_signals();
            read_orders();
            reap();
            step();
        }
        for (auto& [id, script] : scripts_) {
            script.stop(now(), kStopGrace);
        }
        const Duration until = now() + kStopGrace + std::chrono::seconds(2);
        while (!scripts_.empty() && now() < until) {
            ::poll(nullptr, 0, 5);
            clock_.advance(std::chrono::steady_clock::now(), Milliseconds(5));
            reap();
            step();
        }
    }

  private:
    [[nodiscard]] Duration now() const { return clock_.now(); }

    void say(HelperReport::Kind kind, std::uint64_t script = 0, ScriptEnd end = {}) {
        HelperReport report;
        report.kind = kind;
        report.node = node_;
        report.script = script;
        report.end = std::move(end);
        run::say(report);
        said_ = now();
    }

    void wait() {
        std::array<pollfd, 2> waits{pollfd{signals_.fd(), POLLIN, 0},
                                    pollfd{STDIN_FILENO, POLLIN, 0}};
        Duration next = said_ + kBeat;
        for (const auto& [id, script] : scripts_) {
            next = std::min(next, script.next_step().value_or(next));
        }
        if (!sweeps_.empty()) {
            next = std::min(next, now() + Milliseconds(10));
        }
        const auto left =
            std::clamp(std::chrono::ceil<Milliseconds>(next - now()), Milliseconds(0), kBeat);
        ::poll(waits.data(), waits.size(), static_cast<int>(left.count()));
        clock_.advance(std::chrono::steady_clock::now(), left);
        if (now() >= said_ + kBeat) {
            say(HelperReport::Kind::alive);
        }
        if (waits[1].revents == 0) {
            return;
        }
        std::array<char, 65536> buffer{};
        const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (n > 0) {
            lines_.add({buffer.data(), static_cast<std::size_t>(n)});
        } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
            open_ = false;
        }
    }

    // When the job is cancelled we hear of it as the runner does, which may still have something
    // to be done here: it says when we are to end, and the end of our input does.
    void take_signals() {
        while (signals_.take()) {
        }
    }

    void read_orders() {
        while (auto line = lines_.take()) {
            const auto order = decode_order(*line);
            if (order && (order->node.empty() || order->node == node_)) {
                obey(*order);
            }
        }
    }

    void obey(const HelperOrder& order) {
        switch (order.kind) {
            case HelperOrder::Kind::begin:
                base_ = Environment();
                for (const auto& [name, value] : order.environment) {
                    base_.set(name, value);
                }
                break;
            case HelperOrder::Kind::start:
                if (const auto started = start(order); !started) {
                    ScriptEnd end;
                    end.not_started = started.error().what;
                    say(HelperReport::Kind::ended, order.script, std::move(end));
                }
                break;
            case HelperOrder::Kind::stop:
                if (const auto found = scripts_.find(order.script); found != scripts_.end()) {
                    found->second.stop(now(), order.grace);
                }
                break;
            case HelperOrder::Kind::sweep:
                sweep(order);
                break;
        }
    }

    [[nodiscard]] ProcessMark mark_of(const HelperOrder& order) const {
        return {.required = order.mark,
                .if_present = {{"SLURM_JOB_ID", job_}, {"SLURMD_NODENAME", node_}}};
    }

    Result<> start(const HelperOrder& order) {
        ScriptStart what;
        what.log = FileDescriptor(::open(order.log.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
        if (!what.log.valid()) {
            return fail_errno("open on " + node_, order.log, errno);
        }
        Environment environment = base_;
        for (const auto& [name, value] : order.environment) {
            environment.set(name, value);
        }
        environment.set("SLURMD_NODENAME", node_);
        what.launch.arguments = order.arguments;
        what.launch.environment = environment.as_strings();
        what.launch.directory = order.directory;
        const std::vector<std::uint32_t> cpus = own_cpus();
        what.launch.cpus = cpus_of_ranks(cpus, order.cpus);
        what.timeout = order.timeout;
        what.limit = order.limit;
        what.timeout_file = order.timeout_file;
        what.scratch = order.scratch;
        what.mark = mark_of(order);
        auto script = ScriptProcess::start(std::move(what), leaders_, kills_, now());
        if (!script) {
            return tl::make_unexpected(script.error());
        }
        scripts_.emplace(order.script, std::move(*script));
        return {};
    }

    void sweep(const HelperOrder& order) {
        sweeps_.insert_or_assign(
            order.script,
            TreeKill(
                [mark = mark_of(order)](const std::vector<ProcessEntry>& table) {
                    std::set<pid_t> found;
                    for (const ProcessEntry& entry : table) {
                        if (entry.pid != ::getpid() && mark.matches(environment_of(entry.pid))) {
                            found.insert(entry.pid);
                        }
                    }
                    return with_descendants(table, std::move(found));
                },
                order.grace, order.grace + std::chrono::seconds(8), now()));
    }

    void reap() {
        int wait_status = 0;
        std::vector<std::pair<pid_t, int>> ended;
        for (pid_t pid = 0; (pid = ::waitpid(-1, &wait_status, WNOHANG)) > 0;) {
            ended.emplace_back(pid, wait_status);
        }
        for (const auto& [pid, how] : ended) {
            leaders_.own.erase(pid);
            for (auto& [id, script] : scripts_) {
                if (!script.over() && script.pid() == pid) {
                    script.leader_ended(how, now());
                    break;
                }
            }
        }
    }

    void step() {
        for (auto entry = scripts_.begin(); entry != scripts_.end();) {
            entry->second.step(now());
            if (entry->second.over()) {
                say(HelperReport::Kind::ended, entry->first, entry->second.end());
                entry = scripts_.erase(entry);
            } else {
                ++entry;
            }
        }
        for (auto entry = sweeps_.begin(); entry != sweeps_.end();) {
            if (entry->second.step(now())) {
                ScriptEnd end;
                end.immortal = entry->second.left();
                say(HelperReport::Kind::ended, entry->first, std::move(end));
                entry = sweeps_.erase(entry);
            } else {
                ++entry;
            }
        }
    }

    std::string node_;
    std::string job_;
    SignalInbox& signals_;
    MemoryKills kills_;
    ActiveClock clock_;
    Leaders leaders_;
    Environment base_;
    LineBuffer lines_;
    std::map<std::uint64_t, ScriptProcess> scripts_;
    std::map<std::uint64_t, TreeKill> sweeps_;
    Duration said_{0};
    bool open_ = true;
};

// All that descends from us: a helper that died left it to us.
void end_descendants() {
    TreeKill kill(
        [](const std::vector<ProcessEntry>& table) {
            std::set<pid_t> roots;
            for (const ProcessEntry& entry : table) {
                if (entry.parent == ::getpid()) {
                    roots.insert(entry.pid);
                }
            }
            return with_descendants(table, std::move(roots));
        },
        std::chrono::milliseconds(0), std::chrono::seconds(5), TreeKill::Duration(0));
    run_to_end(kill, std::chrono::steady_clock::now());
}

}  // namespace

ExitCode serve_node(const Environment& environment) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const pid_t guard = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) {
        return ExitCode::infrastructure;
    }
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != guard) {
            ::_exit(1);
        }
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        auto signals = SignalInbox::open();
        if (!signals) {
            return ExitCode::infrastructure;
        }
        Helper(environment, *signals).serve();
        return ExitCode::ok;
    }
    // The child gets these, too, and decides.
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) {
        ::signal(signal, SIG_IGN);
    }
    int wait_status = 0;
    while (::waitpid(child, &wait_status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) {
        return ExitCode::ok;
    }
    HelperReport report;
    report.kind = HelperReport::Kind::gone;
    report.node = environment.get_or("SLURMD_NODENAME", "");
    end_descendants();
    say(report);
    return ExitCode::infrastructure;
}

}  // namespace pavtest::run
