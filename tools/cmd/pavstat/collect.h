// From a wish to what is shown: the index brought up to date, Slurm asked once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cmd/pavstat/viewer.h"
#include "index/index.h"
#include "session/settle.h"

namespace pavtest::cmd {

/// One session in one job.
struct Row {
    index::JobRow job;
    std::size_t store = 0;                  // its place in Collected::stores
    std::optional<session::SlurmJob> live;  // as Slurm has it now
    std::optional<std::uint32_t> test;      // only this one was asked for
    bool waiting = false;                   // Slurm has it, and no record tells of it yet
};

struct TestLine {
    std::size_t row = 0;
    std::string name;
    session::TestView view;
};

struct OpenStore {
    session::Store store;
    index::Index index;
};

struct Collected {
    std::vector<OpenStore> stores;
    std::vector<Row> rows;        // oldest first
    std::vector<TestLine> tests;  // of the rows, in their order, where tests were asked for
    /// For people, on standard error: who did not answer, what was left out.
    std::vector<std::string> remarks;
    std::map<std::string, std::vector<session::SlurmJob>> queue;  // what Slurm has, by session
    bool named = false;                                           // whether sessions were named
    std::size_t settled = 0;
    std::size_t sessions_read = 0;  // whose files were opened for the index
};

/// The sessions of the options, settled where they are the viewer's own. ErrorKind::
/// nothing_selected for a wish that nothing answers to.
Result<Collected> collect(const Viewer& viewer, const PavstatOptions& options);

/// Settles all of the viewer's sessions, however old.
Result<Collected> settle_all(const Viewer& viewer, const PavstatOptions& options);

/// Nodes that took part in the jobs of the rows; `NodeRow::job` is the row's place.
Result<std::vector<index::NodeRow>> nodes_of(const Collected& collected);

/// The directory of a row's session.
Result<session::SessionDirectory> directory_of(const Collected& collected, const Row& row);

}  // namespace pavtest::cmd
