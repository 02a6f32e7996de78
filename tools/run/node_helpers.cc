// Pipes to and from srun.
#include "run/node_helpers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/hostlist.h"
#include "base/text.h"

namespace pavtest::run {

namespace {

// A helper says something every few seconds; one that has nothing to say for so long is gone,
// or its node is.
constexpr std::chrono::microseconds kSilence = std::chrono::seconds(60);

// What would change how srun passes lines on, or what it starts.
constexpr std::array kNotForSrun{
    "SLURM_LABELIO",      "SLURM_STDOUTMODE",      "SLURM_STDERRMODE",
    "SLURM_STDINMODE",    "SLURM_MULTI_PROG",      "SLURM_PROLOG",
    "SLURM_EPILOG",       "SLURM_TASK_PROLOG",     "SLURM_TASK_EPILOG",
    "SLURM_UNBUFFEREDIO", "SLURM_THREADS",         "SLURM_EXCLUSIVE",
    "SLURM_EXACT",        "SLURM_TRES_PER_TASK",   "SLURM_GTIDS",
    "SLURM_CPU_BIND",     "SLURM_NTASKS_PER_CORE", "SLURM_NTASKS_PER_SOCKET",
    "SLURM_HINT",         "SLURM_DEBUG",           "SLURM_CPUS_PER_TASK",
    "SLURM_DISTRIBUTION", "SLURM_REMOTE_CWD",      "SLURM_WORKING_DIR"};

struct Pipe {
    FileDescriptor ours, theirs;
};

Result<Pipe> make_pipe(bool we_write) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail_errno("create", "pipe", errno);
    }
    Pipe pipe{FileDescriptor(ends[we_write ? 1 : 0]), FileDescriptor(ends[we_write ? 0 : 1])};
    ::fcntl(pipe.ours.get(), F_SETFL, O_NONBLOCK);
    return pipe;
}

// False at the end of the file.
bool read_into(LineBuffer& lines, int fd) {
    std::array<char, 65536> buffer{};
    ssize_t n = 0;
    while ((n = ::read(fd, buffer.data(), buffer.size())) > 0) {
        lines.add({buffer.data(), static_cast<std::size_t>(n)});
    }
    return n != 0;
}

}  // namespace

NodeHelpers::NodeHelpers(std::string program, std::vector<std::string> nodes,
                         Environment environment, Leaders& leaders)
    : program_(std::move(program)),
      nodes_(std::move(nodes)),
      environment_(std::move(environment)),
      leaders_(leaders) {}

NodeHelpers::~NodeHelpers() {
    if (pid_ > 0) {
        // Its tasks end with their input; it would only wait for them.
        ::kill(pid_, SIGTERM);
    }
}

Result<> NodeHelpers::start(Duration now) {
    started_ = true;
    auto in = make_pipe(true);
    auto out = make_pipe(false);
    auto err = make_pipe(false);
    if (!in || !out || !err) {
        return fail(ErrorKind::infrastructure, "no pipes for the helpers on the other nodes");
    }
    std::vector<std::string> words{"srun",
                                   fmt::format("--nodes={}", nodes_.size()),
                                   fmt::format("--ntasks={}", nodes_.size()),
                                   "--ntasks-per-node=1",
                                   "--nodelist=" + compress_hostlist(nodes_),
                                   "--overlap",
                                   "--no-kill",
                                   "--kill-on-bad-exit=0",
                                   "--wait=0",
                                   "--cpu-bind=none",
                                   "--input=all",
                                   "--export=ALL",
                                   "--chdir=/",
                                   "--job-name=pavtest-helpers",
                                   program_,
                                   "node-helper"};
    Environment environment = environment_;
    for (const char* name : kNotForSrun) {
        environment.unset(name);
    }
    std::vector<std::string> variables = environment.as_strings();
    std::vector<char*> arguments;
    std::vector<char*> block;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    for (std::string& variable : variables) {
        block.push_back(variable.data());
    }
    arguments.push_back(nullptr);
    block.push_back(nullptr);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) {
        pid_ = 0;
        return fail_errno("fork for", "srun", errno);
    }
    if (pid_ == 0) {
        ::setsid();  // a signal for us is no reason for it to end before we say so
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (::getppid() != parent) {
            ::_exit(127);
        }
        ::dup2(in->theirs.get(), 0);
        ::dup2(out->theirs.get(), 1);
        ::dup2(err->theirs.get(), 2);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::signal(SIGPIPE, SIG_DFL);
        ::execvpe(arguments[0], arguments.data(), block.data());
        ::_exit(127);
    }
    leaders_.own.insert(pid_);
    input_ = std::move(in->ours);
    output_ = std::move(out->ours);
    errors_ = std::move(err->ours);
    for (const std::string& node : nodes_) {
        heard_[node] = now;
    }
    HelperOrder begin;
    begin.kind = HelperOrder::Kind::begin;
    begin.environment.assign(environment_.values().begin(), environment_.values().end());
    write(begin);
    return {};
}

void NodeHelpers::write(const HelperOrder& order) {
    unsent_ += encode(order);
    flush();
}

// srun may be slow to take it; we never wait for it.
void NodeHelpers::flush() {
    std::size_t done = 0;
    while (done < unsent_.size() && input_.valid()) {
        const ssize_t n = ::write(input_.get(), unsent_.data() + done, unsent_.size() - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        done += static_cast<std::size_t>(n);
    }
    unsent_.erase(0, done);
}

Result<std::uint64_t> NodeHelpers::send(HelperOrder order, Duration now) {
    if (!started_) {
        if (auto begun = start(now); !begun) {
            return tl::make_unexpected(begun.error());
        }
    }
    if (pid_ == 0 || lost(order.node)) {
        return fail(ErrorKind::infrastructure, fmt::format("there is no helper on {}", order.node));
    }
    order.script = next_script_++;
    write(order);
    return order.script;
}

void NodeHelpers::stop(const std::string& node, std::uint64_t script, Milliseconds grace) {
    HelperOrder order;
    order.kind = HelperOrder::Kind::stop;
    order.node = node;
    order.script = script;
    order.grace = grace;
    write(order);
}

std::optional<ScriptEnd> NodeHelpers::take_end(std::uint64_t script) {
    const auto found = ends_.find(script);
    if (found == ends_.end()) {
        return std::nullopt;
    }
    ScriptEnd end = std::move(found->second);
    ends_.erase(found);
    return end;
}

void NodeHelpers::lose(const std::string& node) {
    if (std::find(nodes_.begin(), nodes_.end(), node) != nodes_.end() &&
        lost_.insert(node).second) {
        newly_lost_.push_back(node);
    }
}

void NodeHelpers::listen(Duration now) {
    if (!output_.valid()) {
        return;
    }
    flush();
    const bool open = read_into(said_, output_.get());
    if (!read_into(complaints_, errors_.get()) && !open) {
        output_.close();
        errors_.close();
    }
    while (auto line = said_.take()) {
        auto report = decode_report(*line);
        if (!report) {
            messages_.push_back(std::move(*line));
            continue;
        }
        heard_[report->node] = now;
        if (report->kind == HelperReport::Kind::ended) {
            ends_[report->script] = std::move(report->end);
        } else if (report->kind == HelperReport::Kind::gone) {
            lose(report->node);
        }
    }
    while (auto line = complaints_.take()) {
        for (const std::string& node : nodes_lost_in(*line)) {
            lose(node);
        }
        messages_.push_back(std::move(*line));
    }
    for (const auto& [node, when] : heard_) {
        if (now - when > kSilence) {
            lose(node);
        }
    }
}

bool NodeHelpers::child_ended(pid_t pid) {
    if (pid_ == 0 || pid != pid_) {
        return false;
    }
    leaders_.own.erase(pid_);
    pid_ = 0;
    for (const std::string& node : nodes_) {
        lose(node);
    }
    return true;
}

std::vector<std::string> NodeHelpers::take_lost() {
    return std::exchange(newly_lost_, {});
}

std::vector<std::string> NodeHelpers::take_messages() {
    return std::exchange(messages_, {});
}

void NodeHelpers::close() {
    input_.close();
}

}  // namespace pavtest::run
