#!/usr/bin/env bats
# Ends that no hook could write: a job that never got a node, a node that died with all that
# ran on it. pavstat asks Slurm, its accounting where the controller has forgotten, and says
# so once; where nobody knows, it says that.
#
# shellcheck disable=SC2016,SC2154,SC2030,SC2031

# shellcheck source=tests/system/helpers.bash
load helpers

bats_require_minimum_version 1.5.0

setup_file() {
    require_commands sbatch sacct jq setpriv
    require_root
    # The shortest memory that a controller can have, and two classes of jobs.
    start_cluster_with_pavtest --nodes 2 --accounting --conf-line MinJobAge=2 \
        --conf-line PreemptType=preempt/partition_prio --conf-line PreemptMode=REQUEUE
    scontrol update PartitionName=batch PriorityTier=10 PreemptMode=OFF
    scontrol update PartitionName=tiny PreemptMode=CANCEL
}

teardown_file() {
    stop_cluster
}

setup() {
    home=$(home_of "$USER_A")
    store=$home/.pavtest
    as_user "$USER_A" mkdir -p "$home/.pavilion/suites"
    suite deaths 'long: {run: {cmds: ["sleep 1000"]}}' 'last: {run: {cmds: ["true"]}}'
    suite first 'first: {run: {cmds: ["true"]}}' 'long: {run: {cmds: ["sleep 1000"]}}'
}

teardown() {
    logs_if_failed
    scancel --user="$USER_A" 2>/dev/null || true
    if ! pid=$("$CLUSTER" pid n2 2>/dev/null) || ! kill -0 "$pid" 2>/dev/null; then
        "$CLUSTER" node n2 start
    fi
    "$CLUSTER" node n2 up 2>/dev/null || true
    wait_for 90 cluster_is_idle
}

suite() {
    as_user "$USER_A" tee "$home/.pavilion/suites/$1.yaml" >/dev/null <<<"$(printf '%s\n' "${@:2}")"
}

# suite_job [ARGUMENT of sbatch]…: prints its id. The output is in job.ID.
suite_job() {
    submit --output=job.%A "$@" </dev/null 2>>"$home/sbatch.stderr" ||
        fail "$(cat "$home/sbatch.stderr")"
}

output_says() {
    grep --quiet --fixed-strings -- "$2" "$home/job.$1" 2>/dev/null
}

# started_job TEST [ARGUMENT of sbatch]…: a job on n2 that has got to that test.
started_job() {
    local name=$1
    shift
    id=$(suite_job --nodelist=n2 "$@")
    wait_for 60 output_says "$id" "start    $name"
}

# A node's power fails: nothing on it says a last word.
n2_dies() {
    "$CLUSTER" node n2 kill
    # Stopped first, so that none of them sees the other die.
    local daemons
    daemons=$(step_daemons "$id")
    # shellcheck disable=SC2086 # numbers
    kill -STOP $daemons
    pkill --signal KILL --uid "$USER_A"
    # shellcheck disable=SC2086 # numbers
    kill -KILL $daemons
    wait_for 20 run -1 pgrep --uid "$USER_A"
}

view() {
    as_user "$USER_A" pavstat --json --jobs "$@" | jq --compact-output '.sessions[0]'
}

# ends JOB [ARGUMENT of pavstat]…
ends() {
    view "$@" | jq --raw-output '"session \(.state)",
        (.tests[] | "\(.name) \(.state) \(.result) \(.cause) by \(.source)")'
}

# expect JOB LINE…: what ends() has to say, with Slurm asked and then without.
expect() {
    local id=$1 said way
    shift
    for way in '' --offline; do
        said=$(ends "$id" $way)
        [[ $said == "$(printf '%s\n' "$@")" ]] || fail "$said" || return
    done
}

settle_records() {
    find "$store/sessions" -name '*settle*' -exec cat {} + 2>/dev/null | wc --lines
}

last_session() {
    find "$store/sessions" -mindepth 2 -maxdepth 2 -printf '%T@ %f\n' | sort --numeric-sort --reverse |
        sed -n '1s/.* //p'
}

# The controller has forgotten the job.
forgot() {
    ! squeue --noheader --states=all --format=%A | grep --quiet --line-regexp "$1"
}

in_accounting() {
    [[ $(sacct --noheader --allocations --parsable2 --format=State --jobs "$1") == "$2"* ]]
}

@test "cancelled while pending, and asked about after the controller has forgotten it" {
    id=$(suite_job --pavtest=deaths --begin=now+1hour)
    scancel "$id"
    wait_for 150 forgot "$id"
    wait_for 60 in_accounting "$id" CANCELLED
    # No record names the job: it is found by its time, once that is a while ago.
    wait_for 90 eval '[[ $(ends "$(last_session)") == *SCHED_CANCELLED* ]]'
    expect "$(last_session)" 'session SCHED_CANCELLED' deaths.{long,last}' SCHED_CANCELLED null cancelled by settle'
}

@test "a node dies with all that is on it" {
    started_job first.long --pavtest=first --no-requeue
    n2_dies
    [[ $(ends "$id") == *"first.long RUNNING"* ]]
    "$CLUSTER" node n2 down
    wait_for 60 in_accounting "$id" NODE_FAIL
    expect "$id" 'session ABORTED' 'first.first COMPLETE PASS finished by runner' \
        'first.long ABORTED null node failure by settle'
    # Once, however often one looks.
    before=$(settle_records)
    ends "$id"
    [[ $(settle_records) == "$before" ]]
}

@test "the time limit passes while the node is dead" {
    started_job deaths.long --pavtest=deaths --no-requeue
    n2_dies
    scontrol update "JobId=$id" EndTime=now+1
    # slurmctld looks at time limits every half a minute, and ends the job in its books.
    wait_for 150 eval 'in_accounting "$id" TIMEOUT || job_is "$id" COMPLETING'
    "$CLUSTER" node n2 down
    wait_for 60 in_accounting "$id" TIMEOUT
    expect "$id" 'session ABORTED' deaths.{long,last}' ABORTED null time limit by settle'
}

@test "cancelled while it waits for its second start" {
    started_job deaths.long --pavtest=deaths
    n2_dies
    "$CLUSTER" node n2 down
    wait_for 60 job_is "$id" PENDING
    scancel "$id"
    wait_for 60 in_accounting "$id" CANCELLED
    [[ $(ends "$id") == *"session SCHED_CANCELLED"* ]] || fail "$(ends "$id")"
    [[ $(view "$id" --offline | jq --compact-output '[.tests[] | [.state, .cause, .source]] | unique') == \
        '[["SCHED_CANCELLED","cancelled","settle"]]' ]] || fail "$(view "$id" --offline)"
}

@test "preempted: cancelled for good, or to start again" {
    started_job deaths.long --pavtest=deaths --partition=tiny --time=1
    other=$(submit --partition=batch --nodelist=n2 --exclusive --wrap 'sleep 3' --output=/dev/null)
    wait_for 60 in_accounting "$id" PREEMPTED
    wait_job "$other" 60
    # Slurm tells the runner why a moment before the end, or after it.
    [[ $(ends "$id" | sed 's/ by .*//') == $'session ABORTED\ndeaths.long ABORTED null preempted\ndeaths.last ABORTED null preempted' ]] ||
        fail "$(ends "$id")"

    rm -f "$home/job.$id"
    started_job deaths.long --pavtest=deaths --partition=debug
    other=$(submit --partition=batch --nodelist=n2 --exclusive --wrap 'sleep 3' --output=/dev/null)
    wait_for 60 job_is "$other" COMPLETED
    [[ $(view "$id" --offline | jq --raw-output '.tests[0].state') != COMPLETE ]]
    wait_for 180 job_is "$id" RUNNING
    wait_for 60 eval '[[ $(view "$id" | jq .restarts) == 1 ]]'
    scancel "$id"
    wait_job "$id" 60
}

@test "out of memory, with nobody left to say so" {
    [[ $("$CLUSTER" status) == *"containment cgroup"* ]] || fail "this test needs cgroups"
    suite memory 'eat: {run: {cmds: ["head --bytes=400M /dev/zero | tail | wc --bytes || true", "sleep 1000"]}}'
    started_job memory.eat --pavtest=memory --mem=80
    wait_for 60 output_or_log_says Killed
    "$CLUSTER" node n2 kill
    pkill --signal KILL --uid "$USER_A" pavrun
    wait_for 60 in_accounting "$id" OUT_OF_ME
    "$CLUSTER" node n2 down
    wait_for 60 eval '! job_is "$id" COMPLETING'
    expect "$id" 'session ABORTED' 'memory.eat ABORTED null out of memory by settle'
}

output_or_log_says() {
    grep --quiet --recursive "$1" "$store"/sessions/*/*/jobs/"$id".0/tests/0000/run.log
}

@test "a controller that does not answer settles nothing" {
    id=$(suite_job --pavtest=deaths --begin=now+1hour)
    scancel "$id"
    "$CLUSTER" daemon slurmctld freeze
    run --separate-stderr as_user "$USER_A" pavstat --json --jobs "$(last_session)"
    "$CLUSTER" daemon slurmctld thaw
    [[ $(jq --raw-output '.sessions[0].state' <<<"$output") == SCHEDULED ]] || fail "$output"
    [[ $stderr == *"did not answer"* || $stderr == *"failed"* ]] || fail "$stderr"
    wait_for 90 eval '[[ $(ends "$(last_session)") == *SCHED_CANCELLED* ]]'
    expect "$(last_session)" 'session SCHED_CANCELLED' deaths.{long,last}' SCHED_CANCELLED null cancelled by settle'
}

@test "a job that nobody knows is UNKNOWN, after a second look only" {
    id=$(suite_job --pavtest=deaths --begin=now+1hour --comment=mine)
    session=$(last_session)
    scancel "$id"
    wait_for 150 forgot "$id"
    # As if it had been submitted a day before: the accounting has no job of that time.
    yesterday=$(date --date=yesterday +%Y-%m-%d)
    sed --in-place "s/\"$(date +%Y-%m-%d)T/\"${yesterday}T/g" "$store"/sessions/*/"$session"/*.json*
    [[ $(ends "$session") == *"deaths.long SCHEDULED"* ]] || fail "$(ends "$session")"
    wait_for 150 eval '[[ $(ends "$session") == *"session UNKNOWN"* ]]'
    expect "$session" 'session UNKNOWN' deaths.{long,last}' UNKNOWN null unknown by settle'
}
