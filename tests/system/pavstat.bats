#!/usr/bin/env bats
# pavstat on the sessions of a real cluster: views, filters, formats, other people's stores,
# and what it makes of a store that somebody has damaged.
#
# shellcheck disable=SC2016,SC2154,SC2030,SC2031

# shellcheck source=tests/system/helpers.bash
load helpers

bats_require_minimum_version 1.5.0

# A few sessions that all cases look at: JOB_MIXED (one of its tests fails) on n1, JOB_BAD on n2
# and JOB_WIDE on both.
setup_file() {
    require_commands sbatch jq setpriv script
    require_root
    start_cluster_with_pavtest --nodes 2
    local home
    home=$(home_of "$USER_A")
    as_user "$USER_A" mkdir -p "$home/.pavilion/suites"
    as_user "$USER_A" tee "$home/.pavilion/suites/mixed.yaml" >/dev/null <<'END'
good: {run: {cmds: ["echo fine", "pavstat set 'half way'"]}}
bad: {run: {cmds: ["printf 'about to \\033[31mfail\\n'", "false"]}}
skipped: {not_if: {"{{sys_arch}}": [".*"]}, run: {cmds: ["false"]}}
END
    as_user "$USER_A" tee "$home/.pavilion/suites/wide.yaml" >/dev/null <<'END'
all: {schedule: {nodes: 2, partition: batch}, run: {cmds: ["true"]}}
END
    as_user "$USER_A" tee "$home/.pavilion/suites/slow.yaml" >/dev/null <<'END'
first: {run: {cmds: ["echo begun; until test -e $HOME/go; do sleep 0.2; done; echo done"]}}
second: {run: {cmds: ["true"]}}
END
    JOB_MIXED=$(submit --output=/dev/null --nodelist=n1 --pavtest=mixed </dev/null 2>/dev/null)
    JOB_BAD=$(submit --output=/dev/null --nodelist=n2 --pavtest=mixed.bad </dev/null 2>/dev/null)
    JOB_WIDE=$(submit --output=/dev/null --pavtest=wide </dev/null 2>/dev/null)
    export JOB_MIXED JOB_BAD JOB_WIDE
    wait_job "$JOB_MIXED" 90
    wait_job "$JOB_BAD" 90
    wait_job "$JOB_WIDE" 90
    wait_for 60 cluster_is_idle
    ROOT_CACHE=$(mktemp -d "$PAVTEST_CLUSTER_DIR/cache-XXXXXX")
    export ROOT_CACHE
}

teardown_file() {
    stop_cluster
}

setup() {
    home=$(home_of "$USER_A")
    store=$home/.pavtest
}

teardown() {
    logs_if_failed
    rm -f "$home/go"
    scancel --user="$USER_A" 2>/dev/null || true
    wait_for 60 cluster_is_idle
}

stat() {
    as_user "$USER_A" pavstat "$@"
}

# jobs [ARGUMENT of pavstat]…: the job ids that it shows, in a line.
jobs_of() {
    stat --noheader --format=%i "$@" | xargs
}

# tests_of [ARGUMENT of pavstat]…: the tests that it shows.
tests_of() {
    stat --noheader --tests -P -O testid,name "$@" | xargs
}

session_directory() {
    find "$store/sessions" -path "*/jobs/$1.0" | sed 's|/jobs/[^/]*$||'
}

# shows JOB…: these and no other.
shows() {
    [[ $output == "$*" ]] || fail "shown: $output, wanted: $*"
}

# ---- views and filters ----

@test "my sessions, a line for each job" {
    run -0 --separate-stderr stat
    [[ -z $stderr ]]
    [[ ${lines[0]} =~ JOBID.*SESSION.*REQUEST.*STATE.*PASS.*FAIL ]]
    grep --quiet -E "^ *$JOB_MIXED .* mixed .* COMPLETE +1 +1 +0 +1 +0 .* n1$" <<<"$output" ||
        fail "$output"
    [[ ${#lines[@]} == 4 ]]
}

@test "filters choose sessions" {
    run jobs_of --suite 'wi*'
    shows "$JOB_WIDE"
    run jobs_of --partition batch
    shows "$JOB_WIDE"
    run jobs_of --nodelist 'n[2-9]'
    shows "$JOB_BAD $JOB_WIDE"
    run jobs_of --user "$USER_A" --states complete
    shows "$JOB_MIXED $JOB_BAD $JOB_WIDE"
    run jobs_of --states running
    shows ""
    run jobs_of --starttime now-1hour --endtime now+1minutes
    shows "$JOB_MIXED $JOB_BAD $JOB_WIDE"
    run jobs_of --endtime now-1hour
    shows ""
    run jobs_of --clusters nowhere
    shows ""
}

@test "filters choose tests" {
    run tests_of --failed
    shows "$JOB_MIXED.1|mixed.bad $JOB_BAD.0|mixed.bad"
    run tests_of --failed -w n2
    shows "$JOB_BAD.0|mixed.bad"
    run tests_of --result skipped
    shows "$JOB_MIXED.2|mixed.skipped"
    run tests_of --has-state run_user
    shows "$JOB_MIXED.0|mixed.good"
    run tests_of --test good --jobs "$JOB_MIXED,$JOB_WIDE"
    shows "$JOB_MIXED.0|mixed.good"
    run tests_of --jobs "$JOB_MIXED.1"
    shows "$JOB_MIXED.1|mixed.bad"
}

@test "what names nothing is refused with advice" {
    run -2 stat --states nonsense-state
    [[ $output == *"pavstat states"* ]]
    run -2 stat --result good
    run -2 stat --starttime yesterdayish
    run -2 stat -O jobd
    [[ $output == *"jobid"* ]]
    run -5 stat --jobs 999999
    [[ $output == *"no session of job '999999'"* ]]
}

@test "the forms: widths, parsable, JSON, YAML" {
    [[ $(stat -h -j "$JOB_MIXED" -o '[%.8i|%6T|%3v]' | head -n 1) == "[$(printf '%8s' "$JOB_MIXED")|COMPLE|PAS]" ]]
    [[ $(stat -P -j "$JOB_MIXED.1" -O testid,state,result) == "TESTID|STATE|RESULT
$JOB_MIXED.1|COMPLETE|FAIL" ]]
    [[ $(stat -h --parsable --delimiter=, -j "$JOB_MIXED.1" -O testid,result) == "$JOB_MIXED.1,FAIL," ]]
    [[ $(as_user "$USER_A" env PAVSTAT_FORMAT2=session,jobid pavstat -h --sort=-jobid | awk '{ print $2 }' | xargs) == \
        "$JOB_WIDE $JOB_BAD $JOB_MIXED" ]]
    stat --json | jq --exit-status '[.sessions[].counts.total] == [3, 1, 1] and
        .sessions[0].suites == ["mixed"] and .sessions[0].tests[1].return_value == 1' >/dev/null
    [[ $(stat --yaml -j "$JOB_WIDE") == "---"*"sessions:"*"- id: \""*"nodes: \"n[1-2]\""* ]]
}

@test "counts, nodes, and what failures have in common" {
    run stat --summary
    [[ $output =~ suite\ +mixed\ +4\ +1\ +2\ +0\ +1 && $output =~ node\ +n2\ +2\ +1\ +1\ +0 ]] || fail "$output"
    run stat -h --node 'n[1-2]'
    [[ ${lines[0]} =~ ^n1\ +2\ +1\ +0 && ${lines[1]} =~ ^n2\ +1\ +1\ +0 ]] || fail "$output"
    run stat -j "$JOB_MIXED" --nodes
    [[ ${lines[1]} =~ $JOB_MIXED\ +0\ +n1\ +20.*\ prolog\ +20.*\ epilog ]] || fail "$output"
}

@test "the history of a test, in order" {
    run -0 stat -j "$JOB_MIXED.0" --history
    [[ $(stat -h -j "$JOB_MIXED.0" --history | grep -oE ' (SCHEDULED|RUNNING|RUN_USER|RUN_DONE|COMPLETE) ' | xargs) == \
        "SCHEDULED RUNNING RUN_USER RUN_DONE COMPLETE" ]] || fail "$output"
    [[ $output == *"half way"* ]]
}

@test "logs and results; control characters are shown, not obeyed" {
    run -0 stat log "$JOB_MIXED.1"
    [[ $output == 'about to \x1b[31mfail' ]] || fail "$output"
    run -0 stat log "$JOB_MIXED"
    [[ $output == *"==> 0 mixed.good <=="*"fine"*"==> 1 mixed.bad <=="* ]]
    run -5 stat log "$JOB_MIXED.2"
    [[ $output == *"has not run"* ]]
    [[ $(stat results "$JOB_MIXED" | jq --compact-output '[.results[] | [.name, .results.result]]') == \
        '[["mixed.good","PASS"],["mixed.bad","FAIL"],["mixed.skipped",null]]' ]]
}

@test "wait says by its exit status how it ended" {
    run -0 stat wait "$JOB_WIDE"
    run -1 stat wait "$JOB_MIXED"
    run -5 stat wait 999999
}

@test "a running session: shown as it goes, followed, waited for" {
    id=$(submit --output=/dev/null --pavtest=slow </dev/null 2>/dev/null)
    wait_for 60 eval '[[ $(stat -h -j "$id" -P -O state | xargs) == "RUNNING PREPPING_RUN" ]]'
    run -3 stat wait "$id" --timeout 1
    [[ $output == *"not over after 1 s"* ]]
    stat log -f "$id.0" >"$BATS_TEST_TMPDIR/log" &
    follower=$!
    wait_for 30 grep --quiet begun "$BATS_TEST_TMPDIR/log"
    stat wait "$id" &
    waiter=$!
    as_user "$USER_A" touch "$home/go"
    wait "$follower"
    [[ $(cat "$BATS_TEST_TMPDIR/log") == $'begun\ndone' ]]
    wait "$waiter"
    [[ $(stat -h -j "$id" -P -O state,result | xargs) == "COMPLETE|PASS COMPLETE|PASS" ]]
    wait_for 60 cluster_is_idle
}

@test "a live screen on a terminal, which ends when all is over" {
    id=$(submit --output=/dev/null --pavtest=slow </dev/null 2>/dev/null)
    wait_for 60 eval '[[ $(stat -h -j "$id" -P -O state | xargs) == "RUNNING PREPPING_RUN" ]]'
    as_user "$USER_A" script --quiet --flush --return --command "stty cols 100 rows 20; pavstat --watch -j $id" \
        "$home/typescript" </dev/null >"$BATS_TEST_TMPDIR/script" 2>&1 &
    watcher=$!
    as_user "$USER_A" pavstat --watch -j "$id" >"$BATS_TEST_TMPDIR/piped" &
    piped=$!
    as_user "$USER_A" pavstat -h -i 1 -j "$id" -P -O testid,state >"$BATS_TEST_TMPDIR/plain" &
    plain=$!
    wait_for 30 grep --quiet "sessions are over, 0 of 2 tests" "$home/typescript" || fail "$(cat "$BATS_TEST_TMPDIR/script")"
    wait_for 30 grep --quiet RUNNING "$BATS_TEST_TMPDIR/plain"
    [[ ! -s $BATS_TEST_TMPDIR/piped ]]
    as_user "$USER_A" touch "$home/go"
    wait "$watcher" "$piped" "$plain"
    grep --quiet $'\e\[[0-9]*A' "$home/typescript"
    [[ $(tail -n 4 "$home/typescript") == *COMPLETE*COMPLETE* ]] || fail "$(cat -v "$home/typescript")"
    [[ $(grep --count JOBID "$BATS_TEST_TMPDIR/piped") == 1 ]]
    [[ $(tail -n 2 "$BATS_TEST_TMPDIR/plain") == "$id.0|COMPLETE"$'\n'"$id.1|COMPLETE" ]]
    [[ $(cat "$BATS_TEST_TMPDIR/plain" "$BATS_TEST_TMPDIR/piped") != *$'\e'* ]]
    rm "$home/typescript"
}

@test "what changed since the session before" {
    run -0 stat --changed --suite wide
    [[ ${#lines[@]} == 1 ]] || fail "$output"
    as_user "$USER_A" sed -i 's/"true"/"false"/' "$home/.pavilion/suites/wide.yaml"
    id=$(submit --output=/dev/null --pavtest=wide </dev/null 2>/dev/null)
    wait_job "$id" 60
    run -0 stat --noheader --changed --suite wide
    [[ $(xargs <<<"${lines[0]}") == "$JOB_WIDE $id wide.all PASS FAIL n[1-2] FAIL: returned 1" ]] || fail "$output"
    stat --changed --json --jobs "$id" | jq --exit-status '.changes | length == 1' >/dev/null
}

@test "index, journals and status files agree, until one of them is changed" {
    run -0 stat --verify
    [[ $output =~ compared\ [0-9]+\ sessions,\ [0-9]+\ tests,\ [0-9]+\ status\ files:\ all\ agree ]] || fail "$output"
    status_file=$(session_directory "$JOB_BAD")/jobs/$JOB_BAD.0/tests/0000/status
    cp -a "$status_file" "$BATS_TEST_TMPDIR/kept"
    sed -i '$s/COMPLETE/RUNNING/' "$status_file"
    run -3 stat --verify
    cp -a "$BATS_TEST_TMPDIR/kept" "$status_file"
    [[ $output == *"test 0: its status file says RUNNING, the journals COMPLETE"* ]] || fail "$output"
}

@test "names, more columns, short states, and times as Slurm shows them" {
    run jobs_of --name mixed
    shows "$JOB_MIXED"
    run jobs_of --states cd --name mixed.bad
    shows "$JOB_BAD"
    run -0 stat --long
    [[ ${lines[0]} == *CLUSTER*PARTITION*SOURCE* ]]
    [[ $(as_user "$USER_A" env SLURM_TIME_FORMAT=%Y pavstat -h -j "$JOB_BAD" -o %V) == "$(date +%Y)" ]]
    run -0 --separate-stderr stat --verbose
    [[ $stderr == *"looked into $store"* ]]
}

@test "old sessions are packed and removed, when one says yes" {
    copy=$(mktemp -d "$home/store-XXXXXX")
    chown "$USER_A:" "$copy"
    cp -a "$store/." "$copy"
    # As if all of it had been a week ago.
    find "$copy" -name '*.json*' -exec sed -i "s/\"$(date +%Y-%m-%d)T/\"$(date --date='7 days ago' +%Y-%m-%d)T/g" {} +
    of_copy() { as_user "$USER_A" env PAVTEST_STORE_DIR="$copy" XDG_CACHE_HOME="$copy/cache" pavstat "$@"; }
    run -2 of_copy prune
    [[ $output == *"--older 90d"* ]]
    before=$(of_copy -P -O jobid,state,pass,fail,nodelist,note --starttime now-10days)
    run -0 of_copy compact --older 2d
    [[ $output == *" $(id -un "$USER_A") "*"wide"*"to pack: add --yes"* ]] || fail "$output"
    [[ -z $(find "$copy" -name packed.tar.gz) ]]
    run -0 of_copy compact --older 2d --yes
    place=$(session_directory "$JOB_WIDE" | sed "s|^$store/|$copy/|")
    [[ $(ls "$place/jobs/$JOB_WIDE.0") == packed.tar.gz ]] || fail "$output"
    [[ $(find "$place" | wc -l) -le 8 && -d $place/../$(basename "$(session_directory "$JOB_BAD")")/jobs/$JOB_BAD.0/tests ]]
    rm -r "$copy/cache"
    [[ $(of_copy -P -O jobid,state,pass,fail,nodelist,note --starttime now-10days) == "$before" ]]
    run -0 of_copy --verify --starttime now-10days
    [[ $output == *"all agree"* ]] || fail "$output"
    run -0 of_copy results "$JOB_WIDE"
    [[ $output == *'"result": "PASS"'* ]] || fail "$output"
    of_copy log "$JOB_WIDE.0"
    run -0 of_copy prune --older 2d
    [[ $output == *"to remove: add --yes"* && -d $place ]]
    run -0 of_copy prune --older 2d --yes
    [[ -z $(find "$copy/sessions" -mindepth 1) && -d $store/sessions ]] || fail "$output"
    run -0 of_copy --starttime now-10days -h
    [[ -z $output ]]
    rm -r "$copy"
}

# ---- other people ----

@test "a store that is shared with a group is read by its members, and by nobody else" {
    place=$(mktemp -d "$PAVTEST_CLUSTER_DIR/shared-XXXXXX")
    install -d -m 3777 -g "$(id -gn "$USER_B")" "$place/stores"
    chmod 755 "$place"
    printf '%s\n' "store: $place/stores/{user}" "store_group: $(id -gn "$USER_B")" >"$place/site.yaml"
    id=$(as_user "$USER_A" env PAVTEST_CONFIG="$place/site.yaml" sbatch --parsable --output=/dev/null \
        --pavtest=mixed.good </dev/null 2>/dev/null)
    wait_job "$id" 60
    wait_for 60 cluster_is_idle
    for who in "--user=$USER_A" --all; do
        run -0 as_user "$USER_B" env PAVTEST_CONFIG="$place/site.yaml" pavstat -h -O jobid,state "$who"
        [[ $(xargs <<<"$output") == "$id COMPLETE" ]] || fail "$who: $output"
    done
    run -0 as_user "$USER_B" env PAVTEST_CONFIG="$place/site.yaml" pavstat log --user="$USER_A" "$id"
    [[ $output == fine ]]
    mkdir -p "$(home_of nobody)"
    run -0 as_user nobody env HOME=/nonexistent PAVTEST_CONFIG="$place/site.yaml" pavstat -h --user="$USER_A"
    [[ $output != *"$id"* ]] || fail "$output"
}

@test "a private store is nobody else's; root reads it as its owner" {
    run as_user "$USER_B" pavstat -h --user="$USER_A"
    [[ $output != *"$JOB_MIXED"* ]]
    printf '%s\n' "store: $PAVTEST_CLUSTER_DIR/home/{user}/.pavtest" >"$PAVTEST_CLUSTER_DIR/root.yaml"
    as_root() {
        env HOME="$ROOT_CACHE" XDG_CACHE_HOME="$ROOT_CACHE" PAVTEST_CONFIG="$PAVTEST_CLUSTER_DIR/root.yaml" \
            pavstat "$@"
    }
    run -0 as_root -h -O jobid,user --user="$USER_A"
    [[ $output == *"$JOB_MIXED"*"$USER_A"* ]] || fail "$output"
    # Nothing that root made lies in the store, and a link out of it leads nowhere.
    [[ -z $(find "$store" ! -user "$USER_A") ]]
    echo secret >"$PAVTEST_CLUSTER_DIR/secret"
    chmod 600 "$PAVTEST_CLUSTER_DIR/secret"
    log=$(session_directory "$JOB_MIXED")/jobs/$JOB_MIXED.0/tests/0001/run.log
    mv "$log" "$log.kept"
    as_user "$USER_A" ln -s "$PAVTEST_CLUSTER_DIR/secret" "$log"
    run as_root log --user="$USER_A" "$JOB_MIXED.1"
    as_user "$USER_A" rm "$log"
    mv "$log.kept" "$log"
    [[ $status != 0 && $output != *secret$'\n'* ]] || fail "$output"
}

# ---- damage ----

# damaged COMMAND…: does it with a copy of the store, JOB_BAD's journals in $journals; then
# JOB_MIXED is whole, and one line on standard error says what was left out.
damaged() {
    local copy journals
    copy=$(mktemp -d "$home/store-XXXXXX")
    cp -a "$store/." "$copy"
    chown "$USER_A:" "$copy"
    journals=$copy/${store:+$(session_directory "$JOB_BAD" | sed "s|^$store/||")}/jobs/$JOB_BAD.0
    (cd "$journals" && "$@")
    run -0 --separate-stderr as_user "$USER_A" env PAVTEST_STORE_DIR="$copy" XDG_CACHE_HOME="$copy/cache" \
        timeout 20 pavstat --offline -h -P -O jobid,state,tests,fail
    rm -rf "$copy"
    [[ $output == *"$JOB_MIXED|COMPLETE|3|1"* ]] || fail "$output" || return
    [[ $(wc -l <<<"$stderr") == 1 && $stderr == "pavstat: "* ]] || fail "said: $stderr"
}

@test "damaged journals: the rest is shown, and one line says what was left out" {
    journal=journal.runner-n2.jsonl
    damaged eval 'truncate --size=-20 $journal'
    [[ $stderr == *"one line or file left out: "*"$journal:"*"torn"* ]] || fail "$stderr"
    [[ $output == *"$JOB_BAD|"* ]]
    damaged eval 'head -c 5000 /dev/urandom >>$journal'
    [[ $output == *"$JOB_BAD|COMPLETE|1|1"* ]] || fail "$output"
    damaged eval 'rm $journal; mkfifo $journal'
    damaged eval 'mv $journal moved; ln -s moved $journal'
    damaged eval 'truncate --size=1G $journal'
    damaged eval 'chmod 0 $journal'
    damaged eval 'echo "{\"v\":99}" >>$journal'
    [[ $output == *"$JOB_BAD|COMPLETE|1|1"* ]] || fail "$output"
    damaged eval 'printf "{" >../../session.json'
    [[ $output != *$'\n'"$JOB_BAD|"* ]]
    damaged eval 'chmod 0 ../..'
}

@test "sessions that vanish while they are read do no harm" {
    copy=$(mktemp -d "$home/store-XXXXXX")
    chown "$USER_A:" "$copy"
    session=$(session_directory "$JOB_BAD" | sed "s|^$store/||")
    cp -a "$store/." "$copy"
    (while [[ -d $copy ]]; do
        mv "$copy/$session" "$copy/away" 2>/dev/null
        mv "$copy/away" "$copy/$session" 2>/dev/null
        mv "$copy/$session/jobs" "$copy/away" 2>/dev/null
        mv "$copy/away" "$copy/$session/jobs" 2>/dev/null
    done) &
    mover=$!
    for ((round = 0; round < 20; round++)); do
        run -0 --separate-stderr as_user "$USER_A" env PAVTEST_STORE_DIR="$copy" XDG_CACHE_HOME="$copy/cache" \
            pavstat --offline -h -P -O jobid,state
        [[ $output == *"$JOB_MIXED|COMPLETE"* && $output == *"$JOB_WIDE|COMPLETE"* ]] || break
    done
    kill "$mover"
    wait "$mover" || true
    rm -rf "$copy"
    [[ $round == 20 ]] || fail "$output $stderr"
}

@test "escape sequences in notes, names and paths reach no terminal" {
    copy=$(mktemp -d "$home/store-XXXXXX")
    chown "$USER_A:" "$copy"
    cp -a "$store/." "$copy"
    journal=$(session_directory "$JOB_BAD" | sed "s|^$store/|$copy/|")/jobs/$JOB_BAD.0/journal.runner-n2.jsonl
    sed -i '/"test":0,/s/"note":"[^"]*"/"note":"\\u001b]0;owned\\u0007\\u009b2J"/' "$journal"
    grep --quiet owned "$journal"
    sed -i 's/"user":"[^"]*"/"user":"\\u001b[2Jx"/' "$copy"/sessions/*/*/session.json
    for form in '' --tests --summary --history --nodes '-j '"$JOB_BAD" '-P -O jobid,user,note' --yaml --json; do
        # shellcheck disable=SC2086
        run as_user "$USER_A" env PAVTEST_STORE_DIR="$copy" XDG_CACHE_HOME="$copy/cache" pavstat --offline $form
        [[ $status == 0 ]] || fail "$form: $output"
        [[ $output != *[$'\e\a']* && $output != *$'\u009b'* ]] || fail "$form: $output"
    done
    rm -rf "$copy"
}

# ---- Slurm ----

@test "finished sessions cost Slurm no question" {
    as_user "$USER_A" mkdir -p "$home/bin"
    for name in squeue sacct scontrol; do
        printf '#!/bin/sh\necho %s "$@" >>%s/asked\nexec %s "$@"\n' "$name" "$home" "$(command -v "$name")" \
            >"$home/bin/$name"
        chmod 755 "$home/bin/$name"
    done
    as_user "$USER_A" env PATH="$home/bin:$PATH" pavstat >/dev/null
    [[ ! -e $home/asked ]] || fail "$(cat "$home/asked")"
    id=$(submit --output=/dev/null --hold --pavtest=wide </dev/null 2>/dev/null)
    as_user "$USER_A" env PATH="$home/bin:$PATH" pavstat >/dev/null
    [[ $(cut -d' ' -f1 "$home/asked" | sort | uniq -c | xargs) == "1 squeue" ]] || fail "$(cat "$home/asked")"
    scancel "$id"
    rm -r "${home:?}/bin" "$home/asked"
}
