#!/usr/bin/env bash
# 10,000 tests in one session: what one costs, and how pavrun's memory grows from the 1,000th
# to the last.
set -euo pipefail
: "${PAVTEST_PREFIX:?names an installed pavtest}"
count=${PAVTEST_BENCH_TESTS:-10000}
# shellcheck source=tests/bench/many_tests.bash
source "$(dirname "${BASH_SOURCE[0]}")/many_tests.bash"
cd "$work"

freeze_many
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
