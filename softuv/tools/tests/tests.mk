# SPDX-License-Identifier: GPL-2.0-or-later
#
# Owns the tests of the image tools: unit tests under sanitizers, command line, fuzzing.
# Never counts a test that did not run as passed.

TIME	?= 60
RESULT	:= $(BUILD)/results/seimage.tap
SAN	:= -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
SANBIN	:= $(OBJ)/san/bin
TESTSRC	:= tests/test_seimage.c image_write.c linux_boot.c se_flags.c $(addsuffix .c,$(FORMAT) $(CRYPTO))

$(OBJ)/test_seimage: $(TESTSRC) $(HDRS) $(OBJ)/stages_blob.o
	$(CC) $(SAN) $(WARN) -I. -o $@ $(TESTSRC) $(OBJ)/stages_blob.o $(LIBS) -lcmocka

# the programs themselves with sanitizers, for the command line tests
$(SANBIN)/seimage $(SANBIN)/mkcomponent: $(wildcard *.c *.h *.S)
	$(MAKE) BUILD=$(OBJ)/san CFLAGS="$(SAN)" all

check: all $(OBJ)/test_seimage $(SANBIN)/seimage
	@mkdir -p $(dir $(RESULT))
	@tests/run-check $(RESULT) $(OBJ)/test_seimage tests/cli.sh $(SANBIN)

$(OBJ)/fuzz_seimg: tests/fuzz_seimg.c seimg.c common.c $(HDRS)
	@mkdir -p $(@D)
	clang -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -std=gnu11 -I. \
		-o $@ tests/fuzz_seimg.c seimg.c common.c

fuzz: $(OBJ)/fuzz_seimg
	@mkdir -p $(OBJ)/corpus-seimg
	$(OBJ)/fuzz_seimg -max_total_time=$(TIME) -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix=$(OBJ)/ $(OBJ)/corpus-seimg tests/corpus
