#!/usr/bin/env bats
# Builds: one for equal ones, across jobs; archives; what a killed job leaves; other users.
#
# shellcheck disable=SC2016,SC2154

# shellcheck source=tests/system/helpers.bash
load helpers

bats_require_minimum_version 1.5.0

setup_file() {
    require_commands sbatch jq cc tar gzip bzip2 xz setpriv
    start_cluster_with_pavtest --nodes 2
}

teardown_file() {
    stop_cluster
}

setup() {
    home=$(home_of "$USER_A")
    store=$home/.pavtest
    shelf=$store/builds
    node_dir=/tmp/pavtest-$(id -u "$USER_A")
    as_user "$USER_A" mkdir -p "$home/.pavilion/suites" "$home/.pavilion/test_src/code"
    source_says compiled
}

teardown() {
    logs_if_failed
    scancel --user="$USER_A" 2>/dev/null || true
    wait_for 60 cluster_is_idle
    chmod -R u+w "$home"
    find "$home" -mindepth 1 -delete
}

# suite NAME LINE…: a suite of USER_A's.
suite() {
    as_user "$USER_A" tee "$home/.pavilion/suites/$1.yaml" >/dev/null <<<"$(printf '%s\n' "${@:2}")"
}

# source_says WORD: a program's source that prints it.
source_says() {
    as_user "$USER_A" tee "$home/.pavilion/test_src/code/main.c" >/dev/null \
        <<<"#include <stdio.h>
int main(void) { return puts(\"$1\") < 0; }"
}

submit_job() {
    submit --output=job-%j "$@" </dev/null 2>"$home/sbatch.stderr" ||
        fail "$(cat "$home/sbatch.stderr")"
}

# run_job [ARGUMENT of sbatch]…: a job to its end, its output in $output.
run_job() {
    id=$(submit_job "$@") || return
    state=$(wait_job "$id" 120) || return
    output=$(cat "$home/job-$id")
}

test_files() {
    echo "$store"/sessions/*/*/jobs/"$id".0/tests/"$1"
}

# told STATE: the note with which the test's first status of this kind came.
told() {
    sed -n "s/^[^ ]* $1 //p" "$(test_files 0000)/status" | head -n 1
}

no_builds_left_on_nodes() {
    ! compgen -G "$node_dir/builds.*" >/dev/null
}

lock_is_taken() {
    compgen -G "$shelf/*.lock" >/dev/null
}

@test "a build is made once for all jobs, and anew when its source has changed" {
    suite once 'it: {build: {source_path: code, cmds: ["cc -o prog main.c"]}, run: {cmds: ["./prog"]}}'
    run_job --pavtest=once
    [[ $state == COMPLETED && $(told BUILD_DONE) == *"$shelf/."* ]] || fail "$output"
    first=$(find "$shelf" -maxdepth 1 -type l)
    [[ -L $first && ! -w $first/build/prog || $EUID == 0 ]]
    [[ $(stat -Lc %a "$first/build/prog") != *[2367]* ]]
    run_job --pavtest=once
    [[ $state == COMPLETED ]] || fail "$output"
    grep --quiet " BUILD_REUSED $shelf/\." "$(test_files 0000)/status"
    [[ $(cat "$(test_files 0000)/run.log") == compiled ]]
    source_says changed
    run_job --pavtest=once
    [[ $(cat "$(test_files 0000)/run.log") == changed ]]
    [[ $(find "$shelf" -maxdepth 1 -type l | wc -l) -eq 2 ]]
    run ! lock_is_taken
}

@test "prologs bring finished builds to each node, the job uses them, epilogs take them away" {
    local node
    suite near 'it: {build: {source_path: code, cmds: ["cc -o prog main.c"]}, run: {cmds: ["./prog", "readlink prog"]}}'
    run_job --nodes=2 --pavtest=near
    [[ -n $(told BUILD_CREATED) && $(told BUILD_DEFERRED) == *'in the job'* ]] || fail "$output"
    [[ -n $(told BUILD_DONE) && $(tail -n 1 "$(test_files 0000)/run.log") == "$shelf/."*/prog ]]
    run_job --nodes=2 --pavtest=near
    [[ $(told BUILD_REUSED) == *'1 copied to n'* ]] || fail "$(cat "$(test_files 0000)/status")"
    [[ $(cat "$(test_files 0000)/run.log") == $'compiled\n'"$node_dir/builds."*/prog ]] ||
        fail "$(cat "$(test_files 0000)/run.log")"
    for node in n1 n2; do
        grep --quiet BUILD_REUSED "$store"/sessions/*/*/jobs/"$id".0/journal.node-$node.jsonl
    done
    wait_for 60 no_builds_left_on_nodes
}

@test "build.on_nodes: each node of a test has its own build; deferred ones are made where it runs" {
    suite own 'narrow: {variables: {i: [1, 2]}, permute_on: [i], build: {on_nodes: true, cmds: ["echo $SLURMD_NODENAME $PAVTEST_NODE >where"]}, run: {cmds: ["cat where", "[[ $(cat where) == \"$SLURMD_NODENAME $SLURMD_NODENAME\" ]]"]}}' \
        'wide: {schedule: {nodes: 2}, build: {on_nodes: true, cmds: ["echo $SLURMD_NODENAME >where"]}, run: {cmds: ["cat $PAVTEST_TEST_DIR/builds/*/where where"]}}' \
        'late: {variables: {i: [1, 2]}, permute_on: [i], build: {on_nodes: true, cmds: ["echo {{sched.test_node_list}} $SLURMD_NODENAME >where"]}, run: {cmds: ["[[ $(cat where) == \"$SLURMD_NODENAME $SLURMD_NODENAME\" ]]"]}}' \
        'fails: {schedule: {nodes: 2}, build: {on_nodes: true, cmds: ["[[ $SLURMD_NODENAME != n2 ]]"]}, run: {cmds: ["true"]}}'
    run_job --nodes=2 --pavtest=own.narrow,own.wide,own.late,own.fails
    [[ $output == *'PASS     own.narrow'* && $output == *'PASS     own.late'* ]] || fail "$output"
    [[ $(sort "$store"/sessions/*/*/jobs/"$id".0/tests/000[01]/run.log) == $'n1 n1\nn2 n2' ]]
    [[ $(cat "$(test_files 0002)/run.log") == $'n1\nn2\nn1' ]]
    grep --quiet 'BUILDING on n2' "$(test_files 0002)/status"
    grep --quiet 'FAIL: build: returned 1' "$(test_files 0005)/status" || fail "$output"
    [[ $output == *'5 passed, 1 failed'* ]] || fail "$output"
}

@test "independent builds are made side by side within the cores of the job" {
    # Each ends only if the other has begun.
    suite side 'one: {build: {cmds: ["touch $HOME/one", "until [ -e $HOME/two ]; do sleep 0.1; done"]}, run: {cmds: ["true"]}}' \
        'two: {build: {cmds: ["touch $HOME/two", "until [ -e $HOME/one ]; do sleep 0.1; done"]}, run: {cmds: ["true"]}}'
    run_job --nodes=1 --cpus-per-task=2 --pavtest=side
    [[ $state == COMPLETED && $output == *'builds: 2 to be made before their tests, at most 2 at once'* ]] || fail "$output"
    # With one processor the first waits in vain, and only its own test fails.
    rm "$home"/one "$home"/two
    chmod -R u+w "$shelf"
    rm -r "$shelf"
    suite side 'one: {build: {timeout: 2, cmds: ["touch $HOME/one", "until [ -e $HOME/two ]; do sleep 0.1; done"]}, run: {cmds: ["true"]}}' \
        'two: {build: {cmds: ["touch $HOME/two", "until [ -e $HOME/one ]; do sleep 0.1; done"]}, run: {cmds: ["true"]}}'
    run_job --nodes=1 --pavtest=side
    [[ -n $(told BUILD_TIMEOUT) && $output == *'PASS     side.two'* ]] || fail "$output"
}

@test "what runs is what was frozen: sources, extra files, archives of each kind" {
    local kind
    cd "$home/.pavilion/test_src"
    as_user "$USER_A" tar -C "$PWD" -czf "$PWD/a.tar.gz" code
    as_user "$USER_A" tar -C "$PWD/code" -cjf "$PWD/a.tar.bz2" main.c
    as_user "$USER_A" tar -C "$PWD" -cJf "$PWD/a.tar.xz" code
    as_user "$USER_A" tar -C "$PWD" -cf "$PWD/a.tar" code
    as_user "$USER_A" sh -c "gzip -c '$PWD/code/main.c' >'$PWD/main.c.gz'"
    as_user "$USER_A" sh -c "echo extra >'$PWD/note'"
    for kind in a.tar.gz a.tar.bz2 a.tar.xz a.tar main.c.gz; do
        echo "t_${kind//./_}: {build: {source_path: $kind, extra_files: [note], cmds: ['cc -o prog main.c']}, run: {cmds: [./prog, cat note]}}"
    done >"$home/.pavilion/suites/kinds.yaml"
    id=$(submit_job --hold --pavtest=kinds)
    as_user "$USER_A" rm -r "$PWD/code" "$PWD"/a.tar* "$PWD"/main.c.gz "$PWD/note"
    scontrol release "$id"
    [[ $(wait_job "$id" 120) == COMPLETED ]] || fail "$(cat "$home/job-$id")"
    for kind in 0 1 2 3 4; do
        [[ $(cat "$(test_files "000$kind")/run.log") == $'compiled\nextra' ]]
    done
}

@test "templates: their lines know the variables of the test, and are part of the build" {
    as_user "$USER_A" tee "$home/.pavilion/test_src/word.pav" >/dev/null <<<'#define WORD "{{word}}"'
    as_user "$USER_A" tee "$home/.pavilion/test_src/code/main.c" >/dev/null <<'END'
#include "word.h"
#include <stdio.h>
int main(void) { return puts(WORD) < 0; }
END
    as_user "$USER_A" tee "$home/.pavilion/test_src/run.pav" >/dev/null <<<'on {{sched.test_node_list}}'
    suite words 'it: {variables: {word: [one, two]}, permute_on: [word], build: {source_path: code, templates: {word.pav: word.h}, cmds: ["cc -o prog main.c"]}, run: {templates: {run.pav: sub/where}, cmds: [./prog, "cat sub/where"]}}'
    id=$(submit_job --hold --nodes=1 --nodelist=n1 --pavtest=words)
    as_user "$USER_A" rm -r "$home/.pavilion/test_src"
    scontrol release "$id"
    [[ $(wait_job "$id" 120) == COMPLETED ]] || fail "$(cat "$home/job-$id")"
    [[ $(cat "$(test_files 0000)/run.log") == $'one\non n1' ]]
    [[ $(cat "$(test_files 0001)/run.log") == $'two\non n1' ]]
    [[ $(find "$shelf" -maxdepth 1 -type l | wc -l) -eq 2 ]]
}

@test "Spack: the packages of a test go into an environment of its build, and are loaded" {
    # In the place of a Spack: what it is told to do, in its environment's directory.
    as_user "$USER_A" mkdir -p spack/share/spack
    as_user "$USER_A" tee spack/share/spack/setup-env.sh >/dev/null <<'END'
spack() {
    case "$1 ${2-}" in
        "env activate") [[ -e spack.yaml ]] || return 1 ;;
        "add bad") return 1 ;;
        install*) mkdir spack_installs ;;
        load*) [[ -d spack_installs ]] || return 1 ;;
    esac
    echo "spack $*"
}
END
    suite spacked 'it: {spack: {build_jobs: 3, repos: [/repo]}, build: {spack: {install: [zlib, "hdf5+mpi"]}, cmds: [jq -r .spack.config.build_jobs spack.yaml]}, run: {spack: {load: [zlib]}, cmds: ["jq -r .spack.config.install_tree.root,.spack.repos[0] spack.yaml"]}}' \
        'bad: {build: {spack: {install: [bad]}}, run: {cmds: ["true"]}}'
    id=$(as_user "$USER_A" env SPACK_ROOT="$home/spack" sbatch --parsable --output=job-%j --pavtest=spacked </dev/null)
    wait_job "$id" 120
    [[ $(grep -c '^spack add' "$(test_files 0000)/build.log") -eq 2 ]] || fail "$(cat "$home/job-$id")"
    [[ $(tail -n 2 "$(test_files 0000)/build.log") == $'spack install -v --fail-fast\n3' ]]
    [[ $(tail -n 3 "$(test_files 0000)/run.log") == $'spack load zlib\n'"$shelf/."*"/build/spack_installs"$'\n/repo' ]] ||
        fail "$(cat "$(test_files 0000)/run.log")"
    grep --quiet 'FAIL: build' "$(test_files 0001)/status"
    # Without a Spack it is said what is missing.
    run_job --pavtest=spacked.bad
    grep --quiet 'SPACK_ROOT: has to name a Spack' "$(test_files 0000)/build.log"
}

# as_member USER ARGUMENT of sbatch…: a job of that user's to its end; its output in $output.
as_member() {
    local user=$1
    shift
    id=$(as_user "$user" env PAVTEST_CONFIG="$PAVTEST_CLUSTER_DIR/shared.yaml" sbatch --parsable \
        --output=job-%j "$@" </dev/null) || return
    state=$(wait_job "$id" 120) || return
    output=$(cat "$(home_of "$user")/job-$id")
    status_file=$(echo "$(home_of "$user")"/.pavtest/sessions/*/*/jobs/"$id".0/tests/0000/status)
}

@test "two users of a group share a build area; nobody else reads it" {
    require_root
    local group one two user source area=$PAVTEST_CLUSTER_DIR/area
    # Two users with the same first group.
    read -r group one two < <(getent passwd |
        awk -F: '$3 != 0 { if ($4 in first) { print $4, first[$4], $1; exit } first[$4] = $1 }')
    [[ -n $two ]] || fail 'there are no two users with the same first group'
    install -d -m 2770 -g "$group" "$area"
    printf '%s\n' "build_area: $area" "build_group: $(getent group "$group" | cut -d: -f1)" \
        >"$PAVTEST_CLUSTER_DIR/shared.yaml"
    source=$(cat "$home/.pavilion/test_src/code/main.c")
    for user in "$one" "$two" "$USER_A"; do
        install -d -m 700 -o "$user" -g "$(id -g "$user")" "$(home_of "$user")"
        as_user "$user" mkdir -p .pavilion/suites .pavilion/test_src/code
        as_user "$user" tee .pavilion/test_src/code/main.c >/dev/null <<<"$source"
        as_user "$user" tee .pavilion/suites/once.yaml >/dev/null \
            <<<'it: {build: {source_path: code, cmds: ["cc -o prog main.c"]}, run: {cmds: ["./prog"]}}'
    done
    as_member "$one" --pavtest=once
    [[ $state == COMPLETED ]] || fail "$output"
    grep --quiet "BUILD_DONE .*$area/" "$status_file"
    as_member "$two" --pavtest=once
    [[ $state == COMPLETED ]] || fail "$output"
    grep --quiet "BUILD_REUSED $area/.*built by $one on" "$status_file" || fail "$(cat "$status_file")"
    # Who is not in the group builds in the own store, and is told.
    as_member "$USER_A" --pavtest=once
    [[ $state == COMPLETED ]] || fail "$output"
    grep --quiet "BUILD_DONE .*$shelf/" "$status_file"
    grep --quiet "INFO .*$area" "$status_file" || fail "$(cat "$status_file")"
    # Others neither list it nor reach into it.
    run ! as_user "$USER_A" ls "$area"
    rm -rf "$area" "$(home_of "$one")" "$(home_of "$two")"
}

@test "a source that would have to be fetched is refused at submission" {
    suite net 'it: {build: {source_path: x.tgz, source_url: "http://example.org/x.tgz"}, run: {cmds: ["true"]}}'
    run --separate-stderr submit --pavtest=net </dev/null
    [[ $status -ne 0 && $stderr == *'sources are not fetched here'* ]] || fail "$stderr"
}

@test "a job killed at a build leaves nothing that keeps the next one out or fools it" {
    suite slow 'it: {build: {source_path: code, cmds: ["echo half >prog", "until [ -e $HOME/go ]; do sleep 0.1; done", "cc -o prog main.c"]}, run: {cmds: ["./prog"]}}'
    killed=$(submit_job --pavtest=slow)
    wait_for 60 lock_is_taken
    scancel --signal=KILL --full "$killed"
    wait_job "$killed" 60
    touch "$home/go"
    run_job --pavtest=slow
    [[ $state == COMPLETED && $(cat "$(test_files 0000)/run.log") == compiled ]] || fail "$output"
    run ! lock_is_taken
}

@test "two jobs at once: one builds, the other says for whom it waits, and takes it" {
    suite slow 'it: {build: {source_path: code, cmds: ["until [ -e $HOME/go ]; do sleep 0.1; done", "cc -o prog main.c"]}, run: {cmds: ["./prog"]}}'
    local one
    one=$(submit_job --nodes=1 --pavtest=slow)
    wait_for 60 lock_is_taken
    id=$(submit_job --nodes=1 --pavtest=slow)
    waits() { [[ -e $(test_files 0000)/status && -n $(told BUILD_WAIT) ]]; }
    wait_for 60 waits
    [[ $(told BUILD_WAIT) == "$USER_A (job $one.0 on n"* ]]
    touch "$home/go"
    [[ $(wait_job "$one" 60) == COMPLETED && $(wait_job "$id" 60) == COMPLETED ]]
    [[ -n $(told BUILD_REUSED) ]]
}
