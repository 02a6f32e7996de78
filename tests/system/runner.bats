#!/usr/bin/env bats
# pavrun inside a job: what tests find, what people see, and what is left of it all.
#
# shellcheck disable=SC2016,SC2154

# shellcheck source=tests/system/helpers.bash
load helpers

bats_require_minimum_version 1.5.0

setup_file() {
    require_commands sbatch salloc jq setpriv
    start_cluster_with_pavtest --nodes 2
}

teardown_file() {
    stop_cluster
}

setup() {
    home=$(home_of "$USER_A")
    store=$home/.pavtest
    as_user "$USER_A" mkdir -p "$home/.pavilion/suites"
    suite mixed \
        'good: {run: {cmds: ["echo fine"]}}' \
        'bad: {run: {cmds: ["echo about to fail", "false", "echo never"]}}' \
        'skipped: {not_if: {"{{sys_arch}}": [".*"]}, run: {cmds: ["false"]}}' \
        'other: {run: {cmds: ["true"]}}'
}

teardown() {
    logs_if_failed
    scancel --user="$USER_A" 2>/dev/null || true
    wait_for 60 cluster_is_idle
    find "$home" -mindepth 1 -delete
}

# suite NAME LINE…: a suite of USER_A's.
suite() {
    as_user "$USER_A" tee "$home/.pavilion/suites/$1.yaml" >/dev/null <<<"$(printf '%s\n' "${@:2}")"
}

# run_job [ARGUMENT of sbatch]…: a job to its end, its output in $output.
run_job() {
    id=$(submit --output=job "$@" </dev/null 2>"$home/sbatch.stderr") ||
        fail "$(cat "$home/sbatch.stderr")" || return
    state=$(wait_job "$id" 60) || return
    output=$(cat "$home/job")
}

# own_job [OPTION of sbatch]… -- LINE…: the same with a script of the user's own.
own_job() {
    local options=()
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    shift
    printf '%s\n' '#!/bin/bash' "$@" >"$home/own.sh"
    run_job "${options[@]}" "$home/own.sh"
}

# says TEXT…: each of them is in $output.
says() {
    local text
    for text; do
        [[ $output == *"$text"* ]] || fail "no '$text' in: $output" || return
    done
}

test_files() {
    echo "$store"/sessions/*/*/jobs/"$id".0/tests/"$1"
}

# result TEST [FIELD]: from pavstat.
result() {
    as_user "$USER_A" pavstat --json --offline --jobs "$id" |
        jq --raw-output ".sessions[0].tests[] | select(.name == \"$1\") | .${2:-result}"
}

# ---- what people see ----

@test "a line for each start and each end, and a summary of what did not pass" {
    run_job --pavtest=mixed
    [[ $state == FAILED && $(job_field "$id" ExitCode) == 1:0 ]]
    says '(1/4) start    mixed.good' '(1/4) PASS     mixed.good  0.' \
        '(2/4) FAIL     mixed.bad  0.' '  returned 1' '(3/4) SKIP     mixed.skipped' \
        'FAIL mixed.bad: returned 1' '     node   n1' "/jobs/$id.0/tests/0001/run.log" \
        '     again  sbatch --pavtest=mixed.bad' \
        'pavtest: 2 passed, 1 failed, 1 skipped in 0.'
    [[ $output != *$'\e'* && $output != *'start    mixed.skipped'* ]]
}

@test "the line to copy runs just that test again" {
    run_job --pavtest=mixed
    run_job "$(grep --only-matching -- '--pavtest=mixed.bad' <<<"$output" | tail -n 1)"
    [[ $state == FAILED ]]
    says '(1/1) FAIL     mixed.bad' 'pavtest: 1 failed'
}

@test "all well: the job is COMPLETED" {
    run_job --pavtest=mixed.good,mixed.skipped
    [[ $state == COMPLETED ]]
    says 'pavtest: 1 passed, 1 skipped'
}

@test "--maxfail, -k, --list and --dry-run in a script of one's own" {
    own_job --pavtest=mixed -- 'pavrun --list; pavrun --dry-run -k "not other"' \
        'pavrun -k "good or other"; echo "status $?"' 'pavrun --list' \
        'pavrun -k nothing; echo "status $?"' \
        'pavrun --maxfail=1; echo "status $?"' 'pavrun; echo "status $?"'
    says $'mixed.good\nmixed.bad\nmixed.skipped\nmixed.other\n' 'run   mixed.bad' \
        'skip  mixed.skipped' 'pavtest: 2 passed' 'status 0' 'status 5' \
        'pavtest: 1 failed' 'status 1' 'have ended in this job already'
    [[ $(result mixed.bad) == FAIL && $(result mixed.skipped cause) == "not run" ]]
}

@test "--maxfail starts no more" {
    own_job --pavtest=mixed.bad,mixed.good,mixed.other -- 'pavrun --maxfail=1'
    [[ $state == FAILED ]]
    says '2 tests not run: 1 tests had not passed (--maxfail)' 'pavtest: 1 failed, 2 not run'
    [[ $(result mixed.good cause) == "not run" && $(result mixed.good) == null ]]
}

@test "outside a job, and without a session, it says what to do" {
    run as_user "$USER_A" pavrun
    [[ $status == 2 && $output == *"this is no Slurm job"*"sbatch --pavtest=SUITE"* ]]
    own_job -- 'pavrun'
    [[ $(job_field "$id" ExitCode) == 2:0 ]]
    says 'which session?'
}

# ---- scripts of one's own, salloc ----

@test "a script that never runs pavrun" {
    own_job --pavtest=mixed -- 'echo nothing'
    [[ $state == COMPLETED ]]
    wait_for 10 eval '[[ $(result mixed.good state) == ABORTED ]]'
    [[ $(result mixed.good cause) == "not run" ]]
    [[ $(result mixed.good note) == "the job's script never ran pavrun" ]]
}

@test "a script that leaves tests out" {
    own_job --pavtest=mixed -- 'pavrun -k good'
    wait_for 10 eval '[[ $(result mixed.bad state) == ABORTED ]]'
    [[ $(result mixed.good) == PASS && $(result mixed.bad cause) == "not run" ]]
}

@test "a second pavrun of the same job is refused while the first runs" {
    suite slow 'one: {run: {cmds: ["sleep 4"]}}'
    own_job --pavtest=slow -- 'pavrun & sleep 1; pavrun; echo "status $?"; wait'
    says 'another pavrun of this job may be running' 'status 3' 'pavtest: 1 passed'
}

@test "in salloc it becomes a step on the first node" {
    run as_user "$USER_A" salloc --quiet --nodes=2 --pavtest=mixed.good pavrun
    [[ $status == 0 ]] || fail "$output"
    says 'on n[1-2], 1 tests' 'pavtest: 1 passed'
}

# ---- what tests find ----

@test "a test knows its place" {
    suite place 'me: {run: {cmds: ["env | grep ^PAVTEST_ | sort", "pwd", "ls /proc/self/fd | tr \"\\n\" \" \""]}}'
    run_job --pavtest=place
    log=$(cat "$(test_files 0000)/run.log")
    [[ $log == *"PAVTEST_ATTEMPT=1"*"PAVTEST_JOB=$id.0"*"PAVTEST_SESSION="*"PAVTEST_STORE=$store"* ]]
    [[ $log == *"PAVTEST_TEST=0"*"PAVTEST_TEST_DIR=$(test_files 0000)"*"PAVTEST_TEST_NAME=place.me"* ]]
    [[ $log == *"$(test_files 0000)/build"*"0 1 2 3 " ]] || fail "$log"
}

@test "run.sh can be run again by hand" {
    suite hand 'me: {run: {env: {WORD: "a word"}, create_files: {data: [line]}, cmds: ["cat data", "echo $WORD $PAVTEST_TEST_NAME"]}}'
    run_job --pavtest=hand
    run as_user "$USER_A" "$(test_files 0000)/run.sh"
    [[ $output == $'line\na word hand.me' ]] || fail "$output"
}

@test "create_files, templates and timeout_file of a run" {
    as_user "$USER_A" mkdir -p "$home/.pavilion/suites/files"
    as_user "$USER_A" tee "$home/.pavilion/suites/files/input.tmpl" >/dev/null <<<$'size = {{size}}\nnode = {{sys.host_arch}}'
    as_user "$USER_A" tee "$home/.pavilion/suites/files/suite.yaml" >/dev/null <<'END'
given:
  variables: {size: 42}
  run:
    templates: {input.tmpl: in/input}
    create_files: {list: [one, two]}
    cmds: [cat in/input list]
silent:
  run:
    timeout: 2
    timeout_file: progress
    cmds: ["for i in 1 2 3 4 5 6 7 8; do echo $i >> progress; sleep 0.5; done"]
late:
  run:
    timeout: 1
    timeout_file: progress
    cmds: ["for i in $(seq 60); do echo $i; sleep 0.5; [ $i -gt 2 ] || echo $i >> progress; done"]
END
    run_job --pavtest=files
    [[ $(cat "$(test_files 0000)/run.log") == $'size = 42\nnode = '"$(uname -m)"$'\none\ntwo' ]] || fail "$output"
    [[ $(result files.silent) == PASS ]] || fail "$output"
    [[ $(result files.late cause) == timeout ]]
}

@test "a test sets a state of its own" {
    suite own 'me: {run: {cmds: ["pavstat set \"half way\""]}}'
    run_job --pavtest=own
    [[ $state == COMPLETED ]]
    as_user "$USER_A" pavstat --history --offline --jobs "$id" | grep 'RUN_USER .*half way'
}

@test "what is only known on the node is known there" {
    suite later 'me: {run: {cmds: ["echo on {{sys.host_name}} of {{sched.test_nodes}}"]}}'
    run_job --pavtest=later --nodes=2
    [[ $state == COMPLETED ]] || fail "$output"
    [[ $(cat "$(test_files 0000)/run.log") == "on $(uname -n | cut -d. -f1) of 1" ]]
}

@test "builds: sources, one build for equal ones, failures" {
    suite builds \
        '_base: {build: {source_path: code, cmds: ["cc -o prog main.c", "echo built >> log"]}}' \
        'one: {inherits_from: _base, run: {cmds: ["./prog", "cat log"]}}' \
        'two: {inherits_from: _base, run: {cmds: ["./prog", "cat log"]}}' \
        'broken: {build: {cmds: ["echo no compiler >&2; exit 4"]}, run: {cmds: ["true"]}}'
    as_user "$USER_A" mkdir -p "$home/.pavilion/test_src/code"
    as_user "$USER_A" tee "$home/.pavilion/test_src/code/main.c" >/dev/null <<<'
        #include <stdio.h>
        int main(void) { return puts("compiled") < 0; }'
    run_job --pavtest=builds
    [[ $(cat "$(test_files 0001)/run.log") == $'compiled\nbuilt' ]]
    grep --quiet BUILD_REUSED "$(test_files 0001)/status"
    [[ $(result builds.broken) == FAIL && $(result builds.broken state) == BUILD_FAILED ]]
    [[ $(cat "$(test_files 0002)/build.log") == "no compiler" ]]
    says 'build: returned 4'
}

# Lmod or Tcl modules: what there is. Two versions of one module, and one that says why it can't be.
make_modules() {
    as_user "$USER_A" mkdir -p "$home/modules"/{alpha,beta,broken}
    local module
    for module in alpha/1.0 alpha/2.0 beta/3; do
        printf '%s\n' '#%Module1.0' "setenv HAVE_${module%%/*} ${module#*/}" >"$home/modules/$module"
    done
    printf '%s\n' '#%Module1.0' 'puts stderr "the licence is gone"' 'exit 1' >"$home/modules/broken/1"
    chown -R "$USER_A" "$home/modules"
}

@test "modules are loaded, swapped and unloaded, and what they say when they can't be" {
    [[ -e /etc/profile.d/lmod.sh || -e /etc/profile.d/z00_lmod.sh || -e /etc/profile.d/modules.sh ]] ||
        fail "no module system is here: run scripts/bootstrap"
    make_modules
    suite mods '_m: {run: {preamble: ["export MODULEPATH=$HOME/modules"], cmds: ["echo have $HAVE_alpha $HAVE_beta"]}}' \
        'load: {inherits_from: _m, run: {modules: [alpha/1.0, beta]}}' \
        'swap: {inherits_from: _m, run: {modules: [alpha/1.0, "alpha->alpha/2.0", beta, "-beta"]}}' \
        'wrong: {inherits_from: _m, run: {modules: [alpha/7]}}' \
        'broken: {inherits_from: _m, run: {modules: [broken]}}' \
        'build: {inherits_from: _m, build: {preamble: ["export MODULEPATH=$HOME/modules"], modules: [nowhere], cmds: ["true"]}}'
    run_job --pavtest=mods
    [[ $(result mods.load) == PASS && $(result mods.swap) == PASS ]] || fail "$(cat "$(test_files 000)"*/run.log)"
    [[ $(tail -n 1 "$(test_files 0000)/run.log") == "have 1.0 3" ]]
    [[ $(tail -n 1 "$(test_files 0001)/run.log") == "have 2.0" ]]
    for name in wrong broken build; do
        [[ $(result mods.$name state) == ENV_FAILED && $(result mods.$name) == ERROR ]] || fail "$output"
    done
    [[ $(result mods.wrong note) == *"module load alpha/7: "*alpha/7* ]]
    [[ $(result mods.broken note) == *"module load broken: "*"the licence is gone"* ]] || fail "$output"
    [[ $(result mods.build note) == *"build: module load nowhere: "* ]]
    [[ $(cat "$(test_files 0002)/run.log") != *have* ]]
}

@test "a status file has the whole story" {
    run_job --pavtest=mixed
    [[ $(awk '{ print $2 }' "$(test_files 0000)/status" | xargs) == \
        "CREATED SCHEDULED PREPPING_RUN RUNNING RUN_DONE RESULTS COMPLETE" ]]
    jq --exit-status '.result == "FAIL" and .return_value == 1 and .name == "mixed.bad"' \
        "$(test_files 0001)/results.json"
    [[ $(jq --raw-output .result "$(echo "$store"/sessions/*/*/jobs/"$id.0"/results.jsonl)" | sort | xargs) == \
        "FAIL PASS PASS" ]]
}

# ---- what is left ----

@test "nothing that a test starts outlives it" {
    suite litter 'daemon: {run: {cmds: ["setsid sleep 1000 &", "(setsid env -i sleep 1000 &)"]}}' \
        'look: {run: {cmds: ["! pgrep --uid $(id -u) sleep"]}}' \
        'silent: {run: {timeout: 1, cmds: ["trap \"\" TERM", "sleep 1000 & wait; sleep 1000"]}}' \
        'look_again: {run: {cmds: ["! pgrep --uid $(id -u) sleep"]}}'
    run_job --pavtest=litter
    [[ $(result litter.look) == PASS && $(result litter.look_again) == PASS ]] || fail "$output"
    [[ $(result litter.silent cause) == timeout ]]
}

@test "a job that a test submits is not cleaned up with it" {
    suite nested 'submit: {run: {cmds: ["sbatch --output=$HOME/nested.out --wrap \"sleep 5; echo survived\""]}}'
    run_job --pavtest=nested
    [[ $state == COMPLETED ]] || fail "$output"
    wait_for 30 grep survived "$home/nested.out"
}

@test "500 short tests" {
    suite many 'one: {permute_on: n, subtitle: "{{n}}", variables: {n: ['"$(seq --separator=, 500)"']}, run: {cmds: ["true"]}}'
    run_job --pavtest=many --time=10
    [[ $state == COMPLETED ]] || fail "$(tail -n 5 <<<"$output")"
    says '(500/500) PASS     many.one.500' 'pavtest: 500 passed'
}

@test "nodes need nothing but libc" {
    run ldd "$PAVTEST_PREFIX/bin/pavrun" "$PAVTEST_PREFIX/libexec/pavtest/pavnode"
    [[ $(grep --only-matching -E 'lib[a-z+_-]+\.so' <<<"$output" | sort -u | grep -vE '^lib(c|m|dl|pthread|rt)\.so$') == "" ]]
}
