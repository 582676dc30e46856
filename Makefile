# SPDX-License-Identifier: GPL-2.0-or-later
# What is built from what, the verbs, and the settings that each of them takes; "make help" explains both.

VERBS := demo host check check-quick check-full machine kernel series apply tools install uninstall selftest \
	 fetch clean
# Verbs that are one layer of tests/tiers.
LAYER_VERBS := kunit oracle lint bench fuzz coverage debug-kernel series-test
# Components with a makefile of their own.
COMPONENTS := lib softuv seimage pvdump

ALL_TAKE := JOBS NO_INSTALL PVDUMP_BUILD PVDUMP_CACHE PVDUMP_MIRRORS ARGS
demo_TAKES := BASE KSRC WITNESS
host_TAKES := BASE KSRC KERNEL RUN FILES ROOT OUT SMP MEM RULES SIE ICOUNT TIMEOUT DRYRUN QEMU
check_TAKES := LAYERS ABREAST AGAIN
check-quick_TAKES := LAYERS ABREAST AGAIN
check-full_TAKES := LAYERS ABREAST AGAIN
kernel_TAKES := BASE KSRC
series_TAKES := BASE SIGNOFF TRAILERS COVER_EXTRA
apply_TAKES := BASE KSRC PARTS SIGNOFF TRAILERS DRYRUN
install_TAKES := PREFIX DESTDIR
uninstall_TAKES := PREFIX DESTDIR
selftest_TAKES := BASE KSRC
kunit_TAKES := BASE
coverage_TAKES := BASE LIMIT
debug-kernel_TAKES := BASE SMP TIMEOUT
lint_TAKES := BASE
bench_TAKES := BASE
series-test_TAKES := BASE
fuzz_TAKES := TIME

goals := $(or $(MAKECMDGOALS),help)
takes = $(sort $(foreach g,$1,$($g_TAKES)) $(ALL_TAKE))

# A setting that is misspelt, or that the verb does not use, must not be ignored.
given := $(foreach v,$(.VARIABLES),$(if $(filter command line,$(origin $v)),$(filter-out MAKE% -%,$v)))
wrong := $(filter-out $(call takes,$(goals)),$(given))
ifneq ($(strip $(wrong)),)
$(info make $(goals): unknown setting: $(wrong) (known here: $(call takes,$(goals))))
$(info hint: make help $(firstword $(goals)))
$(error unknown setting)
endif
ifneq ($(words $(CURDIR)),1)
$(error $(CURDIR): cannot work here: kbuild and QEMU take no path with a space)
endif

# RUN='echo $$OUT' is meant for the shell of the emulated host, not for make.
ifneq ($(filter-out undefined,$(origin RUN)),)
override RUN := $(value RUN)
endif
export $(call takes,$(VERBS) $(LAYER_VERBS))
BUILD := $(abspath $(or $(PVDUMP_BUILD),build))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
ifneq ($(filter help,$(goals)),)
# make help VERB: nothing but text.
about := $(filter-out help,$(goals))
.PHONY: $(goals)
help:
	@$(if $(about),:,tests/help)
$(about):
	@tests/help $@ "$(call takes,$@)"
else
include machine/rules.mk bases/rules.mk tests/rules.mk

kernel = $(or $(BASE),linux-5.10)
demo: machine programs kernel-$(kernel)
	@tests/e2e/demo $(ARGS)
host: $(if $(DRYRUN),,$(if $(QEMU),,machine) $(if $(KERNEL),,kernel-$(kernel)))
	@machine/host $(ARGS)
kernel: kernel-$(kernel)
	@test -e $(BUILD)/kernel/$(kernel)/Image
# Says where the series is, also when nothing is to be done.
series: | ready
	@bases/series build $(kernel)
apply: | ready
	@bases/series apply $(ARGS)
selftest: machine programs kernel-$(kernel) selftest-programs
	@tests/kernel/selftest/run $(ARGS)
install: tools-native
	@lib/install
uninstall: tools-native
	@lib/install --uninstall
fetch: | ready
	@machine/fetch $(or $(ARGS),--all)
clean:
	@tests/clean

# Packages and files that the goals need, before the first long step.
ready:
	@tests/ready $(goals)

others := $(filter-out $(VERBS) $(COMPONENTS) tests machine,$(patsubst %/,%,$(wildcard */)))
$(others):
	@echo "make: $@ is a directory; make help lists what there is" >&2
	@exit 2
.PHONY: FORCE ready $(VERBS) $(LAYER_VERBS) $(others)
endif
