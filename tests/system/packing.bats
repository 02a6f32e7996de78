#!/usr/bin/env bats
# Many tests in one allocation: packed over its nodes, each in its place, and gone when it ends.
#
# shellcheck disable=SC2016,SC2154

# shellcheck source=tests/system/helpers.bash
load helpers

bats_require_minimum_version 1.5.0

setup_file() {
    require_commands sbatch jq setpriv
    start_cluster_with_pavtest --nodes 4
}

teardown_file() {
    stop_cluster
}

setup() {
    home=$(home_of "$USER_A")
    store=$home/.pavtest
    as_user "$USER_A" mkdir -p "$home/.pavilion/suites"
    # meet NAME…: waits until all of them have come here.
    as_user "$USER_A" tee "$home/meet" >/dev/null <<'SCRIPT'
#!/bin/bash
mkdir -p "$HOME/met"
touch "$HOME/met/$PAVTEST_TEST"
for _ in {1..600}; do
    (($(ls "$HOME/met" | wc -l) >= $1)) && exit 0
    sleep 0.1
done
echo "only $(ls "$HOME/met" | xargs) came"
exit 1
SCRIPT
    chmod +x "$home/meet"
}

teardown() {
    logs_if_failed
    scancel --user="$USER_A" 2>/dev/null || true
    wait_for 60 cluster_is_idle
    find "$home" -mindepth 1 -delete
}

suite() {
    as_user "$USER_A" tee "$home/.pavilion/suites/$1.yaml" >/dev/null <<<"$(printf '%s\n' "${@:2}")"
}

start_job() {
    id=$(submit --output=job "$@" </dev/null 2>"$home/sbatch.stderr") ||
        fail "sbatch ended with status $?: $(cat "$home/sbatch.stderr")"
}

end_job() {
    state=$(wait_job "$id" 120) || return
    output=$(cat "$home/job")
}

run_job() {
    start_job "$@" && end_job
}

says() {
    local text
    for text; do
        [[ $output == *"$text"* ]] || fail "no '$text' in: $output" || return
    done
}

test_files() {
    echo "$store"/sessions/*/*/jobs/"$id".0/tests/"$1"
}

result() {
    as_user "$USER_A" pavstat --json --offline --jobs "$id" |
        jq --raw-output ".sessions[0].tests[] | select(.name == \"$1\") | .${2:-result}"
}

# kill_helper NODE: the one that starts the tests there.
kill_helper() {
    local pid
    # It is the parent of the test's shell; which one, its environment says.
    pid=$(for pid in $(pgrep --full --uid "$USER_A" 'pavrun node-helper'); do
        tr '\0' '\n' <"/proc/$pid/environ" | grep --quiet "SLURMD_NODENAME=$1" && echo "$pid"
    done | tail -n 1)
    kill -KILL "$pid"
}

# same NAME COUNT LINE…: as many equal tests.
many() {
    suite "$1" "one: {permute_on: n, subtitle: '{{n}}', variables: {n: [$(seq --separator=, "$2")]}, $3}"
}

@test "tests run side by side over the nodes, one on each, by one step of helpers" {
    many wide 4 'run: {cmds: ["$HOME/meet 4", "echo node $PAVTEST_NODE $SLURMD_NODENAME"]}'
    run_job --nodes=4 --pavtest=wide
    [[ $state == COMPLETED ]] || fail "$output"
    says 'packing: 4 nodes, at most 4 tests at once' 'steps:   1 for helpers, 0 for tests' 'idle:    n1 ' \
        'pavtest: 4 passed' 'wide.one.1  on n1'
    [[ $(cat "$store"/sessions/*/*/jobs/"$id.0"/tests/*/run.log | sort | xargs) == \
        "node n1 n1 node n2 n2 node n3 n3 node n4 n4" ]]
    [[ $(result wide.one.3 nodes) == *n3* ]]
}

@test "side by side on one node only where both sides ask, each on its own processors" {
    many both 2 'run: {concurrent: 2, cmds: ["$HOME/meet 2", "taskset --cpu-list --pid $$"]}'
    run_job --ntasks-per-node=2 --pavtest=both
    [[ $state == COMPLETED ]] || fail "$output"
    says 'packing: 1 node, at most 2 tests at once'
    [[ $(cat "$store"/sessions/*/*/jobs/"$id.0"/tests/*/run.log | sed 's/.*: //' | sort -u | wc -l) == \
        "$(($(nproc) > 1 ? 2 : 1))" ]]
    find "$home/met" -type f -delete
    run_job --ntasks-per-node=2 --pavtest=both --pavtest-set run.concurrent=1 \
        --pavtest-set run.cmds='["[ ! -e $HOME/one ] && touch $HOME/one && sleep 0.5 && rm $HOME/one"]'
    [[ $state == COMPLETED ]] || fail "$output"
}

@test "a test that wants all nodes has the job to itself, and its own steps" {
    suite whole 'all: {schedule: {nodes: all}, run: {cmds: ["[ ! -e $HOME/other ]", "srun --ntasks-per-node=1 --ntasks=$SLURM_JOB_NUM_NODES hostname", "[ ! -e $HOME/other ]"]}}' \
        '_o: {run: {cmds: ["touch $HOME/other", "sleep 1", "rm -f $HOME/other"]}}' \
        'a: {inherits_from: _o}' 'b: {inherits_from: _o}'
    run_job --nodes=3 --pavtest=whole
    [[ $state == COMPLETED ]] || fail "$output"
    [[ $(wc -l <"$(test_files 0000)/run.log") == 3 ]]
    says 'steps:   1 for helpers, 1 for tests on several nodes' 'whole.all  on n[1-3]'
}

@test "sched.test_cmd starts a program on the test's own nodes" {
    suite cmd '_c: {scheduler: slurm, schedule: {nodes: 2, tasks_per_node: 1}, run: {cmds: ["{{sched.test_cmd}} printenv SLURMD_NODENAME | sort | xargs", "echo {{sched.test_nodes}} of {{sched.tasks_total}}"]}}' \
        'a: {inherits_from: _c}' 'b: {inherits_from: _c}'
    run_job --nodes=4 --pavtest=cmd
    [[ $state == COMPLETED ]] || fail "$output"
    [[ $(cat "$store"/sessions/*/*/jobs/"$id.0"/tests/*/run.log | sort | xargs) == "2 of 2 2 of 2 n1 n2 n3 n4" ]] ||
        fail "$(cat "$store"/sessions/*/*/jobs/"$id.0"/tests/*/run.log)"
}

@test "a test's place: variables, scratch of its own, gone afterwards" {
    many scratch 2 'run: {cmds: ["echo $PAVTEST_SCRATCH", "mkdir $PAVTEST_SCRATCH/deep", "echo x > $PAVTEST_SCRATCH/deep/file", "env | grep ^PAVTEST_ | cut -d= -f1 | sort | xargs"]}'
    run_job --nodes=2 --pavtest=scratch
    [[ $state == COMPLETED ]] || fail "$output"
    local log
    for log in "$store"/sessions/*/*/jobs/"$id.0"/tests/*/run.log; do
        wait_for 10 test ! -e "$(head -n 1 "$log")"
        [[ $(tail -n 1 "$log") == "PAVTEST_ATTEMPT PAVTEST_JOB PAVTEST_NODE PAVTEST_NODES PAVTEST_SCRATCH PAVTEST_SESSION PAVTEST_STORE PAVTEST_TEST PAVTEST_TEST_DIR PAVTEST_TEST_NAME" ]]
    done
}

@test "time-outs end whole trees on other nodes" {
    many late 2 'run: {timeout: 1, cmds: ["trap \"\" TERM", "(setsid sleep 1234 &)", "sleep 1234 & wait; sleep 1234"]}'
    run_job --nodes=2 --pavtest=late
    [[ $state == FAILED ]] || fail "$output"
    [[ $(result late.one.1 cause) == timeout && $(result late.one.2 cause) == timeout ]]
    run ! pgrep --full --uid "$USER_A" 'sleep 1234'
}

@test "schedule.time_limit is the whole time that a test may take" {
    suite limit 'talks: {schedule: {time_limit: "0.0005"}, run: {cmds: ["while sleep 0.2; do echo again; done"]}}'
    run_job --pavtest=limit
    [[ $state == FAILED ]] || fail "$output"
    says '(schedule.time_limit)'
    [[ $(result limit.talks cause) == timeout ]]
}

@test "a helper that is killed takes its test along, and no other" {
    suite kill '_s: {run: {cmds: ["touch $HOME/run.$PAVTEST_NODE; (setsid sleep 1235 &)", "while [ ! -e $HOME/go ]; do sleep 0.1; done"]}}' \
        'a: {inherits_from: _s}' 'b: {inherits_from: _s}' 'c: {inherits_from: _s}'
    start_job --nodes=3 --pavtest=kill
    wait_for 60 test -e "$home/run.n3" -a -e "$home/run.n2" -a -e "$home/run.n1"
    kill_helper n2
    wait_for 60 eval '[[ $(result kill.b state) == ABORTED ]]'
    wait_for 20 eval '[[ $(pgrep --full --uid "$USER_A" "^sleep 1235" | wc -l) == 2 ]]'
    as_user "$USER_A" touch "$home/go"
    end_job
    says 'node n2 was lost'
    [[ $(result kill.a) == PASS && $(result kill.c) == PASS && $(result kill.b) == null ]] || fail "$output"
    [[ $(result kill.b cause) == "node failure" ]]
}

@test "what took long starts first the next time, and the job asks for the packing's time" {
    suite known '_t: {schedule: {time_limit: 0.1}}' 'a: {inherits_from: _t, run: {cmds: ["true"]}}' \
        'b: {inherits_from: _t, run: {cmds: ["true"]}}' 'c: {inherits_from: _t, run: {cmds: ["sleep 1"]}}' \
        'wide: {inherits_from: _t, schedule: {nodes: 2}, run: {cmds: ["true"]}}'
    run_job --pavtest=known
    # Six minutes for the wide one, twelve for the three on two nodes, and five.
    [[ $state == COMPLETED && $(job_field "$id" TimeLimit) == 00:23:00 ]] || fail "$output"
    says '(2/4) start    known.a' '(4/4) start    known.c'
    run_job --pavtest=known
    says '(1/4) start    known.wide' '(2/4) start    known.c'
    run_job --nodes=1 --pavtest=known.a,known.b
    [[ $(job_field "$id" TimeLimit) == 00:17:00 ]]
}

@test "another attempt goes elsewhere, and every one is on record" {
    suite again 'bad: {retry: {count: 2, on: [fail], elsewhere: true}, run: {cmds: ["echo on $PAVTEST_NODE", "echo $PAVTEST_NODE >> $HOME/tried", "[ $(wc -l < $HOME/tried) = 3 ]"]}}'
    run_job --nodes=3 --pavtest=again
    [[ $state == COMPLETED ]] || fail "$output"
    says 'attempt 1 of 3, runs again' '1 passed (1 of them in more than one attempt)'
    [[ $(sort "$home/tried" | xargs) == "n1 n2 n3" ]]
    [[ $(result again.bad note) == "PASS: returned 0; attempt 3 of 3" ]]
    [[ $(cat "$(test_files 0000)"/{1,2,.}/run.log | sort | xargs) == "on n1 on n2 on n3" ]]
    jq --exit-status '.result == "FAIL"' "$(test_files 0000)/2/results.json"
    as_user "$USER_A" pavstat --history --offline --jobs "$id" >"$home/history"
    grep ' 2 .*INFO *FAIL .*attempt 2 of 3: FAIL: returned 1; runs again' "$home/history"
    grep ' 3 .*COMPLETE *PASS ' "$home/history"
}

@test "a helper that is killed: its test is tried again where it says so" {
    suite lost '_w: {run: {cmds: ["touch $HOME/run.$PAVTEST_TEST.$PAVTEST_NODE", "while [ ! -e $HOME/go ]; do sleep 0.1; done"]}}' \
        'one: {inherits_from: _w}' 'two: {inherits_from: _w, retry: {count: 1}}'
    start_job --nodes=3 --pavtest=lost
    wait_for 60 test -e "$home/run.0.n1" -a -e "$home/run.1.n2"
    kill_helper n2
    wait_for 60 test -e "$home/run.1.n3"
    as_user "$USER_A" touch "$home/go"
    end_job
    [[ $state == COMPLETED ]] || fail "$output"
    [[ $(result lost.two note) == *"attempt 2 of 2" && $(result lost.two) == PASS ]]
}

@test "cleanup commands run also when the job is cancelled, on the test's node" {
    suite tidy '_t: {run: {cmds: ["touch $HOME/run.$PAVTEST_NODE", "sleep 1236"]}, cleanup: {cmds: ["rm $HOME/run.$PAVTEST_NODE", "hostname; sleep 0.2", "touch $HOME/tidy.$PAVTEST_NODE"]}}' \
        'a: {inherits_from: _t}' 'b: {inherits_from: _t}'
    start_job --nodes=2 --pavtest=tidy
    wait_for 60 test -e "$home/run.n1" -a -e "$home/run.n2"
    scancel "$id"
    end_job
    [[ $(result tidy.a cause) == cancelled && $(result tidy.b cause) == cancelled ]] || fail "$output"
    [[ ! -e $home/run.n1 && ! -e $home/run.n2 ]]
    [[ -e $home/tidy.n1 && -e $home/tidy.n2 ]] || fail "$(ls "$home"; cat "$(test_files 0001)/status")"
    run ! pgrep --full --uid "$USER_A" 'sleep 1236'
}

@test "scratch directories of a job that was killed go with its epilogs" {
    many gone 2 'run: {cmds: ["mkdir $PAVTEST_SCRATCH/deep", "touch $PAVTEST_SCRATCH/deep/file", "echo $PAVTEST_SCRATCH > $HOME/scratch.$PAVTEST_NODE", "sleep 1237"]}'
    start_job --nodes=2 --pavtest=gone
    wait_for 60 test -s "$home/scratch.n1" -a -s "$home/scratch.n2"
    local places=("$(cat "$home/scratch.n1")" "$(cat "$home/scratch.n2")")
    [[ -e ${places[0]}/deep/file && -e ${places[1]}/deep/file ]]
    scancel --full --signal=KILL "$id"
    end_job
    wait_for 20 test ! -e "${places[0]%/*}" -a ! -e "${places[1]%/*}"
}

@test "health looks at all nodes, one test at a time" {
    run_job --nodes=3 --pavtest=health.name_resolution,health.mounts
    [[ $state == COMPLETED ]] || fail "$output"
    says 'one test at a time' 'health.mounts  on n[1-3]'
}
