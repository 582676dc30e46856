/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state shared by the files of the software Ultravisor's socket.
 */
#ifndef TARGET_S390X_SOFTUV_INT_H
#define TARGET_S390X_SOFTUV_INT_H

#include "qom/object.h"
#include "qemu/notify.h"
#include "s390-softuv.h"

OBJECT_DECLARE_SIMPLE_TYPE(S390Softuv, S390_SOFTUV)

#define SOFTUV_KEY_LEN      66      /* P-521 scalar, big endian */
#define SOFTUV_LINE_MAX     4096    /* longest text command */
#define SOFTUV_REPLY_MAX    32768   /* longest reply */

/* How an entered null SIE leaves when nothing else is requested. */
typedef enum SoftuvSieExit {
    SOFTUV_SIE_EXIT_NULL,           /* icptcode 0: KVM enters again */
    SOFTUV_SIE_EXIT_WAIT,           /* the guest loaded an enabled wait PSW */
    SOFTUV_SIE_EXIT_STOP,           /* stop intercept once STOP_INT is set */
    SOFTUV_SIE_EXIT__MAX,
} SoftuvSieExit;

/* What START INTERPRETIVE EXECUTION does */
typedef enum SoftuvSieMode {
    SOFTUV_SIE_OFF,                 /* it does not exist */
    SOFTUV_SIE_NULL,                /* it enters and leaves */
    SOFTUV_SIE_RUN,                 /* it executes guests */
    SOFTUV_SIE__MAX,
} SoftuvSieMode;

struct S390Softuv {
    Object parent_obj;

    char *host_key_file;
    char *backup_key_file;
    uint8_t host_key[SOFTUV_KEY_LEN];
    uint8_t backup_key[SOFTUV_KEY_LEN];
    GPtrArray *rules;               /* text of the fault rules to install */
    struct softuv_equip *equip;     /* rules, text commands, statistics */
    char *reply;                    /* answer to the last command */
    Notifier machine_done;

    SoftuvSieMode sie_mode;
    SoftuvSieExit sie_exit;
    bool sie_flush;                 /* guests' translations at each entry */
    size_t sie_entries;             /* since the last reset */
    size_t sie_exits[256];          /* by interception code */
    bool dump_entry_reported;

    /* CPUs that wait for executing alone: address of the UVC | 1, or 0 */
    uint64_t alone_at[S390_MAX_CPUS];

    /* the last failed translation of the call being executed */
    uint64_t fail_va;
    uint64_t fail_tec;
    int fail_pgm;
    /* translations that must go before it ends */
    bool flush[2];                  /* by enum softuv_party */
};

/* The one object of this type, or NULL. */
S390Softuv *s390_softuv_object(void);

/* uvc.c: what softuv asks of the machine */
extern const struct softuv_ops s390_softuv_ops;
void s390_softuv_flush_after_command(S390Softuv *uv);

/* key.c: 0, or -1 and errp says what is wrong with the file */
int s390_softuv_load_key(const char *file, uint8_t *scalar, Error **errp);

/* secure.c: from now on log what devices do to secure storage */
void s390_softuv_watch_dma(void);

/*
 * devices.c: refuse devices that cannot be made to ask, the first for what
 * comes from now on, the second, which ends QEMU, for what is there already
 */
void s390_softuv_watch_devices(void);
void s390_softuv_check_devices(void);

/* sie.c: the modes' names; "sie ..." text command, g_free() its reply */
extern const char *const s390_softuv_sie_modes[SOFTUV_SIE__MAX];
char *s390_softuv_sie_command(S390Softuv *uv, const char *args);

#endif /* TARGET_S390X_SOFTUV_INT_H */
