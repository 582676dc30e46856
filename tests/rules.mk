# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests are run on, and the tiers; tests/README.md.

L1_PROGRAMS := tests/bench tests/kernel/debug tests/kernel/huge

# Their makefiles know what is up to date.
lib softuv seimage pvdump $(L1_PROGRAMS): FORCE | ready
	@echo "make: $@" >&2
	@+$(MAKE) -s -C $@ BUILD=$(BUILD)
tests: $(L1_PROGRAMS)
tools-native: seimage FORCE | ready
	@+$(MAKE) -s -C pvdump BUILD=$(BUILD) native
tools: seimage pvdump
	@echo "$(BUILD)/bin/seimage        images: create, info, verify, header"
	@echo "$(BUILD)/bin/pvdump         dumps: info, decrypt"
	@echo "$(BUILD)/s390x/pvdump       the same for the host on IBM Z, with take; static"
# What the tests run, here and in the emulated host.
programs: seimage pvdump $(L1_PROGRAMS)
test-programs: seimage pvdump FORCE | ready
	@+for d in seimage pvdump; do $(MAKE) -s -C $$d BUILD=$(BUILD) test-programs || exit; done
selftest-programs: FORCE | ready
	@echo "make: selftest programs" >&2
	@+$(MAKE) -s -C tests/kernel/selftest BUILD=$(BUILD)
# KVM's selftests of the kernel itself.
guest-programs: $(BUILD)/series/linux-5.10.mbx | ready
	@+$(MAKE) -s -C tests/kernel/guests BUILD=$(BUILD)
.PHONY: guest-programs test-programs lib softuv seimage pvdump tests tools-native programs selftest-programs $(L1_PROGRAMS)

# needs GOAL TIER: what make builds for a tier, when that is asked for.
needs = $(if $(filter $(1),$(goals)),$(shell LAYERS="$(LAYERS)" tests/run --needs $(2)))
check: $(call needs,check,check) | ready
	@tests/run check
check-quick: $(call needs,check-quick,quick) | ready
	@tests/run quick
check-full: $(call needs,check-full,full) | ready
	@tests/full
$(foreach l,$(LAYER_VERBS),$(eval $(l): $(if $(filter $(l),$(goals)),$(shell LAYERS=$(l) tests/run --needs full))))
$(LAYER_VERBS): | ready
	@tests/run --layer $@ $(ARGS)
# Seconds are measured before anything else, instructions after it.
bench: | bench-decrypt
bench-decrypt: programs | ready
	@tests/run --layer $@
.PHONY: bench-decrypt
