/* A SPANK plugin for tests: passes whatever is in SET_JOB_CONTROL (NAME=VALUE) on to
 * prolog and epilog, as any user can with a plugin or a program of their own; with
 * SET_JOB_CONTROL_REPEAT=N so many times, under names with numbers. */
#include <slurm/spank.h>
#include <stdio.h>
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
        const char* repeat = getenv("SET_JOB_CONTROL_REPEAT");
        if (!repeat) {
            spank_job_control_setenv(spank, name, equals + 1, 1);
        }
        for (int i = 0; repeat && i < atoi(repeat); i++) {
            char numbered[300];
            snprintf(numbered, sizeof numbered, "%s_%d", name, i);
            spank_job_control_setenv(spank, numbered, equals + 1, 1);
        }
    }
    return 0;
}
