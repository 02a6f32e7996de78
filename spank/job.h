// One job as a prolog or epilog on one node sees it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

namespace pavtest::spank {

enum class Hook { prolog, epilog };

constexpr const char* hook_name(Hook hook) {
    return hook == Hook::prolog ? "prolog" : "epilog";
}

/// Each hook of one restart of a job on a node has a number of its own, the same
/// however often Slurm runs it: with session, job, restart and node it is the key
/// of the record that the hook leaves.
constexpr int hook_sequence(Hook hook) {
    return hook == Hook::prolog ? 0 : 1;
}

/// Who and which from SPANK items; the rest whitelisted, and valid as long as the
/// environment.
struct Job {
    std::uint32_t id;
    uid_t uid;
    gid_t gid;
    std::string_view session;
    std::string_view store;
    std::string_view node;
    std::string_view restart;    // a number: of the run that begins or ends here
    std::string_view exit_code;  // a number; empty in a prolog or if not known
};

}  // namespace pavtest::spank
