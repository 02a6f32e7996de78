#!/usr/bin/env bats
# The private Slurm itself: what scripts/cluster promises to all other tests.

# shellcheck source=tests/system/helpers.bash
load helpers

setup_file() {
    require_commands slurmctld slurmd slurmdbd munged mariadbd setpriv unshare cc
    start_cluster --accounting
}

teardown_file() {
    stop_cluster
}

setup() {
    # Clusters that a test starts besides the file's own.
    other=$(mktemp -d /tmp/pavtest-XXXXXX)
    second=$(mktemp -d /tmp/pavtest-XXXXXX)
}

teardown() {
    logs_if_failed
    for directory in "$other" "$second"; do
        [[ ! -e $directory/settings ]] || "$CLUSTER" stop --dir "$directory"
        rm -rf "$directory"
    done
}

# Processes, directories, sockets and cgroups that name a directory of ours.
# What has died and waits for init to notice is nobody's process any more.
traces_of() {
    local pid directory=$1
    for pid in /proc/[0-9]*; do
        [[ $pid -ef /proc/$$ || $pid -ef /proc/$BASHPID ]] ||
            tr '\0' ' ' <"$pid/cmdline" 2>/dev/null | grep -F -- "$directory/" || true
    done
    [[ ! -e $directory ]] || ls -d "$directory"
    find /tmp -maxdepth 1 -lname "$directory"
    grep -F "$directory/" /proc/net/unix
}

node_state() {
    sinfo --noheader --Node --nodes="$1" --partition=debug --format=%T
}

has_running_step() {
    squeue --noheader --steps | grep -q '\.0 '
}

node_is() {
    [[ $(node_state "$1") == "$2" ]]
}

accounted_as() {
    [[ $(sacct --noheader --parsable2 --allocations --jobs="$1" \
        --format=User,State,ExitCode,Comment) == "$2" ]]
}

@test "all nodes are idle when start returns" {
    [[ $(sinfo --noheader --partition=debug --format='%D %t') == "4 idle" ]]
    [[ $(sinfo --noheader --format=%P | tr -d '\n') == "debug*batchtiny" ]]
    "$CLUSTER" status
}

@test "a job spans four nodes, each step task on a node of its own" {
    job=$(submit --wait --nodes=4 --output=out --wrap='srun printenv SLURMD_NODENAME')
    [[ $(wait_job "$job") == COMPLETED ]]
    [[ $(sort "$(home_of "$USER_A")/out" | tr '\n' ' ') == "n1 n2 n3 n4 " ]]
}

@test "jobs of two users run as these" {
    require_root
    for user in "$USER_A" "$USER_B"; do
        [[ $(as_user "$user" srun --nodes=2 id -un | sort -u) == "$user" ]]
    done
}

@test "the time limit of tiny, features, and memory are in force" {
    [[ $(as_user "$USER_A" srun --constraint=even printenv SLURMD_NODENAME) == n[24] ]]
    run as_user "$USER_A" sbatch --mem=9000 --wrap=true
    ((status != 0))
    job=$(submit --partition=tiny --hold --wrap=true)
    [[ $(job_field "$job" TimeLimit) == 00:01:00 ]]
    scancel "$job"
}

@test "a job that takes too much memory is killed for that" {
    [[ $("$CLUSTER" status) == *"containment cgroup"* ]] || skip "no cgroups to be had here"
    job=$(submit --mem=50 --output=/dev/null --wrap='tail /dev/zero')
    [[ $(wait_job "$job") == OUT_OF_MEMORY ]]
}

@test "a requeued job starts again within seconds" {
    job=$(submit --wrap='sleep 60')
    wait_for 10 job_is "$job" RUNNING
    scontrol requeue "$job"
    wait_for 10 job_is "$job" PENDING
    wait_for 20 job_is "$job" RUNNING
    [[ $(job_field "$job" Restarts) == 1 ]]
    scancel "$job"
    [[ $(wait_job "$job") == CANCELLED ]]
}

@test "accounting knows a job, its owner and its comment" {
    job=$(submit --comment=pavtest:x --output=/dev/null --wrap='exit 3')
    [[ $(wait_job "$job") == FAILED ]]
    # slurmctld sends what it knows to slurmdbd every few seconds only.
    wait_for 15 accounted_as "$job" "$USER_A|FAILED|3:0|pavtest:x"
}

@test "a node goes down and comes back as an administrator says" {
    "$CLUSTER" node n2 down
    wait_for 5 node_is n2 down
    "$CLUSTER" node n2 up
    wait_for 5 node_is n2 idle
}

@test "a slurmd is killed and started again" {
    before=$("$CLUSTER" pid n3)
    "$CLUSTER" node n3 kill
    run "$CLUSTER" pid n3
    ((status == 3))
    run "$CLUSTER" status
    ((status == 1))
    [[ $output =~ n3\ +dead ]]
    "$CLUSTER" node n3 start
    [[ $("$CLUSTER" pid n3) != "$before" ]]
    [[ $(as_user "$USER_A" srun --nodelist=n3 printenv SLURMD_NODENAME) == n3 ]]
}

@test "a frozen slurmd does nothing until it thaws" {
    "$CLUSTER" node n4 freeze
    job=$(submit --nodelist=n4 --output=/dev/null --wrap=true)
    sleep 2
    run job_ended "$job"
    ((status != 0))
    "$CLUSTER" node n4 thaw
    [[ $(wait_job "$job") == COMPLETED ]]
}

@test "slurmctld comes back with its jobs" {
    job=$(submit --hold --wrap=true)
    # Slurm writes its state every few seconds only.
    sleep 6
    "$CLUSTER" daemon slurmctld kill
    "$CLUSTER" daemon slurmctld start
    wait_for 10 job_is "$job" PENDING
    scancel "$job"
    wait_for 20 cluster_is_idle
}

@test "stop leaves nothing of a busy cluster, not even what a job tried to hide" {
    for containment in "" --no-cgroup; do
        # shellcheck disable=SC2086 # no option at all where it is empty
        "$CLUSTER" start --dir "$other" --nodes 2 $containment
        branch=$(sed -n 's/^cgroup_branch=//p' "$other/settings")
        (
            export SLURM_CONF=$other/etc/slurm.conf
            sbatch --export=NONE --chdir=/ --nodes=2 --output=/dev/null --wrap="
                setsid /bin/bash -c 'exec -a $other/hidden /bin/sleep 300' &
                /usr/bin/srun /bin/sleep 300"
            wait_for 10 has_running_step
        )
        [[ $(traces_of "$other") == *"$other/hidden"* ]]
        "$CLUSTER" stop --dir "$other"
        [[ -z $(traces_of "$other") ]]
        [[ -z $(find /sys/fs/cgroup -name "$branch") ]]
    done
}

@test "two clusters start at the same time and keep apart" {
    "$CLUSTER" start --dir "$other" --nodes 1 --cluster-name first &
    "$CLUSTER" start --dir "$second" --nodes 2 --cluster-name second
    wait $!
    [[ $(SLURM_CONF=$other/etc/slurm.conf srun printenv SLURM_CLUSTER_NAME) == first ]]
    [[ $(SLURM_CONF=$second/etc/slurm.conf srun printenv SLURM_CLUSTER_NAME) == second ]]
    for setting in first_port cgroup_branch; do
        run grep --no-filename "^$setting=" "$other/settings" "$second/settings"
        [[ ${lines[0]} != "${lines[1]}" ]]
    done
    "$CLUSTER" stop --dir "$second"
    [[ $(SLURM_CONF=$other/etc/slurm.conf sinfo --noheader --partition=debug --format='%D %t') == "1 idle" ]]
}

@test "an ordinary user has a cluster, with accounting" {
    require_root
    chmod 1777 "$other"
    as_user "$USER_A" "$CLUSTER" start --dir "$other/own" --nodes 2 --accounting
    run as_user "$USER_A" env SLURM_CONF="$other/own/etc/slurm.conf" srun --nodes=2 id -un
    as_user "$USER_A" "$CLUSTER" stop --dir "$other/own"
    [[ $output == "$USER_A"$'\n'"$USER_A" ]]
    [[ -z $(traces_of "$other/own") ]]
}

@test "a host whose name nobody can resolve does" {
    require_root
    # shellcheck disable=SC2016 # for the inner shell
    unshare --uts bash -c '
        hostname no-such-host.example.invalid
        "$1" start --dir "$2" --nodes 2 --accounting
        SLURM_CONF=$2/etc/slurm.conf srun --nodes=2 true
    ' - "$CLUSTER" "$other"
}

@test "a plugin of a prefix is loaded, with arguments of ours and the caller's" {
    prefix=$(mktemp -d "$BATS_TEST_TMPDIR/prefix-XXXXXX")
    mkdir -p "$prefix/lib/some-arch/slurm" "$prefix/bin"
    chmod 755 "$BATS_RUN_TMPDIR" "$prefix"
    cat >"$BATS_TEST_TMPDIR/plugin.c" <<'C'
#include <slurm/spank.h>
SPANK_PLUGIN(probe, 1)
int slurm_spank_init(spank_t spank, int count, char **arguments)
{
    for (int i = 0; i < count; i++)
        slurm_info("argument %s", arguments[i]);
    return 0;
}
C
    cc -shared -fPIC -o "$prefix/lib/some-arch/slurm/spank_pavtest.so" "$BATS_TEST_TMPDIR/plugin.c"
    "$CLUSTER" start --dir "$other" --nodes 1 --prefix "$prefix" --plugin-args "deadline=3 x=y"
    (
        eval "$("$CLUSTER" env --dir "$other")"
        [[ $PATH == "$prefix/bin:"* ]]
        run sbatch --test-only --wrap=true
        [[ $output == *"argument deadline=3"* && $output == *"argument x=y"* ]]
        [[ $output == *"argument spool=$other/pavtest-spool"* ]]
        [[ $output == *"argument pavsuite=$prefix/bin/pavsuite"* ]]
        [[ $output != *deadline=10* ]]
    )
}

@test "a line for slurm.conf takes the place of the default one" {
    "$CLUSTER" start --dir "$other" --nodes 1 --no-cgroup --conf-line killwait=7 \
        --conf-line 'PartitionName=more Nodes=ALL'
    run env SLURM_CONF="$other/etc/slurm.conf" scontrol show config
    [[ $output =~ KillWait\ +=\ 7\ sec && $output =~ ProctrackType\ +=\ proctrack/linuxproc ]]
    [[ $output != *"more than once"* ]]
    [[ $(SLURM_CONF=$other/etc/slurm.conf sinfo --noheader --partition=more --format=%D) == 1 ]]
}

@test "a start that fails says why and leaves no process" {
    run "$CLUSTER" start --dir "$other" --conf-line NoSuchThing=1
    ((status == 3))
    [[ $output == *NoSuchThing* && $output == *"$other/log"* ]]
    # The directory stays for its logs, until the next start.
    [[ $(traces_of "$other") == "$other" ]]
    "$CLUSTER" start --dir "$other" --nodes 1
}

@test "stop also clears up what a killed start has left, and may come twice" {
    setsid "$CLUSTER" start --dir "$other" --nodes 4 --accounting 3>&- &
    wait_for 10 test -e "$other/run/munged"
    kill -KILL $!
    "$CLUSTER" stop --dir "$other"
    [[ -z $(traces_of "$other") ]]
    "$CLUSTER" stop --dir "$other"
}

@test "a second start in the same place is refused" {
    run "$CLUSTER" start
    ((status == 3))
    [[ $output == *"runs in $PAVTEST_CLUSTER_DIR already"* ]]
    "$CLUSTER" status
}

@test "a directory that is no cluster's, or another user's, is left alone" {
    touch "$other/precious"
    for command in start stop; do
        run "$CLUSTER" "$command" --dir "$other"
        ((status == 3))
        [[ -e $other/precious ]]
    done
    rm "$other/precious"
    require_root
    chown "$USER_A" "$other"
    run "$CLUSTER" start --dir "$other"
    ((status == 3))
    [[ $output == *"not a directory of this user's"* ]]
}
