#!/usr/bin/env bats
# Results of real jobs: parsed, evaluated, compared with references, kept; and what becomes of
# a test whose evidence is missing, broken or endless.
#
# shellcheck disable=SC2016,SC2154

# shellcheck source=tests/system/helpers.bash
load helpers

bats_require_minimum_version 1.5.0

setup_file() {
    require_commands sbatch jq setpriv
    start_cluster_with_pavtest --nodes 2
}

teardown_file() {
    stop_cluster
}

setup() {
    home=$(home_of "$USER_A")
    store=$home/.pavtest
    as_user "$USER_A" mkdir -p "$home/.pavilion/suites"
}

teardown() {
    logs_if_failed
    scancel --user="$USER_A" 2>/dev/null || true
    wait_for 60 cluster_is_idle
    find "$home" -mindepth 1 -delete
}

# suite NAME <<TEXT: a suite of USER_A's.
suite() {
    as_user "$USER_A" tee "$home/.pavilion/suites/$1.yaml" >/dev/null
}

# run_suite STATE NAME: a job to its end, which is that state.
run_suite() {
    id=$(submit --output=job --pavtest="$2" </dev/null 2>"$home/sbatch.stderr") ||
        fail "$(cat "$home/sbatch.stderr")" || return
    is "$1" wait_job "$id" 120 || fail "$(cat "$home/job")"
}

# result TEST FILTER: of jq, on the test's line in results.jsonl.
result() {
    jq --raw-output "select(.name == \"$1\") | $2" "$store"/sessions/*/*/jobs/"$id.0"/results.jsonl
}

# shown TEST FIELD: of pavstat.
shown() {
    as_user "$USER_A" pavstat --json --offline --jobs "$id" |
        jq --raw-output ".sessions[0].tests[] | select(.name == \"$1\") | .$2"
}

# is EXPECTED COMMAND…
is() {
    local found
    found=$("${@:2}") || return
    [[ $found == "$1" ]] || fail "'$found', not '$1': ${*:2}"
}

has_file() {
    compgen -G "$1" >/dev/null
}

@test "every parser, actions, several files, key lists, evaluations" {
    suite tour <<'EOF'
tour:
  variables: {least: 10, size: [1, 2]}
  permute_on: [size]
  subtitle: 'size{{size}}'
  run:
    cmds:
      - 'echo "speed 12.50 GB/s in 3 s"'
      - 'echo "part 4"; echo "part 8"; echo "part 6"'
      - 'echo "a, 5, c"'
      - 'printf "node | rate\n-----------\nn1 | 10.25\nn2 | 11\n"'
      - 'echo ""; echo "json:"; echo "{\"x\": 9007199254740993, \"y\": [1, 2]}"'
      - 'echo "flops 7" > one.out; echo "flops 9" > two.out'
  result_parse:
    regex:
      _defaults: {for_lines_matching: '^(speed|part|flops)'}
      "speed, _, unit_time": {regex: 'speed ([0-9.]+) (\S+) in (\d+)'}
      sum: {regex: '(\d+)$', match_select: all, action: store_sum, for_lines_matching: '^part'}
      median: {regex: 'part (\d+)', match_select: all, action: store_median}
      last: {regex: ' (\d+)$', match_select: last}
      none: {regex: nothing}
      flops: {regex: 'flops (\d+)', files: '*.out', per_file: name}
      best: {regex: 'flops (\d+)', files: '*.out', per_file: last}
      _hidden: {regex: 'part (\d)'}
    split: {'first, _, third': {sep: ',', for_lines_matching: '^a,'}}
    table: {by_node: {delimiter_re: '\|', for_lines_matching: '^node \|'}}
    json: {data: {preceded_by: ['^json:'], include_only: [x]}}
    constant: {machine: {const: 'big'}}
    command: {files: {command: 'ls *.out | wc -l', output_type: stdout}}
    filecheck: {made: {files: one.out}}
  result_evaluate:
    twice: 'once * 2'
    once: '_hidden + {{size}}'
    total: 'sum(per_file.*.flops)'
    result: 'speed > {{least}} and made and return_value == 0'
EOF
    run_suite COMPLETED tour
    local test=tour.tour.size2
    is PASS shown "$test" result
    is 12.5 result "$test" .speed
    is 3 result "$test" .unit_time
    is 18 result "$test" .sum
    is 6 result "$test" .median
    is 6 result "$test" .last
    is null result "$test" .none
    is '{"one":{"flops":7},"two":{"flops":9}}' result "$test" '.per_file | tojson'
    is 9 result "$test" .best
    is false result "$test" 'has("_hidden")'
    is a result "$test" .first
    is c result "$test" .third
    is 10.25 result "$test" .by_node.n1.rate
    is big result "$test" .machine
    is 2 result "$test" .files
    is true result "$test" .made
    is '6 12' result "$test" '"\(.once) \(.twice)"'
    is 16 result "$test" .total
    is PASS result "$test" .result
    is 2 result "$test" .permute_on.size
    is '10 2' result "$test" '"\(.var.least) \(.var.size)"'
    is 1 result "$test" .sched.test_nodes
    is 1 result "$test" .sched.alloc_nodes
    is false result "$test" '.sys_name | . == null or . == ""'
    is 0 result "$test" .return_value
    is "$USER_A" result "$test" .user
    is "$id" result "$test" .job_info.id
    is '[]' result "$test" '.pav_result_errors | tojson'
    # The digits that the test printed, which no double holds.
    grep --quiet '"x": 9007199254740993}' "$store"/sessions/*/*/jobs/"$id.0"/tests/0001/results.json
    is 2 grep --count '^{.*}$' "$store"/sessions/*/*/jobs/"$id.0"/results.jsonl
}

@test "references: inside, outside, expected, missing; each node for itself" {
    suite perf <<'EOF'
_base:
  run: {cmds: ['echo "rate 80 GB/s"', 'echo "rate 99" > n1.out; echo "rate 60" > n2.out']}
  result_parse:
    regex:
      rate: {regex: 'rate ([0-9.]+)'}
      by_node: {regex: 'rate ([0-9.]+)', files: '*.out', per_file: name}
inside:
  inherits_from: _base
  reference: {rate: {'*': {value: 100, lower: '25%', unit: GB/s}}}
outside:
  inherits_from: _base
  reference: {rate: {'*': {value: 100, lower: '10%', unit: GB/s}, 'nowhere': {value: 1, upper: 1}}}
expected:
  inherits_from: _base
  reference: {rate: {'*': {value: 100, lower: '10%', expected_fail: 'ticket 12'}}}
missing:
  inherits_from: _base
  reference: {bandwidth: {'*': {value: 100, lower: 10}}}
nodes:
  inherits_from: _base
  reference: {by_node: {'*:*': {value: 100, lower: '10%'}}}
EOF
    run_suite FAILED perf
    is PASS shown perf.inside result
    is FAIL shown perf.outside result
    is 'FAIL: returned 0; rate is 80 GB/s, below 90.0 (reference 100.0 GB/s -10%)' \
        shown perf.outside note
    is below result perf.outside .reference.rate.outcome
    is PASS shown perf.expected result
    [[ $(shown perf.expected note) == *'as expected: ticket 12'* ]]
    is ERROR shown perf.missing result
    is RESULTS_ERROR shown perf.missing state
    is FAIL shown perf.nodes result
    [[ $(shown perf.nodes note) == *'by_node on n2 is 60'* ]]
    is inside result perf.nodes .reference.by_node.n1.outcome
}

@test "missing, binary and huge evidence, hopeless patterns and commands: an error of that test" {
    suite broken <<'EOF'
_base:
  run: {cmds: ['echo "rate 80"']}
  result_parse: {regex: {rate: {regex: 'rate (\d+)'}}}
  result_evaluate: {result: 'rate > 50'}
gone: {inherits_from: _base, run: {cmds: ['echo "rate 80"; rm ../run.log']}}
binary: {inherits_from: _base, run: {cmds: ['head -c 100000 /dev/urandom', 'echo; echo "rate 80"']}}
sparse:
  inherits_from: _base
  run: {cmds: ['echo "rate 80"', 'truncate --size=10G ../run.log', 'echo; echo "rate 10"']}
nothing: {inherits_from: _base, run: {cmds: ['echo no rate']}}
nan: {inherits_from: _base, run: {cmds: ['echo "rate nan"']},
  result_parse: {regex: {rate: {regex: 'rate (\S+)'}}}, result_evaluate: {result: 'not rate > 50'}}
endless: {inherits_from: _base, run: {cmds: ['head -c 5000 /dev/zero | tr "\0" a; echo b']},
  result_parse: {regex: {rate: {regex: '((a+)+)+$'}}}}
killed: {run: {cmds: ['true']}, result_evaluate: {result: 'rate > 50'},
  result_parse: {command: {rate: {command: 'kill -9 $PPID', output_type: stdout}}}}
number: {inherits_from: _base, result_evaluate: {result: 'rate'}}
loop: {inherits_from: _base, result_evaluate: {result: 'a > 1', a: 'b', b: 'a'}}
well: {inherits_from: _base}
EOF
    run_suite FAILED broken
    local test
    for test in gone nothing nan endless killed number loop; do
        is ERROR shown "broken.$test" result
        is RESULTS_ERROR shown "broken.$test" state
        is ERROR result "broken.$test" .result
        is true result "broken.$test" '.pav_result_errors | length > 0'
    done
    [[ $(shown broken.gone note) == *"there is no file '../run.log'"* ]]
    [[ $(shown broken.nan note) == *NaN* ]]
    [[ $(shown broken.endless note) == *'((a+)+)+$'* ]]
    [[ $(shown broken.killed note) == *'killed by signal 9'* ]]
    [[ $(shown broken.number note) == *'must be True or False'* ]]
    [[ $(shown broken.loop note) == *loop* ]]
    is PASS shown broken.binary result
    is PASS shown broken.sparse result
    is 80 result broken.sparse .rate
    is PASS shown broken.well result
}

@test "a test that times out or is cancelled keeps its results, and its end" {
    suite cut <<'EOF'
_base:
  result_parse: {regex: {rate: {regex: 'rate (\d+)'}}}
  result_evaluate: {result: 'rate > 50'}
slow: {inherits_from: _base, run: {timeout: 1, cmds: ['echo "rate 80"; sleep 600']}}
cancelled: {inherits_from: _base, run: {cmds: ['echo "rate 90"; touch "$PAVTEST_TEST_DIR/there"; sleep 600']}}
EOF
    run_suite FAILED cut.slow
    is FAIL shown cut.slow result
    is timeout shown cut.slow cause
    is 80 result cut.slow .rate
    is FAIL result cut.slow .result
    id=$(submit --output=job --pavtest=cut.cancelled </dev/null)
    wait_for 60 has_file "$store/sessions/*/*/jobs/$id.0/tests/*/there"
    scancel "$id"
    wait_job "$id" 60
    is ABORTED shown cut.cancelled state
    is null shown cut.cancelled result
    is 90 result cut.cancelled .rate
    is null result cut.cancelled .result
}
