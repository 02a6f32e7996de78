// What Slurm sees: the plugin's constants, and one switch for each hook. Compiled
// without exceptions, and every hook returns 0 whatever happens: a test tool takes
// no job and no node down. (Only an option's callback refuses, and only the user's
// own command.)
#include "allocator.h"
#include "arguments.h"
#include "base/build_info.h"
#include "job_script.h"
#include "options.h"
#include "remote.h"

#define PAVTEST_EXPORT __attribute__((visibility("default")))

extern "C" {

// A const in C++ is nobody else's unless it is declared extern first.
PAVTEST_EXPORT extern const char plugin_name[];
PAVTEST_EXPORT extern const char plugin_type[];
PAVTEST_EXPORT extern const unsigned int plugin_version;
PAVTEST_EXPORT extern const unsigned int spank_plugin_version;

const char plugin_name[] = "pavtest";
const char plugin_type[] = "spank";
const unsigned int plugin_version = SLURM_VERSION_NUMBER;
const unsigned int spank_plugin_version = 1;

// What pavsuite doctor looks for in the file: Slurm's version number in hexadecimal digits.
#define PAVTEST_TEXT_OF(x) #x
#define PAVTEST_TEXT(x) PAVTEST_TEXT_OF(x)
__attribute__((used)) static const char pavtest_stamp[] =
    "pavtest plugin " PAVTEST_VERSION " for Slurm " PAVTEST_TEXT(SLURM_VERSION_NUMBER);

using namespace pavtest::spank;

PAVTEST_EXPORT int slurm_spank_init(spank_t spank, int count, char* words[]) {
    switch (spank_context()) {
        case S_CTX_ALLOCATOR:
            register_options(spank);
            allocator_init(parse_arguments(count, words, Complain::no), current_program(),
                           scan_own_command_line());
            break;
        case S_CTX_LOCAL:
        case S_CTX_REMOTE:
            register_options(spank);
            break;
        case S_CTX_SLURMD:
            // Here an administrator sees it once, in slurmd's log.
            parse_arguments(count, words, Complain::yes);
            break;
        default:
            break;
    }
    return 0;
}

PAVTEST_EXPORT int slurm_spank_init_post_opt(spank_t spank, int /*count*/, char* /*words*/[]) {
    switch (spank_context()) {
        case S_CTX_ALLOCATOR:
            allocator_init_post_opt(spank);
            break;
        case S_CTX_REMOTE:
            remote_init_post_opt(spank);
            break;
        default:
            break;
    }
    return 0;
}

PAVTEST_EXPORT int slurm_spank_job_prolog(spank_t spank, int count, char* words[]) {
    if (has_session()) {
        run_hook(Hook::prolog, spank, parse_arguments(count, words, Complain::no));
    }
    return 0;
}

PAVTEST_EXPORT int slurm_spank_job_epilog(spank_t spank, int count, char* words[]) {
    if (has_session()) {
        run_hook(Hook::epilog, spank, parse_arguments(count, words, Complain::no));
    }
    return 0;
}
}
