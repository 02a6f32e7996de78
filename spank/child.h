// Children of the plugin: waiting for one with a deadline, and how it ended.
#pragma once

#include <sys/types.h>

#include <csignal>

namespace pavtest::spank {

/// A moment on the monotonic clock, made from milliseconds to go.
class Deadline {
  public:
    explicit Deadline(long milliseconds);
    [[nodiscard]] long milliseconds_left() const;  // not negative

  private:
    long long at_;
};

/// A parent that ignores SIGCHLD passes that on to us, and the kernel then throws
/// the status of our children away; the way it was comes back at the end.
class DefaultChildSignal {
  public:
    DefaultChildSignal();
    ~DefaultChildSignal();
    DefaultChildSignal(const DefaultChildSignal&) = delete;
    DefaultChildSignal& operator=(const DefaultChildSignal&) = delete;

  private:
    struct sigaction before_;
};

struct Ending {
    bool timed_out = false;
    int exit_status = -1;  // -1: not by exiting
    int signal = 0;
    bool lost = false;  // left behind, or somebody else's wait was told

    [[nodiscard]] bool ok() const { return exit_status == 0 && !timed_out; }
};

/// True when the child has ended; it stays a zombie, so that its number (also as a
/// group's and a session's) is nobody else's until it is reaped.
bool wait_for_end(pid_t child, const Deadline& deadline);

/// The end of a child; for one that cannot die at once (in state D) waits a moment
/// only and leaves it behind.
Ending reap(pid_t child);

void sleep_milliseconds(long milliseconds);

/// In a child before exec: no signal blocked, none ignored.
void reset_signals();

}  // namespace pavtest::spank
