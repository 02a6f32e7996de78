// A Slurm that answers what a test wants, and remembers what it was asked.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "session/slurm_questions.h"

namespace pavtest::session {

class FakeSlurm : public SlurmQuestions {
  public:
    Result<std::vector<SlurmJob>> queue(const std::string& cluster, uid_t user) override {
        asked.push_back(fmt::format("queue {} {}", cluster, user));
        if (silent) {
            return fail(ErrorKind::infrastructure, "squeue did not answer within 5 s");
        }
        return queued;
    }
    Result<std::vector<SlurmJob>> accounting(const std::string& /*cluster*/, uid_t /*user*/,
                                             const std::vector<std::uint32_t>& jobs,
                                             Timestamp /*since*/) override {
        asked.push_back(fmt::format("accounting {}", fmt::join(jobs, ",")));
        return past;
    }
    Result<ClusterFacts> facts(const std::string& cluster) override {
        asked.push_back("facts " + cluster);
        return known;
    }

    std::vector<SlurmJob> queued, past;
    ClusterFacts known{"blue", std::chrono::seconds(300), false, false};
    bool silent = false;
    std::vector<std::string> asked;
};

}  // namespace pavtest::session
