// vfork where nothing has to be prepared (it costs the same however large we are), else fork.
#include "run/launch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/file.h"

namespace pavtest::run {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (const std::string& text : strings) {
        result.push_back(const_cast<char*>(text.c_str()));  // execve changes nothing
    }
    result.push_back(nullptr);
    return result;
}

struct ChildSetup {
    char* const* arguments;
    char* const* environment;
    const char* directory;
    int null;
    int log;
    pid_t parent;
    const cpu_set_t* cpus;  // null: as they are
};

// Between (v)fork and exec: system calls only. Returns an errno.
int become_leader(const ChildSetup& setup) {
    ::setsid();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != setup.parent) {
        ::_exit(127);  // we died before the request was in place
    }
    if (setup.cpus != nullptr) {
        // A processor that went away is no reason not to test.
        ::sched_setaffinity(0, sizeof *setup.cpus, setup.cpus);
    }
    if (::dup2(setup.null, 0) < 0 || ::dup2(setup.log, 1) < 0 || ::dup2(setup.log, 2) < 0) {
        return errno;
    }
    return 0;
}

int start_program(const ChildSetup& setup) {
    if (::chdir(setup.directory) != 0) {
        return errno;
    }
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
        ::sigaction(number, &standard, nullptr);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(setup.arguments[0], setup.arguments, setup.environment);
    return errno;
}

// A child that shares our memory until it runs the program: `problem` is ours to read then.
pid_t start_sharing(const ChildSetup& setup, volatile int& problem) {
    const pid_t child = ::vfork();
    if (child == 0) {
        problem = become_leader(setup);
        if (problem == 0) {
            problem = start_program(setup);
        }
        ::_exit(127);
    }
    return child;
}

[[noreturn]] void prepare_and_start(const ChildSetup& setup, const Launch& what, int report) {
    std::string problem;
    if (const int error = become_leader(setup); error != 0) {
        problem = std::strerror(error);
    } else if (const auto prepared = what.preparation(); !prepared) {
        const Error& cause = prepared.error();
        problem = cause.hint.empty() ? cause.what : fmt::format("{} ({})", cause.what, cause.hint);
    } else if (what.arguments.empty()) {
        ::_exit(0);
    } else {
        const int failed = start_program(setup);
        problem = fmt::format("cannot run '{}' in '{}': {}", setup.arguments[0], setup.directory,
                              std::strerror(failed));
    }
    (void)write_all(report, problem, "report");
    ::_exit(127);
}

}  // namespace

Result<Launched> launch(const Launch& what) {
    const FileDescriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null.valid()) {
        return fail_errno("open", "/dev/null", errno);
    }
    const std::vector<char*> arguments = pointers(what.arguments);
    const std::vector<char*> environment = pointers(what.environment);
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    for (const std::uint32_t cpu : what.cpus) {
        CPU_SET(cpu, &cpus);
    }
    const ChildSetup setup{arguments.data(),
                           environment.data(),
                           what.directory.c_str(),
                           null.get(),
                           what.log,
                           ::getpid(),
                           what.cpus.empty() ? nullptr : &cpus};
    Launched child;
    if (!what.preparation) {
        volatile int problem = 0;
        child.pid = start_sharing(setup, problem);
        if (child.pid > 0 && problem != 0) {
            ::waitpid(child.pid, nullptr, 0);
            return fail_errno("run", what.arguments[0], problem);
        }
    } else {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
            return fail_errno("create", "pipe", errno);
        }
        child.report = FileDescriptor(ends[0]);
        const FileDescriptor to_us(ends[1]);
        child.pid = ::fork();
        if (child.pid == 0) {
            prepare_and_start(setup, what, to_us.get());
        }
    }
    if (child.pid < 0) {
        return fail_errno("start", "a child", errno);
    }
    return child;
}

std::string failure_before_script(const Launched& child) {
    if (!child.report.valid()) {
        return {};
    }
    std::array<char, 4096> buffer{};
    const ssize_t n = ::read(child.report.get(), buffer.data(), buffer.size());
    return n > 0 ? std::string(buffer.data(), static_cast<std::size_t>(n)) : std::string();
}

}  // namespace pavtest::run
