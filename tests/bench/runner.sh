#!/usr/bin/env bash
# A test's overhead in pavrun, 500 times `true`, against a bash loop that forks the same;
# and the time from the last test's end to the session's terminal state.
set -euo pipefail
count=500
# shellcheck source=tests/bench/many_tests.bash
source "$(dirname "${BASH_SOURCE[0]}")/many_tests.bash"
cd "$work"

now() { date +%s%N; }
ours=() floors=()
for round in 1 2 3; do
    freeze_many
    start=$(now)
    "$PAVTEST_PREFIX/bin/pavrun" --session "$session" --store "$store" >"$work/out.$round"
    ours+=($((($(now) - start) / count / 1000)))
    printf '#!/bin/bash\ntrue\n' >run.sh
    start=$(now)
    for ((i = 0; i < count; i++)); do bash run.sh >"log.$((i % 10))" 2>&1; done
    floors+=($((($(now) - start) / count / 1000)))
done
median() { printf '%s\n' "$@" | sort -n | sed -n 2p; }
awk -v v="$(median "${ours[@]}")" -v f="$(median "${floors[@]}")" -v n=$((3 * count)) \
    'BEGIN {printf "{\"name\":\"runner_overhead\",\"value\":%.3f,\"unit\":\"ms\",\"floor\":%.3f,\"ratio\":%.2f,\"n\":%d}\n", v / 1000, f / 1000, v / f, n}'

# Both stamps are the runner's own, in one journal.
journal=$(find "$store" -path "*$session*" -name 'journal.runner-*' | head -n 1)
last=$(jq -r 'select(.state == "RUN_DONE") | .when' "$journal" | tail -n 1)
end=$(jq -r 'select(.end and (has("test") | not) and (has("tests") | not)) | .when' "$journal" | tail -n 1)
awk -v a="$(date -d "$last" +%s%N)" -v b="$(date -d "$end" +%s%N)" \
    'BEGIN {v = (b - a) / 1e6; printf "{\"name\":\"end_to_terminal_state\",\"value\":%.3f,\"unit\":\"ms\",\"floor\":null,\"ratio\":null,\"n\":1}\n", v}'
