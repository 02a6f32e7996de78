# shellcheck shell=bash
# shellcheck disable=SC2154 # dir and the settings are those of scripts/cluster
# Writes the configuration of a private cluster: slurm.conf, cgroup.conf,
# plugstack.conf. Uses the settings of scripts/cluster.

# Block of ports from $first_port on: slurmctld, slurmdbd, then one a node.
slurmctld_port() { echo "$first_port"; }
slurmdbd_port() { echo $((first_port + 1)); }
node_port() { echo $((first_port + 1 + $1)); }

# A line of the caller's takes the place of ours with the same name, because
# Slurm complains in every command about a name given twice. Nodes and
# partitions are lists, which a line is added to.
with_overrides() {
    local line name names=()
    for line in "${conf_lines[@]}"; do
        name=${line%%=*}
        case ${name,,} in
            nodename | partitionname | downnodes | nodeset | include*) ;;
            *) names+=("${name,,}") ;;
        esac
    done
    awk -v names="${names[*]}" -F= '
        BEGIN { n = split(names, list, " "); for (i = 1; i <= n; i++) replaced[list[i]] = 1 }
        !(tolower($1) in replaced)'
    printf '%s\n' "${conf_lines[@]}"
}

write_slurm_conf() {
    local user
    user=$(id -un)
    {
        # The host is named by address only: its name may be in no DNS.
        # cred_expire is also how long a requeued job waits before it may start
        # again: 120 s if not set, and Slurm takes nothing under 5.
        # Timeouts are short for tests of dead nodes, yet longer than a daemon
        # on a busy two-core machine may be kept waiting.
        cat <<CONF
ClusterName=$cluster_name
SlurmctldHost=$host_name(127.0.0.1)
SlurmctldPort=$(slurmctld_port)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$dir/munge/socket,cred_expire=6
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/spool/slurmctld.pid
SlurmdPidFile=$dir/spool/slurmd-%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/%n.log
SlurmdParameters=config_overrides
PlugStackConfig=$dir/etc/plugstack.conf
PrologFlags=Alloc
MpiDefault=none
SwitchType=switch/none
MailProg=/bin/true
ReturnToService=2
SlurmctldTimeout=10
SlurmdTimeout=15
MessageTimeout=10
BatchStartTimeout=20
KillWait=3
WaitTime=0
InactiveLimit=0
MinJobAge=300
JobRequeue=1
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=1000
CONF
        if [[ $containment == cgroup ]]; then
            printf '%s\n' ProctrackType=proctrack/cgroup TaskPlugin=task/cgroup
        else
            printf '%s\n' ProctrackType=proctrack/linuxproc TaskPlugin=task/none
        fi
        if [[ $accounting == yes ]]; then
            cat <<CONF
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$(slurmdbd_port)
AccountingStoragePass=$dir/munge/socket
AccountingStoreFlags=job_comment,job_script
JobAcctGatherType=jobacct_gather/$([[ $containment == cgroup ]] && echo cgroup || echo linux)
JobAcctGatherFrequency=task=1
CONF
        fi
        write_nodes
    } | with_overrides >"$dir/etc/slurm.conf"
}

# More processors than the host may have: jobs in tests mostly sleep. Memory is
# claimed so that eight jobs of one processor fit on a node, each with enough
# for a compiler.
write_nodes() {
    local i features
    for ((i = 1; i <= nodes; i++)); do
        ((i % 2)) && features=odd || features=even
        echo "NodeName=n$i NodeHostname=$host_name NodeAddr=127.0.0.1 Port=$(node_port "$i")" \
            "CPUs=8 RealMemory=8000 Features=$features"
    done
    cat <<CONF
PartitionName=debug Nodes=ALL Default=YES MaxTime=60 DefaultTime=10
PartitionName=batch Nodes=ALL MaxTime=INFINITE DefaultTime=60
PartitionName=tiny Nodes=ALL MaxTime=1 DefaultTime=1
CONF
}

write_cgroup_conf() {
    [[ $containment == cgroup ]] || return 0
    cat >"$dir/etc/cgroup.conf" <<CONF
CgroupPlugin=cgroup/v1
CgroupMountpoint=$dir/cgroup
ConstrainRAMSpace=yes
ConstrainSwapSpace=yes
AllowedSwapSpace=0
MinRAMSpace=10
CONF
}

# The one plugin of that name below the prefix, whatever the distribution calls
# its library directories.
find_plugin() {
    local found
    mapfile -t found < <(find "$prefix" -name spank_pavtest.so -path '*/lib*/slurm/*')
    ((${#found[@]} == 1)) ||
        fail "expected one lib*/slurm/spank_pavtest.so below $prefix, found ${#found[@]}"
    echo "${found[0]}"
}

# All slurmd of the host share this file, so nothing in it can name a node: the
# plugin makes a directory for each node in its spool.
write_plugstack() {
    local plugin argument
    : >"$dir/etc/plugstack.conf"
    if [[ -n $prefix ]]; then
        plugin=$(find_plugin)
        local -A arguments=(
            [spool]=$dir/pavtest-spool
            [pavsuite]=$prefix/bin/pavsuite
            [pavnode]=$prefix/libexec/pavtest/pavnode
            [deadline]=10
        )
        for argument in $plugin_arguments; do
            arguments[${argument%%=*}]=${argument#*=}
        done
        mkdir "$dir/pavtest-spool"
        {
            printf 'optional %s' "$plugin"
            for argument in "${!arguments[@]}"; do
                printf ' %s=%s' "$argument" "${arguments[$argument]}"
            done
            echo
        } >>"$dir/etc/plugstack.conf"
    fi
    [[ -z $plugstack ]] || cat "$plugstack" >>"$dir/etc/plugstack.conf"
}
