/* A SPANK plugin for tests: passes whatever is in SET_JOB_CONTROL (NAME=VALUE) on to
 * prolog and epilog, as any user can with a plugin or a program of their own. */
#include <slurm/spank.h>
#include <stdlib.h>
#include <string.h>

SPANK_PLUGIN(job_control, 1)

int slurm_spank_init_post_opt(spank_t spank, int argc, char* argv[]) {
    (void)argc;
    (void)argv;
    const char* wanted = getenv("SET_JOB_CONTROL");
    const char* equals = wanted ? strchr(wanted, '=') : NULL;
    if (equals && spank_context() == S_CTX_ALLOCATOR) {
        char name[256] = "";
        strncat(name, wanted, (size_t)(equals - wanted) < 255 ? (size_t)(equals - wanted) : 255);
        spank_job_control_setenv(spank, name, equals + 1, 1);
    }
    return 0;
}
