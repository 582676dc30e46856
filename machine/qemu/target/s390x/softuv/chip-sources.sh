#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Lists the sources of libsoftuv for meson: the chip and the test equipment beside it.
cd "$(dirname "$0")" && ls chip/src/*.c chip/testequip/*.c
