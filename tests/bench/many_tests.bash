# shellcheck shell=bash
# For benchmarks of pavrun: a directory of its own, a suite "many" of $count tests that run `true`,
# and what stands for a job.
work=$(mktemp -d /tmp/pavtest-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT
export PAVTEST_STORE_DIR=$work/store PAV_CONFIG_DIR=$work/config HOME=$work
mkdir -p "$work/config/suites"
cat >"$work/config/suites/many.yaml" <<END
t:
  permute_on: i
  variables: {i: [$(seq -s, "$count")]}
  run: {cmds: ['true']}
END

# Outside Slurm, pavrun takes its job from the environment: this measures pavrun alone.
export SLURM_JOB_ID=1 SLURM_JOB_NODELIST=n1 SLURMD_NODENAME=n1 SLURM_JOB_NUM_NODES=1
# freeze_many: sets session and store.
freeze_many() {
    session='' store=''
    eval "$("$PAVTEST_PREFIX/bin/pavsuite" freeze --quiet --script own many)"
}
