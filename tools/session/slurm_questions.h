// What settling may ask Slurm: an interface, so that tests can answer, and the commands
// that answer in earnest. Each question costs one command with a deadline.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "base/time.h"

namespace pavtest::session {

/// One job, or one task of an array, as squeue or sacct tell of it.
struct SlurmJob {
    std::uint32_t job = 0;
    std::uint32_t array_job = 0;  // 0: no array
    std::string array_task;       // "3", or "4-10%2" of tasks that wait together
    std::string state;            // "TIMEOUT"; sacct's "CANCELLED by 1000" without the rest
    std::string reason;
    std::string exit_code;
    std::optional<Timestamp> submitted, started, ended;
    std::string nodes;
    std::string cluster;
    std::optional<std::uint32_t> restarts;  // unknown to sacct
    std::string name;
    std::string comment;
};

/// What `scontrol show config` says that settling has to know.
struct ClusterFacts {
    std::string name;
    std::chrono::seconds min_job_age{300};
    bool accounting = false;
    bool private_jobs = false;
};

class SlurmQuestions {
  public:
    virtual ~SlurmQuestions() = default;
    /// All jobs of the user that the controller knows. An empty cluster is the local one.
    virtual Result<std::vector<SlurmJob>> queue(const std::string& cluster, uid_t user) = 0;
    /// From the accounting: the user's jobs, submitted or run since then.
    virtual Result<std::vector<SlurmJob>> accounting(const std::string& cluster, uid_t user,
                                                     const std::vector<std::uint32_t>& jobs,
                                                     Timestamp since) = 0;
    virtual Result<ClusterFacts> facts(const std::string& cluster) = 0;
};

/// squeue, sacct and scontrol.
class SlurmCommands : public SlurmQuestions {
  public:
    SlurmCommands(const Environment& environment, std::chrono::milliseconds deadline);
    Result<std::vector<SlurmJob>> queue(const std::string& cluster, uid_t user) override;
    Result<std::vector<SlurmJob>> accounting(const std::string& cluster, uid_t user,
                                             const std::vector<std::uint32_t>& jobs,
                                             Timestamp since) override;
    Result<ClusterFacts> facts(const std::string& cluster) override;

  private:
    Result<std::string> ask(std::vector<std::string> arguments, const std::string& cluster) const;
    Environment environment_;
    std::string local_cluster_;
    std::chrono::milliseconds deadline_;
};

/// Their output, one job a line; lines that are none are passed over.
std::vector<SlurmJob> parse_queue(std::string_view output);
std::vector<SlurmJob> parse_accounting(std::string_view output);
Result<ClusterFacts> parse_facts(std::string_view output);

/// Whether two cluster names mean the same one; Slurm takes them in any case.
bool same_cluster(std::string_view a, std::string_view b);

}  // namespace pavtest::session
