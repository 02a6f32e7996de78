// What a nested sbatch must not take over from the job around it.
#include "variables.h"

#include <cstdlib>

namespace pavtest::spank {

void clear_inherited_variables() {
    for (const char* name : place_variables) {
        ::unsetenv(name);
    }
    for (const char* name : {session_variable, store_variable}) {
        Text<64> prefixed;
        prefixed.append(job_control_prefix);
        prefixed.append(name);
        ::unsetenv(prefixed.c_str());
    }
    for (int i = 0; i < option_count; ++i) {
        for (const char* prefix : {option_variable, inherited_option_variable}) {
            Text<128> name;
            name_option_variable(name, prefix, static_cast<Option>(i));
            ::unsetenv(name.c_str());
        }
    }
}

}  // namespace pavtest::spank
