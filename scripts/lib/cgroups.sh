# shellcheck shell=bash
# shellcheck disable=SC2154 # dir and the settings are those of scripts/cluster
# A branch of its own for each cluster in every cgroup v1 hierarchy that Slurm
# uses, so that two clusters on one host, whose nodes have the same names, never
# share a cgroup. Uses $dir and $cgroup_branch.

cgroup_controllers=(freezer memory cpuacct)

# Slurm kills through the freezer and limits memory; as an ordinary user, or
# where there is only cgroup v2, a cluster goes without.
cgroup_v1_usable() {
    local controller
    ((EUID == 0)) || return 1
    for controller in freezer memory; do
        [[ -e /sys/fs/cgroup/$controller/release_agent && -w /sys/fs/cgroup/$controller ]] || return 1
    done
}

# Slurm looks for hierarchies under one mount point: a directory of links to
# the cluster's branches serves as that.
make_cgroups() {
    local controller
    mkdir "$dir/cgroup"
    for controller in "${cgroup_controllers[@]}"; do
        [[ -d /sys/fs/cgroup/$controller ]] || continue
        mkdir -p "/sys/fs/cgroup/$controller/$cgroup_branch"
        ln -s "/sys/fs/cgroup/$controller/$cgroup_branch" "$dir/cgroup/$controller"
    done
}

cgroup_processes() {
    [[ -d $dir/cgroup ]] || return 0
    find "$dir"/cgroup/*/ -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u
}

remove_cgroups() {
    local branch
    for branch in "$dir"/cgroup/*; do
        [[ -L $branch ]] || continue
        find "$(readlink "$branch")" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
}
