#!/usr/bin/env bats
# Those who would misuse pavtest, two users against each other and against root: what a user
# puts in the place of a store, a session or a node's directory, before a job starts and while
# the agent runs; a file system that hangs; forged records; suites that try to escape. Whatever
# they do, other people's files stay as they were, no job fails for it and no node is drained.
#
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

# shellcheck source=tests/system/helpers.bash
load helpers

bats_require_minimum_version 1.5.0

deadline=3

setup_file() {
    require_root
    require_commands sbatch setpriv cc jq
    tools=$(mktemp -d /tmp/pavtest-XXXXXX)
    export tools
    chmod 755 "$tools"
    cc -o "$tools/hanging_fs" "$BATS_TEST_DIRNAME/plugins/hanging_fs.c"
    cc -shared -fPIC -o "$tools/job_control.so" "$BATS_TEST_DIRNAME/plugins/job_control.c"
    echo "optional $tools/job_control.so" >"$tools/plugstack.conf"
    start_cluster_with_pavtest --nodes 2 --plugstack "$tools/plugstack.conf" \
        --plugin-args "deadline=$deadline"
}

teardown_file() {
    stop_cluster
    rm -rf "$tools"
}

setup() {
    home=$(home_of "$USER_A")
    store=$home/.pavtest
    spool=$PAVTEST_CLUSTER_DIR/pavtest-spool
    uid=$(id -u "$USER_A")
    pavnode=$PAVTEST_PREFIX/libexec/pavtest/pavnode
    for user in "$USER_A" "$USER_B"; do
        mkdir -p "$(home_of "$user")/.pavilion/suites"
        echo 'pass: {run: {cmds: ["true"]}}' >"$(home_of "$user")/.pavilion/suites/small.yaml"
    done
    mark=$(wc -c <"$PAVTEST_CLUSTER_DIR/log/n1.log")
}

teardown() {
    logs_if_failed
    # Of one user at a time: scancel takes no list of them.
    for user in "$USER_A" "$USER_B"; do
        scancel --user="$user" 2>/dev/null || true
    done
    # A swapper that goes on would put back what is removed here.
    if [[ -s $tools/swapper ]]; then
        end_swapper
    fi
    # Whoever waits for a file system that hangs is freed by the end of its server.
    if [[ -n ${server-} ]]; then
        kill "$server" 2>/dev/null || true
        umount -l "$store" 2>/dev/null || true
    fi
    wait_for 60 cluster_is_idle
    rm -rf "${spool:?}"/* "$store" "$home"/[a-z]* "/tmp/pavtest-$uid"
}

# A job with a session that waits, with a script of its own; prints its id. $session is set.
held_job() {
    id=$(submit --hold --nodes=1 --nodelist=n1 --output=/dev/null --pavtest=small.pass --wrap true) ||
        return
    session=$(echo "$store"/sessions/*/*)
    [[ -d $session ]]
}

# Lets it run. Whatever its hooks meet, it ends well and the node stays up.
run_held_job() {
    scontrol release "$id"
    [[ $(wait_job "$id" 60) == COMPLETED ]] || return
    wait_for 30 cluster_is_idle
}

spooled() {
    find "$spool" -type f ! -name '.*' | sed "s,^$spool/,," | sort
}

log_of_n1() {
    tail -c "+$mark" "$PAVTEST_CLUSTER_DIR/log/n1.log"
}

# A directory whose contents must stay as they are, and what they are.
make_victim() {
    victim=$1
    mkdir -p "$victim/jobs" "$victim/sessions"
    echo precious >"$victim/session.json"
    echo precious >"$victim/journal.node-n1.jsonl"
    chown -R "$2:" "$victim"
    before=$(contents "$victim")
}

contents() {
    (cd "$1" && find . -printf '%p %m %u %s %T@\n' | sort && find . -type f -exec cat {} +)
}

untouched() {
    [[ $(contents "$victim") == "$before" ]] || fail "$(diff <(echo "$before") <(contents "$victim"))"
}

both_are_spooled() {
    [[ $(spooled) == "n1/$uid/$id.0.epilog"$'\n'"n1/$uid/$id.0.prolog" ]] || fail "$(spooled)"
}

# ---- between submission and start ----

@test "a store replaced by a link to another user's directory" {
    make_victim "$(home_of "$USER_B")/victim" "$USER_B"
    held_job
    mv "$store" "$store.away"
    ln -s "$victim" "$store"
    run_held_job
    rm "$store"
    rm -rf "$store.away"
    untouched
    both_are_spooled
}

@test "a store, a session and a node's directory replaced by FIFOs" {
    local place
    for place in store session jobs; do
        held_job
        case $place in
            store) replaced=$store ;;
            session) replaced=$session ;;
            jobs) replaced=$session/jobs ;;
        esac
        rm -rf "$replaced"
        as_user "$USER_A" mkfifo "$replaced"
        run_held_job
        both_are_spooled || return
        rm -rf "$store" "${spool:?}"/*
    done
}

@test "a session, a node's directory and a journal replaced by links to what must stay" {
    local place
    make_victim "$home/victim" "$USER_A"
    for place in session jobs job journal; do
        held_job
        case $place in
            session) replaced=$session ;;
            jobs) replaced=$session/jobs ;;
            job) replaced=$session/jobs/$id.0 ;;
            journal) replaced=$session/jobs/$id.0/journal.node-n1.jsonl ;;
        esac
        rm -rf "$replaced"
        as_user "$USER_A" mkdir -p "${replaced%/*}"
        if [[ $place == journal ]]; then
            as_user "$USER_A" ln -s "$victim/journal.node-n1.jsonl" "$replaced"
        else
            as_user "$USER_A" ln -s "$victim" "$replaced"
        fi
        run_held_job
        untouched || return
        both_are_spooled || return
        rm -rf "$store" "${spool:?}"/*
    done
}

@test "a session replaced by another user's directory" {
    held_job
    rm -rf "$session"
    mkdir -m 700 "$session"
    chown "$USER_B:" "$session"
    run_held_job
    [[ -z $(ls -A "$session") ]]
    both_are_spooled
}

# ---- while the agent runs ----

end_swapper() {
    kill "$(<"$tools/swapper")" 2>/dev/null || true
    # All background processes of this test: the shell that started the swapper ends with it.
    wait
    rm "$tools/swapper"
}

@test "a race: directories that change into links and back while agents run" {
    make_victim "$home/victim" "$USER_A"
    held_job
    as_user "$USER_A" mkdir "$session/jobs"
    as_user "$USER_A" ln -s "$victim" "$home/link"
    cat >"$tools/swap.c" <<'END'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char* argv[]) {
    for (unsigned n = 0; argc == 3; n++) {
        if (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], 2 /* exchange */) != 0) {
            perror("renameat2");
            return 1;
        }
    }
    return 1;
}
END
    cc -o "$tools/swap" "$tools/swap.c"
    # The pid is of the program itself, not of a shell that waits for it.
    as_user "$USER_A" bash -c 'echo $$; exec "$@"' - "$tools/swap" "$session/jobs" "$home/link" \
        >"$tools/swapper" 3>&- &
    local i written=0 refused=0
    wait_for 10 test -s "$tools/swapper"
    for ((i = 1; i <= 24; i++)); do
        if as_user "$USER_A" env PAVTEST_SESSION="${session##*/}" PAVTEST_STORE="$store" \
            PAVTEST_DEADLINE=10 PAVTEST_HOOK_SEQUENCE=$((i % 2)) SLURM_JOB_ID=$((1000 + i / 2)) \
            SLURM_JOB_RESTART_COUNT=0 SLURM_NODELIST=n1 SLURMD_NODENAME=n1 \
            "$pavnode" "$( ((i % 2)) && echo epilog || echo prolog)" </dev/null 2>/dev/null; then
            written=$((written + 1))
        else
            refused=$((refused + 1))
        fi
    done
    kill -0 "$(<"$tools/swapper")" || fail "the race was not on any more"
    run_held_job
    end_swapper
    untouched
    echo "written $written, refused $refused"
    ((written > 0 && refused > 0))
}

# ---- a store that hangs ----

@test "a store that hangs: the deadline is kept, the record spooled, the node stays up" {
    held_job
    "$tools/hanging_fs" "$store" >"$tools/hanging.out" 3>&- &
    server=$!
    wait_for 10 grep -q mounted "$tools/hanging.out"
    scontrol release "$id"
    wait_for 60 test -e "$spool/n1/$uid/$id.0.epilog"
    both_are_spooled
    [[ $(log_of_n1) == *"prolog: job $id of user $uid: the agent on this node did not finish within $deadline s"* ]]
    [[ $(wait_job "$id") == COMPLETED ]]
    # pavsuite doctor says so instead of hanging too.
    run -2 as_user "$USER_A" timeout 60 pavsuite doctor --json --quiet
    [[ $(jq -r '.findings[] | select(.check == "store") | .what' <<<"$output") == "no answer"* ]]
    kill "$server"
    umount -l "$store"
    wait_for 30 cluster_is_idle
    # The same user's next job brings the records home.
    [[ $(wait_job "$(submit --nodes=1 --nodelist=n1 --output=/dev/null --pavtest=small.pass --wrap true)") == COMPLETED ]]
    wait_for 30 cluster_is_idle
    [[ -z $(spooled) ]]
    [[ $(grep -c '"key":"'"${session##*/}/$id/0/n1/[01]"'"' "$session/jobs/$id.0/journal.node-n1.jsonl") == 2 ]]
}

# ---- hostile environment ----

@test "megabytes of SPANK_ variables start nothing else and hold nothing up" {
    local big
    big=$(head -c 60000 /dev/zero | tr '\0' '$')
    id=$(as_user "$USER_A" env SET_JOB_CONTROL="BIG=$big" SET_JOB_CONTROL_REPEAT=25 \
        sbatch --parsable --nodes=1 --nodelist=n1 --output=/dev/null --pavtest=small.pass --wrap true)
    [[ $(wait_job "$id") == COMPLETED ]]
    wait_for 30 cluster_is_idle
    [[ -z $(spooled) ]]
    grep -q '"left"' "$store"/sessions/*/*/jobs/"$id.0"/journal.node-n1.jsonl
}

# ---- forged records ----

@test "forged records in one's own store change neither another's session nor the spool" {
    local other view
    other=$(as_user "$USER_B" sbatch --parsable --nodes=1 --output=/dev/null --pavtest=small.pass </dev/null)
    [[ $(wait_job "$other") == COMPLETED ]]
    wait_for 30 cluster_is_idle
    victim=$(home_of "$USER_B")/.pavtest
    before=$(contents "$victim")
    view=$(as_user "$USER_B" pavstat -j "$other" --json)
    theirs=$(echo "$victim"/sessions/*/*)
    forged='{"v":1,"seq":0,"when":"2026-01-01T00:00:00.000000+00:00","role":"epilog","host":"n1","job":'$other',"restart":0,"node":"left","key":"'${theirs##*/}/$other'/0/n1/1","note":"forged","data":{"session":"'${theirs##*/}'","store":"'$victim'","exit_code":1}}'
    # By way of a journal of their own, and of an agent that is given it as if from a spool.
    held_job
    as_user "$USER_A" mkdir -p "$session/jobs/$other.0"
    echo "$forged" | as_user "$USER_A" tee "$session/jobs/$other.0/journal.node-n1.jsonl" >/dev/null
    echo "$forged" | as_user "$USER_A" env PAVTEST_SESSION="${session##*/}" PAVTEST_STORE="$store" \
        SLURM_JOB_ID="$id" SLURM_NODELIST=n1 SLURMD_NODENAME=n1 "$pavnode" prolog || true
    run_held_job
    [[ $(contents "$victim") == "$before" ]]
    [[ $(as_user "$USER_B" pavstat -j "$other" --json) == "$view" ]]
    [[ -z $(spooled) ]]
    run -0 as_user "$USER_A" "$pavnode" flush --spool "$spool"
    [[ $output == *"only root"* ]]
    run ! as_user "$USER_A" touch "$spool/forged"
}

# ---- suites ----

@test "a suite that tries to escape from its batch script" {
    local value
    for value in 'debug\n#SBATCH --uid=0' 'debug\ntouch /tmp/pavtest-escaped' '$(touch /tmp/pavtest-escaped)' \
        '`touch /tmp/pavtest-escaped`' "debug' ; touch /tmp/pavtest-escaped ; '"; do
        printf 'evil:\n  schedule: {partition: "%s"}\n  run: {cmds: ["true"]}\n' "${value//\"/\\\"}" \
            >"$home/.pavilion/suites/evil.yaml"
        run as_user "$USER_A" sbatch --parsable --output=/dev/null --pavtest=evil </dev/null
        ((status != 0)) || fail "accepted: $value"
    done
    [[ ! -e /tmp/pavtest-escaped && -z $(squeue --noheader) ]]
}

@test "names of suites lead nowhere but to suites" {
    local request
    for request in ../../../etc/passwd /etc/passwd 'small/../../x' $'small\nx' '-evil' '$(id)'; do
        run as_user "$USER_A" sbatch --parsable --pavtest="$request" </dev/null
        ((status != 0)) || fail "accepted: $request"
        [[ $output != *root:* ]] || fail "$output"
    done
}

@test "settings that others may write or that are setuid stop sbatch before it submits" {
    local mode
    for mode in 664 646 4644 2644; do
        : >"$tools/site.yaml"
        chmod "$mode" "$tools/site.yaml"
        run -255 as_user "$USER_A" env PAVTEST_CONFIG="$tools/site.yaml" \
            sbatch --pavtest=small.pass </dev/null
        [[ $output == *"is not used"* ]] || fail "$mode: $output"
    done
}

# ---- builds ----

@test "an archive that tries to escape fails its own test alone, and nothing is written outside" {
    local kind src=$home/.pavilion/test_src
    make_victim "$home/victim" "$USER_A"
    mkdir -p "$src/good"
    (
        cd "$src"
        echo x >../escaped
        tar -cPf up.tar ../escaped
        rm ../escaped
        echo x >"$victim/new"
        tar -cPf absolute.tar "$victim/new"
        rm "$victim/new"
        ln -s /etc out
        tar -cf link.tar out
        rm out
        ln -s "$victim" through
        tar -cf through.tar through
        rm through
        mkdir through
        echo overwritten >through/session.json
        tar -rf through.tar through/session.json
        rm -r through
        mknod device c 1 3
        tar -cf device.tar device
        rm device
        yes bomb | head -c 64M | gzip >bomb.gz
    )
    before=$(contents "$victim")
    for kind in up.tar absolute.tar link.tar through.tar device.tar bomb.gz; do
        echo "t_${kind%%.*}: {build: {source_path: $kind}, run: {cmds: ['true']}}"
    done >"$home/.pavilion/suites/evil.yaml"
    echo 'ok: {build: {source_path: good, cmds: ["echo >made"]}, run: {cmds: ["test -e made"]}}' \
        >>"$home/.pavilion/suites/evil.yaml"
    chown -R "$USER_A:" "$home/.pavilion"
    echo 'archive_limit: 8' >"$tools/limit.yaml"
    id=$(as_user "$USER_A" env PAVTEST_CONFIG="$tools/limit.yaml" sbatch --parsable --nodes=1 \
        --output=job-%j --pavtest=evil </dev/null)
    [[ $(wait_job "$id" 120) == FAILED ]] || fail "$(cat "$home/job-$id")"
    for kind in 0 1 2 3 4 5; do
        grep --quiet 'BUILD_ERROR .*is refused' "$store"/sessions/*/*/jobs/"$id".0/tests/000$kind/status ||
            fail "$kind: $(cat "$store"/sessions/*/*/jobs/"$id".0/tests/000$kind/status)"
    done
    grep --quiet 'PASS     evil.ok' "$home/job-$id" || fail "$(cat "$home/job-$id")"
    untouched
    [[ ! -e $home/.pavilion/escaped ]]
}

@test "a node's directory for builds that another has made, or a link: nothing goes there" {
    local node_dir=/tmp/pavtest-$uid
    echo 'it: {build: {cmds: ["echo >made"]}, run: {cmds: ["true"]}}' >"$home/.pavilion/suites/near.yaml"
    # run_near STATE
    run_near() {
        id=$(submit --nodes=1 --nodelist=n1 --output=job-%j --pavtest=near </dev/null)
        [[ $(wait_job "$id" 60) == "$1" ]] || fail "$(cat "$home/job-$id")"
        wait_for 60 cluster_is_idle
    }
    run_near COMPLETED
    rm -rf "$node_dir"
    as_user "$USER_B" mkdir -m 777 "$node_dir"
    run_near FAILED
    grep --quiet 'no safe place' "$store"/sessions/*/*/jobs/"$id".0/journal.node-n1.jsonl
    # The test, which would have its scratch there, is in error and says why.
    grep --quiet 'ERROR .*no safe place' "$home/job-$id" || fail "$(cat "$home/job-$id")"
    [[ -z $(ls -A "$node_dir") ]]
    rm -rf "$node_dir"
    make_victim "$(home_of "$USER_B")/victim" "$USER_B"
    as_user "$USER_B" ln -s "$victim" "$node_dir"
    run_near FAILED
    untouched
    rm "$node_dir"
}

# ---- the plugin ----

@test "the installed plugin shows the allowed names only, and needs libc only" {
    plugin=$(find "$PAVTEST_PREFIX" -name spank_pavtest.so)
    [[ $(nm -D --defined-only "$plugin" | awk '{print $3}' | sort | tr '\n' ' ') == "plugin_name plugin_type \
plugin_version slurm_spank_init slurm_spank_init_post_opt slurm_spank_job_epilog slurm_spank_job_prolog \
spank_plugin_version " ]]
    run ! grep -vE 'libc\.so|ld-linux|libdl|linux-vdso' <(ldd "$plugin")
    for program in pavrun pavstat; do
        run ! grep -vE 'libc\.so|libm\.so|ld-linux|libdl|libpthread|linux-vdso' \
            <(ldd "$PAVTEST_PREFIX/bin/$program")
    done
    run ! grep -vE 'libc\.so|libm\.so|ld-linux|libdl|libpthread|linux-vdso' <(ldd "$pavnode")
}

@test "no descriptor, variable or group of root's reaches a test" {
    cat >"$home/.pavilion/suites/look.yaml" <<'END'
look:
  run:
    cmds:
      - echo "groups $(id -G)"
      - for fd in /proc/self/fd/*; do [[ -e $fd ]] && echo "fd $(readlink -f $fd)"; done
      - env | sed 's/^/variable /'
END
    id=$(submit --nodes=1 --output="$home/look.out" --pavtest=look </dev/null)
    [[ $(wait_job "$id") == COMPLETED ]]
    log=$(cat "$store"/sessions/*/*/jobs/"$id.0"/tests/0000/run.log)
    [[ $log == *"groups $(id -G "$USER_A")"$'\n'* ]] || fail "$log"
    run ! grep -E "^fd .*($spool|/state/|munge|slurmd)" <<<"$log"
    run ! grep -E '^variable (SUDO|PAVTEST_CLUSTER_DIR|BATS)' <<<"$log"
    grep -q '^variable PAVTEST_TEST=0' <<<"$log"
}
