#!/usr/bin/env bats
# Prolog and epilog on every node: who runs there and with what, what happens when
# the agent hangs, fails or is missing, the spool and its delivery, hostile values.
# Whatever happens, no job fails and no node is drained.
#
# shellcheck disable=SC2016,SC2154

# shellcheck source=tests/system/helpers.bash
load helpers

bats_require_minimum_version 1.5.0

deadline=2

setup_file() {
    require_commands sbatch setpriv cc jq faketime
    # In the agent's place: notes how it was called and then does what a test wants.
    agent_dir=$(mktemp -d /tmp/pavtest-XXXXXX)
    export agent_dir
    chmod 755 "$agent_dir"
    mkdir -m 1777 "$agent_dir/seen"
    cat >"$agent_dir/agent" <<END
#!/bin/bash
seen=$agent_dir/seen/\$1.\$SLURMD_NODENAME.\$SLURM_JOB_ID
{
    id -u; id -g; id -G; pwd; umask
    echo "descriptors: \$(ls /proc/self/fd | tr '\n' ' ')"
    echo "session \$(ps -o sid= -p \$\$ | tr -d ' ') of \$\$"
} >\$seen.identity 2>&1
env >\$seen.environment
doing=\$(cat $agent_dir/behave.\$SLURMD_NODENAME $agent_dir/behave 2>/dev/null)
case \$doing in
    clock*) exec faketime -f "\${doing#clock }" $PAVTEST_PREFIX/libexec/pavtest/pavnode "\$@" ;;
    hang*)
        sleep 3600 & echo \$! >>\$seen.children
        setsid bash -c 'sleep 3600 & echo \$\$ \$! >>\$1; wait' - \$seen.children &
        wait ;;
    fail*) echo 'agent: no luck' >&2; exit 3 ;;
    crash*) kill -SEGV \$\$ ;;
    read*) cat >\$seen.input; exit 0 ;;
esac
exec $PAVTEST_PREFIX/libexec/pavtest/pavnode "\$@"
END
    chmod 755 "$agent_dir/agent"
    cc -shared -fPIC -o "$agent_dir/job_control.so" \
        "$BATS_TEST_DIRNAME/plugins/job_control.c"
    echo "optional $agent_dir/job_control.so" >"$agent_dir/plugstack.conf"
    start_cluster_with_pavtest --nodes 3 --plugstack "$agent_dir/plugstack.conf" \
        --plugin-args "pavnode=$agent_dir/agent deadline=$deadline"
}

teardown_file() {
    stop_cluster
    rm -rf "$agent_dir"
}

# make_suite USER: a suite of that user's own.
make_suite() {
    mkdir -p "$(home_of "$1")/.pavilion/suites"
    cat >"$(home_of "$1")/.pavilion/suites/small.yaml" <<'END'
pass: {run: {cmds: ["true"]}}
sleep: {run: {cmds: ["sleep 60"]}}
END
}

setup() {
    make_suite "$USER_A"
    home=$(home_of "$USER_A")
    store=$home/.pavtest
    spool=$PAVTEST_CLUSTER_DIR/pavtest-spool
    uid=$(id -u "$USER_A")
    mark=$(wc -c <"$PAVTEST_CLUSTER_DIR/log/n1.log")
}

teardown() {
    logs_if_failed
    rm -f "$agent_dir"/behave*
    scancel --user="$USER_A" 2>/dev/null || true
    wait_for 30 cluster_is_idle
    rm -rf "${spool:?}"/* "$agent_dir"/seen/* "$store"
}

behave() {
    echo "$1" >"$agent_dir/behave${2:+.$2}"
}

# A finished job of all three nodes; prints its id.
suite_job() {
    local id
    id=$(submit --nodes=3 --pavtest=small.pass </dev/null 2>/dev/null) || return
    wait_job "$id" >/dev/null || return
    echo "$id"
}

session_of() {
    local comment
    comment=$(job_field "$1" Comment)
    echo "${comment#pavtest:}"
}

# journal JOB NODE [RESTART]
journal() {
    cat "$store"/sessions/*/"$(session_of "$1")/jobs/$1.${3:-0}/journal.node-$2.jsonl"
}

spooled() {
    find "$spool" -type f ! -name '.*' | sed "s,^$spool/,," | sort
}

log_of() {
    tail -c "+$mark" "$PAVTEST_CLUSTER_DIR/log/$1.log"
}

# seconds_of JOB NODE: when the node joined, by its own clock.
seconds_of() {
    date --date "$(journal "$1" "$2" | jq --raw-output 'select(.node == "joined") | .when')" +%s
}

# told JOB: states and ends as pavstat has them, without asking Slurm.
told() {
    as_user "$USER_A" pavstat --json --offline --jobs "$1" |
        jq --raw-output '.sessions[0] | .state, (.tests[] | "\(.name) \(.state) \(.result) \(.cause)")'
}

# ---- who runs, and with what ----

@test "prolog and epilog run on every node, as the job's user" {
    local id hook node
    id=$(suite_job)
    for hook in prolog epilog; do
        for node in n1 n2 n3; do
            mapfile -t identity <"$agent_dir/seen/$hook.$node.$id.identity"
            [[ ${identity[0]} == "$uid" && ${identity[1]} == "$(id -g "$USER_A")" ]]
            [[ ${identity[2]} == "$(id -G "$USER_A")" ]]
            [[ ${identity[3]} == / && ${identity[4]} == 0077 ]]
            [[ ${identity[5]} == "descriptors: 0 1 2 3 " ]]
            [[ ${identity[6]} =~ ^session\ ([0-9]+)\ of\ ([0-9]+)$ ]]
            [[ ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]]
        done
    done
}

@test "the agent's environment is what docs/formats.md says, and nothing else" {
    local id
    id=$(suite_job)
    names=$(sed 's/=.*//' "$agent_dir/seen/epilog.n2.$id.environment" |
        grep -vxE 'PWD|SHLVL|_|OLDPWD' | sort | tr '\n' ' ')
    [[ $names == "HOME PATH PAVTEST_DEADLINE PAVTEST_HOOK_SEQUENCE PAVTEST_SESSION PAVTEST_STORE \
SLURMD_NODENAME SLURM_CLUSTER_NAME SLURM_CONF SLURM_JOB_DERIVED_EC SLURM_JOB_EXIT_CODE \
SLURM_JOB_EXIT_CODE2 SLURM_JOB_GID SLURM_JOB_ID SLURM_JOB_NUM_NODES SLURM_JOB_PARTITION \
SLURM_JOB_RESTART_COUNT SLURM_JOB_UID SLURM_NODELIST USER " ]] || fail "$names"
    grep -qx "PAVTEST_STORE=$store" "$agent_dir/seen/epilog.n2.$id.environment"
    grep -qx "PAVTEST_SESSION=$(session_of "$id")" "$agent_dir/seen/epilog.n2.$id.environment"
    grep -qx "SLURM_NODELIST=n\[1-3\]" "$agent_dir/seen/epilog.n2.$id.environment"
    grep -qx "PAVTEST_DEADLINE=$deadline" "$agent_dir/seen/epilog.n2.$id.environment"
}

@test "a job without the option is not touched" {
    local id
    id=$(submit --nodes=3 --wrap true)
    wait_job "$id"
    [[ -z $(ls "$agent_dir/seen") && -z $(spooled) ]]
    [[ $(log_of n1) != *pavtest:* ]]
}

@test "each node's part in the job is on record" {
    local id node
    id=$(suite_job)
    for node in n1 n2 n3; do
        [[ $(journal "$id" $node | grep -cE '"node": ?"joined"') == 1 ]]
        [[ $(journal "$id" $node | grep -cE '"node": ?"left"') == 1 ]]
    done
    [[ -z $(spooled) ]]
}

@test "an allocation of salloc's has its hooks too" {
    as_user "$USER_A" salloc --nodes=1 --pavtest=small.pass true
    wait_for 20 cluster_is_idle
    ls "$agent_dir"/seen/epilog.n*.identity
}

@test "jobs of two users at once" {
    require_root
    make_suite "$USER_B"
    local a b
    a=$(submit --nodes=3 --pavtest=small.pass </dev/null)
    b=$(as_user "$USER_B" sbatch --parsable --nodes=3 --pavtest=small.pass </dev/null)
    wait_job "$a"
    wait_job "$b"
    [[ $(head -n 1 "$agent_dir/seen/epilog.n3.$a.identity") == "$uid" ]]
    [[ $(head -n 1 "$agent_dir/seen/epilog.n3.$b.identity") == "$(id -u "$USER_B")" ]]
}

# ---- an agent that does not do its work ----

@test "an agent that hangs is killed with all its children, and the job goes on" {
    local id
    behave hang
    id=$(suite_job)
    [[ $(job_state "$id") == COMPLETED ]]
    wait_for 10 cluster_is_idle
    local child children
    children=$(cat "$agent_dir"/seen/*.children)
    [[ $(wc -w <<<"$children") == 18 ]]
    for child in $children; do
        [[ ! -e /proc/$child ]] || fail "$(ps -fp "$child")"
    done
    [[ $(log_of n1) == *"prolog: job $id of user $uid: the agent on this node did not finish within $deadline s"* ]]
    [[ $(spooled | wc -l) == 6 ]]
}

@test "one node whose agent hangs holds no other node's record up" {
    local id
    behave hang n2
    id=$(suite_job)
    [[ $(job_state "$id") == COMPLETED ]]
    journal "$id" n1 | grep -qE '"node": ?"left"'
    journal "$id" n3 | grep -qE '"node": ?"left"'
    [[ $(spooled) == "n2/$uid/$id.0.epilog"$'\n'"n2/$uid/$id.0.prolog" ]]
}

@test "a node whose clock is an hour off: states and ends are the same" {
    local id offset apart
    for offset in +1h -1h; do
        behave "clock $offset" n2
        id=$(suite_job)
        apart=$(($(seconds_of "$id" n2) - $(seconds_of "$id" n1)))
        [[ $offset == -1h ]] && apart=$((-apart))
        ((apart > 3000)) || fail "$apart s apart"
        [[ $(told "$id") == $'COMPLETE\nsmall.pass COMPLETE PASS finished' ]] || fail "$(told "$id")"
        journal "$id" n2 | grep -qE '"node": ?"left"'
    done
}

@test "an end that the first node's epilog writes stands, whatever its clock says" {
    local id offset
    for offset in +1h -1h; do
        behave "clock $offset" n1
        id=$(submit --nodes=1 --nodelist=n1 --no-requeue --output=job.%j --pavtest=small.sleep </dev/null)
        wait_for 30 grep --quiet start "$home/job.$id"
        kill -KILL "$(pgrep --uid "$USER_A" --exact pavrun | head -n 1)"
        wait_job "$id"
        [[ $(told "$id") == *'small.sleep ABORTED null runner killed' ]] || fail "$(told "$id")"
    done
}

@test "an agent that fails or crashes: its message is in the log, the node is not drained" {
    local id
    behave fail
    id=$(suite_job)
    [[ $(job_state "$id") == COMPLETED ]]
    [[ $(log_of n1) == *"failed with exit status 3: agent: no luck; its record waits in the spool"* ]]
    behave crash
    id=$(suite_job)
    [[ $(job_state "$id") == COMPLETED ]]
    [[ $(log_of n1) == *"job $id of user $uid: the agent on this node was ended by signal 11"* ]]
    wait_for 10 cluster_is_idle
}

@test "an agent that is not there" {
    local id
    mv "$agent_dir/agent" "$agent_dir/agent.away"
    id=$(suite_job)
    mv "$agent_dir/agent.away" "$agent_dir/agent"
    [[ $(job_state "$id") == COMPLETED ]]
    [[ $(log_of n1) == *"cannot run $agent_dir/agent: No such file or directory"* ]]
    [[ $(spooled | wc -l) == 6 ]]
    wait_for 10 cluster_is_idle
}

# ---- the spool ----

@test "the spool is root's alone, and its records are what docs/formats.md says" {
    local id file
    behave fail
    id=$(suite_job)
    [[ $(spooled) == "$(printf "n%s/$uid/$id.0.epilog\nn%s/$uid/$id.0.prolog\n" 1 1 2 2 3 3)" ]]
    [[ $(find "$spool" -mindepth 1 -type d ! -perm 0700) == "" ]]
    [[ $(find "$spool" ! -user "$(id -un)") == "" ]]
    [[ $(find "$spool" -type f ! -perm 0600) == "" ]]
    file=$spool/n2/$uid/$id.0.epilog
    [[ $(wc -l <"$file") == 1 ]]
    grep -qF "\"key\":\"$(session_of "$id")/$id/0/n2/1\"" "$file"
    grep -qF "\"data\":{\"session\":\"$(session_of "$id")\",\"store\":\"$store\",\"exit_code\":0}" "$file"
}

# Slurm tells the epilog of a requeued run the number of the run to come.
@test "a requeued job's records name the restart that they are of" {
    local id
    behave fail
    id=$(submit --nodes=1 --requeue --pavtest=small.sleep </dev/null)
    wait_for 20 job_is "$id" RUNNING
    scontrol requeue "$id"
    wait_for 20 test -e "$spool/n1/$uid/$id.0.epilog"
    [[ ! -e $spool/n1/$uid/$id.1.epilog ]]
    wait_for 60 test -e "$spool/n1/$uid/$id.1.prolog"
    scancel "$id"
    wait_for 30 test -e "$spool/n1/$uid/$id.1.epilog"
    [[ -e $spool/n1/$uid/$id.0.prolog ]]
    wait_for 10 cluster_is_idle
    [[ $(spooled | wc -l) == 4 && -z $(find "$spool" -name '.*') ]]
}

@test "the user's next hook gets what waits, and what it took is removed" {
    local first second
    behave fail
    first=$(suite_job)
    cat "$spool/n1/$uid/"* | sort >"$agent_dir/expected"
    behave read
    second=$(suite_job)
    sort "$agent_dir/seen/prolog.n1.$second.input" | diff - "$agent_dir/expected"
    [[ ! -s $agent_dir/seen/epilog.n1.$second.input ]]
    [[ -z $(spooled) && -n $first ]]
}

@test "another user's hook gets none of it" {
    require_root
    make_suite "$USER_B"
    local other
    behave fail
    suite_job
    behave read
    other=$(as_user "$USER_B" sbatch --parsable --nodes=3 --pavtest=small.pass </dev/null)
    wait_job "$other"
    [[ ! -s $agent_dir/seen/prolog.n1.$other.input ]]
    [[ $(spooled | wc -l) == 6 ]]
}

@test "a store out of reach for a while: its records arrive with the next job" {
    local first
    first=$(submit --nodes=3 --pavtest=small.pass --begin=now+2 </dev/null)
    mv "$store" "$store.away"
    wait_job "$first" 60
    [[ $(spooled | wc -l) == 6 ]]
    rm -rf "$store"
    mv "$store.away" "$store"
    suite_job
    [[ -z $(spooled) ]]
    for node in n1 n2 n3; do
        [[ $(journal "$first" $node | grep -c "\"$(session_of "$first")/$first/0/$node/[01]\"") == 2 ]]
    done
}

@test "pavnode flush delivers, and a second delivery changes nothing" {
    local id before
    behave fail
    id=$(suite_job)
    cp -a "$spool" "$spool.copy"
    "$PAVTEST_PREFIX/libexec/pavtest/pavnode" flush --spool "$spool"
    [[ -z $(spooled) ]]
    before=$(as_user "$USER_A" pavstat -j "$id" --nodes)
    [[ $before == *n1*n2*n3* ]]
    cp -a "$spool.copy/." "$spool"
    rm -rf "$spool.copy"
    "$PAVTEST_PREFIX/libexec/pavtest/pavnode" flush --spool "$spool"
    [[ -z $(spooled) ]]
    [[ $(as_user "$USER_A" pavstat -j "$id" --nodes) == "$before" ]]
}

@test "a spool that others may write is not used" {
    behave fail
    chmod 777 "$spool"
    id=$(suite_job)
    chmod 755 "$spool"
    [[ -z $(spooled) && $(job_state "$id") == COMPLETED ]]
    [[ $(log_of n1) == *"no record in the spool $spool, because it is not root's alone"* ]]
}

@test "a link in the spool is not followed" {
    local victim=$PAVTEST_CLUSTER_DIR/home/victim
    mkdir "$victim"
    ln -s "$victim" "$spool/n1"
    behave fail
    suite_job
    rm "$spool/n1"
    [[ -z $(ls "$victim") ]]
    rmdir "$victim"
}

# ---- hostile values ----

# The value of a job-control variable that a user has made up.
hostile_job() {
    local id
    id=$(as_user "$USER_A" env SET_JOB_CONTROL="$1" sbatch --parsable --nodes=1 \
        ${2:+--pavtest=small.pass} --wrap true) || return
    wait_job "$id"
}

@test "hostile session and store names start nothing, spool nothing, drain nothing" {
    local value
    for value in '$(touch /tmp/pavtest-hostile)' '../../../../../../etc/x' $'1m7zyw8s72b3\nX=1' \
        '`reboot`' '' "$(head -c 60000 /dev/zero | tr '\0' 0)"; do
        [[ $(hostile_job "PAVTEST_SESSION=$value") == COMPLETED ]]
    done
    for value in relative $'/a\n{"v":1}' '/a"b' '/a/../../etc' "/$(head -c 60000 /dev/zero | tr '\0' a)"; do
        [[ $(hostile_job "PAVTEST_STORE=$value" with) == COMPLETED ]]
    done
    wait_for 10 cluster_is_idle
    [[ ! -e /tmp/pavtest-hostile && -z $(spooled) && -z $(ls "$agent_dir/seen") ]]
}

@test "no other variable of the user's reaches the agent" {
    [[ $(hostile_job "LD_PRELOAD=/tmp/evil.so" with) == COMPLETED ]]
    [[ $(hostile_job "PATH=/tmp" with) == COMPLETED ]]
    run ! grep -rE 'PRELOAD|^PATH=/tmp' "$agent_dir/seen"
    ls "$agent_dir"/seen/prolog.*.environment
}
