/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * START INTERPRETIVE EXECUTION: the state description, and what a CPU keeps
 * while it executes a guest.
 */
#ifndef TARGET_S390X_SIE_INT_H
#define TARGET_S390X_SIE_INT_H

/* Fields of the state description (struct kvm_s390_sie_block of Linux) */
#define SIE_CPUFLAGS        0x000   /* u32 */
#define SIE_PREFIX          0x004   /* u32 */
#define SIE_HANDLE_CPU      0x010   /* u64, format 4 */
#define SIE_HANDLE_CONFIG   0x018   /* u64, format 4 */
#define SIE_CPUTM           0x028   /* u64 */
#define SIE_CKC             0x030   /* u64 */
#define SIE_EPOCH           0x038   /* u64 */
#define SIE_LCTL            0x044   /* u16 */
#define SIE_ICTL            0x048   /* u32 */
#define SIE_ECA             0x04c   /* u32 */
#define SIE_ICPTCODE        0x050   /* u8 */
#define SIE_ICPTSTATUS      0x051   /* u8 */
#define SIE_IHCPU           0x052   /* u16 */
#define SIE_IICTL           0x055   /* u8, format 4 */
#define SIE_IPA             0x056   /* u16 */
#define SIE_IPB             0x058   /* u32 */
#define SIE_SCAOH           0x05c   /* u32 */
#define SIE_ECB             0x061   /* u8 */
#define SIE_SCAOL           0x064   /* u32 */
#define SIE_SDF             0x068   /* u8 */
#define SIE_TODPR           0x06c   /* u32 */
#define SIE_MSO             0x080   /* u64 */
#define SIE_MSL             0x088   /* u64 */
#define SIE_GPSW_MASK       0x090   /* u64 */
#define SIE_GPSW_ADDR       0x098   /* u64 */
#define SIE_GG14            0x0a0   /* u64 */
#define SIE_GG15            0x0a8   /* u64 */
/* format 4: parameters of the interruption that the host asks for */
#define SIE_INT_MCIC        0x0c0   /* u64 */
#define SIE_INT_EXT_PARAM   0x0c0   /* u32 */
#define SIE_INT_EXT_CPU     0x0c4   /* u16 */
#define SIE_INT_EXT_CODE    0x0c6   /* u16 */
#define SIE_INT_EDC         0x0cc   /* u32 */
#define SIE_INT_FAILING     0x0d0   /* u64 */
#define SIE_INT_IO_ID       0x0e8   /* u16 */
#define SIE_INT_IO_NR       0x0ea   /* u16 */
#define SIE_INT_IO_PARM     0x0ec   /* u32 */
#define SIE_INT_IO_WORD     0x0f0   /* u32 */

#define SIE_PTE_DEST        0x0c0   /* u64, partial execution of MVPG */
#define SIE_PTE_SRC         0x0c8   /* u64 */
#define SIE_PGMILC          0x0cc   /* u16 */
#define SIE_IPRCC           0x0ce   /* u16 */
#define SIE_DXC             0x0d0   /* u32 */
#define SIE_MCN             0x0d4   /* u16 */
#define SIE_PERC            0x0d6   /* u16: code and ATMID */
#define SIE_PERADDR         0x0d8   /* u64 */
#define SIE_EAI             0x0e0   /* u8 */
#define SIE_OAI             0x0e2   /* u8 */
#define SIE_TECMC           0x0e8   /* u64 */
#define SIE_GCR0            0x100   /* u64[16] */
#define SIE_GBEA            0x180   /* u64 */
#define SIE_SIDAD           0x180   /* u64, format 4 */
#define SIE_FAC             0x1a0   /* u32 */
#define SIE_PP              0x1de   /* u64 */
#define SIE_PV_GREGS        0x380   /* u64[16], format 4 */

#define SIE_BLOCK_ALIGN     0x1ff
#define SIE_BLOCK_SIZE      1024

#define SIE_PREFIX_MASK     0x7fffe000
#define SIE_SDF_FORMAT_4    2

#define ICTL_OPEREXC        0x80000000
#define ICTL_PINT           0x20000000
#define ICTL_LPSW           0x00400000
#define ICTL_STCTL          0x00040000
#define ECA_MVPGI           0x01000000
#define ECB_SPECI           0x08

#define ICPT_NONE           0x00
#define ICPT_INST           0x04
#define ICPT_PROGI          0x08
#define ICPT_EXTREQ         0x10
#define ICPT_IOREQ          0x18
#define ICPT_WAIT           0x1c
#define ICPT_VALIDITY       0x20
#define ICPT_STOP           0x28
#define ICPT_OPEREXC        0x2c
#define ICPT_PARTEXEC       0x38
#define ICPT_MCHKREQ        0x60
#define ICPT_INT_ENABLE     0x64
#define ICPT_PV_INSTR       0x68
#define ICPT_PV_NOTIFY      0x6c
#define ICPT_PV_PREFIX      0x70

/* reasons of a validity interception */
#define VALIDITY_MODE       0x0001  /* not in z/Architecture mode */
#define VALIDITY_FACILITIES 0x1090  /* the facility list cannot be read */
/* softuv's own: the numbers that the machine has are not public */
#define VALIDITY_FORMAT     0x5301
#define VALIDITY_EXTENT     0x5302  /* MSL is below MSO */

/* of a secure CPU; the first byte is published, libsoftuv has 0x2001 to 0x2006 */
#define VALIDITY_TIMER      0x2007  /* the CPU timer was changed */
#define VALIDITY_INJECTION  0x2008  /* an interruption that cannot be taken */
#define VALIDITY_SIDA       0x2009  /* the data area cannot be accessed */

#define GCR0_TIMERS         (CR0_CKC_SC | CR0_CPU_TIMER_SC)

/* What the guest's entries in the TLB depend on, besides the tables. */
typedef struct SieSpace {
    hwaddr block;
    uint64_t host_asce;
    uint64_t cregs[4];              /* 0, 1, 7 and 13 */
    uint64_t prefix;
    uint64_t mso;
    uint64_t last;
    uint64_t conf;                  /* handle, 0 = not protected */
} SieSpace;

/* The host's registers which a secure CPU's displace. */
typedef struct SieShared {
    uint64_t regs[14];
    uint32_t aregs[16];
    uint64_t vregs[32][2];
    uint32_t fpc;
} SieShared;

/*
 * The part of the description in which the host of a secure CPU asks for
 * something, read once: other CPUs of the host may change it at any time, and
 * what was checked is what has to be done.
 */
#define SIE_ASKED_SIZE      0x100

typedef struct SieEntry {
    struct softuv_sie secure;
    uint8_t asked[SIE_ASKED_SIZE];
} SieEntry;

typedef struct S390Sie {
    hwaddr block;                   /* absolute address of the description */
    uint8_t *blk;                   /* and where the machine has it */
    uint8_t lost[SIE_BLOCK_SIZE];   /* instead, once that is secure storage */
    unsigned int ilen;              /* of the SIE instruction */

    /* the host's, which the guest's has displaced in CPUS390XState */
    PSW psw;
    uint64_t cregs[16];
    uint64_t psa;
    uint64_t r14, r15;
    uint64_t gbea;
    uint64_t pp;
    uint32_t todpr;

    /* the guest's, for which CPUS390XState has no place */
    uint64_t epoch;
    uint64_t ckc;
    uint64_t cputm;                 /* CPU timer when cputm_at was now */
    int64_t cputm_at;               /* ns of the virtual clock */
    uint64_t mso;                   /* host virtual address of absolute 0 */
    uint64_t last;                  /* absolute address of the last byte */
    uint64_t armed;                 /* timer subclass mask that the timer has */
    QEMUTimer *timer;

    uint64_t host_tec;              /* TEID of the last fault of the host */
    hwaddr pte;                     /* last page-table entry of stage 2 */
    LowCore *lowcore;               /* of the interruption being taken */
    int prefix_fault;               /* its parameters could not be stored */
    SieSpace space;                 /* whose entries the TLB has */

    /* a secure CPU; its handle is 0 for a guest that is not protected */
    struct softuv_sie secure;
    uint8_t asked[SIE_ASKED_SIZE];
    SieShared shared;
    bool answered;                  /* the host's answer is not taken over yet */
    uint64_t shown[3];              /* CR 0, 6 and 14 as the host knows them */
} S390Sie;

/* sie.c: statistics, and the debug switch */
void s390_sie_count_exit(CPUS390XState *env, uint8_t code);
bool s390_sie_flush_always(void);

/* sie-guest.c */
/* The reason why a guest with this description cannot be executed, or 0. */
unsigned int s390_sie_inconsistent(const uint8_t *blk);
/*
 * The guest of this description, if protected with @entry which was let in,
 * runs when the TB is left.
 */
void s390_sie_enter(CPUS390XState *env, hwaddr block, uint8_t *blk,
                    unsigned int ilen, const SieEntry *entry);
/* The description; where to write instead when it became secure storage. */
uint8_t *s390_sie_description(S390Sie *sie);
void s390_sie_leave_with(CPUS390XState *env, uint8_t code);
bool s390_sie_psw_invalid(PSW psw);
/* For s390_sie_lowcore(); 0, or the host's interruption. */
int s390_sie_map_lowcore(CPUS390XState *env);
/* SIE does not reach secure storage by an address in the description either. */
bool s390_sie_read_host(hwaddr abs, void *to, unsigned int len);
bool s390_sie_write_host(hwaddr abs, const void *from, unsigned int len);
/* The guest's state is that before the instruction which called a helper. */
void s390_sie_restore_guest(CPUS390XState *env, uintptr_t ra);

/* sie-secure.c: protected guests */
/* Takes the big lock unless this thread has it: true when it has to go again. */
bool s390_sie_lock(void);
void s390_sie_unlock(bool taken);
/* The reason why this entry of a secure CPU is refused, or 0. */
unsigned int s390_sie_secure_refuses(CPUS390XState *env, const SieEntry *entry);
void s390_sie_secure_load(CPUS390XState *env);
/* Completes the interception and takes the interruption that the host asks for. */
void s390_sie_secure_begin(CPUS390XState *env);
/* Something other than a request of the host's ends the execution. */
bool s390_sie_secure_check(CPUS390XState *env);
void s390_sie_secure_save(CPUS390XState *env, uint8_t *blk);
void s390_sie_secure_restore_host(CPUS390XState *env);
/* The Ultravisor's changes to the facility list that the host made */
void s390_sie_secure_fence(uint8_t *list, unsigned int len);

/* sie-secure-insn.c: may the host answer with this program interruption? */
bool s390_sie_secure_allows(const struct softuv_kept *kept, unsigned int pgm);
/* The host has emulated it: its results go to the guest. */
void s390_sie_secure_complete(CPUS390XState *env);

#endif /* TARGET_S390X_SIE_INT_H */
