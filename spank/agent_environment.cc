// Which of Slurm's variables the agent gets, and what each may look like.
#include "agent_environment.h"

#include "checks.h"

namespace pavtest::spank {

namespace {

struct Passed {
    std::string_view name;
    std::size_t cut;  // so much of the name's beginning is left out for the agent
    bool (*valid)(std::string_view);
};

constexpr std::size_t spank_prefix = 6;

constexpr Passed passed[] = {
    {"SPANK_PAVTEST_SESSION", spank_prefix, is_session_id},
    {"SPANK_PAVTEST_STORE", spank_prefix, is_plain_path},
    {"SLURM_JOB_ID", 0, is_number},
    {"SLURM_JOB_UID", 0, is_number},
    {"SLURM_JOB_GID", 0, is_number},
    {"SLURM_JOB_PARTITION", 0, is_name},
    {"SLURM_JOB_NUM_NODES", 0, is_number},
    {"SLURM_NODELIST", 0, is_host_list},
    {"SLURMD_NODENAME", 0, is_name},
    {"SLURM_CLUSTER_NAME", 0, is_name},
    {"SLURM_CONF", 0, is_plain_path},
    {"SLURM_JOB_EXIT_CODE", 0, is_number},
    {"SLURM_JOB_EXIT_CODE2", 0, is_exit_code},
    {"SLURM_JOB_DERIVED_EC", 0, is_number},
    {"SLURM_JOB_START_TIME", 0, is_number},
    {"SLURM_JOB_END_TIME", 0, is_number},
};

const char* find_entry(char* const* environment, std::string_view name) {
    for (char* const* entry = environment; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (text.size() > name.size() && begins_with(text, name) && text[name.size()] == '=') {
            return *entry;
        }
    }
    return nullptr;
}

}  // namespace

std::string_view value_of(char* const* environment, std::string_view name) {
    const char* entry = find_entry(environment, name);
    return entry != nullptr ? std::string_view(entry + name.size() + 1) : std::string_view();
}

AgentEnvironment::AgentEnvironment(char* const* inherited, const Agent& agent, const Job& job) {
    add("PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin");
    for (const Passed& variable : passed) {
        const char* entry = find_entry(inherited, variable.name);
        if (entry != nullptr && variable.valid(entry + variable.name.size() + 1)) {
            add(entry + variable.cut);
        }
    }
    deadline_.append("PAVTEST_DEADLINE=");
    deadline_.append_number(static_cast<unsigned>(agent.deadline));
    add(deadline_.c_str());
    sequence_.append("PAVTEST_HOOK_SEQUENCE=");
    sequence_.append_number(static_cast<unsigned>(hook_sequence(agent.hook)));
    add(sequence_.c_str());
    restart_.append("SLURM_JOB_RESTART_COUNT=");
    restart_.append(job.restart);
    add(restart_.c_str());
}

void AgentEnvironment::set_user(const char* name, const char* home) {
    if (name != nullptr && !has_control_character(name) && user_.append("USER=") &&
        user_.append(name)) {
        add(user_.c_str());
    }
    const bool usable = home != nullptr && *home == '/' && !has_control_character(home);
    home_.append("HOME=");
    if (!usable || !home_.append(home)) {
        home_.assign("HOME=/");
    }
    add(home_.c_str());
}

void AgentEnvironment::add(const char* entry) {
    if (count_ < limit) {
        entries_[count_++] = entry;
    }
}

}  // namespace pavtest::spank
