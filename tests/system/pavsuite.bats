#!/usr/bin/env bats
# pavsuite as installed, without any Slurm: list, show, --why, check, new; and every
# conformance case through the program itself.

bats_require_minimum_version 1.5.0
# shellcheck source=tests/system/helpers.bash
load helpers

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
CONFORMANCE=$ROOT/../shared/conformance

setup_file() {
    require_commands jq
    [[ -d ${PAVTEST_PREFIX-} ]] ||
        fail "PAVTEST_PREFIX has to name the directory in which pavtest is installed"
}

setup() {
    PATH=$PAVTEST_PREFIX/bin:$PATH
    export HOME=$BATS_TEST_TMPDIR PAVTEST_CONFIG=$BATS_TEST_TMPDIR/pavtest.yaml SLURM_CONF=/nonexistent
    export PAV_CONFIG_DIR=$BATS_TEST_TMPDIR/conf
    : >"$PAVTEST_CONFIG"
    mkdir -p "$PAV_CONFIG_DIR"/{suites,modes,hosts}
    cat >"$PAV_CONFIG_DIR/suites/demo.yaml" <<'EOF'
_base:
  run:
    timeout: 30
    cmds: [prepare]
  variables:
    size?: 5

# The first test.
one:
  inherits_from: _base
  summary: The first of them
  run:
    cmds+: ['work {{size}}']

many:
  summary: Several
  permute_on: [n]
  variables:
    n: [1, 2, 3]
  run:
    cmds: ['count {{n}}']
EOF
    printf 'summary: In a hurry\nrun:\n  timeout: 9\n' >"$PAV_CONFIG_DIR/modes/quick.yaml"
    printf 'variables:\n  size: 7\n' >"$PAV_CONFIG_DIR/hosts/big.yaml"
}

# ---- list ----

@test "list: tests with summaries, hidden ones on request" {
    run --separate-stderr pavsuite list 'demo*'
    ((status == 0))
    [[ $output == $'demo.one   The first of them\ndemo.many  Several' ]] || fail "$output"
    run --separate-stderr pavsuite list -a demo
    [[ $output == *demo._base* ]]
    run --separate-stderr pavsuite list -l demo.one
    [[ $output == *"$PAV_CONFIG_DIR/suites/demo.yaml:9"* ]] || fail "$output"
}

@test "list: what else there is" {
    [[ $(pavsuite list suites demo) == *"2 tests"*"$PAV_CONFIG_DIR/suites/demo.yaml" ]]
    [[ $(pavsuite list modes) == "quick  In a hurry" ]]
    [[ $(pavsuite list hosts) == big ]]
    [[ $(pavsuite list functions) == *len\(* ]]
    [[ $(pavsuite list facts) == *sys.sys_name*pav.user* ]]
    [[ $(pavsuite list sched) == *sched.test_cmd* ]]
    [[ $(pavsuite list keys run.timeout) == run.timeout* ]]
    # References have keys of each result and of each place.
    [[ $(pavsuite list keys 'reference*' | awk '{print $1}' | tr '\n' ' ') == *'reference.NAME.NAME.value '*'reference.NAME.NAME.expected_fail '* ]] ||
        fail "$(pavsuite list keys 'reference*')"
    for what in tests suites hosts os modes facts sched functions collections keys; do
        pavsuite list "$what" --json >"$BATS_TEST_TMPDIR/json" || (($? == 5))
        jq -e ".$what | type == \"array\"" "$BATS_TEST_TMPDIR/json" >/dev/null || fail "$what"
    done
}

@test "list: nothing found is status 5, a broken suite status 2 with all others listed" {
    run --separate-stderr pavsuite list demp
    ((status == 5)) && [[ $stderr == *"did you mean 'demo'"* ]] || fail "$stderr"
    echo 'a: [' >"$PAV_CONFIG_DIR/suites/broken.yaml"
    run --separate-stderr pavsuite list
    ((status == 2))
    [[ $output == *demo.one* && $stderr == *broken.yaml:* ]] || fail "$output $stderr"
}

@test "list: names and summaries cannot write to the terminal" {
    printf 'x:\n  summary: "a\\e[31mb"\n' >"$PAV_CONFIG_DIR/suites/evil.yaml"
    run pavsuite list evil
    [[ $output != *$'\e'* && $output == *'a\x1b[31mb'* ]] || fail "$output"
}

# ---- show ----

@test "show: what is resolved, readable, without defaults" {
    run --separate-stderr pavsuite show -H big demo.one
    ((status == 0)) || fail "$stderr"
    [[ $output == *$'\ndemo.one:\n'* && $output == *"- work 7"* ]] || fail "$output"
    [[ $output != *autoexit* ]]
    [[ $(pavsuite show --defaults demo.one) == *"autoexit: True"* ]]
}

@test "show: what it prints reads back as the same values" {
    {
        echo 't:'
        echo "  variables: {a: '010', b: ' x', c: 'null', d: \"t\\te\\eq'\", e: '- #', f: 'a: b'}"
        printf '  run:\n    cmds:\n      - |\n        one\n          two\n\n      - "x\\n\\n"\n      - ""\n'
    } >"$PAV_CONFIG_DIR/suites/odd.yaml"
    pavsuite show odd | sed 's/^odd\.t:/t:/' >"$PAV_CONFIG_DIR/suites/again.yaml"
    values='.tests[0].config | [.variables, .run.cmds]'
    [[ $(pavsuite show --json odd | jq -c "$values") == *'"one\n  two\n"'* ]]
    diff <(pavsuite show --json odd | jq "$values") <(pavsuite show --json again | jq "$values")
}

@test "show --raw: the file's own section" {
    run --separate-stderr pavsuite show --raw demo.one
    [[ ${lines[0]} == "# $PAV_CONFIG_DIR/suites/demo.yaml:8" ]]
    diff <(echo "$output" | tail -n +2) <(sed -n 8,13p "$PAV_CONFIG_DIR/suites/demo.yaml")
    diff <(pavsuite show --raw demo | tail -n +2) "$PAV_CONFIG_DIR/suites/demo.yaml"
}

@test "show --json: defaults can be dropped; errors are valid JSON and status 2" {
    run --separate-stderr pavsuite show --json --drop-defaults demo.many
    ((status == 0))
    [[ $(jq -c '[.tests[].full_name]' <<<"$output") == '["demo.many.1","demo.many.2","demo.many.3"]' ]]
    [[ $(jq -c '.tests[0].config.run' <<<"$output") == '{"cmds":["count 1"]}' ]] || fail "$output"
    [[ $(jq -c '.tests[1].permute_vars' <<<"$output") == '{"n":"2"}' ]]
    for request in demo.nope nope demo.many.9 'demo.[' demo.one.x; do
        run --separate-stderr pavsuite show --json "$request"
        ((status == 2)) || fail "$request: $status"
        [[ $(jq '.errors | length' <<<"$output") == 1 ]] || fail "$request: $output"
    done
}

@test "show: mistakes of the caller" {
    run --separate-stderr pavsuite show
    ((status == 2))
    run --separate-stderr pavsuite show demo.nope
    ((status == 5)) && [[ $stderr == *"its tests are"* ]] || fail "$stderr"
    run --separate-stderr pavsuite show -m quik demo
    ((status == 2)) && [[ $stderr == *"did you mean 'quick'"* ]] || fail "$stderr"
}

# ---- why ----

@test "show --why: who set a value, where, and what it overrode" {
    run --separate-stderr pavsuite show -m quick --why run.timeout demo.one
    ((status == 0)) || fail "$stderr"
    [[ $output =~ run.timeout.*9\ +mode\ \'quick\'\ +.*/modes/quick.yaml:3:12 ]] || fail "$output"
    [[ $output =~ was\ 30\ +test\ \'_base\'\ +.*/demo.yaml:3:14 ]] || fail "$output"
    [[ $output =~ was\ 300\ +default ]] || fail "$output"
}

@test "show --why: each item of a list, and what a string was made of" {
    run --separate-stderr pavsuite show -H big --why run.cmds demo.one
    [[ $output =~ -\ prepare\ +test\ \'_base\'\ +.*demo.yaml:4:12 ]] || fail "$output"
    [[ $output =~ -\ work\ 7\ +test\ \'one\'\ +.*demo.yaml:13:13 ]] || fail "$output"
    [[ $output == *"from work {{size}}"* && $output != *was* ]] || fail "$output"
}

@test "show --why: variables, and defaults that gave way" {
    run --separate-stderr pavsuite show -H big --why variables demo.one
    [[ $output =~ variables.size.*7\ +host\ \'big\'\ +.*big.yaml:2:9 ]] || fail "$output"
    [[ $output =~ was\ 5\ +test\ \'_base\' ]] || fail "$output"
    run --separate-stderr pavsuite show -c variables.size=8 --why variables.size demo.one
    [[ $output =~ 8\ +.*-c ]] && [[ $output =~ was\ 5 ]] || fail "$output"
}

@test "show --why: the key may stand before, behind or be missing" {
    before=$(pavsuite show --why run demo.one)
    [[ $before == *run.timeout* && $before != *summary* ]]
    [[ $(pavsuite show demo.one --why run) == "$before" ]]
    [[ $(pavsuite show --why=run demo.one) == "$before" ]]
    [[ $(pavsuite show --why demo.one) == *summary*run.cmds* ]]
    [[ $(pavsuite show demo.one --why) == *summary*run.cmds* ]]
    [[ $(pavsuite show --why run.autoexit demo.one) == *True*default* ]]
    run --separate-stderr pavsuite show --why run.timeuot demo.one
    ((status == 2)) && [[ $stderr == *"did you mean 'timeout'"* ]] || fail "$stderr"
    run --separate-stderr pavsuite show --why rnu demo.one
    ((status == 2)) && [[ $stderr == *"did you mean 'run'"* ]] || fail "$stderr"
}

@test "show --why: tests that are alike share their answer" {
    run --separate-stderr pavsuite show --why run.timeout demo.many
    [[ $(grep -c run.timeout <<<"$output") == 1 && $output == *demo.many.1*demo.many.3* ]] || fail "$output"
    pavsuite show --why --json demo |
        jq -e '.tests[] | .full_name, (.values[] | .key, .steps[0].layer)' >/dev/null
}

# ---- check ----

@test "check: every error at once, each with file, line and column" {
    run --separate-stderr pavsuite check demo
    ((status == 0)) && [[ $output == "1 suite, 2 tests: 0 errors, 0 warnings" ]] || fail "$output$stderr"
    printf 'a:\n  rnu: {}\n  run:\n    cmds: ["{{nope}}"]\nb:\n  inherits_from: c\n' \
        >"$PAV_CONFIG_DIR/suites/wrong.yaml"
    printf 'bogus: 1\n' >"$PAV_CONFIG_DIR/modes/wrong.yaml"
    run --separate-stderr pavsuite check
    ((status == 2))
    [[ $output == *"wrong.yaml:2:3: error:"*"did you mean 'run'"* ]] || fail "$output"
    [[ $output == *"modes/wrong.yaml:1:1: error:"* && $output == *"suites/wrong.yaml:6:18: error:"* ]] || fail "$output"
    run --separate-stderr pavsuite check --json
    ((status == 2))
    jq -e '.errors | length >= 3 and all(.[]; .file and .line and .column and .message)' <<<"$output" >/dev/null ||
        fail "$output"
    run --separate-stderr pavsuite check "$PAV_CONFIG_DIR/suites/wrong.yaml"
    ((status == 2))
    run --separate-stderr pavsuite check nowhere
    ((status == 2))
}

@test "check: the suites that come with pavtest are sound" {
    unset PAV_CONFIG_DIR
    run --separate-stderr pavsuite check health mpi selftest
    ((status == 0)) || fail "$output"
}

# ---- new ----

@test "new: a suite that resolves and passes check, never over another" {
    run --separate-stderr pavsuite new --directory "$BATS_TEST_TMPDIR/conf" fresh
    ((status == 0)) || fail "$stderr"
    [[ $output == "$PAV_CONFIG_DIR/suites/fresh/suite.yaml" ]]
    run --separate-stderr pavsuite check fresh
    ((status == 0)) && [[ $output == *"0 errors, 0 warnings"* ]] || fail "$output"
    [[ $(pavsuite show --json fresh | jq -c '[.tests[].full_name]') == \
        '["fresh.hello","fresh.counts.10","fresh.counts.1000"]' ]]
    before=$(<"$PAV_CONFIG_DIR/suites/fresh/suite.yaml")
    for name in fresh demo selftest a/b '' .. -x; do
        run --separate-stderr pavsuite new --directory "$PAV_CONFIG_DIR" -- "$name"
        ((status == 2)) || fail "$name: $status $output"
    done
    [[ $(<"$PAV_CONFIG_DIR/suites/fresh/suite.yaml") == "$before" ]]
    pavsuite new --directory "$BATS_TEST_TMPDIR/elsewhere" selftest
    PAV_CONFIG_DIR=$BATS_TEST_TMPDIR/elsewhere pavsuite check selftest
}

# ---- the real Pavilion's answers ----

# The tests of a resolution, comparable: in order of names, paths cut.
comparable() {
    jq -S --arg config "$CONFORMANCE/config" '
        [.tests[] | .config.suite_path |= sub("^" + $config; "<cfg0>")] | sort_by([.full_name, tostring])' "$1"
}

# agrees EXPECTED OPTION…: pavsuite show --json with the facts pinned as the cases were.
agrees() {
    local expected=$1 status=0
    shift
    pavsuite show --json --fact sys_name=testhost --fact sys_host=testhost --fact sys_arch=x86_64 \
        --fact sys_os.name=debian --fact sys_os.version=12 --fact pav.user=pavuser \
        --fact pav.user_id=1000 --fact pav.timestamp=1700000000.0 --fact pav.year=2023 \
        --fact pav.month=11 --fact pav.day=14 --fact pav.weekday=Tuesday \
        --fact pav.time=22:13:20.000000 --fact pav.version=2.4 \
        "$@" >"$BATS_TEST_TMPDIR/ours" 2>"$BATS_TEST_TMPDIR/warnings" || status=$?
    diff <(jq '.errors | length' "$expected") <(jq '.errors | length' "$BATS_TEST_TMPDIR/ours") &&
        diff <(comparable "$expected") <(comparable "$BATS_TEST_TMPDIR/ours") &&
        if [[ $(jq '.errors | length' "$expected") == 0 ]]; then ((status == 0)); else ((status == 2)); fi
}

@test "a word that is no subcommand or option is told with what was meant" {
    run pavsuite sho selftest
    [ "$status" -eq 2 ]
    [[ $output == *"there is no 'pavsuite sho'"*"did you mean 'show'"* ]]
    run pavsuite show --jso selftest
    [ "$status" -eq 2 ]
    [[ $output == *"'pavsuite show' has no option '--jso'"*"did you mean '--json'"* ]]
    run pavsuite frobnicate
    [ "$status" -eq 2 ]
    [[ $output == *"it is one of list, show, check"* ]]
}

@test "every conformance case agrees with the real Pavilion" {
    [[ -d $CONFORMANCE ]] || skip "NOT CHECKED: there is no $CONFORMANCE, nothing was compared with the real Pavilion"
    CONFORMANCE=$(cd "$CONFORMANCE" && pwd)
    PAV_CONFIG_DIR=$CONFORMANCE/config
    local all=0 agreed=0 name options
    for expected in "$CONFORMANCE"/expected/resolved/*.json; do
        name=${expected##*/}
        all=$((all + 1))
        if agrees "$expected" -H this -o debian-12 "${name%.json}"; then
            agreed=$((agreed + 1))
        else
            echo "resolved/$name differs"
        fi
    done
    while IFS=: read -r name options; do
        read -ra options <<<"$options"
        all=$((all + 1))
        if agrees "$CONFORMANCE/expected/combo/$name.json" "${options[@]}"; then
            agreed=$((agreed + 1))
        else
            echo "combo/$name differs"
        fi
    done <"$CONFORMANCE/expected/combo/INDEX"
    echo "# $agreed of $all conformance cases agree" >&3
    ((all > 0 && agreed == all))
}
