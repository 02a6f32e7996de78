#!/usr/bin/bash

# Its place; the first argument is the id of the test.
export TEST_ID=${1:-1m8hgw34vqpp/0}
export PAVTEST_TEST='0'
export PAVTEST_TEST_NAME='small.pass'
export PAVTEST_TEST_DIR='/home/games/.pavtest/sessions/2026-11/1m8hgw34vqpp/jobs/1.0/tests/0000'
export PAVTEST_ATTEMPT='1'
cd -- '/home/games/.pavtest/sessions/2026-11/1m8hgw34vqpp/jobs/1.0/tests/0000/build' || exit 1

# Commands
set -e -o pipefail
true
