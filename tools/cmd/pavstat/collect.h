// From a wish to what is shown: finding sessions, reading them, asking Slurm once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cmd/pavstat/viewer.h"
#include "session/settle.h"
#include "session/view.h"

namespace pavtest::cmd {

/// One session in one job: a row of the table.
struct Row {
    std::size_t session = 0;  // its place in Collected::sessions
    session::JobView job;
    std::optional<session::SlurmJob> live;  // as Slurm has it now
    std::optional<std::uint32_t> test;      // only this one was asked for
};

struct Collected {
    std::vector<session::OpenSession> sessions;
    std::vector<Row> rows;  // oldest first
    /// For people, on standard error: who did not answer, what was left out.
    std::vector<std::string> remarks;
    std::size_t settled = 0;
};

/// The sessions of the options, settled where they are the viewer's own. ErrorKind::
/// nothing_selected for a wish that nothing answers to.
Result<Collected> collect(const Viewer& viewer, const PavstatOptions& options);

/// Settles all of the viewer's sessions, however old.
Result<Collected> settle_all(const Viewer& viewer, const PavstatOptions& options);

/// The tests' names of a session, from its plan; empty names where it can't be read.
std::vector<std::string> test_names(const session::OpenSession& session);

}  // namespace pavtest::cmd
