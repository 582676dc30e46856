# SPDX-License-Identifier: GPL-2.0-or-later
# Owns: the names of the verbs. Each one runs the script of the same name; "make help" lists them.
# Never: holds logic. Settings are variables and reach the scripts through the environment.

VERBS := demo host check check-quick check-full machine kernel series apply series-test \
	 selftest kunit oracle lint bench fuzz coverage debug-kernel clean tools install uninstall
SETTINGS := BASE KERNEL RUN FILES OUT DRYRUN SMP MEM SIE ICOUNT TIMEOUT RULES KSRC PARTS SIGNOFF TRAILERS COVER_EXTRA \
	    JOBS LAYERS QEMU NO_INSTALL PREFIX DESTDIR PVDUMP_BUILD PVDUMP_CACHE PVDUMP_MIRRORS ARGS
LAYER_SETTINGS := TIME V

# A misspelt setting must not be ignored.
given := $(foreach v,$(.VARIABLES),$(if $(filter command line,$(origin $v)),$(filter-out MAKE% -%,$v)))
unknown := $(filter-out $(SETTINGS) $(LAYER_SETTINGS),$(given))
ifneq ($(strip $(unknown)),)
$(info make: unknown setting: $(unknown) (known: $(SETTINGS)))
$(info hint: make help)
$(error unknown setting)
endif

# RUN='echo $$OUT' is meant for the shell of the emulated host, not for make.
ifneq ($(filter-out undefined,$(origin RUN)),)
override RUN := $(value RUN)
endif
export $(SETTINGS) $(LAYER_SETTINGS)

script-series := bases/series build
script-apply := bases/series apply
script-series-test := tests/kernel/series

.PHONY: help fetch $(VERBS)
.DEFAULT_GOAL := help

help:
	@scripts/help

fetch:
	@machine/fetch $(if $(ARGS),$(ARGS),--all)

$(VERBS):
	@$(or $(script-$@),scripts/$@) $(ARGS)
