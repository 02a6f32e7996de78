// What every command's main() shares: the process as values, messages, exit codes.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "base/settings.h"
#include "base/time.h"

namespace pavtest::cmd {

/// The process as a command sees it.
struct Process {
    Environment environment;
    Account account;
    Settings settings;
    SystemClock clock;
};

/// Environment, account and settings of this process.
Result<Process> this_process();

/// Prints an error on standard error and gives the exit status for it.
int report(const Error& error);
/// Prints all; the status is that of the first.
int report(const std::vector<Error>& errors);
void warn(const std::vector<Error>& warnings);

/// Runs a command's body; an exception that escapes it becomes a message and status 3.
int guarded(const char* program, const std::function<int()>& body);

}  // namespace pavtest::cmd
