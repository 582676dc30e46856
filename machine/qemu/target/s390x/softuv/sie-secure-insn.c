/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions of a protected guest that it does not execute alone: what its
 * host gets to see of them, and what the guest takes back.
 */
#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "cpu.h"
#include "s390x-internal.h"
#include "exec/exec-all.h"
#include "exec/helper-proto.h"
#include "tcg/tcg_s390x.h"
#include "softuv-int.h"
#include "sie-int.h"
#include "s390-sie.h"
#include "trace.h"

/* The text that the host sees names these registers, whatever the guest's does. */
#define TEXT_R1         0
#define TEXT_R3         2
#define TEXT_BASE       5
#define IPA_RS(opc)     ((opc) << 8 | TEXT_R1 << 4 | TEXT_R3)
#define IPB_RS          ((uint32_t)TEXT_BASE << 28)
#define IPB_RRE         ((uint32_t)(TEXT_R1 << 4 | TEXT_R3) << 16)

#define SCHIB_LEN       52
#define ORB_LEN         32
#define IRB_LEN         64
#define CRW_LEN         4
#define SCCB_MIN        8
#define IPIB_MIN        8
#define GR(n)           (1u << (n))
#define CC(n)           (1u << (n))

typedef enum PvOperand {
    OPERAND_NONE,
    OPERAND_S,                      /* second operand of an S-format one */
    OPERAND_R1,                     /* general register R1 has the address */
} PvOperand;

/* One instruction being executed, for the functions of the table below */
typedef struct PvCall {
    CPUS390XState *env;
    uint64_t text;                  /* left aligned; EXECUTE's length at the right */
    uint64_t next;
    uintptr_t ra;
    const struct PvInsn *insn;
    uint16_t code;                  /* function code of DIAGNOSE */
} PvCall;

/*
 * @fn, or: the host sees the general registers @shown in the save area and @in
 * bytes of the operand in the data area; afterwards the guest has the condition
 * code and, for a code in @out_cc, @out bytes of the data area as operand.
 */
typedef struct PvInsn {
    uint16_t opc;
    uint8_t operand;
    uint8_t out_cc;
    bool subchannel;                /* GR 1 has to name one */
    uint16_t align, in, out;
    uint16_t shown;
    void (*fn)(PvCall *c);
} PvInsn;

/* --- exits ---------------------------------------------------------------- */

static G_NORETURN void program(PvCall *c, int code)
{
    tcg_s390_program_interrupt(c->env, code, c->ra);
}

/* The instruction is completed. */
static G_NORETURN void done(PvCall *c)
{
    c->env->psw.addr = c->next;
    s390_sie_check(c->env);
    cpu_loop_exit_noexc(env_cpu(c->env));
}

static G_NORETURN void done_cc(PvCall *c, int cc)
{
    c->env->cc_op = cc;
    done(c);
}

static unsigned int instruction_len(uint64_t text)
{
    return text & 0xf ?: get_ilen(text >> 56);
}

static void show_register(CPUS390XState *env, unsigned int nr, uint64_t value)
{
    stq_be_p(s390_sie_description(env->sie) + SIE_PV_GREGS + nr * 8, value);
}

static uint64_t shown_register(CPUS390XState *env, unsigned int nr)
{
    return ldq_be_p(s390_sie_description(env->sie) + SIE_PV_GREGS + nr * 8);
}

static void show_nothing(CPUS390XState *env)
{
    memset(s390_sie_description(env->sie) + SIE_PV_GREGS, 0, 16 * 8);
}

static void set_text(CPUS390XState *env, uint16_t ipa, uint32_t ipb)
{
    uint8_t *blk = s390_sie_description(env->sie);

    stb_p(blk + SIE_ICPTSTATUS, 0);
    stw_be_p(blk + SIE_IPA, ipa);
    stl_be_p(blk + SIE_IPB, ipb);
}

static G_NORETURN void leave(PvCall *c, uint8_t code, uint16_t ipa, uint32_t ipb)
{
    set_text(c->env, ipa, ipb);
    s390_sie_leave_with(c->env, code);
    cpu_loop_exit_noexc(env_cpu(c->env));
}

/* It has been executed, and the host is told. */
static G_NORETURN void notify(PvCall *c, uint16_t ipa, uint32_t ipb)
{
    c->env->psw.addr = c->next;
    leave(c, ICPT_PV_NOTIFY, ipa, ipb);
}

/* The host emulates it; @len bytes of the data area are for the guest at @addr. */
static G_NORETURN void ask_host(PvCall *c, uint16_t ipa, uint32_t ipb,
                                uint64_t addr, uint32_t len)
{
    struct softuv_kept *kept = c->env->sie->secure.kept;

    kept->opcode = c->insn->opc;
    kept->ilen = instruction_len(c->text);
    kept->r1 = extract64(c->text, 52, 4);
    kept->code = c->code;
    kept->addr = addr;
    kept->len = len;
    kept->open = true;
    c->env->psw.addr = c->next;
    leave(c, ICPT_PV_INSTR, ipa, ipb);
}

/* --- storage -------------------------------------------------------------- */

/* The data area's address, if @len bytes fit in it. */
static bool sida(CPUS390XState *env, unsigned int len, hwaddr *abs)
{
    uint64_t sidad = ldq_be_p(s390_sie_description(env->sie) + SIE_SIDAD);

    *abs = sidad & TARGET_PAGE_MASK;
    return *abs && len <= ((sidad & 0xff) + 1) * TARGET_PAGE_SIZE;
}

static bool sida_write(CPUS390XState *env, const void *buf, unsigned int len)
{
    hwaddr abs;

    return sida(env, len, &abs) && s390_sie_write_host(abs, buf, len);
}

static bool sida_read(CPUS390XState *env, void *buf, unsigned int len)
{
    hwaddr abs;

    return sida(env, len, &abs) && s390_sie_read_host(abs, buf, len);
}

static void sida_lost(CPUS390XState *env)
{
    stl_be_p(s390_sie_description(env->sie) + SIE_IPB, VALIDITY_SIDA << 16);
    s390_sie_leave_with(env, ICPT_VALIDITY);
}

/* The guest is before the instruction when the host has mended it. */
static void to_sida(PvCall *c, const void *buf, unsigned int len)
{
    if (!sida_write(c->env, buf, len)) {
        s390_sie_restore_guest(c->env, c->ra);
        sida_lost(c->env);
        cpu_loop_exit_noexc(env_cpu(c->env));
    }
}

static void access_exception(PvCall *c)
{
    s390_cpu_virt_mem_handle_exc(env_archcpu(c->env), c->ra);
}

static void read_guest(PvCall *c, uint64_t addr, void *buf, unsigned int len)
{
    if (s390_cpu_virt_mem_read(env_archcpu(c->env), addr, 0, buf, len)) {
        access_exception(c);
    }
}

static void write_guest(PvCall *c, uint64_t addr, const void *buf,
                        unsigned int len)
{
    if (s390_cpu_virt_mem_write(env_archcpu(c->env), addr, 0, (void *)buf,
                                len)) {
        access_exception(c);
    }
}

static void check_write(PvCall *c, uint64_t addr, unsigned int len)
{
    if (s390_cpu_virt_mem_check_write(env_archcpu(c->env), addr, 0, len)) {
        access_exception(c);
    }
}

/* Guest absolute storage within a page; 0, or the interruption. */
static int access_absolute(CPUS390XState *env, uint64_t gabs, void *buf,
                           unsigned int len, bool write)
{
    target_ulong abs;
    uint64_t tec;
    int flags;
    int exc = s390_sie_translate(env, gabs, write ? MMU_DATA_STORE
                                                  : MMU_DATA_LOAD,
                                 &abs, &flags, &tec);

    if (exc) {
        s390_store_tec(env, exc, tec);
        return exc;
    }
    cpu_physical_memory_rw(abs, buf, len, write);
    return 0;
}

static uint64_t operand_address(PvCall *c)
{
    unsigned int base = extract64(c->text, 44, 4);
    uint64_t addr = extract64(c->text, 32, 12);

    if (base) {
        addr += c->env->regs[base];
    }
    return wrap_address(c->env, addr);
}

/* --- instructions --------------------------------------------------------- */

static bool names_subchannel(uint64_t gr1)
{
    return (gr1 & 0xfff90000) == 0x00010000;
}

static uint64_t operand_of(PvCall *c)
{
    switch (c->insn->operand) {
    case OPERAND_S:
        return operand_address(c);
    case OPERAND_R1:
        return wrap_address(c->env, c->env->regs[extract64(c->text, 36, 4)]);
    default:
        return 0;
    }
}

static void plain(PvCall *c)
{
    const PvInsn *insn = c->insn;
    uint64_t addr = operand_of(c);
    uint8_t buf[TARGET_PAGE_SIZE];
    unsigned int i;

    if (insn->subchannel && !names_subchannel(c->env->regs[1])) {
        program(c, PGM_OPERAND);
    }
    if (insn->align && (addr & (insn->align - 1))) {
        program(c, PGM_SPECIFICATION);
    }
    if (insn->in) {
        read_guest(c, addr, buf, insn->in);
    }
    if (insn->out) {
        check_write(c, addr, insn->out);
        memset(buf + insn->in, 0, sizeof(buf) - insn->in);
    }
    if (insn->in || insn->out) {
        to_sida(c, buf, MAX(insn->in, insn->out));
    }
    show_nothing(c->env);
    for (i = 0; i < 16; i++) {
        if (insn->shown & GR(i)) {
            show_register(c->env, i, c->env->regs[i]);
        }
    }
    ask_host(c, insn->opc, 0, addr, insn->out);
}

static void stsi(PvCall *c)
{
    CPUS390XState *env = c->env;

    /* the current level is no secret */
    if (!(env->regs[0] & 0xf0000000)) {
        env->regs[0] = deposit64(env->regs[0], 0, 32, 3u << 28);
        done_cc(c, 0);
    }
    if ((env->regs[0] & 0x0fffff00) || (env->regs[1] & 0xffff0000)) {
        program(c, PGM_SPECIFICATION);
    }
    plain(c);
}

static void servc(PvCall *c)
{
    CPUS390XState *env = c->env;
    unsigned int r1 = extract64(c->text, 36, 4), r2 = extract64(c->text, 32, 4);
    uint32_t sccb = env->regs[r2];
    uint8_t buf[TARGET_PAGE_SIZE];
    uint64_t gabs = mmu_real2abs(env, sccb);
    unsigned int len;
    int exc;

    if (sccb & 0x80000007) {
        program(c, PGM_SPECIFICATION);
    }
    exc = access_absolute(env, gabs, buf, SCCB_MIN, false);
    len = exc ? 0 : lduw_be_p(buf);
    if (!exc && (len < SCCB_MIN ||
                 (sccb & ~TARGET_PAGE_MASK) + len > TARGET_PAGE_SIZE)) {
        exc = PGM_SPECIFICATION;
    }
    if (!exc) {
        exc = access_absolute(env, gabs, buf, len, false);
    }
    if (exc) {
        program(c, exc);
    }
    to_sida(c, buf, len);
    show_nothing(env);
    show_register(env, TEXT_R1, (uint32_t)env->regs[r1]);
    env->sie->secure.kept->sccb = sccb;
    ask_host(c, 0xb220, IPB_RRE, gabs, len);
}

static void spx(PvCall *c)
{
    CPUS390XState *env = c->env;
    uint64_t addr = operand_address(c);
    uint32_t word;

    if (addr & 3) {
        program(c, PGM_SPECIFICATION);
    }
    read_guest(c, addr, &word, sizeof(word));
    word = cpu_to_be32(be32_to_cpu(word) & SIE_PREFIX_MASK);
    if (be32_to_cpu(word) + 0x2000ull > env->sie->secure.len) {
        program(c, PGM_ADDRESSING);
    }
    to_sida(c, &word, sizeof(word));
    env->psa = be32_to_cpu(word);
    tlb_flush_by_mmuidx(env_cpu(env), MMU_GUEST_MASK);
    notify(c, 0xb210, 0);
}

static void stap(PvCall *c)
{
    uint64_t addr = operand_address(c);
    uint16_t number = cpu_to_be16(c->env->sie->secure.number);

    if (addr & 1) {
        program(c, PGM_SPECIFICATION);
    }
    write_guest(c, addr, &number, sizeof(number));
    done(c);
}

/* The clock is the machine's: "value secure" */
static void sck(PvCall *c)
{
    done_cc(c, 1);
}

static void stfl(PvCall *c)
{
    uint8_t list[4];
    int exc;

    s390_sie_facilities(c->env, list, sizeof(list), c->ra);
    exc = access_absolute(c->env, c->env->psa + offsetof(LowCore, stfl_fac_list),
                          list, sizeof(list), true);
    if (exc) {
        program(c, exc);
    }
    done(c);
}

static void no_keys(PvCall *c)
{
    program(c, PGM_SPECIAL_OP);
}

static void not_installed(PvCall *c)
{
    program(c, PGM_OPERATION);
}

/* --- DIAGNOSE ------------------------------------------------------------- */

static void show_rs(CPUS390XState *env, uint16_t code)
{
    show_nothing(env);
    show_register(env, TEXT_BASE, code);
}

static void ipib_to_sida(PvCall *c, uint64_t gabs, bool out)
{
    uint8_t buf[TARGET_PAGE_SIZE];
    unsigned int len;
    int exc = access_absolute(c->env, gabs, buf, sizeof(buf), false);

    if (exc) {
        program(c, exc);
    }
    len = ldl_be_p(buf);
    /* what the host does not store stays as it is */
    to_sida(c, buf, out ? sizeof(buf) : MAX(MIN(len, sizeof(buf)), IPIB_MIN));
}

static G_NORETURN void diag_308(PvCall *c)
{
    CPUS390XState *env = c->env;
    unsigned int r1 = extract64(c->text, 52, 4), r3 = extract64(c->text, 48, 4);
    uint64_t subcode = env->regs[r3], addr = env->regs[r1];
    uint32_t out = 0;
    bool taken;

    if ((r1 & 1) || subcode > 10 || subcode == 2 || subcode == 7) {
        program(c, PGM_SPECIFICATION);
    }
    if (subcode == 5 || subcode == 6 || subcode == 8 || subcode == 9) {
        if (addr & ~TARGET_PAGE_MASK) {
            program(c, PGM_SPECIFICATION);
        }
        out = subcode == 6 || subcode == 9 ? TARGET_PAGE_SIZE : 0;
        ipib_to_sida(c, addr, out);
    }
    show_rs(env, 0x308);
    show_register(env, TEXT_R1, addr);
    show_register(env, TEXT_R3, subcode);
    if (subcode >= 5) {
        show_register(env, TEXT_R1 + 1, env->regs[r1 + 1]);
        ask_host(c, IPA_RS(0x83), IPB_RS, addr, out);
    }
    taken = s390_sie_lock();
    softuv_guest_reset(s390_softuv_chip, env->sie->secure.cpu);
    s390_sie_unlock(taken);
    notify(c, IPA_RS(0x83), IPB_RS);
}

static void diag(PvCall *c)
{
    CPUS390XState *env = c->env;
    unsigned int r1 = extract64(c->text, 52, 4), r3 = extract64(c->text, 48, 4);
    uint16_t code = operand_address(c);
    unsigned int i;

    c->code = code;
    switch (code) {
    case 0x308:
        diag_308(c);
    case 0x44:
    case 0x9c:
        show_rs(env, code);
        show_register(env, TEXT_R1, code == 0x9c ? env->regs[r1] : 0);
        notify(c, IPA_RS(0x83), IPB_RS);
    case 0x288:
        if (r1 & 1) {
            program(c, PGM_SPECIFICATION);
        }
        show_rs(env, code);
        show_register(env, TEXT_R1, env->regs[r1]);
        show_register(env, TEXT_R1 + 1, env->regs[r1 + 1]);
        show_register(env, TEXT_R3, env->regs[r3]);
        ask_host(c, IPA_RS(0x83), IPB_RS, 0, 0);
    case 0x500:
        show_rs(env, code);
        for (i = 1; i <= 4; i++) {
            show_register(env, i, env->regs[i]);
        }
        ask_host(c, IPA_RS(0x83), IPB_RS, 0, 0);
    default:
        program(c, PGM_SPECIFICATION);
    }
}

/* --- SIGNAL PROCESSOR ----------------------------------------------------- */

/* The prefix is the guest's own, so that the host cannot set it: the status, or 0 */
static uint32_t set_prefix(CPUS390XState *env, uint64_t target, bool stopped,
                           uint32_t prefix)
{
    if (!stopped) {
        return SIGP_STAT_INCORRECT_STATE;
    }
    if (prefix + 0x2000ull > env->sie->secure.len) {
        return SIGP_STAT_INVALID_PARAMETER;
    }
    softuv_cpu_regs(s390_softuv_chip, target)->prefix = prefix;
    return 0;
}

/*
 * The Ultravisor's part of an order: the condition code, or -1 if the host has
 * a part, too, which the guest cannot see fail. A stopped CPU that is restarted
 * takes the interruption when it executes: its host, which could not store into
 * the prefix area, only has to start it. KVM takes an external call for one that
 * SIE has made pending in the SCA, which needs a facility that this machine
 * lacks, so it is given an emergency signal.
 */
static int execute_order(CPUS390XState *env, uint16_t number, uint8_t *order,
                         uint64_t param, uint32_t *status)
{
    struct softuv *uv = s390_softuv_chip;
    uint64_t target;
    bool stopped, in_sie;

    target = softuv_guest_sibling(uv, env->sie->secure.cpu, number, &stopped,
                                  &in_sie);
    if (*order == SIGP_SET_ARCH) {
        *status = SIGP_STAT_INVALID_PARAMETER;
        return 1;
    }
    if (!target) {
        return 3;
    }
    switch (*order) {
    case SIGP_SENSE:
        *status = stopped ? SIGP_STAT_STOPPED : 0;
        return stopped;
    case SIGP_SENSE_RUNNING:
        *status = in_sie ? 0 : SIGP_STAT_NOT_RUNNING;
        return !in_sie;
    case SIGP_SET_PREFIX:
        *status = set_prefix(env, target, stopped, param & SIE_PREFIX_MASK);
        return *status ? 1 : -1;
    case SIGP_RESTART:
        softuv_guest_restart(uv, target);
        *order = stopped ? SIGP_START : SIGP_RESTART;
        return -1;
    case SIGP_EXTERNAL_CALL:
        *order = SIGP_EMERGENCY;
        return softuv_guest_ext_call(uv, target, env->sie->secure.number) ? -1
                                                                          : 2;
    default:
        return -1;
    }
}

static void sigp(PvCall *c)
{
    CPUS390XState *env = c->env;
    unsigned int r1 = extract64(c->text, 52, 4), r3 = extract64(c->text, 48, 4);
    uint8_t order = operand_address(c);
    uint16_t number = env->regs[r3];
    uint64_t param = env->regs[r1 | 1];
    uint32_t status = 0;
    bool taken = s390_sie_lock();
    int cc = execute_order(env, number, &order, param, &status);

    s390_sie_unlock(taken);
    if (status) {
        env->regs[r1] = deposit64(env->regs[r1], 0, 32, status);
    }
    if (cc >= 0) {
        done_cc(c, cc);
    }
    show_rs(env, order);
    show_register(env, TEXT_R1 + 1, param);
    show_register(env, TEXT_R3, number);
    env->cc_op = 0;
    notify(c, IPA_RS(0xae), IPB_RS);
}

/* --- the table ------------------------------------------------------------ */

#define CHANNEL(o, a, i, w, cc)                                             \
    { .opc = (o), .operand = (a), .align = 4, .in = (i), .out = (w),        \
      .out_cc = (cc), .subchannel = true, .shown = GR(1), .fn = plain }

static const PvInsn table[] = {
    { .opc = 0x8300, .fn = diag },
    { .opc = 0xae00, .fn = sigp },
    { .opc = 0xb204, .fn = sck },
    { .opc = 0xb210, .fn = spx },
    { .opc = 0xb212, .fn = stap },
    { .opc = 0xb214, .fn = not_installed },                     /* SIE */
    { .opc = 0xb220, .fn = servc },
    { .opc = 0xb229, .fn = no_keys },                           /* ISKE */
    { .opc = 0xb22a, .fn = no_keys },                           /* RRBE */
    { .opc = 0xb22b, .fn = no_keys },                           /* SSKE */
    CHANNEL(0xb230, OPERAND_NONE, 0, 0, 0),                     /* CSCH */
    CHANNEL(0xb231, OPERAND_NONE, 0, 0, 0),                     /* HSCH */
    CHANNEL(0xb232, OPERAND_S, SCHIB_LEN, 0, 0),                /* MSCH */
    CHANNEL(0xb233, OPERAND_S, ORB_LEN, 0, 0),                  /* SSCH */
    CHANNEL(0xb234, OPERAND_S, 0, SCHIB_LEN, CC(0)),            /* STSCH */
    CHANNEL(0xb235, OPERAND_S, 0, IRB_LEN, CC(0) | CC(1)),      /* TSCH */
    { .opc = 0xb236, .fn = not_installed },                     /* TPI */
    { .opc = 0xb237, .shown = GR(1), .fn = plain },             /* SAL */
    CHANNEL(0xb238, OPERAND_NONE, 0, 0, 0),                     /* RSCH */
    { .opc = 0xb239, .operand = OPERAND_S, .align = 4, .out = CRW_LEN,
      .out_cc = CC(0) | CC(1), .fn = plain },                   /* STCRW */
    { .opc = 0xb23a, .fn = not_installed },                     /* STCPS */
    { .opc = 0xb23b, .shown = GR(1), .fn = plain },             /* RCHP */
    { .opc = 0xb23c, .shown = GR(1) | GR(2), .fn = plain },     /* SCHM */
    { .opc = 0xb25f, .operand = OPERAND_R1, .align = TARGET_PAGE_SIZE,
      .in = TARGET_PAGE_SIZE, .out = TARGET_PAGE_SIZE,
      .out_cc = CC(0) | CC(1) | CC(2), .fn = plain },           /* CHSC */
    { .opc = 0xb274, .fn = not_installed },                     /* SIGA */
    CHANNEL(0xb276, OPERAND_NONE, 0, 0, 0),                     /* XSCH */
    { .opc = 0xb27d, .operand = OPERAND_S, .align = TARGET_PAGE_SIZE,
      .out = TARGET_PAGE_SIZE, .out_cc = CC(0), .shown = GR(0) | GR(1),
      .fn = stsi },
    { .opc = 0xb2b1, .fn = stfl },
    { .opc = 0xb9a0, .fn = not_installed },                     /* CLP */
    { .opc = 0xb9d0, .fn = not_installed },                     /* PCISTG */
    { .opc = 0xb9d2, .fn = not_installed },                     /* PCILG */
    { .opc = 0xb9d3, .fn = not_installed },                     /* RPCIT */
    { .opc = 0xe3d0, .fn = not_installed },                     /* MPCIFC */
    { .opc = 0xe3d4, .fn = not_installed },                     /* STPCIFC */
    { .opc = 0xebd0, .fn = not_installed },                     /* PCISTB */
    { .opc = 0xebd1, .fn = not_installed },                     /* SIC */
};

static const PvInsn *find(uint16_t opc)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(table); i++) {
        if (table[i].opc == opc) {
            return &table[i];
        }
    }
    return NULL;
}

bool s390_sie_secure_has(uint16_t opc)
{
    return find(opc);
}

/* The opcode of an instruction as QEMU's tables have it */
static uint16_t opcode_of(uint64_t text)
{
    uint8_t first = text >> 56;

    switch (first) {
    case 0x83:
    case 0xae:
        return first << 8;
    case 0xe3:
    case 0xeb:
        return first << 8 | extract64(text, 16, 8);
    default:
        return text >> 48;
    }
}

void HELPER(sie_secure)(CPUS390XState *env, uint64_t text, uint64_t next)
{
    PvCall c = { .env = env, .text = text, .next = next, .ra = GETPC() };

    c.insn = find(opcode_of(text));
    g_assert(c.insn);
    c.insn->fn(&c);
    g_assert_not_reached();
}

/* --- the host has emulated it --------------------------------------------- */

bool s390_sie_secure_allows(const struct softuv_kept *kept, unsigned int pgm)
{
    if (!kept->open || !find(kept->opcode)) {
        return false;
    }
    return pgm == PGM_SPECIFICATION ||
           !(kept->opcode == 0x8300 && kept->code == 0x288);
}

/* Whether the data area has something for the guest, by this condition code */
static bool has_result(CPUS390XState *env, const struct softuv_kept *kept, int cc)
{
    switch (kept->opcode) {
    case 0x8300:
        return shown_register(env, TEXT_R1 + 1) == 1;
    case 0xb220:
        return true;
    default:
        return find(kept->opcode)->out_cc & CC(cc);
    }
}

/* 0, or the interruption: the operand's access was checked, but time has passed */
static int store_result(CPUS390XState *env, const struct softuv_kept *kept,
                        void *buf)
{
    if (kept->opcode == 0x8300 || kept->opcode == 0xb220) {
        return access_absolute(env, kept->addr, buf, kept->len, true);
    }
    if (s390_cpu_virt_mem_write(env_archcpu(env), kept->addr, 0, buf,
                                kept->len)) {
        return env->int_pgm_code;
    }
    return 0;
}

static void take_registers(CPUS390XState *env, const struct softuv_kept *kept,
                           int cc)
{
    if (kept->opcode == 0xb220) {
        env->cc_op = 0;         /* the host has no say: it emulates or refuses */
    } else if (kept->opcode != 0x8300) {
        env->cc_op = cc;
    } else if (kept->code == 0x500) {
        env->regs[2] = shown_register(env, 2);
    } else {
        env->regs[kept->r1 + 1] = shown_register(env, TEXT_R1 + 1);
    }
}

void s390_sie_secure_complete(CPUS390XState *env)
{
    struct softuv_kept *kept = env->sie->secure.kept;
    uint8_t *blk = s390_sie_description(env->sie);
    int cc = extract64(ldq_be_p(blk + SIE_GPSW_MASK), 44, 2), exc;
    uint8_t buf[TARGET_PAGE_SIZE];

    if (!kept->opcode) {
        kept->open = false;     /* a text command opened it */
        return;
    }
    if (kept->len && has_result(env, kept, cc)) {
        if (!sida_read(env, buf, kept->len)) {
            sida_lost(env);
            return;
        }
        exc = store_result(env, kept, buf);
        if (exc) {
            /* the host's fault: again when it is mended; the guest's: its old PSW */
            kept->open = exc & SIE_HOST_FAULT;
            env->sie->answered = kept->open;
            env->psw.addr -= kept->open ? 0 : kept->ilen;
            env->int_pgm_code = exc;
            env->int_pgm_ilen = kept->ilen;
            env_cpu(env)->exception_index = EXCP_PGM;
            cpu_loop_exit(env_cpu(env));
        }
    }
    kept->open = false;
    env->sie->answered = false;
    take_registers(env, kept, cc);
    if (kept->opcode == 0xb220) {
        show_nothing(env);
        set_text(env, 0xb220, IPB_RRE);
        s390_sie_leave_with(env, ICPT_PV_NOTIFY);
    }
}

/* --- ULTRAVISOR CALL ------------------------------------------------------ */

/* The host has to unpin the page; the call is then made again. */
static void ask_unpin(PvCall *c, uint64_t uvcb)
{
    uint8_t buf[0x30];

    read_guest(c, uvcb, buf, sizeof(buf));
    to_sida(c, buf, sizeof(buf));
    s390_sie_restore_guest(c->env, c->ra);
    show_nothing(c->env);
    leave(c, ICPT_PV_NOTIFY, 0xb9a4, 0);
}

void s390_sie_secure_called(CPUS390XState *env, uint64_t uvcb,
                            const struct softuv_result *res, int exc,
                            uint64_t tec, uintptr_t ra)
{
    PvCall c = { .env = env, .ra = ra };

    if (res->intercept) {
        ask_unpin(&c, uvcb);
    }
    if (exc && res->pgm == (uint16_t)exc) {
        s390_store_tec(env, exc, tec);
        program(&c, exc);
    }
    if (res->pgm == PGM_NON_SECURE_ACCESS) {
        s390_store_tec(env, res->pgm | SIE_HOST_FAULT,
                       (res->pgm_va & TARGET_PAGE_MASK) | SOFTUV_TEID_ADDR_VALID);
        program(&c, res->pgm | SIE_HOST_FAULT);
    }
}
