/* A SPANK plugin for tests: its prolog reads memory that it has freed, so that a test which
 * looks for such things can show that it would see one. */
#include <slurm/spank.h>
#include <stdlib.h>

SPANK_PLUGIN(reads_freed, 1)

int slurm_spank_job_prolog(spank_t spank, int argc, char* argv[]) {
    (void)spank;
    (void)argc;
    (void)argv;
    volatile char* memory = malloc(1);
    free((void*)memory);
    return memory[0] == 'x' ? -1 : 0;
}
