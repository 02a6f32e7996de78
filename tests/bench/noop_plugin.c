/* A SPANK plugin with the same hooks and nothing in them: the floor for ours. */
#include <slurm/spank.h>

SPANK_PLUGIN(noop, 1)

int slurm_spank_init(spank_t spank, int argc, char *argv[])
{
    (void)spank, (void)argc, (void)argv;
    return 0;
}

int slurm_spank_job_prolog(spank_t spank, int argc, char *argv[])
{
    (void)spank, (void)argc, (void)argv;
    return 0;
}

int slurm_spank_job_epilog(spank_t spank, int argc, char *argv[])
{
    (void)spank, (void)argc, (void)argv;
    return 0;
}
