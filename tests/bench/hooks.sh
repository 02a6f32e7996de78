#!/usr/bin/env bash
# A prolog of a job without the option, against a plugin that does nothing; and on a
# real Slurm the time of an allocation (which waits for its prolog) with no plugin, the
# no-op plugin, ours, and ours with the option. sbatch --wait would look every 2 s only.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
plugin=$(find "$PAVTEST_PREFIX" -name spank_pavtest.so | head -n 1)
noop=$PAVTEST_BUILD/tests/bench/bench_noop_plugin.so
"$PAVTEST_BUILD/tests/bench/bench_hooks" "$plugin" "$noop"

work=$(mktemp -d /tmp/pavtest-bench.XXXXXX)
cleanup() {
    "$root/scripts/cluster" stop --dir "$work/c" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap cleanup EXIT
export PAVTEST_STORE_DIR=$work/store
cat >"$work/noop.conf" <<END
optional $noop
END

# The median time in ms of COUNT allocations of one node; $@: what else salloc gets.
jobs_median() {
    local count=15 i start
    for ((i = 0; i < count; i++)); do
        start=$(date +%s%N)
        salloc --quiet --nodes=1 "$@" true >/dev/null 2>&1
        echo $((($(date +%s%N) - start) / 1000))
    done | sort -n | awk '{v[NR] = $1} END {printf "%.1f", v[int((NR + 1) / 2)] / 1000}'
}

measure() { # NAME FLOOR START-OPTIONS... -- SALLOC-OPTIONS...
    local name=$1 floor=$2 options=() value
    shift 2
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    "$root/scripts/cluster" start --nodes 1 --dir "$work/c" "${options[@]}" >&2
    eval "$("$root/scripts/cluster" env --dir "$work/c")"
    value=$(jobs_median "$@")
    "$root/scripts/cluster" stop --dir "$work/c" >&2
    [ "$floor" = - ] && floor=$value
    echo "$value" >"$work/last"
    awk -v n="$name" -v v="$value" -v f="$floor" \
        'BEGIN {printf "{\"name\":\"%s\",\"value\":%s,\"unit\":\"ms\",\"floor\":%s,\"ratio\":%.2f,\"n\":15}\n", n, v, f, v / f}'
}

measure allocation_without_plugin - --
floor=$(cat "$work/last")
measure allocation_with_noop_plugin "$floor" --plugstack "$work/noop.conf" --
measure allocation_without_option "$floor" --prefix "$PAVTEST_PREFIX" --
measure allocation_with_option "$floor" --prefix "$PAVTEST_PREFIX" -- --pavtest=selftest.pass
