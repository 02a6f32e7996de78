#!/usr/bin/env bash
# A log of 1 GB through the regex parser, against pcre2grep with the same pattern: one that
# few lines match, one that all do.
set -euo pipefail
work=$(mktemp -d /tmp/pavtest-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT
log=$work/run.log
megabytes=${PAVTEST_BENCH_MB:-1024}
awk 'BEGIN {
    for (i = 0; i < 10000; ++i) {
        printf "step %d: residual 1.%06de-05 on node n%d after %d iterations\n", i, i * 37 % 1000000, i % 64, i
        if (i % 1000 == 0) printf "Triad:  %d.5 MB/s\n", 10000 + i
    }
}' >"$work/part"
while (($(stat --format=%s "$work/part") < megabytes << 20)); do
    cat "$work/part" "$work/part" >"$work/twice"
    mv "$work/twice" "$work/part"
done
head --bytes="$((megabytes << 20))" "$work/part" >"$log"
rm "$work/part"
rounds=3

median() { printf '%s\n' "$@" | sort -g | sed -n "$(((rounds + 1) / 2))p"; }

# figure NAME PATTERN
figure() {
    local ours=() floors=() found same start i
    cat "$log" >/dev/null
    for ((i = 0; i < rounds; i++)); do
        read -r seconds found < <("$PAVTEST_BUILD/tests/bench/bench_results" "$log" "$2")
        ours+=("$seconds")
        start=$(date +%s%N)
        same=$(pcre2grep --count "$2" "$log")
        floors+=("$(awk -v n=$(($(date +%s%N) - start)) 'BEGIN {print n / 1e9}')")
        [[ $found == "$same" ]] || {
            echo "results.sh: $found matches, pcre2grep has $same" >&2
            exit 1
        }
    done
    awk -v name="$1" -v v="$(median "${ours[@]}")" -v f="$(median "${floors[@]}")" -v n=$rounds 'BEGIN {
        printf "{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"s\",\"floor\":%.3f,\"ratio\":%.2f,\"n\":%d}\n", name, v, f, v / f, n}'
}

figure results_regex_rare 'Triad: +([0-9.]+)'
figure results_regex_every_line 'residual ([0-9.e-]+)'
