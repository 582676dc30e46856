# SPDX-License-Identifier: GPL-2.0-or-later
#
# Native tests of pvdump and check-vmcore: unit tests under sanitizers, command line, fuzzing. The machine's
# tests are in tests/e2e.

SANBUILD := $(OBJ)/san
READER	:= $(addprefix $(LIB)/,dumpauth.c dumpread.c dumpparts.c dumpnotes.c dumpfile.c common.c secrypt.c)
UNIT	:= tests/test_pvdump.c tests/synth.c src/rcname.c $(READER)
SYNTH	:= tests/mksynth.c tests/synth.c $(READER) $(LIB)/outfile.c
# what "pvdump decrypt" adds to the reader
DECRYPTING := $(addprefix $(LIB)/,dumpcrypt.c dumpmem.c corefile.c osinfo.c)
DECUNIT	:= tests/test_decrypt.c tests/synth.c $(DECRYPTING) $(READER)
FUZZ	:= tests/fuzz_dump.c $(DECRYPTING) $(addprefix $(LIB)/,dumpread.c dumpparts.c dumpnotes.c common.c)
ALLSRC	:= $(wildcard src/*.[ch] $(LIB)/*.[ch] $(E2E)/*.[ch] tests/*.h)

$(OBJ)/test_pvdump: $(UNIT) $(ALLSRC)
	@mkdir -p $(@D)
	$(CC) $(SAN) $(WARN) $(INCS) -Itests -o $@ $(UNIT) $(LIBS) -lcmocka

$(OBJ)/test_decrypt: $(DECUNIT) $(ALLSRC)
	@mkdir -p $(@D)
	$(CC) $(SAN) $(WARN) $(INCS) -Itests -o $@ $(DECUNIT) $(LIBS) -lgcrypt -lcmocka

$(OBJ)/mksynth: $(SYNTH) $(ALLSRC)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(INCS) -Itests -o $@ $(SYNTH) $(LIBS)

$(OBJ)/dump_pages: $(TOP)/tests/bench/dump_pages.c $(DECRYPTING) $(READER) $(ALLSRC)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(INCS) -o $@ $< $(DECRYPTING) $(READER) $(LIBS) -lgcrypt -lcrypto

$(SANBUILD)/bin/pvdump: $(ALLSRC)
	@$(MAKE) -s BUILD=$(SANBUILD) CFLAGS="$(SAN)" native >&2

# What the layers run, so that two of them do not build it at once.
test-programs: native $(OBJ)/test_pvdump $(OBJ)/test_decrypt $(OBJ)/mksynth $(SANBUILD)/bin/pvdump

# Each prints TAP.
check: $(OBJ)/test_pvdump
	@CMOCKA_MESSAGE_OUTPUT=tap $(OBJ)/test_pvdump
check-decrypt: $(OBJ)/test_decrypt
	@CMOCKA_MESSAGE_OUTPUT=tap $(OBJ)/test_decrypt
check-cli: native $(OBJ)/mksynth $(SANBUILD)/bin/pvdump
	@tests/cli $(SANBUILD)/bin $(OBJ)/mksynth
check-cli-decrypt: native $(OBJ)/mksynth $(SANBUILD)/bin/pvdump
	@tests/cli-decrypt $(SANBUILD)/bin $(OBJ)/mksynth $(BUILD)/bin

$(OBJ)/fuzz_dump: $(FUZZ) $(ALLSRC)
	@mkdir -p $(@D)
	clang -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -std=gnu11 $(INCS) \
		-o $@ $(FUZZ) -lgcrypt

fuzz: $(OBJ)/fuzz_dump
	@mkdir -p $(OBJ)/corpus-dump
	$(OBJ)/fuzz_dump -max_total_time=$(TIME) -timeout=10 -rss_limit_mb=1024 -max_len=16384 \
		-print_final_stats=1 -artifact_prefix=$(OBJ)/ $(OBJ)/corpus-dump tests/corpus
