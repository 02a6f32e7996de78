#!/usr/bin/env bats
# Every way in which --pavtest can be given to sbatch, salloc and srun: which script
# becomes the job, whose standard input stays whose, what is refused, and what is
# said. What the tests of a job then do is not looked at here.
#
# Single quotes: the user's shell expands them. stderr is set by run.
# shellcheck disable=SC2016,SC2154

# shellcheck source=tests/system/helpers.bash
load helpers

bats_require_minimum_version 1.5.0

setup_file() {
    require_commands sbatch script setpriv
    start_cluster_with_pavtest --nodes 2
}

teardown_file() {
    stop_cluster
}

setup() {
    session_id=
    home=$(home_of "$USER_A")
    export store=$home/.pavtest
    mkdir -p "$home/.pavilion/suites"
    write .pavilion/suites/small.yaml \
        'pass: {run: {cmds: ["true"]}}' \
        'fail: {run: {cmds: ["false"]}}' \
        'print: {run: {cmds: ["echo hello"]}}' \
        'sleep: {run: {cmds: ["sleep 2"]}}'
    write own.sh '#!/bin/bash' 'echo own script' 'env | grep -E "PAVTEST|SPANK" | sort'
}

teardown() {
    logs_if_failed
    scancel --user="$USER_A" 2>/dev/null || true
    wait_for 30 cluster_is_idle
    find "$home" -mindepth 1 -delete
}

# write FILE LINE…: a file of USER_A's.
write() {
    printf '%s\n' "${@:2}" >"$home/$1"
    chown "$USER_A:" "$home/$1"
}

# in_shell LINE: run by a shell of USER_A's.
in_shell() {
    as_user "$USER_A" bash -c "$1"
}

sbatch_as_user() {
    as_user "$USER_A" sbatch "$@"
}

sessions() {
    find "$store/sessions" -mindepth 2 -maxdepth 2 -type d ! -name '.*' 2>/dev/null | sort
}

session_count() {
    sessions | wc -l
}

# The one session there is.
session() {
    [[ $(session_count) == 1 ]] || fail "$(session_count) sessions: $(sessions)" || return
    sessions
}

# The job of "Submitted batch job N" in $output.
job() {
    [[ $output =~ Submitted\ batch\ job\ ([0-9]+) ]] || fail "no job: $output $stderr" || return
    echo "${BASH_REMATCH[1]}"
}

jobs_known() {
    scontrol --oneliner show jobs | grep -c '^JobId=' || true
}

# submitted_generated: $output tells of one job, whose script is the suite's.
submitted_generated() {
    local id
    id=$(job) || return
    [[ $(job_field "$id" Comment) == "pavtest:$(basename "$(session)")" ]] ||
        fail "comment: $(job_field "$id" Comment)" || return
    grep -q '"script": *"generated"' "$(session)/session.json"
}

# job_text: what the job of $output printed until its end. A substitution that fails
# inside [[ ]] goes unnoticed, hence the variables text and session_id.
job_text() {
    local id
    id=$(job) && wait_job "$id" >/dev/null && text=$(cat "$home/slurm-$id.out") &&
        { [[ $(session_count) != 1 ]] || session_id=$(basename "$(sessions)"); }
}

refused() {
    [[ $status == "$1" ]] || fail "exit status $status: $output $stderr" || return
    [[ $(session_count) == 0 && -z $(squeue --noheader) ]] || fail "something was submitted"
}

@test "sbatch --help shows the options and their arguments" {
    run sbatch --help
    [[ $output == *"Options provided by plugins:"*"--pavtest=SUITE[.TEST]"* ]]
    [[ $output == *--pavtest-mode=*--pavtest-host=*--pavtest-os=*--pavtest-set=KEY=VALUE* ]]
}

# ---- no script named ----

@test "no script, from a terminal" {
    run --separate-stderr in_shell 'script -qec "sbatch --pavtest=small.pass" /dev/null'
    [[ $status == 0 ]]
    submitted_generated
}

@test "no script, /dev/null as standard input" {
    run --separate-stderr in_shell 'sbatch --pavtest=small.pass </dev/null'
    submitted_generated
}

@test "no script, standard input closed" {
    run --separate-stderr in_shell 'sbatch --pavtest=small.pass <&-'
    submitted_generated
}

@test "no script, all three streams closed" {
    run in_shell 'sbatch --pavtest=small.pass <&- >&- 2>&-'
    [[ $status == 0 ]]
    session
}

@test "no script, a pipe that nobody closes" {
    run --separate-stderr in_shell \
        'mkfifo pipe && exec 3<>pipe && timeout 20 sbatch --pavtest=small.pass <pipe'
    submitted_generated
}

@test "the option's value as a word of its own" {
    run --separate-stderr in_shell 'sbatch --pavtest small.pass </dev/null'
    submitted_generated
}

@test "several requests, settings and modes" {
    run --separate-stderr in_shell \
        'sbatch --hold --pavtest=small.pass,small.print --pavtest-set=schedule.nodes=2 --pavtest-set build.timeout=77 </dev/null'
    submitted_generated
    [[ $(job_field "$(job)" NumNodes) == 2* ]]
    grep -q '"tests": *2' "$(session)/session.json"
}

@test "in a loop that reads standard input no line is lost" {
    run --separate-stderr in_shell \
        'printf "pass\nprint\nsleep\n" | while read -r name; do sbatch --pavtest=small.$name; done'
    [[ $(grep -c 'Submitted batch job' <<<"$output") == 3 ]]
    [[ $(session_count) == 3 ]]
}

@test "in a loop over a file no line is lost" {
    write list pass print sleep
    run --separate-stderr in_shell 'while read -r name; do sbatch --pavtest=small.$name; done <list'
    [[ $(grep -c 'Submitted batch job' <<<"$output") == 3 ]]
}

@test "in a piped shell the rest of its program still runs" {
    run --separate-stderr in_shell 'printf "sbatch --pavtest=small.pass\necho the rest\n" | bash'
    submitted_generated
    [[ $output == *"the rest"* ]]
}

@test "the job is sized by the suite, and named after the request" {
    run --separate-stderr in_shell 'sbatch --hold --pavtest=small.pass --pavtest-set=schedule.nodes=2 </dev/null'
    submitted_generated
    [[ $(job_field "$(job)" NumNodes) == 2* ]]
    [[ $(job_field "$(job)" JobName) == small.pass ]]
}

@test "the command line beats the suite, and what it overrides is told in one line" {
    run --separate-stderr in_shell \
        'sbatch --nodes=1 --time=9 --pavtest=small.pass --pavtest-set=schedule.nodes=2 </dev/null'
    submitted_generated
    [[ $(job_field "$(job)" NumNodes) == 1* ]]
    [[ $(job_field "$(job)" TimeLimit) == 00:09:00 ]]
    [[ $(grep -c pavtest: <<<"$stderr") == 1 && $stderr == *nodes* && $stderr == *time* ]]
}

@test "SBATCH_ variables beat the suite, and that is told" {
    run --separate-stderr in_shell 'SBATCH_PARTITION=batch sbatch --pavtest=small.pass </dev/null'
    submitted_generated
    [[ $(job_field "$(job)" Partition) == batch ]]
    [[ $stderr == *SBATCH_PARTITION* ]]
}

@test "--parsable: the job's number alone on standard output" {
    run --separate-stderr in_shell 'sbatch --parsable --nodes=1 --pavtest=small.pass </dev/null'
    [[ $output =~ ^[0-9]+$ ]]
    session
}

@test "--quiet: not a word" {
    run in_shell 'sbatch --quiet --nodes=1 --pavtest=small.pass </dev/null'
    [[ $status == 0 && -z $output ]]
    session
}

@test "--test-only writes nothing" {
    run in_shell 'sbatch --test-only --pavtest=small.pass </dev/null'
    [[ $status == 0 && $output == *"to start at"* ]]
    [[ $(session_count) == 0 && -z $(squeue --noheader) ]]
}

@test "--test-only in a script of one's own writes nothing either" {
    printf '#!/bin/bash\n#SBATCH --pavtest=small.pass --test-only\npavrun\n' >"$home/only.sh"
    chmod a+r "$home/only.sh"
    run in_shell 'sbatch only.sh'
    [[ $status == 0 && $output == *"to start at"* ]]
    [[ $(session_count) == 0 && -z $(squeue --noheader) ]]
}

@test "an array is one session" {
    run --separate-stderr in_shell 'sbatch --array=1-2 --pavtest=small.pass </dev/null'
    submitted_generated
}

@test "--wait: the exit status is the job's, and no refusal on record" {
    run --separate-stderr in_shell 'sbatch --wait --pavtest=small.fail </dev/null'
    [[ $status != 0 ]]
    local submission
    submission=$(session)/submit.jsonl
    [[ -s $submission ]]
    run ! grep refused "$submission"
}

@test "abbreviations are ambiguous and refused by Slurm" {
    run in_shell 'sbatch --pavte=small.pass </dev/null'
    refused 255
    [[ $output == *ambiguous* ]]
}

# ---- a script of the user's own ----

@test "a named script is the job, and knows its session" {
    run --separate-stderr in_shell 'sbatch --pavtest=small.pass own.sh'
    job_text
    [[ $text == *"own script"*"PAVTEST_SESSION=$session_id"* ]]
    grep -q '"script": *"own"' "$(session)/session.json"
}

@test "a named script knows its session and store with --export=NONE and with a list" {
    local export_option
    for export_option in NONE HOME; do
        run --separate-stderr in_shell "sbatch --export=$export_option --pavtest=small.pass own.sh"
        job_text
        [[ $text == *"PAVTEST_SESSION=$(basename "$(sessions | tail -n 1)")"*"PAVTEST_STORE=$store"* ]] ||
            fail "$export_option: $text"
    done
}

@test "a named script's job does not hand the option on" {
    run --separate-stderr in_shell 'sbatch --pavtest=small.pass own.sh'
    job_text
    [[ $text != *SPANK_OPTION* ]]
}

@test "--wrap is the job" {
    run --separate-stderr in_shell 'sbatch --pavtest=small.pass --wrap "echo wrapped in \$PAVTEST_SESSION"'
    job_text
    [[ $text == *"wrapped in $session_id"* ]]
}

@test "/dev/stdin names the script: a file" {
    run --separate-stderr in_shell 'sbatch --pavtest=small.pass /dev/stdin <own.sh'
    job_text
    [[ $text == *"own script"*PAVTEST_SESSION=* ]]
}

@test "/dev/stdin names the script: a pipe" {
    run --separate-stderr in_shell 'cat own.sh | sbatch --pavtest=small.pass /dev/stdin'
    job_text
    [[ $text == *"own script"*PAVTEST_SESSION=* ]]
}

@test "a script on standard input that is not named is refused with advice: a file" {
    run in_shell 'sbatch --pavtest=small.pass <own.sh'
    refused 255
    [[ $output == *"one waits on standard input"*/dev/stdin* ]]
}

@test "a script on standard input that is not named is refused with advice: a pipe" {
    run in_shell 'cat own.sh | { sleep 0.5; sbatch --pavtest=small.pass; }'
    refused 255
    [[ $output == */dev/stdin* ]]
}

@test "a script on standard input that is not named is refused with advice: a here document" {
    run in_shell $'sbatch --pavtest=small.pass <<END\n#!/bin/bash\nEND'
    refused 255
    [[ $output == */dev/stdin* ]]
}

@test "without the option a script on standard input is the job, as always" {
    run --separate-stderr in_shell 'sbatch <own.sh'
    job_text
    [[ $text == "own script" ]]
    [[ $(session_count) == 0 ]]
}

@test "the option among the job's own arguments is the job's" {
    write args.sh '#!/bin/bash' 'echo "arguments: $*"'
    run --separate-stderr in_shell 'sbatch args.sh --pavtest=small.pass'
    job_text
    [[ $text == "arguments: --pavtest=small.pass" ]]
    [[ $(session_count) == 0 ]]
}

@test "the option before the script counts, what follows is the job's" {
    run --separate-stderr in_shell 'sbatch --pavtest=small.pass own.sh --pavtest=nosuch'
    job_text
    [[ $text == *PAVTEST_SESSION=* ]]
    grep -q small.pass "$(session)/session.json"
}

@test "#SBATCH --pavtest in a script" {
    write directive.sh '#!/bin/bash' '#SBATCH --pavtest=small.pass' 'echo $PAVTEST_SESSION'
    run --separate-stderr in_shell 'sbatch directive.sh'
    job_text
    [[ -n $session_id && $text == "$session_id" ]]
}

@test "the command line beats #SBATCH --pavtest" {
    write directive.sh '#!/bin/bash' '#SBATCH --pavtest=small.fail' 'echo $PAVTEST_SESSION'
    run --separate-stderr in_shell 'sbatch --pavtest=small.pass directive.sh'
    job_text
    [[ -n $session_id && $text == "$session_id" ]]
    grep -q small.pass "$(session)/session.json"
}

# ---- what is refused ----

@test "a suite that does not exist: 255, one message with a suggestion, no job" {
    run in_shell 'sbatch --pavtest=smal </dev/null'
    refused 255
    [[ $(grep -c 'pavtest:' <<<"$output") == 1 ]]
    [[ $output == *smal*small* ]]
}

@test "the same with a named script, from its #SBATCH line, and with --test-only" {
    write directive.sh '#!/bin/bash' '#SBATCH --pavtest=smal'
    run in_shell 'sbatch --pavtest=smal own.sh'
    refused 255
    run in_shell 'sbatch directive.sh'
    refused 255
    [[ $output == *smal* ]]
    run in_shell 'sbatch --test-only --pavtest=smal </dev/null'
    refused 255
}

@test "a suite with a mistake in its YAML: 255, and the place" {
    mkdir -p "$home/conf/suites"
    write conf/suites/broken.yaml 'first:' '  run:' '    cmds: [true' 'second: {}'
    run in_shell "PAV_CONFIG_DIR=$home/conf sbatch --pavtest=broken </dev/null"
    refused 255
    [[ $output =~ broken.yaml:[0-9]+:[0-9]+ ]]
}

@test "an option without a value, or with one that cannot be" {
    run in_shell 'sbatch --pavtest= </dev/null'
    refused 255
    [[ $output == *"names no suite"* ]]
    run in_shell $'sbatch --pavtest="a\nb" </dev/null'
    refused 255
    [[ $output == *"control character"* ]]
    run in_shell 'sbatch --pavtest=small.pass --pavtest-set=novalue </dev/null'
    refused 255
    [[ $output == *KEY=VALUE* ]]
}

@test "an option that became another option's value is found out" {
    run in_shell 'sbatch --comment --pavtest=small.pass </dev/null'
    refused 255
    run in_shell 'sbatch --pavtest=small.pass --comment --pavtest=small.fail </dev/null'
    refused 255
}

@test "a heterogeneous job is refused" {
    run in_shell 'sbatch --pavtest=small.pass : --nodes=1 </dev/null'
    refused 255
    [[ $output == *heterogeneous* ]]
}

@test "a heterogeneous job with a script is refused, and that is on record" {
    run in_shell 'sbatch --pavtest=small.pass : --nodes=1 own.sh'
    [[ $status == 255 && -z $(squeue --noheader) ]]
    grep -q refused "$(session)/submit.jsonl"
}

@test "a submission that Slurm refuses is on record as refused" {
    run in_shell 'sbatch --partition=nosuch --pavtest=small.pass </dev/null'
    [[ $status == 1 ]]
    grep -q refused "$(session)/submit.jsonl"
}

@test "a store that cannot be made: nothing is submitted" {
    run in_shell 'PAVTEST_STORE_DIR=$HOME/own.sh/store sbatch --pavtest=small.pass </dev/null'
    refused 1
    [[ $output == *own.sh/store* ]]
}

# ---- salloc, srun, and jobs inside jobs ----

@test "salloc: the allocation is a session's, and standard input stays the user's" {
    run --separate-stderr in_shell \
        'echo "a line" | salloc --nodes=1 --pavtest=small.pass bash -c "cat; echo in \$PAVTEST_SESSION"'
    [[ $status == 0 ]]
    [[ $output == *"a line"*"in $(basename "$(session)")"* ]]
    grep -q '"script": *"allocation"' "$(session)/session.json"
}

@test "salloc: a wrong request is refused" {
    run in_shell 'salloc --nodes=1 --pavtest=smal true'
    refused 255
}

@test "srun outside a job is refused with advice" {
    run in_shell 'srun --pavtest=small.pass true'
    refused 255
    [[ $output == *"sbatch --pavtest="* ]]
}

@test "srun inside a job takes the option without a word" {
    run --separate-stderr in_shell 'salloc --nodes=1 srun --pavtest=small.pass echo inside'
    [[ $status == 0 && $output == *inside* && $stderr != *pavtest:* ]]
    [[ $(session_count) == 0 ]]
}

@test "an sbatch inside a job inherits neither the option nor the session" {
    write nest.sh '#!/bin/bash' 'sbatch --wait --output=inner.out own.sh'
    run --separate-stderr in_shell 'sbatch --wait --pavtest=small.pass nest.sh'
    [[ $status == 0 ]]
    [[ $(cat "$home/inner.out") == "own script" ]]
    session
}

@test "an sbatch inside an allocation inherits neither the option nor the session" {
    run --separate-stderr in_shell \
        'salloc --nodes=1 --pavtest=small.pass sbatch --wait --output=inner.out own.sh'
    [[ $status == 0 ]]
    [[ $(cat "$home/inner.out") == "own script" ]]
    session
}

@test "an sbatch inside a job makes a session of its own where it asks for one" {
    write nest.sh '#!/bin/bash' 'sbatch --wait --output=inner.out --pavtest=small.pass own.sh'
    run --separate-stderr in_shell 'sbatch --wait --pavtest=small.print nest.sh'
    [[ $status == 0 && $(session_count) == 2 ]]
    grep -q 'PAVTEST_SESSION=' "$home/inner.out"
}

# ---- a script that forgets pavrun ----

@test "a script of the user's own that never runs pavrun: its tests end ABORTED, with the reason" {
    run --separate-stderr in_shell 'sbatch --pavtest=small.pass own.sh'
    job_text
    wait_for 20 cluster_is_idle
    run in_shell "pavstat -j $(job)"
    [[ $output == *ABORTED* ]]
    run in_shell "pavstat -j $(basename "$(session)") --history"
    [[ $output == *pavrun* ]]
}

@test "a script of the user's own that runs pavrun runs the tests" {
    write own.sh '#!/bin/bash' pavrun
    run --separate-stderr in_shell 'sbatch --pavtest=small.pass own.sh'
    job_text
    [[ $text == *small.pass* ]]
    wait_for 20 cluster_is_idle
    run in_shell "pavstat -j $(basename "$(session)")"
    [[ $output == *COMPLETE* ]]
}

@test "pavrun in an allocation runs its tests" {
    run --separate-stderr in_shell 'salloc --nodes=1 --pavtest=small.pass pavrun'
    [[ $status == 0 ]]
    run in_shell "pavstat -j $(basename "$(session)")"
    [[ $output == *COMPLETE* ]]
}
