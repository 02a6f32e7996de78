// pidfd and poll; before Linux 5.3, which has none, a short sleep in a loop.
#include "child.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "descriptor.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

namespace pavtest::spank {

namespace {

constexpr long left_behind_after = 500;
constexpr long between_looks = 2;

long long now_milliseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int pidfd_open(pid_t process) {
    return static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
}

bool has_ended(pid_t child) {
    siginfo_t info{};
    const int outcome =
        ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT);
    return outcome != 0 ? errno != EINTR : info.si_pid == child;
}

}  // namespace

Deadline::Deadline(long milliseconds) : at_(now_milliseconds() + milliseconds) {}

long Deadline::milliseconds_left() const {
    const long long left = at_ - now_milliseconds();
    return left > 0 ? static_cast<long>(left) : 0;
}

DefaultChildSignal::DefaultChildSignal() : before_{} {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &standard, &before_);
}

DefaultChildSignal::~DefaultChildSignal() {
    ::sigaction(SIGCHLD, &before_, nullptr);
}

bool wait_for_end(pid_t child, const Deadline& deadline) {
    const Descriptor handle(pidfd_open(child));
    while (!has_ended(child)) {
        const long left = deadline.milliseconds_left();
        if (left == 0) {
            return false;
        }
        if (handle.valid()) {
            pollfd wait{handle.get(), POLLIN, 0};
            ::poll(&wait, 1, static_cast<int>(left));
        } else {
            sleep_milliseconds(between_looks);
        }
    }
    return true;
}

Ending reap(pid_t child) {
    Ending ending;
    if (!wait_for_end(child, Deadline(left_behind_after))) {
        ending.lost = true;
        return ending;
    }
    int status = 0;
    pid_t reaped = 0;
    do {
        reaped = ::waitpid(child, &status, 0);
    } while (reaped < 0 && errno == EINTR);
    if (reaped == child && WIFEXITED(status)) {
        ending.exit_status = WEXITSTATUS(status);
    } else if (reaped == child && WIFSIGNALED(status)) {
        ending.signal = WTERMSIG(status);
    } else {
        ending.lost = true;
    }
    return ending;
}

void sleep_milliseconds(long milliseconds) {
    const timespec pause{milliseconds / 1000, milliseconds % 1000 * 1000000};
    ::nanosleep(&pause, nullptr);
}

void reset_signals() {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) {
        ::sigaction(signal, &standard, nullptr);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace pavtest::spank
