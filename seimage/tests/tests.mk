# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests of the image tools: unit tests under sanitizers, command line, fuzzing.

SANBIN	:= $(OBJ)/san/bin
TESTSRC	:= tests/test_seimage.c src/components.c src/header.c src/image_write.c src/linux_boot.c src/se_flags.c src/keydoc.c \
	   $(addprefix $(LIB)/,$(SHARED:=.c) seimg.c secrypt.c)
ALLSRC	:= $(wildcard src/*.[chS] $(LIB)/*.[ch])

$(OBJ)/test_seimage: $(TESTSRC) $(ALLSRC) $(OBJ)/stages_blob.o
	@mkdir -p $(@D)
	$(CC) $(SAN) $(WARN) $(INCS) -Isrc -o $@ $(TESTSRC) $(OBJ)/stages_blob.o $(LIBS) -lcmocka

# the programs themselves with sanitizers, for the command line tests
$(SANBIN)/seimage $(SANBIN)/mkcomponent: $(ALLSRC)
	@$(MAKE) -s BUILD=$(OBJ)/san CFLAGS="$(SAN)" all >&2

# softuv with the machine of its tests, to try headers on
SOFTUV	:= $(TOP)/softuv
CHIP	:= $(addprefix $(SOFTUV)/tests/,machine.c guest.c guest_crypto.c invariants.c) \
	   $(wildcard $(SOFTUV)/src/*.c $(SOFTUV)/testequip/*.c)
CHIPHDR	:= $(wildcard $(addprefix $(SOFTUV)/,include/*.h src/*.h testequip/*.h tests/*.h))

$(SANBIN)/header_chip: tests/header_chip.c $(CHIP) $(CHIPHDR)
	@mkdir -p $(@D)
	$(CC) -O1 -g $(WARN) -D_GNU_SOURCE -I$(SOFTUV)/include -I$(SOFTUV)/testequip -I$(SOFTUV)/tests -I$(LIB) -o $@ \
		tests/header_chip.c $(CHIP) -lcmocka -lcrypto $(LIBS)

# What the layers run, so that two of them do not build it at once.
test-programs: all $(OBJ)/test_seimage $(SANBIN)/seimage $(SANBIN)/header_chip

# Each prints TAP.
check: $(OBJ)/test_seimage
	@CMOCKA_MESSAGE_OUTPUT=tap $(OBJ)/test_seimage
check-cli: all $(SANBIN)/seimage $(SANBIN)/header_chip
	@tests/cli $(SANBIN)

$(OBJ)/fuzz_seimg: tests/fuzz_seimg.c $(ALLSRC)
	@mkdir -p $(@D)
	clang -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -std=gnu11 $(INCS) \
		-o $@ tests/fuzz_seimg.c $(LIB)/seimg.c $(LIB)/common.c

fuzz: $(OBJ)/fuzz_seimg
	@mkdir -p $(OBJ)/corpus-seimg
	$(OBJ)/fuzz_seimg -max_total_time=$(TIME) -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix=$(OBJ)/ $(OBJ)/corpus-seimg tests/corpus
