# SPDX-License-Identifier: GPL-2.0-or-later
# What each series is made from; bases/README.md.

SERIES_BASES := $(notdir $(wildcard bases/linux-*))
OVERLAY := $(shell find arch Documentation tools/testing -type f)

define series_rule
series-$(1): $(BUILD)/series/$(1).mbx
$(BUILD)/series/$(1).mbx: $(wildcard bases/$(1)/*) $(OVERLAY) $(wildcard bases/*.py) bases/series bases/merge-additions \
		$(call listed,series-$(1),$(OVERLAY) $(wildcard bases/$(1)/*) $(SIGNOFF) $(call pins,$(1))) | ready
	@bases/series build $(1)
.PHONY: series-$(1)
endef
$(foreach b,$(SERIES_BASES),$(eval $(call series_rule,$(b))))
