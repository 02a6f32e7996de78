// Up the tree, by name.
#include "run/step_daemon.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run/process_table.h"

namespace pavtest::run {

StepDaemon StepDaemon::find() {
    StepDaemon daemon;
    const pid_t parent = ::getppid();
    for (pid_t pid = parent; pid > 1;) {
        const auto entry = process_entry(pid);
        if (!entry) {
            break;
        }
        if (entry->name == "slurmstepd") {
            daemon.pid_ = pid;
            break;
        }
        pid = entry->parent;
    }
    if (!daemon.known()) {
        return daemon;
    }
    daemon.is_parent_ = daemon.pid_ == parent;
    daemon.handle_ = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, daemon.pid_, 0)));
    if (daemon.is_parent_) {
        // SIGTERM and not SIGKILL: there is something to write down. If it died before this
        // line, gone() tells.
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    }
    return daemon;
}

bool StepDaemon::gone() const {
    if (!known()) {
        return false;
    }
    if (is_parent_) {
        return ::getppid() != pid_;
    }
    pollfd wait{handle_.get(), POLLIN, 0};
    return handle_.valid() && ::poll(&wait, 1, 0) == 1;
}

}  // namespace pavtest::run
