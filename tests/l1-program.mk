# SPDX-License-Identifier: GPL-2.0-or-later
#
# Owns the build of a static s390x program on top of pvdump's VM code; included with PROGRAM set.
# Never installs a package; needs gcc-s390x-linux-gnu and libc6-dev-s390x-cross.

TOP	:= $(abspath ../..)
BUILD	?= $(TOP)/build
OBJ	:= $(BUILD)/obj/$(PROGRAM)
CROSS	?= s390x-linux-gnu-
CFLAGS	?= -O2 -g
TOOLS	:= $(TOP)/softuv/tools
PVDUMP	:= $(TOP)/pvdump
WARN	:= -std=gnu11 -Wall -Wextra -Werror -I$(PVDUMP) -I$(TOOLS)
HDRS	:= $(wildcard $(PVDUMP)/*.h) $(TOOLS)/common.h $(TOOLS)/seimg.h
VPATH	:= .:$(PVDUMP):$(TOOLS)
OBJS	:= $(patsubst %,$(OBJ)/%.o,$(PROGRAM) pvvm pvcmd rcname seimg common)

all: $(BUILD)/s390x/$(PROGRAM)

# KVM guests need page tables with PGSTEs; the mark in the program asks for them
$(BUILD)/s390x/$(PROGRAM): $(OBJS)
	@mkdir -p $(@D)
	$(CROSS)gcc $(CFLAGS) -static -Wl,--s390-pgste -o $@ $^

$(OBJ)/%.o: %.c $(HDRS)
	@mkdir -p $(@D)
	$(CROSS)gcc $(CFLAGS) $(WARN) -c -o $@ $<

clean:
	rm -rf $(OBJ) $(BUILD)/s390x/$(PROGRAM)

.PHONY: all clean
