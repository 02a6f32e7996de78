// What a stage of a test (its build, its run, its cleanup) asks of the test that it belongs to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "build/registry.h"
#include "build/script.h"
#include "run/job_context.h"
#include "run/node_helpers.h"
#include "run/process_mark.h"
#include "run/remote_script.h"
#include "run/script_process.h"
#include "run/test_files.h"
#include "run/test_place.h"
#include "status/record.h"

namespace pavtest::run {

class StageHost {
  public:
    virtual ~StageHost() = default;

    [[nodiscard]] virtual const JobContext& job() const = 0;
    [[nodiscard]] virtual build::Registry& builds() = 0;
    [[nodiscard]] virtual const std::string& session_id() const = 0;
    /// The number of the test in the plan, and of the attempt at it.
    [[nodiscard]] virtual std::uint32_t test_index() const = 0;
    [[nodiscard]] virtual std::uint32_t attempt() const = 0;
    /// Where the job's files go, and their modes.
    [[nodiscard]] virtual const Directory& root() const = 0;
    [[nodiscard]] virtual Modes modes() const = 0;
    [[nodiscard]] virtual TestFiles& files() = 0;
    /// What a script that runs in `directory` says besides its section.
    [[nodiscard]] virtual build::ScriptFrame frame(const std::string& directory) const = 0;
    /// Adds the test's environment and mark, and starts it, here.
    virtual Result<ScriptProcess> launch_script(ScriptStart what, ScriptProcess::Duration now) = 0;
    /// The test's nodes, the one of its script first.
    [[nodiscard]] virtual std::vector<std::string> nodes_of_test() const { return {job().node}; }
    /// A copy of a finished build that each of them has on its own disk; empty if there is none.
    [[nodiscard]] virtual std::string copy_at_hand(const std::string& /*build*/) { return {}; }
    /// As launch_script(), on another node of the job. What is to be prepared is done by then;
    /// the helper there opens the log itself.
    virtual Result<RemoteScript> launch_on(const std::string& node, ScriptStart /*what*/,
                                           const std::string& /*log*/,
                                           ScriptProcess::Duration /*now*/) {
        return fail(ErrorKind::infrastructure, "there is nobody to build on " + node);
    }
    /// Adds the test and the attempt, and writes it down.
    virtual void write(status::Record record) = 0;
};

/// The same for stages that run on the test's own nodes.
class PlacedHost : public StageHost {
  public:
    [[nodiscard]] virtual NodeHelpers& helpers() = 0;
    [[nodiscard]] virtual const TestPlace& place() const = 0;
    /// A directory on the test's node that is the test's own; a script makes and removes it.
    [[nodiscard]] virtual std::string scratch() const = 0;
    /// The variables that a test has for itself, and those by which its processes are known on
    /// any node.
    [[nodiscard]] virtual std::vector<Variable> variables() const = 0;
    [[nodiscard]] virtual std::vector<Variable> mark() const = 0;
};

}  // namespace pavtest::run
