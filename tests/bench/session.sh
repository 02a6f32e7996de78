#!/usr/bin/env bash
# 10,000 tests in one session: what one costs, and how pavrun's memory grows from the 1,000th
# to the last.
set -euo pipefail
: "${PAVTEST_PREFIX:?names an installed pavtest}"
count=${PAVTEST_BENCH_TESTS:-10000}
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
cd "$work"

# Outside Slurm, pavrun takes its job from the environment: this measures pavrun alone.
export SLURM_JOB_ID=1 SLURM_JOB_NODELIST=n1 SLURMD_NODENAME=n1 SLURM_JOB_NUM_NODES=1
session='' store=''
eval "$("$PAVTEST_PREFIX/bin/pavsuite" freeze --quiet --script own many)"
start=$(date +%s%N)
"$PAVTEST_PREFIX/bin/pavrun" --session "$session" --store "$store" >out &
pid=$!
ended() { grep --count ' PASS ' out || true; }
resident() { awk '/VmRSS/ {print $2}' "/proc/$pid/status" 2>/dev/null; }
while (($(ended) < 1000)); do sleep 0.1; done
early=$(resident)
last=$early
while kill -0 "$pid" 2>/dev/null; do
    now=$(resident || true)
    last=${now:-$last}
    sleep 0.2
done
wait "$pid"
awk -v ns="$(($(date +%s%N) - start))" -v n="$count" \
    'BEGIN {printf "{\"name\":\"session_of_%d\",\"value\":%.3f,\"unit\":\"ms\",\"floor\":null,\"ratio\":null,\"n\":%d}\n", n, ns / n / 1e6, n}'
awk -v grown="$((last - early))" -v early="$early" \
    'BEGIN {printf "{\"name\":\"session_memory_growth\",\"value\":%d,\"unit\":\"KiB\",\"floor\":%d,\"ratio\":%.2f,\"n\":1}\n", grown, early, (early + grown) / early}'
