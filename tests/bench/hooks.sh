#!/usr/bin/env bash
# One prolog, called as slurmstepd calls it, of a job without the option and of one with
# it, against a plugin that does nothing. On a real Slurm the difference drowns in the
# seconds between slurmctld's and salloc's own looks.
set -euo pipefail
: "${PAVTEST_PREFIX:?names an installed pavtest}" "${PAVTEST_BUILD:?names its build}"
plugin=$(find "$PAVTEST_PREFIX" -name spank_pavtest.so | head -n 1)
noop=$PAVTEST_BUILD/tests/bench/bench_noop_plugin.so

work=$(mktemp -d /tmp/pavtest-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT
arguments=("spool=$work/spool" "pavnode=$PAVTEST_PREFIX/libexec/pavtest/pavnode")
"$PAVTEST_BUILD/tests/bench/bench_hooks" "$plugin" "$noop" "${arguments[@]}"

session='' store=''
eval "$(PAVTEST_STORE_DIR=$work/store "$PAVTEST_PREFIX/bin/pavsuite" freeze --quiet --script own selftest.pass)"
export SPANK_PAVTEST_SESSION=$session SPANK_PAVTEST_STORE=$store
"$PAVTEST_BUILD/tests/bench/bench_hooks" "$plugin" "$noop" "${arguments[@]}"
journal=$(find "$store" -name 'journal.node-*')
[ -s "$journal" ] || { echo "hooks.sh: the hook left no record" >&2; exit 3; }
