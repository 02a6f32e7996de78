#!/usr/bin/env bats
# Without the plugin: the tools of the tarball, unpacked in a home directory, on a cluster that
# knows nothing of pavtest.
# (scripts/test packages builds the real tarball and tries that.)
#
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

# shellcheck source=tests/system/helpers.bash
load helpers

bats_require_minimum_version 1.5.0

setup_file() {
    require_commands sbatch jq
    start_cluster --nodes 2
    # What scripts/package puts into the tarball, in another place than it was built for.
    tree=$(home_of "$USER_A")/pavtest
    export tree
    mkdir -p "$tree/bin" "$tree/share"
    cp "$PAVTEST_PREFIX"/bin/{pavsuite,pavrun,pavstat} "$tree/bin"
    cp -r "$PAVTEST_PREFIX/share/pavtest" "$tree/share"
    chown -R "$USER_A:" "$tree"
}

teardown_file() {
    stop_cluster
}

setup() {
    home=$(home_of "$USER_A")
    store=$home/.pavtest
    PATH=$tree/bin:$PATH
    mkdir -p "$home/.pavilion/suites"
    printf 'pass: {run: {cmds: ["true"]}}\nfail: {run: {cmds: ["false"]}}\n' \
        >"$home/.pavilion/suites/small.yaml"
}

teardown() {
    logs_if_failed
}

@test "tarball: its own suites are found where it was unpacked" {
    run -0 as_user "$USER_A" pavsuite list suites
    [[ $output == *selftest* ]]
    run -0 as_user "$USER_A" pavsuite render small.pass
    [[ $output == *"exec "*"$tree/bin/pavrun"* ]] || fail "$output"
}

@test "tarball: submit, run and look, and the records say what was absent" {
    run -0 --separate-stderr as_user "$USER_A" pavsuite submit small -- --parsable --nodes=2 \
        --output="$home/out"
    id=$output
    # shellcheck disable=SC2154
    [[ $stderr == *"no pavtest plugin here"* ]]
    [[ $(wait_job "$id" 60) == FAILED ]]
    session=$(echo "$store"/sessions/*/*)
    [[ $(jq -c .without "$session/session.json") == '["prolog","epilog"]' ]]
    grep -q 'without prolog and epilog' "$session/submit.jsonl"
    run as_user "$USER_A" pavstat -j "$id" --json
    [[ $(jq -c '.sessions[0].counts | [.pass, .fail, .unfinished]' <<<"$output") == '[1,1,0]' ]] || fail "$output"
    # The doctor does not miss hooks that there never were.
    run -3 as_user "$USER_A" pavsuite doctor --only hooks
}

@test "tarball: a runner that is killed has its end at the next look" {
    printf 'long: {schedule: {time_limit: 0.2}, run: {cmds: ["sleep 600"]}}\n' >"$home/.pavilion/suites/long.yaml"
    run -0 --separate-stderr as_user "$USER_A" pavsuite submit long -- --parsable --nodes=1 \
        --output="$home/out"
    id=$output
    wait_for 60 test_runs
    pkill -KILL -x -u "$USER_A" pavrun
    [[ $(wait_job "$id" 60) == FAILED ]]
    run -0 as_user "$USER_A" timeout 60 pavstat -j "$id" --json
    [[ $(jq -c '.sessions[0].tests[0] | [.state, .result, .cause, .source]' <<<"$output") == \
        '["ABORTED",null,"runner killed","settle"]' ]] ||
        fail "$(jq -c . <<<"$output")"
}

test_runs() {
    as_user "$USER_A" pavstat -j "$id" --json | jq -e '.sessions[0].tests[0].state == "RUNNING"' >/dev/null
}
