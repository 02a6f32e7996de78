// `pavstat set NOTE`: what a test says of itself while it runs.
#pragma once

#include <string>

#include "base/environment.h"
#include "base/error.h"
#include "base/time.h"

namespace pavtest::cmd {

/// Appends RUN_USER with the note to the test's journal of this host, and to its status file
/// where this host is the one that writes it. Which test it is stands in the environment.
Result<> set_user_state(const Environment& environment, const std::string& note,
                        const Clock& clock);

}  // namespace pavtest::cmd
