// The view that the command line asks for, as text.
#pragma once

#include <string>

#include "cmd/pavstat/arguments.h"
#include "cmd/pavstat/collect.h"

namespace pavtest::cmd {

Result<std::string> view_text(const Viewer& viewer, const PavstatOptions& options,
                              const Arguments& arguments, const Collected& collected);

/// "3 of 5 sessions are over, 118 of 120 tests [########. ]": what a live screen ends with.
std::string progress_line(const Collected& collected, std::size_t width);

}  // namespace pavtest::cmd
