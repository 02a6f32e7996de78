// Signals as events: blocked, and read from a descriptor.
#pragma once

#include <signal.h>

#include <optional>

#include "base/error.h"
#include "base/file_descriptor.h"

namespace pavtest::run {

/// While it lives, the signals that Slurm and people send are blocked in this process. What
/// it starts must unblock them. SIGPIPE is ignored.
class SignalInbox {
  public:
    static Result<SignalInbox> open();
    SignalInbox(SignalInbox&&) = default;
    SignalInbox& operator=(SignalInbox&&) = delete;
    SignalInbox(const SignalInbox&) = delete;
    SignalInbox& operator=(const SignalInbox&) = delete;
    ~SignalInbox();

    [[nodiscard]] int fd() const { return fd_.get(); }
    /// The next signal that has come, if any.
    std::optional<int> take();

  private:
    SignalInbox() = default;
    FileDescriptor fd_;
    sigset_t before_{};
};

}  // namespace pavtest::run
