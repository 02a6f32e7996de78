# shellcheck shell=bash
# What all system tests share: one private cluster for each test file, commands
# run as ordinary users, and waiting for what Slurm does in its own time.
# Everything that a test needs and does not find fails it, nothing is skipped
# in silence.

CLUSTER=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/scripts/cluster

# Two accounts that every distribution has; their own home directories are the
# system's, so they get others, in the cluster's directory. Files that run side by
# side (scripts/test) have others each: tests look for what runs as their users, and
# end it. A cluster of an ordinary user runs that user's jobs only.
if ((EUID == 0)); then
    case ${PAVTEST_LANE:-1} in
        1) USER_A=games USER_B=daemon ;;
        2) USER_A=lp USER_B=mail ;;
        3) USER_A=news USER_B=bin ;;
        *) echo "PAVTEST_LANE=$PAVTEST_LANE: there are users for lanes 1 to 3" >&2; exit 1 ;;
    esac
else
    USER_A=$(id -un)
    USER_B=
fi

fail() {
    echo "$*" >&2
    return 1
}

require_commands() {
    local name
    for name in "$@"; do
        command -v "$name" >/dev/null || fail "$name is missing: run scripts/bootstrap" || return
    done
}

require_root() {
    ((EUID == 0)) || fail "this test needs root: jobs of two users, and cgroups"
}

# ---- the cluster of a test file ----

# start_cluster [ARGUMENT of scripts/cluster start]…, for setup_file.
start_cluster() {
    local user
    PAVTEST_CLUSTER_DIR=$(mktemp -d /tmp/pavtest-XXXXXX)
    export PAVTEST_CLUSTER_DIR
    "$CLUSTER" start "$@" || return
    eval "$("$CLUSTER" env)"
    for user in "$USER_A" $USER_B; do
        mkdir -m 700 "$(home_of "$user")"
        chown "$user:" "$(home_of "$user")"
    done
}

# The same with pavtest as installed in PAVTEST_PREFIX.
start_cluster_with_pavtest() {
    [[ -d ${PAVTEST_PREFIX-} ]] ||
        fail "PAVTEST_PREFIX has to name the directory in which pavtest is installed" || return
    start_cluster --prefix "$PAVTEST_PREFIX" "$@"
}

# For teardown_file.
stop_cluster() {
    [[ -z ${PAVTEST_CLUSTER_DIR-} ]] || "$CLUSTER" stop
}

# For teardown: bats shows it with the test that failed.
logs_if_failed() {
    [[ -n ${BATS_TEST_COMPLETED-} ]] || "$CLUSTER" logs || true
}

home_of() {
    echo "$PAVTEST_CLUSTER_DIR/home/$1"
}

# as_user USER COMMAND…: in that user's home, with a login's plain environment.
# More variables go in front of the command: as_user A env SBATCH_X=1 sbatch …
as_user() {
    local user=$1 become=() home
    home=$(home_of "$user")
    shift
    if [[ $user != "$(id -un)" ]]; then
        require_root || return
        become=(setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups)
    fi
    (cd "$home" && exec env -i PATH="$PATH" LANG=C.UTF-8 HOME="$home" USER="$user" \
        LOGNAME="$user" SHELL=/bin/bash SLURM_CONF="$SLURM_CONF" "${become[@]}" "$@")
}

# ---- jobs ----

# submit [ARGUMENT of sbatch]…, as USER_A; prints the job's id.
submit() {
    as_user "$USER_A" sbatch --parsable "$@"
}

# job_field JOB NAME: as scontrol names it, for example ExitCode.
job_field() {
    scontrol --oneliner show job "$1" | tr ' ' '\n' | sed -n "s/^$2=//p" | head -n 1
}

job_state() {
    job_field "$1" JobState
}

job_is() {
    [[ $(job_state "$1") == "$2" ]]
}

job_ended() {
    case $(job_state "$1") in
        BOOT_FAIL | CANCELLED | COMPLETED | DEADLINE | FAILED | NODE_FAIL | OUT_OF_MEMORY | \
            PREEMPTED | TIMEOUT) ;;
        *) return 1 ;;
    esac
}

# step_daemons JOB[.STEP]: the slurmstepds of it. Another cluster on this host has jobs of the
# same numbers; what is this one's writes into its log.
step_daemons() {
    local pid
    for pid in $(pgrep --full "^slurmstepd: \\[$1[].]"); do
        if find "/proc/$pid/fd" -lname "$PAVTEST_CLUSTER_DIR/*" 2>/dev/null | grep -q .; then
            echo "$pid"
        fi
    done
}

# wait_for SECONDS COMMAND…: until it succeeds.
wait_for() {
    local seconds=$1 deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || fail "not after $seconds s: $*" || return
        sleep 0.1
    done
}

# wait_job JOB [SECONDS]: until it has ended, epilogs too; prints its final state.
wait_job() {
    if ! wait_for "${2:-30}" job_ended "$1"; then
        scontrol show job "$1" >&2
        return 1
    fi
    job_state "$1"
}

# No job holds a node any more, and all of them are up.
cluster_is_idle() {
    [[ -z $(squeue --noheader) && $(sinfo --noheader --Node --format=%T | sort -u) == idle ]]
}
