// What pavnode does on each node of a job, as its user, before and after it.
#pragma once

#include <chrono>
#include <string>

#include "base/environment.h"
#include "base/error.h"
#include "base/time.h"

namespace pavtest::run {

struct HookCall {
    Environment environment;  // as docs/formats.md lays down
    std::string spooled;      // records that wait for delivery
    std::chrono::seconds deadline{10};
};

/// The node joins: its record, its facts, and on the first node PREPPING_RUN for all tests.
Result<> prolog(const HookCall& call, const Clock& clock);

/// The node leaves: what is left of our processes is ended first; then its record, and on the
/// first node the ends of the tests that have none. In the time that is left, what tests left of
/// their scratch directories goes. May run twice, and without a prolog.
Result<> epilog(const HookCall& call, const Clock& clock);

}  // namespace pavtest::run
