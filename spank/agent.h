// The agent on a node: pavnode, as the job's user, under a deadline.
#pragma once

#include "child.h"
#include "descriptor.h"
#include "job.h"

namespace pavtest::spank {

struct Agent {
    const char* program;
    Hook hook;
    int input;     // standard input
    int messages;  // standard error
    int deadline;  // seconds
};

/// A memory file for what the agent says, which can take no more than a page: it is
/// filled by a process of the user's.
Descriptor agent_messages();

/// Runs it to its end or the deadline, and then ends what it leaves behind.
Ending run_agent(const Agent& agent, const Job& job);

}  // namespace pavtest::spank
