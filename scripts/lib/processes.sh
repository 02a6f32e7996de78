# shellcheck shell=bash
# shellcheck disable=SC2154 # dir and the settings are those of scripts/cluster
# Processes of one private cluster: daemons that are started without a terminal
# and recorded, and everything that runs under them. A record is a pid and the
# kernel's start time of it, so that a recycled pid is never taken for ours.
# Uses $dir, the cluster's directory.

# Field 22 of stat, counted after the command's name, which may hold spaces.
start_time_of() {
    local stat fields
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != Z ]] || return 1
    echo "${fields[19]}"
}

# start_daemon NAME COMMAND…: in the foreground of a session of its own, with
# nothing of the caller's: no descriptors (bats waits for its own to be closed),
# no environment (a job or an administrator's shell would leak into hooks).
start_daemon() {
    local name=$1 descriptor
    shift
    (
        for descriptor in "/proc/$BASHPID/fd"/*; do
            descriptor=${descriptor##*/}
            ((descriptor < 3)) || eval "exec $descriptor>&-"
        done
        cd /
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 ${TZ:+TZ="$TZ"} \
            setsid "$@"
    ) </dev/null >>"$dir/log/$name.stderr" 2>&1 &
    local pid=$!
    disown "$pid"
    echo "$pid $(start_time_of "$pid" || echo dead)" >"$dir/run/$name"
}

# pid_of NAME: its pid if it lives.
pid_of() {
    local pid started
    { read -r pid started <"$dir/run/$1"; } 2>/dev/null || return 1
    [[ $(start_time_of "$pid") == "$started" ]] || return 1
    echo "$pid"
}

daemons() {
    [[ -d $dir/run ]] || return 0
    find "$dir/run" -maxdepth 1 -type f -printf '%f\n' | sort --version-sort
}

# wait_until SECONDS COMMAND…
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

gone() {
    ! pid_of "$1" >/dev/null
}

# end_daemons SECONDS NAME…: all at once, and cleanly if they manage in time.
end_daemons() {
    local seconds=$1 name pid
    shift
    for name in "$@"; do
        pid=$(pid_of "$name") || continue
        # A frozen one has to wake up before it can take the signal.
        kill -TERM "$pid" 2>/dev/null || true
        kill -CONT "$pid" 2>/dev/null || true
    done
    for name in "$@"; do
        if ! wait_until "$seconds" gone "$name"; then
            kill -KILL "$(pid_of "$name")" 2>/dev/null || true
            wait_until 3 gone "$name" || echo "cluster: $name could not be ended" >&2
        fi
    done
}

# Pids given, and all that descends from them.
with_descendants() {
    ps -e -o pid=,ppid= | awk -v roots="$*" '
        { parent[$1] = $2 }
        END {
            n = split(roots, list, " ")
            for (i = 1; i <= n; i++) ours[list[i]] = 1
            for (pid in parent) {
                for (p = pid; p in parent && !(p in ours); p = parent[p]);
                if (p in ours) print pid
            }
        }'
}

# The slurmsteps and jobs of the cluster, wherever they hang in the process
# tree: a slurmstepd has the cluster's files open, a job's process carries the
# configuration and a node's name in its environment or sits in its cgroups.
strays() {
    local pid roots=() ancestors=" $$ $BASHPID "
    for ((pid = PPID; pid > 1; pid = $(ps -o ppid= -p "$pid"))); do
        ancestors+="$pid "
    done
    mapfile -t roots < <(
        find /proc/[0-9]*/fd -maxdepth 1 -lname "$dir/*" 2>/dev/null | cut -d/ -f3 | sort -u |
            while read -r pid; do
                [[ $(cat "/proc/$pid/comm" 2>/dev/null) != slurmstepd ]] || echo "$pid"
            done
        grep -lsxzF "SLURM_CONF=$dir/etc/slurm.conf" /proc/[0-9]*/environ 2>/dev/null |
            while IFS=/ read -r _ _ pid _; do
                ! grep -qsz '^SLURMD_NODENAME=' "/proc/$pid/environ" || echo "$pid"
            done
        cgroup_processes
    )
    with_descendants "${roots[@]}" | while read -r pid; do
        [[ $ancestors == *" $pid "* ]] || echo "$pid"
    done
}

# Pids with their start times, to be ended after a wait in which a pid may have
# been recycled.
record_with_descendants() {
    local pid
    with_descendants "$@" | while read -r pid; do
        echo "$pid:$(start_time_of "$pid")"
    done
}

end_recorded() {
    local entry
    for entry in "$@"; do
        [[ $(start_time_of "${entry%:*}") != "${entry#*:}" ]] ||
            kill -KILL "${entry%:*}" 2>/dev/null || true
    done
}

# Kills until a whole look finds none: a dying one may have just forked.
end_strays() {
    local found deadline=$((SECONDS + 5))
    while ((SECONDS < deadline)); do
        mapfile -t found < <(strays)
        ((${#found[@]})) || return 0
        kill -KILL "${found[@]}" 2>/dev/null || true
        sleep 0.05
    done
    echo "cluster: processes that could not be ended: $(strays | tr '\n' ' ')" >&2
}
