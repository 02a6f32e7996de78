#!/bin/bash
# usage: clock_skew.sh SECONDS: asks every node for the time, and holds each answer
# against this node's time before and after the question.
set -eu
most=$1

before=$(date +%s)
# The variables are for the nodes to fill in.
# shellcheck disable=SC2016
answers=$(srun --ntasks-per-node=1 --ntasks="$SLURM_JOB_NUM_NODES" \
    bash -c 'echo "${SLURMD_NODENAME:-$(hostname)} $(date +%s)"')
after=$(date +%s)
bad=0
while read -r node time; do
    if [ "$time" -lt $((before - most)) ] || [ "$time" -gt $((after + most)) ]; then
        echo "$node: the clock says $time, here it was between $before and $after"
        bad=1
    else
        echo "$node: clock agrees"
    fi
done <<<"$answers"
exit "$bad"
