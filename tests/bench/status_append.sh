#!/usr/bin/env bash
# Status append against a bare open, write and close.
set -euo pipefail
exec "$PAVTEST_BUILD/tests/bench/bench_status_append"
