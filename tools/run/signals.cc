// signalfd.
#include "run/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace pavtest::run {

Result<SignalInbox> SignalInbox::open() {
    SignalInbox inbox;
    sigset_t ours;
    ::sigemptyset(&ours);
    // Besides what ends us and what children do: signals that users ask Slurm to send
    // (--signal=USR1@60) and those of a suspend, which must not stop or end the runner.
    for (const int number : std::array{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD, SIGUSR1, SIGUSR2,
                                       SIGTSTP, SIGALRM}) {
        ::sigaddset(&ours, number);
    }
    if (::sigprocmask(SIG_BLOCK, &ours, &inbox.before_) != 0) {
        return fail_errno("block", "signals", errno);
    }
    inbox.fd_ = FileDescriptor(::signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!inbox.fd_.valid()) {
        return fail_errno("open", "signalfd", errno);
    }
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, nullptr);
    return inbox;
}

SignalInbox::~SignalInbox() {
    if (fd_.valid()) {
        ::sigprocmask(SIG_SETMASK, &before_, nullptr);
    }
}

std::optional<int> SignalInbox::take() {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) != sizeof info) {
        return std::nullopt;
    }
    return static_cast<int>(info.ssi_signo);
}

}  // namespace pavtest::run
