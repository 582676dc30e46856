/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control channel of the emulated machine: fault rules, counters, guest exits.
 */
#ifndef INJECT_CONTROL_H
#define INJECT_CONTROL_H

#include "pv_util.h"

/* Names of Ultravisor calls on the channel */
#define UVC_CREATE_CPU		"create-cpu"
#define UVC_DUMP_INIT		"dump-init"
#define UVC_DUMP_STOR		"dump-stor-state"
#define UVC_DUMP_CPU		"dump-cpu"
#define UVC_DUMP_COMPLETE	"dump-complete"

/* A code that the machine gives by no rule of its own */
#define RULE_RC			0x0142
#define RULE_RRC		0x0017

void inject_init(void);
bool inject_null_sie(void);
void control_reset(void);
int __printf(1, 2) rule_add(const char *fmt, ...);
void rules_clear(void);
void sie_exit(const char *how);
long uvc_calls(const char *uvc);
bool wait_calls(const char *uvc, long value, long ms);
long sie_entries(void);
void log_trace(int n);

#endif /* INJECT_CONTROL_H */
