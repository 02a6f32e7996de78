// Finished builds on a node's own disk, for one job: its prolog brings them there, its tests use
// them, its epilog takes them away. Nothing is unpacked or compiled here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "run/job_context.h"
#include "session/store.h"

namespace pavtest::run {

/// So much of finished builds is copied to a node for a job; what is larger is linked.
constexpr std::uint64_t kCopiedBuilds = 64ULL << 20;

/// Where the builds of a job are on a node.
std::string node_builds_path(const std::string& node_dir, const std::string& session,
                             const std::string& job_mark);

struct NodeBuildsCall {
    const session::SessionDirectory& session;
    std::string store;     // its path
    std::string node_dir;  // of the site
    const JobContext& job;
    /// False when the time for it is over: the rest is left to the job.
    std::function<bool()> may_go_on;
};

struct NodeBuilds {
    std::string directory;
    std::vector<std::uint32_t> reused, deferred;  // tests, sorted
    std::map<std::string, bool> builds;           // by identity: copied, else linked
    std::size_t missing = 0;                      // builds that are still to be made

    [[nodiscard]] bool any() const { return !reused.empty() || !deferred.empty(); }
    [[nodiscard]] std::size_t copied() const;
};

/// Looks for the builds of the session's tests, and copies or links those that are finished. May
/// be done twice.
Result<NodeBuilds> set_up_builds(const NodeBuildsCall& call);
/// Takes away what set_up_builds() had put there.
Result<> remove_builds(const std::string& node_dir, const std::string& session,
                       const std::string& job_mark);

/// What a node says, in the job's directory, that it has: facts/<node>.builds.json.
std::string to_json(const NodeBuilds& builds);

/// The copies that the nodes of a job have said they have.
class NodeCopies {
  public:
    /// `job` must outlive it.
    explicit NodeCopies(const Directory& job) : job_(job) {}

    /// A path that leads to a copy of the build on each of the nodes, and can be seen on this
    /// one, which is `here`; empty if there is none.
    [[nodiscard]] std::string everywhere(const std::string& identity,
                                         const std::vector<std::string>& nodes,
                                         const std::string& here);

  private:
    using Copies = std::map<std::string, std::string>;  // by identity: its path
    const Copies& of(const std::string& node);

    const Directory& job_;
    std::map<std::string, Copies> read_;
};

}  // namespace pavtest::run
