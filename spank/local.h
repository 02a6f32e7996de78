// The local context: srun.
#pragma once

#include "choice.h"

namespace pavtest::spank {

/// The option's callback: nothing to do inside a job, where the option is usually
/// just inherited; outside, srun is the wrong command. 0, or -1 to refuse.
int local_option(Option option);

}  // namespace pavtest::spank
