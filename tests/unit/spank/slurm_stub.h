// Stand-ins for the functions of Slurm that the plugin calls: they note what they
// were told and answer what a test has put here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

extern "C" {
#include <slurm/spank.h>
}

namespace pavtest::spank {

struct Slurm {
    spank_context_t context = S_CTX_ALLOCATOR;
    std::vector<std::string> errors;   // slurm_error and slurm_spank_log
    std::vector<std::string> notices;  // slurm_info
    std::vector<spank_option> options;
    std::map<std::string, std::string> job_control;  // spank_job_control_setenv
    std::map<std::string, std::string> job_environment;
    bool items_known = true;
    std::uint32_t job_id = 42;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;

    [[nodiscard]] std::string all_errors() const;
    [[nodiscard]] std::string all_notices() const;
};

Slurm& slurm();

}  // namespace pavtest::spank
