#!/usr/bin/env bash
# pavsuite as a whole process: 150 permutations resolved, 1,000 tests in 100 files listed,
# 10,000 permutations checked; against a process that reads the same files and has libyaml
# parse them.
set -euo pipefail
: "${PAVTEST_PREFIX:?names an installed pavtest}" "${PAVTEST_BUILD:?names its build}"
pavsuite=$PAVTEST_PREFIX/bin/pavsuite
floor=$PAVTEST_BUILD/tests/bench/bench_suites_floor
work=$(mktemp -d /tmp/pavtest-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT
export HOME=$work PAVTEST_CONFIG=$work/pavtest.yaml
: >"$PAVTEST_CONFIG"

# suite FIRST SECOND: a test of FIRST × SECOND permutations with strings of the usual kinds.
suite() {
    cat <<END
_base:
  summary: Bandwidth on {{sys_name}}
  variables: {size?: 5, flags: [-O2, -g]}
  build: {cmds: ['cc [~{{flags}} ~ ] -o prog prog.c']}
  run:
    env: {THREADS: '{{a}}'}
    cmds: ['./prog --size {{size * 2}}']
  result_parse: {regex: {rate: {regex: 'Rate: ([0-9.]+)'}}}
  result_evaluate: {result: 'rate > {{size}}'}
t:
  inherits_from: _base
  permute_on: [a, b]
  variables:
    a: [$(seq -s, "$1")]
    b: [$(seq -s, "$2")]
  run: {cmds+: ['./prog {{a:03d}} {{b}} {{len(flags)}}']}
END
}

mkdir -p "$work"/{few,many,listed}/suites
suite 15 10 >"$work/few/suites/s.yaml"
suite 100 100 >"$work/many/suites/s.yaml"
for ((file = 0; file < 100; file++)); do
    for ((test = 0; test < 10; test++)); do
        printf 't%d:\n  summary: Test %d of file %d\n  variables: {n: [1, 2, 3]}\n  run: {cmds: ["./prog {{n}}"]}\n' \
            "$test" "$test" "$file"
    done >"$work/listed/suites/s$file.yaml"
done

# Medians of processes' durations in microseconds.
median() {
    local times=0 start
    local -a all=()
    local rounds=$1
    shift
    for ((times = 0; times < rounds; times++)); do
        start=$(date +%s%N)
        "$@" >/dev/null
        all+=($((($(date +%s%N) - start) / 1000)))
    done
    printf '%s\n' "${all[@]}" | sort -n | sed -n "$((rounds / 2 + 1))p"
}

# figure NAME ROUNDS DIRECTORY COMMAND…
figure() {
    local name=$1 rounds=$2 directory=$3 ours least
    shift 3
    ours=$(PAV_CONFIG_DIR=$directory median "$rounds" "$pavsuite" "$@")
    least=$(median "$rounds" "$floor" "$directory"/suites/*.yaml)
    awk -v name="$name" -v v="$ours" -v f="$least" -v n="$rounds" \
        'BEGIN {printf "{\"name\":\"%s\",\"value\":%.2f,\"unit\":\"ms\",\"floor\":%.2f,\"ratio\":%.2f,\"n\":%d}\n", name, v / 1000, f / 1000, v / f, n}'
}

figure suites_150_permutations 21 "$work/few" show --json s
figure suites_list_1000_tests 21 "$work/listed" list
figure suites_10000_permutations 5 "$work/many" check s
