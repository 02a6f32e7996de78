#!/usr/bin/env bash
# pavstat as a whole process on stores of finished sessions of 10 tests, spread over a year:
# the first index of all of it against a program that barely reads the same files, then views
# against a process that does nothing. PAVTEST_BENCH_SESSIONS: how many sessions, 100,000.
set -euo pipefail
: "${PAVTEST_PREFIX:?names an installed pavtest}" "${PAVTEST_BUILD:?names its build}"
sessions=${PAVTEST_BENCH_SESSIONS:-100000}
pavstat=$PAVTEST_PREFIX/bin/pavstat
store=$PAVTEST_BUILD/tests/bench/bench_pavstat_store
work=$(mktemp -d "${PAVTEST_BENCH_DIR:-/tmp}/pavtest-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
export HOME=$work XDG_CACHE_HOME=$work/cache PAVTEST_CONFIG=$work/pavtest.yaml
: >"$PAVTEST_CONFIG"

microseconds() {
    local start
    start=$(date +%s%N)
    "$@" >/dev/null
    echo $((($(date +%s%N) - start) / 1000))
}

median() {
    local rounds=$1 round
    shift
    for ((round = 0; round < rounds; round++)); do
        microseconds "$@"
    done | sort -n | sed -n "$((rounds / 2 + 1))p"
}

# line NAME MICROSECONDS FLOOR N
line() {
    awk -v name="$1" -v v="$2" -v f="$3" -v n="$4" \
        'BEGIN {printf "{\"name\":\"%s\",\"value\":%.2f,\"unit\":\"ms\",\"floor\":%.2f,\"ratio\":%.2f,\"n\":%d}\n", name, v / 1000, f / 1000, v / f, n}'
}

# figure NAME ROUNDS ARGUMENT…: a view of the store that PAVTEST_STORE_DIR names.
figure() {
    local name=$1 rounds=$2
    shift 2
    line "$name" "$(median "$rounds" "$pavstat" --offline "$@")" "$nothing" "$rounds"
}

nothing=$(median 21 /bin/true)
mkdir -p "$work"/{empty,small,large}/sessions

PAVTEST_STORE_DIR=$work/empty figure pavstat_empty_store 21

# As many sessions in the last week, a tenth of them in all: the default view has to cost the same.
"$store" make "$work/small" "$((sessions / 10))" 10 36
"$store" make "$work/large" "$sessions" 10 360
export PAVTEST_STORE_DIR=$work/small
"$pavstat" --offline --starttime 2000-01-01 >/dev/null
figure pavstat_week_of_a_tenth 21

export PAVTEST_STORE_DIR=$work/large
floor=$(microseconds "$store" read "$work/large")
line pavstat_first_index "$(microseconds "$pavstat" --offline --starttime 2000-01-01 --suite none)" "$floor" 1
figure pavstat_week 21
figure pavstat_filter_sessions 11 --starttime 2000-01-01 --suite suite7 --partition batch -O jobid,state,nodelist
figure pavstat_filter_tests 11 --starttime 2000-01-01 --failed --test suite7.test3 -O testid,result,nodelist
figure pavstat_summary 5 --starttime 2000-01-01 --summary
figure pavstat_one_job 21 -j $((1000 + sessions / 2))
