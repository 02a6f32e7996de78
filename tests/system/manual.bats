#!/usr/bin/env bats
# What is written for people against what the programs do: manual pages, completion, and
# the tests that docs/security.md names.
#
# shellcheck disable=SC2016,SC2030,SC2031,SC2317

# shellcheck source=tests/system/helpers.bash
load helpers

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

setup_file() {
    require_commands man scdoc
    [[ -d ${PAVTEST_PREFIX-} ]] ||
        fail "PAVTEST_PREFIX has to name the directory in which pavtest is installed"
}

setup() {
    PATH=$PAVTEST_PREFIX/bin:$PATH
    completions=$PAVTEST_PREFIX/share/bash-completion/completions
}

subcommands_of() {
    "$1" --help | awk '/^Subcommands:/ { found = 1; next } found && !NF { exit } found { print $1 }'
}

# The options in a command's help, its subcommands' as well, one a line.
options_of_help() {
    local subcommand
    {
        "$1" --help
        for subcommand in $(subcommands_of "$1"); do
            "$1" "$subcommand" --help
        done
    } | grep -oE '^ +--?[A-Za-z][^ ]*' | tr ', ' '\n' | grep -E '^-' | sort -u
}

# The options that a manual page explains: in the bold beginning of a line of their own.
options_of_page() {
    sed -nE '/^# (OPTIONS|SELECTION)/,/^# (EXIT|STATES)/s/^(\*--?[A-Za-z].*)/\1/p' "$1" |
        grep -oE '\*--?[A-Za-z][A-Za-z0-9-]*\*' | tr -d '*' | sort -u
}

# complete_line FUNCTION LINE: what bash would be given.
complete_line() {
    COMP_LINE=$2
    COMP_POINT=${#2}
    COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
    COMPREPLY=()
    "$1" "${2%% *}" 2>/dev/null || true
    echo "${COMPREPLY[*]}"
}

@test "every option is in the manual page, and the page has no other" {
    for command in pavsuite pavstat pavrun; do
        options_of_help "$command" >"$BATS_TEST_TMPDIR/help"
        options_of_page "$ROOT/docs/man/$command.1.scd" >"$BATS_TEST_TMPDIR/page"
        [[ -s $BATS_TEST_TMPDIR/help ]]
        diff -u "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/page" || fail "$command: help (-) and page (+)"
    done
}

@test "every subcommand is in the manual page" {
    for command in pavsuite pavstat; do
        for subcommand in $(subcommands_of "$command"); do
            grep -qE "^\*$subcommand\*" "$ROOT/docs/man/$command.1.scd" || fail "$command $subcommand"
        done
    done
}

@test "the options of sbatch are those of spank_pavtest(8)" {
    page=$(grep -oE '^\*--pavtest[a-z-]*|, \*--pavtest[a-z-]*' "$ROOT/docs/man/spank_pavtest.8.scd" | grep -oE -- '--.*' | sort -u)
    code=$(grep -oE 'return "pavtest[a-z-]*"' "$ROOT/spank/choice.cc" | sed 's/.*"\(.*\)"/--\1/' | sort -u)
    [[ -n $code ]]
    diff <(echo "$code") <(echo "$page")
}

@test "the arguments of the plugin are those of spank_pavtest(8) and of the drop-in" {
    code=$(grep -oE 'key == "[a-z]+"' "$ROOT/spank/arguments.cc" | sed 's/.*"\(.*\)"/\1/' | sort -u)
    [[ -n $code ]]
    diff <(echo "$code") <(sed -nE 's/^\*([a-z]+)=\*.*/\1/p' "$ROOT/docs/man/spank_pavtest.8.scd" | sort -u)
    diff <(echo "$code") <(sed -nE 's/^# +([a-z]+)=.*/\1/p' "$ROOT/etc/plugstack.conf.d/pavtest.conf.in" | sort -u)
}

@test "every setting is in pavtest.yaml(5), and the page has no other" {
    code=$(sed -nE '/keys\(\) \{/,/return all/s/.*(\{|(seconds|names)_key\()"([a-z_]+)".*/\3/p' "$ROOT/tools/base/settings.cc" | sort -u)
    [[ -n $code ]]
    diff <(echo "$code") <(sed -nE '/^# KEYS/,/^# EXAMPLE/p' "$ROOT/docs/man/pavtest.yaml.5.scd" |
        sed -nE 's/^(\*[a-z_]+\*(, \*[a-z_]+\*)*):.*/\1/p' | grep -oE '[a-z_]+' | sort -u)
}

@test "every key of a suite is in pavtest-suites(5)" {
    sed -nE '/^Element spack_of_site/,$p' "$ROOT/tools/suite/schema.cc" | tr '\n' ' ' |
        grep -oE '[^n(]*(hidden\()?(text|list|keyed|category|parser|required\(text)\( *"[a-z_]{2,}"' |
        grep -v 'hidden(' | sed -E 's/.*"([a-z_]+)"/\1/' | sort -u >"$BATS_TEST_TMPDIR/keys"
    [[ -s $BATS_TEST_TMPDIR/keys ]]
    while read -r key; do
        [[ $key == foo || $key == test ]] || grep -qE "\*$key\*" "$ROOT/docs/man/pavtest-suites.5.scd" || fail "$key"
    done <"$BATS_TEST_TMPDIR/keys"
}

@test "the manual pages are installed, and well-formed" {
    for page in man1/{pavsuite,pavstat,pavrun}.1 man5/pavtest{.yaml,-suites}.5 man8/{pavnode,spank_pavtest}.8; do
        run man --warnings --local-file --encoding=UTF-8 "$PAVTEST_PREFIX/share/man/$page"
        ((status == 0)) || fail "$page: $output"
        [[ $output != *warning:* ]] || fail "$page: $output"
    done
}

@test "every test that docs/security.md names is there" {
    grep -oE '`[A-Z][A-Za-z]+\.[A-Z][A-Za-z]+`' "$ROOT/docs/security.md" | tr -d '`' | sort -u >"$BATS_TEST_TMPDIR/names"
    [[ -s $BATS_TEST_TMPDIR/names ]]
    while IFS=. read -r suite name; do
        grep -rqzE "TEST(_F|_P)?\($suite,\s*$name\)" "$ROOT/tests/unit" || fail "no unit test $suite.$name"
    done <"$BATS_TEST_TMPDIR/names"
    grep -E '^("|.*`, "|`.*, ")' "$ROOT/docs/security.md" | grep -oE '"[^"]{20,}"' | tr -d '"' >"$BATS_TEST_TMPDIR/names"
    [[ -s $BATS_TEST_TMPDIR/names ]]
    while read -r name; do
        grep -qF "@test \"$name\"" "$ROOT"/tests/system/*.bats || fail "no system test '$name'"
    done <"$BATS_TEST_TMPDIR/names"
}

@test "completion: suites, tests and options" {
    source "$completions/pavsuite"
    export HOME=$BATS_TEST_TMPDIR PAV_CONFIG_DIR=$BATS_TEST_TMPDIR/conf
    mkdir -p "$PAV_CONFIG_DIR"/{suites,modes,hosts}
    printf '__base__:\n  run:\none:\n  summary: x\ntwo:\n_hidden:\n' >"$PAV_CONFIG_DIR/suites/completing.yaml"
    touch "$PAV_CONFIG_DIR/modes/"{fast,slow}.yaml
    [[ $(complete_line _pavtest_command "pavsuite render healt") == health ]]
    [[ $(complete_line _pavtest_command "pavsuite render completing.") == "completing.one completing.two" ]]
    [[ $(complete_line _pavtest_command "pavsuite submit -m ") == "fast slow" ]]
    [[ $(complete_line _pavtest_command "pavsuite list func") == functions ]]
    [[ $(complete_line _pavtest_command "pavstat --hist") == --history ]]
    [[ $(complete_line _pavtest_command "pavstat sett") == settle ]]
    [[ $(complete_line _pavtest_command "pavrun --max") == --maxfail ]]
}

@test "completion: states, columns and results" {
    source "$completions/pavsuite"
    [[ $(complete_line _pavtest_command "pavstat -t COMPLETE,RUN_T") == COMPLETE,RUN_TIMEOUT ]]
    [[ $(complete_line _pavtest_command "pavstat --has-state=SCHED_C") == SCHED_CANCELLED ]]
    [[ $(complete_line _pavtest_command "pavstat -O jobid,submitt") == jobid,submittime ]]
    [[ $(complete_line _pavtest_command "pavstat --result F") == FAIL ]]
    [[ $(complete_line _pavtest_command "pavstat prune --old") == --older ]]
}

@test "completion: jobs and sessions, from the records alone" {
    source "$completions/pavsuite"
    export HOME=$BATS_TEST_TMPDIR
    pavstat() { fail "bash functions are not to be asked"; }
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\necho "$@" >"%s/asked"\necho "  12 0abcdefghjkm x"\necho "     0abcdefghjkn y"\n' \
        "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/bin/pavstat"
    chmod +x "$BATS_TEST_TMPDIR/bin/pavstat"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
    [[ $(complete_line _pavtest_command "pavstat -j ") == "0abcdefghjkm 0abcdefghjkn 12" ]]
    [[ $(complete_line _pavtest_command "pavstat --jobs=12,0abcdefghjkm,1") == "12,0abcdefghjkm,12" ]]
    [[ $(<"$BATS_TEST_TMPDIR/asked") == *--offline* ]]
}

@test "completion: sbatch gains --pavtest and keeps Slurm's own" {
    source "$PAVTEST_PREFIX/etc/bash_completion.d/pavtest"
    _completion_loader() {
        _of_slurm() { COMPREPLY=(--nodes=); }
        complete -o filenames -F _of_slurm "$1"
    }
    [[ $(complete -p sbatch) == "complete -F _pavtest_sbatch sbatch" ]]
    [[ $(complete_line _pavtest_sbatch "sbatch --pavtest=sel") == selftest ]]
    [[ $(complete_line _pavtest_sbatch "sbatch --pavtest=selftest,hea") == selftest,health ]]
    [[ $(complete_line _pavtest_sbatch "salloc --pavtest selftest.pas") == selftest.pass ]]
    [[ $(complete_line _pavtest_sbatch "sbatch --n") == --nodes= ]]
    [[ $(complete_line _pavtest_sbatch "sbatch --pavtest-m") == "--nodes= --pavtest-mode=" ]]
}

@test "completion: silent where nothing can be asked" {
    source "$completions/pavsuite"
    export HOME=/nonexistent PAVTEST_CONFIG=/nonexistent PATH=/usr/bin:/bin
    for line in "pavsuite render x" "pavstat -j " "pavstat --" "pavrun --session " "pavsuite "; do
        run complete_line _pavtest_command "$line"
        ((status == 0))
        [[ -z $output ]] || fail "$line: $output"
    done
}
