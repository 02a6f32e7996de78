# bash completion of pavsuite, pavstat and pavrun: options, suites, tests, hosts, modes,
# jobs and sessions. Files are read directly where that is quicker than asking a command;
# what cannot be read is passed over in silence.

# The configuration directories, as pavtest-suites(5) has them.
_pavtest_directories() {
    local settings self
    for settings in "${PAVTEST_CONFIG:-/etc/pavtest/pavtest.yaml}" ~/.config/pavtest/pavtest.yaml; do
        sed -n '/^config_dirs:/,/^[^ #-]/{s,^config_dirs: *\(/[^ #]*\).*,\1,p; s,^ *- *\(/[^ #]*\).*,\1,p;}' \
            "$settings" 2>/dev/null
    done
    self=$(type -P pavsuite)
    printf '%s\n' /etc/pavtest ~/.pavilion "${PAV_CONFIG_DIR:-}" /usr/share/pavtest \
        "${self%/bin/pavsuite}/share/pavtest"
}

# _pavtest_files KIND: NAME for each KIND/NAME.yaml, and for each KIND/NAME/ with a suite.
_pavtest_files() {
    local directory file
    while read -r directory; do
        [[ $directory == /* ]] || continue
        for file in "$directory/$1"/*.yaml "$directory/$1"/*/suite.yaml; do
            [[ -r $file ]] || continue
            file=${file%/suite.yaml}
            file=${file##*/}
            echo "${file%.yaml}"
        done
    done < <(_pavtest_directories)
}

# _pavtest_tests SUITE: SUITE.TEST for each test that is not hidden.
_pavtest_tests() {
    local directory file
    while read -r directory; do
        for file in "$directory/suites/$1.yaml" "$directory/suites/$1/suite.yaml"; do
            if [[ $directory == /* && -r $file ]]; then
                sed -n "s/^\\([A-Za-z][A-Za-z0-9_]*\\):.*/$1.\\1/p" "$file" 2>/dev/null
                return
            fi
        done
    done < <(_pavtest_directories)
}

# _pavtest_requests WORD: suites, or once a dot is there, tests.
_pavtest_requests() {
    local suite=${1%%.*}
    if [[ $1 != *.* ]]; then
        _pavtest_files suites
    elif [[ $suite =~ ^[A-Za-z0-9_-]+$ ]]; then
        _pavtest_tests "$suite"
    fi
}

# Jobs and sessions, without a question to Slurm.
_pavtest_jobs() {
    timeout 1 pavstat --offline --noheader 2>/dev/null </dev/null |
        awk '{ print $1; if ($2 ~ /^[0-9a-z]+$/ && length($2) == 12) print $2 }'
}

# States, and what else pavstat takes words for.
_pavtest_states() {
    timeout 1 pavstat states --noheader 2>/dev/null </dev/null | awk '{ print $1 }'
}

_pavtest_fields() {
    timeout 1 pavstat --helpformat 2>/dev/null </dev/null | awk '{ print $2 }'
}

# _pavtest_help COMMAND…: its options, or with -s before it its subcommands.
_pavtest_help() {
    if [[ $1 == -s ]]; then
        shift
        timeout 1 "$@" --help 2>/dev/null </dev/null |
            awk '/^Subcommands:/ { found = 1; next } found && !NF { exit } found { print $1 }'
    else
        timeout 1 "$@" --help 2>/dev/null </dev/null | grep -oE '(^ +|,)--?[A-Za-z][A-Za-z-]*' | tr -d ' ,'
    fi
}

# _pavtest_reply WORD: those words on standard input that complete WORD. Of a list with
# commas the last item is completed. bash replaces only what follows the last '='.
_pavtest_reply() {
    local current=$1 before='' item
    if [[ $current == *,* ]]; then
        before=${current%,*},
        current=${current##*,}
    fi
    [[ $COMP_WORDBREAKS != *=* || $before != *=* ]] || before=${before#*=}
    COMPREPLY=()
    while read -r item; do
        [[ -z $item || $item != "$current"* ]] || COMPREPLY+=("$before$item")
    done < <(sort -u)
}

# The words of the command line up to the cursor, not broken at '=': into `words`.
_pavtest_split() {
    read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || words+=("")
}

# What pavsuite list can list.
_pavtest_kinds() {
    printf '%s\n' tests suites hosts os modes facts sched functions collections keys
}

_pavtest_command() {
    local words current previous command=$1
    _pavtest_split
    current=${words[-1]}
    previous=${words[-2]-}
    if [[ $current == --*=* ]]; then
        previous=${current%%=*}
        current=${current#*=}
    fi
    case $previous in
        -t | --states | --has-state) _pavtest_reply "$current" < <(_pavtest_states) ;;
        -O | --Format | -S | --sort) _pavtest_reply "$current" < <(_pavtest_fields) ;;
        --result) _pavtest_reply "$current" < <(printf '%s\n' PASS FAIL ERROR SKIPPED UNFINISHED) ;;
        --suite) _pavtest_reply "$current" < <(_pavtest_files suites) ;;
        -j | --jobs) _pavtest_reply "$current" < <(_pavtest_jobs) ;;
        -u | --user) _pavtest_reply "$current" < <(compgen -u) ;;
        -m | --mode) _pavtest_reply "$current" < <(_pavtest_files modes) ;;
        -H | --host) _pavtest_reply "$current" < <(_pavtest_files hosts) ;;
        -o | --os) _pavtest_reply "$current" < <([[ $command == pavstat ]] || _pavtest_files os) ;;
        --session) _pavtest_reply "$current" < <(_pavtest_jobs | grep -E '^.{12}$') ;;
        -f | --file | -d | --directory | --store) COMPREPLY=() && compopt -o default ;;
        *)
            local subcommand=()
            [[ $command == pavrun || ${#words[@]} -lt 3 || ${words[1]} == -* ]] || subcommand=("${words[1]}")
            if [[ $current == -* ]]; then
                _pavtest_reply "$current" < <(_pavtest_help "$command" "${subcommand[@]}")
            elif ((${#words[@]} == 2)); then
                _pavtest_reply "$current" < <(_pavtest_help -s "$command")
            elif [[ $command == pavstat && ${words[1]} =~ ^(log|wait|results)$ ]]; then
                _pavtest_reply "$current" < <(_pavtest_jobs)
            elif [[ $command == pavsuite && ${words[1]} != new ]]; then
                _pavtest_reply "$current" < <(
                    _pavtest_requests "$current"
                    [[ ${words[1]} != list ]] || ((${#words[@]} > 3)) || _pavtest_kinds
                )
                # A test may follow the suite.
                [[ ${COMPREPLY[*]} == *.* ]] || compopt -o nospace 2>/dev/null
            fi
            ;;
    esac
}

complete -F _pavtest_command pavsuite pavstat pavrun
