#!/usr/bin/env bats
# pavsuite doctor against a real installation: what it says of a good one, and that it finds
# what is wrong with a bad one.
#
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

# shellcheck source=tests/system/helpers.bash
load helpers

bats_require_minimum_version 1.5.0

setup_file() {
    require_commands sbatch jq
    # A prefix that is root's, in a directory that others cannot write.
    place=$(mktemp -d /tmp/pavtest-XXXXXX)
    export place
    chmod 755 "$place"
    cp -r "$PAVTEST_PREFIX" "$place/prefix"
    chmod -R go-w "$place/prefix"
    PAVTEST_PREFIX=$place/prefix
    export PAVTEST_PREFIX
    start_cluster_with_pavtest --nodes 2
}

teardown_file() {
    stop_cluster
    rm -rf "$place"
}

setup() {
    home=$(home_of "$USER_A")
    mkdir -p "$home/.pavilion/suites"
    echo 'pass: {run: {cmds: ["true"]}}' >"$home/.pavilion/suites/small.yaml"
    : >"$place/site.yaml"
    chmod 644 "$place/site.yaml"
}

teardown() {
    logs_if_failed
}

doctor() {
    as_user "$USER_A" env PAVTEST_CONFIG="$place/site.yaml" pavsuite doctor "$@"
}

# levels JSON CHECK: of that check's findings, each once.
levels() {
    jq -r --arg check "$2" '.findings[] | select(.check == $check) | .level' <<<"$1" | sort -u | tr '\n' ' '
}

@test "doctor: hooks that nobody has seen run are not known, then known" {
    run -3 doctor --only hooks
    [[ $output == unknown* && $output == *"selftest.pass"* ]]
    id=$(submit --nodes=2 --pavtest=small.pass </dev/null)
    wait_job "$id"
    wait_for 20 cluster_is_idle
    run -0 doctor --only hooks
    [[ $output == *"n[1-2]"* ]]
}

@test "doctor: a good installation is well in all checks" {
    run --separate-stderr doctor --json
    [[ $(jq -r .status <<<"$output") == ok ]] || fail "$output"
    [[ $(jq -r '[.findings[].check] | unique | join(" ")' <<<"$output") == \
        "dry-run hooks plugin settings slurm spool store versions" ]]
    run -0 doctor --quiet
    [[ -z $output ]]
}

@test "doctor: root sees that each slurmd has the plugin" {
    require_root
    run -0 pavsuite doctor --only plugin
    [[ $(grep -c 'slurmd (process [0-9]*) has it' <<<"$output") == 2 ]] || fail "$output"
}

@test "doctor: a hook that did not run is a problem, with its node" {
    rm "$home"/.pavtest/sessions/*/*/jobs/*/journal.node-n2.jsonl
    run -2 doctor --only hooks
    [[ $output == *"no record of the prolog on n2 "* && $output == *"no record of the epilog on n2 "* ]]
}

@test "doctor: an include line that is not there, one that is required, one that is there twice" {
    mkdir -p "$place/conf/plugstack.d"
    cp "${SLURM_CONF%/*}"/* "$place/conf"
    line=$(<"${SLURM_CONF%/*}/plugstack.conf")
    sed -i "s,^PlugStackConfig=.*,PlugStackConfig=$place/conf/plugstack.conf," "$place/conf/slurm.conf"
    asked() {
        as_user "$USER_A" env SLURM_CONF="$place/conf/slurm.conf" pavsuite doctor --only plugin
    }
    echo '# nothing' >"$place/conf/plugstack.conf"
    run -2 asked
    [[ $output == *"do not name spank_pavtest.so"* ]] || fail "$output"
    echo "include $place/conf/plugstack.d/*.conf" >"$place/conf/plugstack.conf"
    echo "$line" >"$place/conf/plugstack.d/pavtest.conf"
    run asked
    [[ $output == *"'$place/conf/plugstack.d/pavtest.conf' loads /"* ]] || fail "$output"
    sed -i 's/^optional/required/' "$place/conf/plugstack.d/pavtest.conf"
    run -2 asked
    [[ $output == *"it is 'required'"* ]] || fail "$output"
    echo "$line" >>"$place/conf/plugstack.d/pavtest.conf"
    run -2 asked
    [[ $output == *"named 2 times"* ]] || fail "$output"
}

@test "doctor: settings that are wrong or that others may write" {
    echo 'stor: /x' >"$place/site.yaml"
    run -2 doctor --only settings
    [[ $output == *"site.yaml:1: unknown setting 'stor'"* && $output == *"'store'"* ]] || fail "$output"
    echo >"$place/site.yaml"
    chmod 666 "$place/site.yaml"
    run -2 doctor --only settings
    [[ $output == *"others may write it"* && $output == *"-> chown root"* ]] || fail "$output"
}

@test "doctor: a store that others may write, and one that cannot be made" {
    chmod 777 "$home/.pavtest"
    run -2 doctor --only store
    chmod 700 "$home/.pavtest"
    [[ $output == *"others may write"* ]] || fail "$output"
    echo 'store: /proc/nowhere/{user}' >"$place/site.yaml"
    run -2 doctor --only store
    [[ $output == *"cannot be made"* ]] || fail "$output"
}

@test "doctor: records that wait in the spool, and a spool that is not root's alone" {
    require_root
    spool=$PAVTEST_CLUSTER_DIR/pavtest-spool
    mkdir -p "$spool/n1/$(id -u "$USER_A")"
    touch "$spool/n1/$(id -u "$USER_A")/1.0.prolog"
    run -1 pavsuite doctor --only spool
    rm -r "$spool/n1"
    [[ $output == *"1 records wait"* && $output == *"flush"* ]] || fail "$output"
    chmod 777 "$spool"
    run -2 pavsuite doctor --only spool
    chmod 755 "$spool"
    [[ $output == *"others may write"* ]] || fail "$output"
}

@test "doctor: an agent that is not here, or does not work" {
    mv "$PAVTEST_PREFIX/libexec/pavtest/pavnode" "$place/pavnode.away"
    run -2 doctor --only dry-run
    missing=$output
    printf '#!/bin/sh\necho no luck >&2\nexit 3\n' >"$PAVTEST_PREFIX/libexec/pavtest/pavnode"
    chmod 755 "$PAVTEST_PREFIX/libexec/pavtest/pavnode"
    run -2 doctor --only dry-run
    mv "$place/pavnode.away" "$PAVTEST_PREFIX/libexec/pavtest/pavnode"
    [[ $missing == *"cannot run"* ]] || fail "$missing"
    [[ $output == *"exit status 3: no luck"* ]] || fail "$output"
}

@test "a site's limits hold where tests are asked for, and on the node" {
    echo 'allow_users: nobody-else' >"$place/site.yaml"
    run -2 as_user "$USER_A" env PAVTEST_CONFIG="$place/site.yaml" pavsuite render small.pass
    [[ $output == *"may use pavtest here"* ]] || fail "$output"
    run -255 as_user "$USER_A" env PAVTEST_CONFIG="$place/site.yaml" sbatch --pavtest=small.pass </dev/null
    [[ $output == *"may use pavtest here"* ]] || fail "$output"
    printf 'allowed_modes: []\nmax_tests: 1\npinned: config_dirs\nconfig_dirs: %s\n' \
        "$home/.pavilion" >"$place/site.yaml"
    run -2 as_user "$USER_A" env PAVTEST_CONFIG="$place/site.yaml" pavsuite render 2*small.pass
    [[ $output == *"2 tests in one session, and this site allows 1"* ]] || fail "$output"
    run -0 as_user "$USER_A" env PAVTEST_CONFIG="$place/site.yaml" pavsuite render small.pass
    # As the node's pavrun has it, for what was submitted under other rules.
    : >"$place/site.yaml"
    id=$(as_user "$USER_A" env PAVTEST_CONFIG="$place/site.yaml" sbatch --parsable --hold \
        --output="$home/limit.out" --pavtest='2*small.pass' </dev/null)
    echo 'max_tests: 1' >"$place/site.yaml"
    scontrol release "$id"
    wait_for 30 job_ended "$id"
    grep -q "this site allows 1" "$home/limit.out"
    [[ $(job_state "$id") == FAILED ]]
}
