#!/bin/bash
# usage: local_disk.sh DIRECTORY LEAST_MB_PER_SECOND: writes 64 MiB, synced, and removes it.
set -eu
directory=$1 least=$2 mebibytes=64

file=$(mktemp "$directory/pavtest-disk.XXXXXX")
trap 'rm -f "$file"' EXIT
start=$(date +%s%N)
dd if=/dev/zero of="$file" bs=1M count="$mebibytes" conv=fsync status=none
took=$(($(date +%s%N) - start))
rate=$((mebibytes * 1048576 * 1000 / (took > 0 ? took : 1)))
echo "$(hostname): $directory: disk_write_mb_per_s = $rate"
[ "$rate" -ge "$least" ] || { echo "$(hostname): less than $least"; exit 1; }
