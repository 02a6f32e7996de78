// Starting a script in a session of its own that does not outlive us.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file_descriptor.h"

namespace pavtest::run {

struct Launch {
    std::vector<std::string> arguments;    // [0] is a path; none: the preparation is all
    std::vector<std::string> environment;  // NAME=value
    std::string directory;                 // where it runs
    int log = -1;                          // its standard output and error
    std::vector<std::uint32_t> cpus;       // the only ones that it may use; empty: ours
    /// Done in the child before the script: setting a directory up, which may take its time.
    /// An error ends the child; it is then what the report says.
    std::function<Result<>()> preparation;
};

/// A started child: leader of a session and a process group of its own, killed when we die.
struct Launched {
    pid_t pid = 0;
    FileDescriptor report;  // of a preparation or an exec that failed; valid only if there is one
};

Result<Launched> launch(const Launch& what);

/// After the child's end: what kept it from running its script, or empty.
std::string failure_before_script(const Launched& child);

}  // namespace pavtest::run
