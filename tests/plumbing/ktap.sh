# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Tests of scripts: paths of the repository and TAP: sourced.
. "$(dirname "${BASH_SOURCE[0]}")/../../lib/common.sh"
. "$TOP/tests/tap.sh"
set +e
# shellcheck disable=SC2034 # for the tests
WORK=$T
