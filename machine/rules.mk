# SPDX-License-Identifier: GPL-2.0-or-later
# What the emulated machine and its host kernels are made from; machine/README.md.

# $(call listed,NAME,WORDS): a file that is written anew when the words change, so that what was removed counts, too.
listed = $(shell mkdir -p $(BUILD)/lists; [ -n "$(wildcard $(BUILD)/*)" ] || touch $(BUILD)/.kvm-pv-dump-build; \
	 printf '%s\n' $(sort $(2)) | cmp -s - $(BUILD)/lists/$(1) || \
	 printf '%s\n' $(sort $(2)) >$(BUILD)/lists/$(1))$(BUILD)/lists/$(1)
# $(call pins,NAME): the sums of the files that are pinned for it.
pins = $(shell awk -v n='$(1)' '$$1 == n || index($$1, n ".") == 1 { print $$1 "=" $$NF }' machine/pins)

QEMU_HOOKS := $(filter-out $(addprefix %-,$(addsuffix .patch,$(WITHOUT))),$(wildcard machine/qemu/hooks/*.patch))
QEMU_FILES := $(shell find machine/qemu -type f ! -path '*/hooks/*' ! -name '*.md')
CHIP_FILES := $(wildcard softuv/src/*.[ch] softuv/testequip/*.[ch] softuv/include/*.h) lib/formats.h

$(BUILD)/machine/src/.patched: $(QEMU_HOOKS) $(call listed,qemu-source,$(QEMU_HOOKS) $(call pins,qemu)) | ready
	@machine/build source
$(BUILD)/machine/obj/build.ninja: $(BUILD)/machine/src/.patched machine/build \
		$(call listed,qemu-files,$(QEMU_FILES) $(filter %.c,$(CHIP_FILES)))
	@machine/build configure
$(BUILD)/machine/qemu-system-s390x: $(BUILD)/machine/obj/build.ninja $(QEMU_FILES) $(CHIP_FILES)
	@machine/build compile
machine: $(BUILD)/machine/qemu-system-s390x
.PHONY: machine

# vmm-VERSION: Debian's own QEMU for s390x, which runs in L1.
VMMS := $(shell sed -n 's/^\(vmm-[0-9.]*\)\.qemu-system-data .*/\1/p' machine/pins)
define vmm_rule
$(1): $(BUILD)/$(1)/root/usr/bin/qemu-system-s390x
$(BUILD)/$(1)/root/usr/bin/qemu-system-s390x: machine/vmm machine/closure.py $(call listed,$(1),$(call pins,$(1))) | ready
	@machine/vmm $(1) || [ $$$$? -eq 4 ]
.PHONY: $(1)
endef
$(foreach v,$(VMMS),$(eval $(call vmm_rule,$(v))))

# kernel-NAME for each row of machine/kernels, and its variants. A tree of the user's is made each time: kbuild knows.
KERNELS := $(shell sed -n 's/^\([a-z0-9.-]*\) *built .*/\1/p' machine/kernels)
BINARY_KERNELS := $(shell sed -n 's/^\([a-z0-9.-]*\) *binary .*/\1/p' machine/kernels)
VARIANTS := $(patsubst machine/configs/%.config,%,$(filter-out %/host.config,$(wildcard machine/configs/*.config)))
kernel_source = $(if $(KSRC),FORCE,$(if $(filter series,$(word 3,$(shell grep '^$(1) ' machine/kernels))),$(BUILD)/series/$(1).mbx))

define kernel_rule
kernel-$(1)$(2): $(BUILD)/kernel/$(1)$(2)/Image
$(BUILD)/kernel/$(1)$(2)/Image: $(call kernel_source,$(1)) machine/configs/host.config $(wildcard machine/configs/$(2:-%=%).*) \
		$(call listed,kernel-$(1)$(2),$(KSRC) $(call pins,$(1))) | ready
	@machine/kernel $(1)$(2) || [ $$$$? -eq 4 ]
.PHONY: kernel-$(1)$(2)
endef
$(foreach k,$(KERNELS),$(foreach v,_ $(addprefix -,$(VARIANTS)),$(eval $(call kernel_rule,$(k),$(v:_=)))))

define binary_kernel_rule
kernel-$(1): $(BUILD)/kernel/$(1)/Image
$(BUILD)/kernel/$(1)/Image: machine/kernel $(call listed,kernel-$(1),$(call pins,$(1))) | ready
	@machine/kernel $(1) || [ $$$$? -eq 4 ]
.PHONY: kernel-$(1)
endef
$(foreach k,$(BINARY_KERNELS),$(eval $(call binary_kernel_rule,$(k))))
