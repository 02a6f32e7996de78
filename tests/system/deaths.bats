#!/usr/bin/env bats
# Every way in which a job can die: each test and the session get one true end, with
# its cause and who says so; each living node has its last record; no node is
# drained, no process of ours is left; and what was requeued goes on.
#
# shellcheck disable=SC2016,SC2154

# shellcheck source=tests/system/helpers.bash
load helpers

bats_require_minimum_version 1.5.0

setup_file() {
    require_commands sbatch jq setpriv
    require_root
    start_cluster_with_pavtest --nodes 4 --accounting
}

teardown_file() {
    stop_cluster
}

setup() {
    home=$(home_of "$USER_A")
    store=$home/.pavtest
    as_user "$USER_A" mkdir -p "$home/.pavilion/suites"
    suite deaths \
        'first: {run: {cmds: ["true"]}}' \
        'long: {run: {cmds: ["setsid sleep 1000 &", "(setsid env -i sleep 1000 &)", "sleep 1000"]}}' \
        'last: {run: {cmds: ["true"]}}'
}

teardown() {
    logs_if_failed
    scancel --user="$USER_A" 2>/dev/null || true
    wait_for 60 cluster_is_idle
    ! mountpoint --quiet "$store" || umount "$store"
    # What the last test left; pgrep finds nothing if all is well.
    run -1 pgrep --uid "$USER_A"
    find "$home" -mindepth 1 -delete
}

# suite NAME LINE…: a suite of USER_A's.
suite() {
    as_user "$USER_A" tee "$home/.pavilion/suites/$1.yaml" >/dev/null <<<"$(printf '%s\n' "${@:2}")"
}

# The suite deaths for a job of several nodes, where its tests would run side by side.
one_by_one() {
    sed -i 's/^\([a-z]*: {\)/\1schedule: {share_allocation: false}, /' "$home/.pavilion/suites/deaths.yaml"
}

# suite_job [ARGUMENT of sbatch]…: prints its id. The output is in job.ID.
suite_job() {
    submit --output=job.%A "$@" </dev/null 2>>"$home/sbatch.stderr" ||
        fail "$(cat "$home/sbatch.stderr")"
}

output_says() {
    grep --quiet --fixed-strings -- "$2" "$home/job.$1" 2>/dev/null
}

# The job runs, and its test of that name as well.
wait_started() {
    wait_for "${3:-30}" output_says "$1" "start    $2"
}

# view JOB [ARGUMENT of pavstat]…: a session in JSON.
view() {
    as_user "$USER_A" pavstat --json --jobs "$@" | jq --compact-output '.sessions[0]'
}

# ends JOB [ARGUMENT of pavstat]…: a line for each test, and the session's first.
ends() {
    view "$@" | jq --raw-output '"session \(.state) \(.cause // .note | tostring | .[0:60])",
        (.tests[] | "\(.name) \(.state) \(.result) \(.cause) by \(.source)")'
}

# expect JOB LINE…: what ends() has to say.
expect() {
    local id=$1 said
    shift
    said=$(ends "$id" "${pavstat_arguments[@]}" | grep -v '^session')
    [[ $said == "$(printf '%s\n' "$@")" ]] || fail "$said"
}

session_state() {
    view "$1" "${@:2}" | jq --raw-output .state
}

ended() {
    [[ $(view "$1" --offline | jq '[.tests[] | select(.ended == null)] | length') == 0 ]]
}

# record_count JOB[.RESTART] TEXT: in the job's journals.
record_count() {
    cat "$store"/sessions/*/*/jobs/"$1"/journal.* | grep --count --fixed-strings -- "$2"
}

interrupted() {
    local cause=$1 source=$2
    printf '%s\n' 'deaths.first COMPLETE PASS finished by runner' \
        "deaths.long ABORTED null $cause by $source" "deaths.last ABORTED null $cause by $source"
}

# expect_interrupted JOB CAUSE SOURCE
expect_interrupted() {
    local lines
    mapfile -t lines < <(interrupted "$2" "$3")
    expect "$1" "${lines[@]}"
}

# missed_at_registration JOB NODE: the node registers once more, and its job is queued again.
missed_at_registration() {
    "$CLUSTER" daemon "$2" kill
    "$CLUSTER" daemon "$2" start
    wait_for 15 job_is "$1" PENDING
}

pavstat_arguments=(--offline)

# ---- ends by Slurm ----

@test "scancel while running" {
    id=$(suite_job --pavtest=deaths)
    wait_started "$id" deaths.long
    scancel "$id"
    [[ $(wait_job "$id") == CANCELLED ]]
    expect_interrupted "$id" cancelled runner
    [[ $(record_count "$id.0" '"node":"left"') == 1 ]]
    output_says "$id" "stopped  deaths.long"
}

@test "scancel --signal=KILL" {
    one_by_one
    id=$(suite_job --pavtest=deaths --nodes=2)
    wait_started "$id" deaths.long
    scancel --signal=KILL "$id"
    wait_job "$id"
    expect_interrupted "$id" cancelled runner
    [[ $(record_count "$id.0" '"node":"left"') == 2 ]]
}

@test "scancel while pending" {
    id=$(suite_job --pavtest=deaths --begin=now+1hour)
    scancel "$id"
    wait_job "$id"
    pavstat_arguments=()
    expect "$id" deaths.{first,long,last}' SCHED_CANCELLED null cancelled by settle'
    [[ $(session_state "$id") == SCHED_CANCELLED ]]
}

@test "the time limit" {
    id=$(suite_job --pavtest=deaths --partition=tiny --time=1)
    wait_started "$id" deaths.long
    scontrol update "JobId=$id" EndTime=now+1
    [[ $(wait_job "$id" 120) == TIMEOUT ]]
    expect_interrupted "$id" "time limit" runner
}

@test "a test that ignores SIGTERM does not keep the others from their end" {
    suite stubborn 'long: {run: {cmds: ["trap \"\" TERM", "while true; do sleep 0.1; done"]}}' \
        'last: {run: {cmds: ["true"]}}'
    id=$(suite_job --pavtest=stubborn)
    wait_started "$id" stubborn.long
    scancel "$id"
    wait_job "$id"
    expect "$id" 'stubborn.long ABORTED null cancelled by runner' \
        'stubborn.last ABORTED null cancelled by runner'
}

@test "scontrol requeue: what had ended stays, the rest runs again" {
    suite again 'first: {run: {cmds: ["true"]}}' \
        'long: {run: {cmds: ["test -e $HOME/second || sleep 1000"]}}' \
        'last: {run: {cmds: ["true"]}}'
    id=$(suite_job --pavtest=again)
    wait_started "$id" again.long
    as_user "$USER_A" touch "$home/second"
    scontrol requeue "$id"
    wait_for 10 ended "$id"
    expect "$id" 'again.first COMPLETE PASS finished by runner' \
        'again.long ABORTED null requeued by runner' 'again.last ABORTED null requeued by runner'
    [[ $(wait_job "$id" 60) == COMPLETED ]]
    expect "$id" again.{first,long,last}' COMPLETE PASS finished by runner'
    [[ $(session_state "$id") == COMPLETE && $(view "$id" | jq .restarts) == 1 ]]
    [[ ! -e $(echo "$store"/sessions/*/*/jobs/"$id.1"/tests/0000) ]]
}

@test "scontrol suspend and resume: time stands still for the tests" {
    suite quiet 'long: {run: {timeout: 4, cmds: ["for i in 1 2 3 4 5; do echo; sleep 1; done"]}}'
    id=$(suite_job --pavtest=quiet)
    wait_started "$id" quiet.long
    scontrol suspend "$id"
    sleep 7
    scontrol resume "$id"
    [[ $(wait_job "$id") == COMPLETED ]]
    expect "$id" 'quiet.long COMPLETE PASS finished by runner'
}

@test "scancel while suspended" {
    id=$(suite_job --pavtest=deaths)
    wait_started "$id" deaths.long
    scontrol suspend "$id"
    sleep 3
    scancel "$id"
    wait_job "$id"
    wait_for 10 ended "$id"
    expect_interrupted "$id" pending epilog
    pavstat_arguments=()
    [[ $(session_state "$id") == SCHED_CANCELLED ]]
}

@test "out of memory is the test's failure, and its cause" {
    [[ $("$CLUSTER" status) == *"containment cgroup"* ]] || fail "this test needs cgroups"
    suite memory 'eat: {run: {cmds: ["head --bytes=400M /dev/zero | tail | wc --bytes"]}}' \
        'last: {run: {cmds: ["true"]}}'
    id=$(suite_job --pavtest=memory --mem=80)
    wait_job "$id"
    expect "$id" 'memory.eat COMPLETE FAIL out of memory by runner' \
        'memory.last COMPLETE PASS finished by runner'
}

# ---- processes that die ----

@test "kill -9 of the runner" {
    id=$(suite_job --pavtest=deaths)
    wait_started "$id" deaths.long
    kill -9 "$(pgrep --uid "$USER_A" pavrun)"
    [[ $(wait_job "$id") == FAILED ]]
    expect_interrupted "$id" "runner killed" epilog
}

@test "kill -9 of the batch step's slurmstepd" {
    id=$(suite_job --pavtest=deaths --nodelist=n2)
    wait_started "$id" deaths.long
    kill -9 "$(step_daemons "$id.batch")"
    wait_for 5 ended "$id"
    expect_interrupted "$id" pending runner
    wait_for 5 run -1 pgrep --uid "$USER_A"
    # Slurm notices when the node registers, and starts the job again: not before
    # BatchStartTimeout (20 s) is over.
    sleep 21
    wait_for 120 missed_at_registration "$id" n2
    rm "$home/job.$id"
    wait_started "$id" deaths.long 60
    scancel "$id"
    wait_job "$id"
    expect_interrupted "$id" cancelled runner
    [[ $(view "$id" | jq .restarts) == 1 ]]
}

@test "kill -9 of a slurmd: the job goes on, and its end is told" {
    suite slow 'one: {run: {cmds: ["sleep 4"]}}'
    id=$(suite_job --pavtest=slow --nodelist=n3)
    wait_started "$id" slow.one
    "$CLUSTER" daemon n3 kill
    wait_for 20 ended "$id"
    expect "$id" 'slow.one COMPLETE PASS finished by runner'
    [[ $(session_state "$id") == COMPLETE ]]
    "$CLUSTER" daemon n3 start
    wait_job "$id" 60
    [[ $(record_count "$id.0" '"node":"left"') == 1 ]]
}

@test "scancel while the slurmd is dead: the end comes with the slurmd" {
    id=$(suite_job --pavtest=deaths --nodelist=n3)
    wait_started "$id" deaths.long
    "$CLUSTER" daemon n3 kill
    scancel "$id"
    sleep 2
    [[ $(session_state "$id") != COMPLETE ]]
    "$CLUSTER" daemon n3 start
    wait_job "$id" 60
    wait_for 20 ended "$id"
    expect_interrupted "$id" cancelled runner
}

@test "a node is set down: the job starts again without its finished tests" {
    id=$(suite_job --pavtest=deaths --nodelist=n4)
    wait_started "$id" deaths.long
    "$CLUSTER" node n4 down
    wait_for 10 ended "$id"
    expect_interrupted "$id" "node failure" runner
    rm "$home/job.$id"
    "$CLUSTER" node n4 up || true
    wait_started "$id" deaths.long 60
    output_says "$id" "(1/2) start    deaths.long"
    scancel "$id"
    wait_job "$id"
}

@test "another node of the job is set down" {
    one_by_one
    id=$(suite_job --pavtest=deaths --nodes=2 --nodelist=n[1,4] --no-requeue)
    wait_started "$id" deaths.long
    "$CLUSTER" node n4 down
    [[ $(wait_job "$id") == NODE_FAIL ]]
    wait_for 10 ended "$id"
    expect_interrupted "$id" "node failure" runner
    "$CLUSTER" node n4 up || true
    pavstat_arguments=()
    ends "$id" | grep 'deaths.long .* node failure by'
}

@test "a node of a job with --no-kill is set down: the tests on the others go on" {
    suite spread '_w: {run: {cmds: ["touch $HOME/on.$PAVTEST_NODE", "while [ ! -e $HOME/go ]; do sleep 0.1; done"]}}' \
        'a: {inherits_from: _w}' 'b: {inherits_from: _w}' 'c: {inherits_from: _w}' \
        'later: {run: {cmds: ["echo on $PAVTEST_NODE"]}}'
    id=$(suite_job --pavtest=spread --no-kill --nodes=3 --nodelist='n[1-2,4]')
    wait_for 60 test -e "$home/on.n1" -a -e "$home/on.n2" -a -e "$home/on.n4"
    "$CLUSTER" node n4 down
    wait_for 90 output_says "$id" "node n4 was lost" || fail "$(cat "$home/job.$id")"
    as_user "$USER_A" touch "$home/go"
    wait_job "$id" 60
    wait_for 20 ended "$id"
    expect "$id" spread.{a,b}' COMPLETE PASS finished by runner' \
        'spread.c ABORTED null node failure by runner' 'spread.later COMPLETE PASS finished by runner'
    [[ $(session_state "$id") == COMPLETE ]]
    "$CLUSTER" node n4 up || true
}

# ---- stores ----

@test "the store vanishes for a while: tests go on, nothing is lost" {
    suite slow 'one: {run: {cmds: ["touch $HOME/started", "sleep 4"]}}' 'two: {run: {cmds: ["sleep 1"]}}'
    id=$(suite_job --pavtest=slow)
    wait_for 20 test -e "$home/started"
    mv "$store" "$store.away"
    sleep 2
    mv "$store.away" "$store"
    [[ $(wait_job "$id") == COMPLETED ]]
    expect "$id" slow.{one,two}' COMPLETE PASS finished by runner'
}

@test "the store is deleted: the job's output tells, and the job ends" {
    suite slow 'one: {run: {cmds: ["touch $HOME/started", "until [ -e $HOME/go ]; do sleep 0.1; done"]}}' \
        'two: {run: {cmds: ["true"]}}'
    id=$(suite_job --pavtest=slow)
    wait_for 20 test -e "$home/started"
    # A record may come into a directory that is just being emptied.
    wait_for 20 rm -rf "$store"
    touch "$home/go"
    [[ $(wait_job "$id" 60) == FAILED ]]
    output_says "$id" "records could not be written" || fail "$(cat "$home/job.$id")"
    output_says "$id" "PASS     slow.two"
}

@test "the store's disk is full: every end is on record" {
    suite full 'one: {run: {cmds: ["cat /dev/zero > fill || true", "ls -l fill"]}}' \
        'two: {run: {cmds: ["echo two"]}}' 'three: {run: {cmds: ["false"]}}'
    as_user "$USER_A" mkdir "$store"
    mount -t tmpfs -o "size=4m,mode=700,uid=$(id -u "$USER_A")" none "$store"
    id=$(suite_job --pavtest=full)
    [[ $(wait_job "$id") == FAILED ]]
    expect "$id" 'full.one COMPLETE PASS finished by runner' \
        'full.two COMPLETE PASS finished by runner' 'full.three COMPLETE FAIL finished by runner'
    [[ $(session_state "$id" --offline) == COMPLETE ]]
    # It was full, but for what had been kept for journal and log, and was given back.
    [[ $(df --output=avail "$store" | tail -n 1) -lt 512 ]]
}

@test "a disk that is full from the start: tests run elsewhere" {
    suite full 'one: {run: {cmds: ["echo one"]}}'
    as_user "$USER_A" mkdir "$store"
    mount -t tmpfs -o "size=4m,mode=700,uid=$(id -u "$USER_A")" none "$store"
    id=$(suite_job --pavtest=full --begin=now+2)
    as_user "$USER_A" bash -c "cat /dev/zero >'$store/fill'" || true
    wait_job "$id" 60
    output_says "$id" "PASS     full.one"
    rm -rf /tmp/pavtest-*-"$id.0"
}

@test "a suite that is deleted while queued runs as it was" {
    id=$(suite_job --pavtest=deaths.first --begin=now+2)
    rm -r "$home/.pavilion"
    [[ $(wait_job "$id") == COMPLETED ]]
    expect "$id" 'deaths.first COMPLETE PASS finished by runner'
}

# ---- many ----

@test "array tasks are jobs of their own" {
    suite array 'even: {run: {cmds: ["exit $((SLURM_ARRAY_TASK_ID % 2))"]}}'
    id=$(suite_job --pavtest=array --array=1-4)
    wait_for 60 eval '[[ -z $(squeue --noheader --user="$USER_A") ]]'
    session=$(basename "$store"/sessions/*/*)
    [[ $(as_user "$USER_A" pavstat --json --offline --jobs "$session" |
        jq --raw-output '.sessions[].tests[].result' | sort | uniq -c | xargs) == "2 FAIL 2 PASS" ]]
}

@test "two clusters on one store do not mistake each other's jobs" {
    local other=$PAVTEST_CLUSTER_DIR.b first=$SLURM_CONF
    "$CLUSTER" start --dir "$other" --nodes 1 --cluster-name other --prefix "$PAVTEST_PREFIX"
    id=$(suite_job --pavtest=deaths)
    wait_started "$id" deaths.long
    SLURM_CONF=$other/etc/slurm.conf
    suite_job --pavtest=deaths.first --output=other
    wait_for 30 grep --quiet "1 passed" "$home/other"
    # Asked about in either cluster, each has its own state.
    for SLURM_CONF in "$first" "$other/etc/slurm.conf"; do
        [[ $(as_user "$USER_A" pavstat --json | jq --raw-output '.sessions[] | "\(.cluster) \(.state)"' |
            sort | xargs) == "other COMPLETE pavtest RUNNING" ]]
    done
    SLURM_CONF=$first
    "$CLUSTER" stop --dir "$other"
    scancel "$id"
    wait_job "$id"
    expect_interrupted "$id" cancelled runner
}

# Whatever the moment and whatever a test makes of SIGTERM: a cancel is no failure.
@test "200 cancels at random moments give no FAIL" {
    local task seen=' '
    suite cancels 'trap: {run: {cmds: ["trap \"exit 1\" TERM", "for i in 1 2 3 4; do sleep 0.05; done"]}}' \
        'plain: {run: {cmds: ["for i in 1 2 3 4; do sleep 0.05; done"]}}' \
        'slow_trap: {run: {cmds: ["trap \"sleep 0.1; exit 3\" TERM", "for i in 1 2 3 4; do sleep 0.05; done"]}}' \
        'build: {build: {cmds: ["trap \"exit 1\" TERM", "sleep 0.2"]}, run: {cmds: ["true"]}}' \
        'pipe: {run: {cmds: ["sleep 0.2 | cat"]}}' \
        'end: {run: {cmds: ["sleep 30 & wait"]}}'
    id=$(suite_job --pavtest=cancels --array=1-200 --mem=10 --output=/dev/null)
    while [[ -n $(squeue --noheader --jobs="$id" 2>/dev/null) ]]; do
        for task in $(squeue --noheader --states=RUNNING --jobs="$id" --format=%F_%K 2>/dev/null); do
            [[ $seen != *" $task "* ]] || continue
            seen+="$task "
            (
                exec 3>&- 4>&-
                sleep "$((RANDOM % 2)).$((RANDOM % 10))$((RANDOM % 10))"
                scancel "$task" 2>/dev/null
            ) &
        done
        sleep 0.1
    done
    wait
    wait_for 60 cluster_is_idle
    session=$(basename "$store"/sessions/*/*)
    as_user "$USER_A" pavstat --json --offline --jobs "$session" >"$home/cancels.json"
    jq --raw-output '.sessions[].tests[] | "\(.state) \(.result)"' "$home/cancels.json" | sort | uniq -c
    [[ $(jq '[.sessions[].tests[] | select(.result == "FAIL" or .result == "ERROR")] | length' \
        "$home/cancels.json") == 0 ]]
    [[ $(jq '[.sessions[].tests[] | select(.ended == null)] | length' "$home/cancels.json") == 0 ]]
    [[ $(jq '.sessions | length' "$home/cancels.json") == 200 ]]
}
