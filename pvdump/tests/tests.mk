# SPDX-License-Identifier: GPL-2.0-or-later
#
# Owns the native tests of pvdump and check-vmcore: unit tests under sanitizers, command line, fuzzing.
# Never counts a test that did not run as passed; the machine's tests are in tests/e2e.

TIME	?= 60
RESULT	:= $(BUILD)/results/pvdump.tap
SAN	:= -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
SANBUILD := $(OBJ)/san
UNIT	:= tests/test_pvdump.c tests/synth.c dumpauth.c dumpread.c dumpfile.c rcname.c \
	   $(TOOLS)/common.c $(TOOLS)/secrypt.c
SYNTH	:= tests/mksynth.c tests/synth.c dumpauth.c dumpread.c dumpfile.c $(TOOLS)/common.c \
	   $(TOOLS)/secrypt.c
FUZZ	:= tests/fuzz_dump.c dumpread.c $(TOOLS)/common.c

$(OBJ)/test_pvdump: $(UNIT) $(HDRS) tests/synth.h
	@mkdir -p $(@D)
	$(CC) $(SAN) $(WARN) -Itests -o $@ $(UNIT) $(LIBS) -lcmocka

$(OBJ)/mksynth: $(SYNTH) $(HDRS) tests/synth.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -Itests -o $@ $(SYNTH) $(LIBS)

$(SANBUILD)/bin/pvdump: $(wildcard *.c $(E2E)/*.c) $(HDRS)
	$(MAKE) BUILD=$(SANBUILD) CFLAGS="$(SAN)" native

check: native $(OBJ)/test_pvdump $(OBJ)/mksynth $(SANBUILD)/bin/pvdump
	@mkdir -p $(dir $(RESULT))
	@$(TOOLS)/tests/run-check $(RESULT) $(OBJ)/test_pvdump tests/cli.sh $(SANBUILD)/bin $(OBJ)/mksynth

$(OBJ)/fuzz_dump: $(FUZZ) $(HDRS)
	@mkdir -p $(@D)
	clang -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -std=gnu11 -I. \
		-I$(TOOLS) -o $@ $(FUZZ)

fuzz: $(OBJ)/fuzz_dump
	@mkdir -p $(OBJ)/corpus-dump
	$(OBJ)/fuzz_dump -max_total_time=$(TIME) -timeout=10 -rss_limit_mb=1024 -max_len=16384 \
		-print_final_stats=1 -artifact_prefix=$(OBJ)/ $(OBJ)/corpus-dump tests/corpus
