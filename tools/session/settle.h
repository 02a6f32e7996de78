// Settling: what no hook could write down is learned from Slurm, once, and recorded.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "session/slurm_questions.h"
#include "session/store.h"
#include "session/view.h"

namespace pavtest::session {

struct OpenSession {
    SessionDirectory directory;
    SessionView view;
};

struct Settling {
    /// The jobs that Slurm still has, by session: waiting or running.
    std::map<std::string, std::vector<SlurmJob>> live;
    /// For people: who did not answer, what could not be written.
    std::vector<std::string> remarks;
    std::size_t settled = 0;  // jobs of sessions whose end was written down
    bool answered = true;     // false: a question went unanswered, and states are as of before
};

/// Who asks.
struct Asker {
    uid_t user = 0;
    std::string host;
    const Clock* clock = nullptr;
};

/// Asks about those of the sessions that are the asker's own and not settled: one squeue a
/// cluster on record, and, only for what that leaves open, one look at the configuration
/// and one sacct. Writes down what is proven and reads those sessions again. `write` false
/// only asks.
Settling settle(std::vector<OpenSession>& sessions, SlurmQuestions& slurm, const Asker& asker,
                bool write = true);

}  // namespace pavtest::session
