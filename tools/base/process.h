// Running another program to its end, with its output kept and a deadline.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/error.h"

namespace pavtest {

struct Command {
    std::vector<std::string> arguments;      // [0] is looked up in PATH when it has no slash
    std::optional<Environment> environment;  // nothing: this process's own
    std::optional<std::string> directory;    // nothing: this process's own
    std::string input;                       // standard input; empty: /dev/null
    std::chrono::milliseconds deadline{30000};
    std::size_t output_limit = 64U << 20;  // of each stream; what is beyond is dropped
};

struct Completed {
    int exit_status = 0;     // when signal is 0
    int signal = 0;          // that ended it
    bool timed_out = false;  // killed, with its process group, at the deadline
    std::string output;
    std::string errors;

    [[nodiscard]] bool ok() const { return exit_status == 0 && signal == 0 && !timed_out; }
};

/// Runs the command in a process group of its own. An error only if it could not be
/// started; "command not found" is ErrorKind::not_found.
Result<Completed> run(const Command& command);

}  // namespace pavtest
