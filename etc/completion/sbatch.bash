# bash completion of --pavtest and its companions in sbatch and salloc. Everything else is
# left to the completion that comes with Slurm, which is loaded when it is first needed.

# What Slurm's completion registered for a command.
declare -gA _pavtest_slurm

# _pavtest_load COMMAND: finds Slurm's function, and takes its place again.
_pavtest_load() {
    local registered options loader
    [[ -z ${_pavtest_slurm[$1]+set} ]] || return 0
    complete -r "$1" 2>/dev/null
    for loader in _comp_load _completion_loader; do
        if declare -F $loader >/dev/null; then
            $loader "$1" >/dev/null 2>&1
            break
        fi
    done
    registered=$(complete -p "$1" 2>/dev/null)
    _pavtest_slurm[$1]=$(sed -n 's/.* -F \([^ ]*\) .*/\1/p' <<<"$registered")
    options=$(grep -oE -- '-o [a-z]+' <<<"$registered" | tr '\n' ' ')
    # shellcheck disable=SC2086 # several words
    complete $options -F _pavtest_sbatch "$1"
}

_pavtest_sbatch() {
    local words current previous
    _pavtest_load "$1"
    # The functions for suites and modes lie in the file of pavsuite.
    # shellcheck source=/dev/null
    declare -F _pavtest_split >/dev/null || source "$_pavtest_functions" 2>/dev/null || return 0
    _pavtest_split
    current=${words[-1]}
    previous=${words[-2]-}
    if [[ $current == --pavtest*=* ]]; then
        previous=${current%%=*}
        current=${current#*=}
    fi
    case $previous in
        --pavtest)
            _pavtest_reply "$current" < <(_pavtest_requests "${current##*,}")
            compopt -o nospace 2>/dev/null
            ;;
        --pavtest-mode) _pavtest_reply "$current" < <(_pavtest_files modes) ;;
        --pavtest-host) _pavtest_reply "$current" < <(_pavtest_files hosts) ;;
        --pavtest-os) _pavtest_reply "$current" < <(_pavtest_files os) ;;
        --pavtest-set) ;;
        *)
            [[ -z ${_pavtest_slurm[$1]} ]] || "${_pavtest_slurm[$1]}" "$@"
            if [[ $current == -* && --pavtest == "$current"* || $current == --pavtest* ]]; then
                mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W \
                    '--pavtest= --pavtest-mode= --pavtest-host= --pavtest-os= --pavtest-set=' -- "$current")
                compopt -o nospace 2>/dev/null
            fi
            ;;
    esac
}

# Beside this file in a prefix, or in /usr.
_pavtest_functions=${BASH_SOURCE[0]%/etc/bash_completion.d/*}
[[ -d $_pavtest_functions/share ]] || _pavtest_functions+=/usr
_pavtest_functions+=/share/bash-completion/completions/pavsuite
complete -F _pavtest_sbatch sbatch salloc
