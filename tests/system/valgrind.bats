#!/usr/bin/env bats
# The plugin inside Slurm's own programs under valgrind: slurmstepd with the prolog, the epilog
# and the steps of a job, and sbatch. What valgrind finds in Slurm itself is Slurm's affair.
#
# shellcheck disable=SC2154

# shellcheck source=tests/system/helpers.bash
load helpers

bats_require_minimum_version 1.5.0

setup_file() {
    require_root
    require_commands sbatch valgrind cc
    work=$(mktemp -d /tmp/pavtest-XXXXXX)
    export work
    mkdir "$work/found"
    chmod 755 "$work"
    chmod 1777 "$work/found"
    # Leaks are not looked for: what a process that soon ends has left is no fault of it.
    cat >"$work/slurmstepd" <<END
#!/bin/sh
exec valgrind --quiet --leak-check=no --log-file=$work/found/stepd-%p \\
    $(slurmstepd_of_this_host) "\$@"
END
    chmod 755 "$work/slurmstepd"
    cc -shared -fPIC -w -o "$work/reads_freed.so" "$BATS_TEST_DIRNAME/plugins/reads_freed.c"
    echo "optional $work/reads_freed.so" >"$work/plugstack.conf"
    # A program under valgrind starts only what it can read, and users cannot read the agent.
    install -m 755 "$PAVTEST_PREFIX/libexec/pavtest/pavnode" "$work/pavnode"
    # valgrind takes its time: the agent's deadline is not what this is about.
    start_cluster_with_pavtest --nodes 1 --slurmstepd "$work/slurmstepd" \
        --plugstack "$work/plugstack.conf" --plugin-args "deadline=120 pavnode=$work/pavnode" \
        --conf-line PrologEpilogTimeout=300 --conf-line UnkillableStepTimeout=300
}

teardown_file() {
    stop_cluster
    [[ -z ${work-} ]] || rm -rf "$work"
}

teardown() {
    logs_if_failed
}

slurmstepd_of_this_host() {
    local place
    for place in /usr/sbin /usr/lib/slurm /usr/local/sbin /usr/libexec/slurm /opt/slurm/sbin; do
        if [[ -x $place/slurmstepd ]]; then
            echo "$place/slurmstepd"
            return
        fi
    done
    fail "slurmstepd is nowhere"
}

# What valgrind found where a frame of the plugin is in the stack.
findings_in_the_plugin() {
    awk -v RS='' '/spank_pavtest|pavtest::spank/' "$work"/found/* /dev/null
}

@test "no wrong access to memory in slurmstepd: prolog, batch, steps, epilog" {
    home=$(home_of "$USER_A")
    mkdir -p "$home/.pavilion/suites"
    printf 'one: {schedule: {tasks_per_node: 1}, run: {cmds: ["srun --overlap true"]}}\n' \
        >"$home/.pavilion/suites/small.yaml"
    id=$(submit --nodes=1 --output="$home/out" --pavtest=small </dev/null)
    [[ $(wait_job "$id" 300) == COMPLETED ]] || fail "$(cat "$home/out")"
    wait_for 120 cluster_is_idle
    # It was valgrind that ran them: a log for each hook, the batch step and the step; and it sees
    # what the other plugin does.
    (($(find "$work/found" -name 'stepd-*' | wc -l) >= 4)) || fail "$(ls "$work/found")"
    grep -q 'reads_freed.so' "$work"/found/stepd-*
    journal=$(echo "$home"/.pavtest/sessions/*/*/jobs/"$id.0"/journal.node-n1.jsonl)
    grep -q '"joined"' "$journal"
    grep -q '"left"' "$journal"
    [[ -z $(findings_in_the_plugin) ]] || fail "$(findings_in_the_plugin)"
}

@test "no wrong access to memory in sbatch: a good request, a wrong one, one with a script" {
    home=$(home_of "$USER_A")
    under=(valgrind --quiet --leak-check=no --log-file="$work/found/sbatch-%p" sbatch)
    run -0 as_user "$USER_A" "${under[@]}" --hold --output=/dev/null --pavtest=small </dev/null
    run -255 as_user "$USER_A" "${under[@]}" --pavtest=smal </dev/null
    run -0 as_user "$USER_A" "${under[@]}" --hold --output=/dev/null --pavtest=small \
        --pavtest-set=variables.x=1 --wrap true
    scancel --user="$USER_A"
    wait_for 60 cluster_is_idle
    (($(find "$work/found" -name 'sbatch-*' | wc -l) >= 3)) || fail "$(ls "$work/found")"
    [[ -z $(findings_in_the_plugin) ]] || fail "$(findings_in_the_plugin)"
}
