# SPDX-License-Identifier: GPL-2.0-or-later
#
# What every component that uses lib/ has in common; included after PROGRAM, the name of its object directory.

TOP	:= $(abspath $(dir $(lastword $(MAKEFILE_LIST)))..)
BUILD	?= $(TOP)/build
OBJ	:= $(BUILD)/obj/$(PROGRAM)
LIB	:= $(TOP)/lib
CROSS	?= s390x-linux-gnu-
CC	?= cc
CFLAGS	?= -O2 -g
SAN	:= -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
WARN	:= -std=gnu11 -Wall -Wextra -Werror
TIME	?= 60
VPATH	:= $(LIB)
INCS	:= -I$(LIB) -I$(OBJ)
# what every program links
SHARED	:= common outfile progress sparse

$(OBJ)/native/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(INCS) -MMD -MP -c -o $@ $<

$(OBJ)/s390x/%.o: %.c
	@mkdir -p $(@D)
	$(CROSS)gcc $(CFLAGS) $(WARN) $(INCS) -MMD -MP -c -o $@ $<

# Made anew only when the version changes, so that a commit does not build everything again.
$(OBJ)/version.h: FORCE
	@mkdir -p $(@D)
	@echo "#define VERSION \"$$($(LIB)/version)\"" >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(OBJ)/native/$(PROGRAM).o $(OBJ)/s390x/$(PROGRAM).o: $(OBJ)/version.h

.PHONY: FORCE

-include $(wildcard $(OBJ)/native/*.d $(OBJ)/s390x/*.d)
