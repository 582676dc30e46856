# SPDX-License-Identifier: GPL-2.0-or-later
#
# A static s390x program on top of pvdump's VM code; included with PROGRAM set. Needs gcc-s390x-linux-gnu and
# libc6-dev-s390x-cross.

all:

include $(dir $(lastword $(MAKEFILE_LIST)))../lib/lib.mk
PVDUMP	:= $(TOP)/pvdump/src
VPATH	+= . $(PVDUMP)
INCS	+= -I$(PVDUMP)
OBJS	:= $(patsubst %,$(OBJ)/s390x/%.o,$(PROGRAM) pvvm pvcmd rcname seimg $(SHARED))

all: $(BUILD)/s390x/$(PROGRAM)

# KVM guests need page tables with PGSTEs; the mark in the program asks for them
$(BUILD)/s390x/$(PROGRAM): $(OBJS)
	@mkdir -p $(@D)
	$(CROSS)gcc $(CFLAGS) -static -Wl,--s390-pgste -o $@ $^

clean:
	rm -rf $(OBJ) $(BUILD)/s390x/$(PROGRAM)

.PHONY: all clean
