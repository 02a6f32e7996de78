// Only the job's environment is touched, in slurmstepd's memory.
#include "remote.h"

#include "checks.h"
#include "choice.h"
#include "variables.h"

namespace pavtest::spank {

namespace {

void restore_variable(spank_t spank, const char* name, bool (*valid)(std::string_view)) {
    Text<64> source;
    source.append(job_control_prefix);
    source.append(name);
    char value[1025];
    if (spank_getenv(spank, source.c_str(), &value[0], sizeof value) == ESPANK_SUCCESS &&
        valid(&value[0])) {
        // Not over a value that somebody has set for one step.
        spank_setenv(spank, name, &value[0], 0);
    }
}

}  // namespace

void remote_init_post_opt(spank_t spank) {
    restore_variable(spank, session_variable, is_session_id);
    restore_variable(spank, store_variable, is_plain_path);
    for (int i = 0; i < option_count; ++i) {
        Text<128> name;
        name_option_variable(name, inherited_option_variable, static_cast<Option>(i));
        spank_unsetenv(spank, name.c_str());
    }
}

}  // namespace pavtest::spank
