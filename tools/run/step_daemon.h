// The slurmstepd that we run under: when it is gone, Slurm no longer knows of us.
#pragma once

#include <sys/types.h>

#include "base/file_descriptor.h"

namespace pavtest::run {

class StepDaemon {
  public:
    /// Looks for it among our ancestors. If it is our parent the kernel sends us SIGTERM when
    /// it dies; in any case fd() becomes readable then. In a shell of salloc there is none.
    static StepDaemon find();

    [[nodiscard]] bool known() const { return pid_ > 0; }
    /// To poll for its end; -1 where there is none, or the kernel has no such descriptors.
    [[nodiscard]] int fd() const { return handle_.get(); }
    [[nodiscard]] bool gone() const;

  private:
    pid_t pid_ = 0;
    bool is_parent_ = false;
    FileDescriptor handle_;
};

}  // namespace pavtest::run
