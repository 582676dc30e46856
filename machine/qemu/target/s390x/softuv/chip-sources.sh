#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Owns listing the sources of libsoftuv for meson. Never compiles anything.
cd "$(dirname "$0")" && ls chip/src/*.c
