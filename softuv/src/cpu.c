// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Secure CPUs: creation, destruction, resets, states, SIE entry checks, registers.
 */
#include "call.h"
#include "uv.h"

#define CR0_RESET	0xe0ull
#define CR14_RESET	0xc2000000ull
#define PSW_SHORT	0x0008000000000000ull	/* bit 12 of an 8-byte PSW */
#define PSW_SHORT_ADDR	0x000000007fffffffull

/* Validity reasons: only the prefix 0x20 is published, the low byte is softuv's own. */
#define VALIDITY_CPU	0x2001
#define VALIDITY_CONF	0x2002
#define VALIDITY_BUSY	0x2003
#define VALIDITY_STATE	0x2004
#define VALIDITY_ASCE	0x2005
#define VALIDITY_RESET	0x2006

/* Initial CPU reset values; a clear reset differs only in what it also zeroes. */
static void regs_initial(struct softuv_regs *r)
{
	r->psw[0] = 0;
	r->psw[1] = 0;
	r->prefix = 0;
	r->fpc = 0;
	r->todpr = 0;
	r->cputm = 0;
	r->ckc = 0;
	memset(r->cr, 0, sizeof(r->cr));
	r->cr[0] = CR0_RESET;
	r->cr[14] = CR14_RESET;
}

static void regs_clear(struct softuv_regs *r)
{
	memset(r, 0, sizeof(*r));
	regs_initial(r);
}

static uint16_t check_cpu(struct softuv *uv, const struct uvc *c, uint16_t id, uint64_t stor,
			  uint64_t state_desc)
{
	if (id > MAX_CPU_ID)
		return SOFTUV_RC_CREATE_CPU_NUMBER;
	if (c->conf->cpu[id])
		return SOFTUV_RC_CREATE_CPU_DEFINED;
	if (!suv_is_storage(uv, stor, CPU_STOR_LEN))
		return SOFTUV_RC_CREATE_CPU_STOR;
	if (suv_in_lowcore(uv, c->host_cpu, stor, CPU_STOR_LEN))
		return SOFTUV_RC_CREATE_CPU_STOR_LOWCORE;
	if (stor % PAGE_SIZE)
		return SOFTUV_RC_CREATE_CPU_STOR;
	if (state_desc % PAGE_SIZE || state_desc == stor ||
	    !suv_is_plain(uv, state_desc, PAGE_SIZE))
		return SOFTUV_RC_CREATE_CPU_STATE;
	return 0;
}

uint16_t suv_uvc_create_cpu(struct softuv *uv, struct uvc *c)
{
	uint64_t stor = get64(c->cb + 0x28), state_desc = get64(c->cb + 0x38);
	uint16_t id = get16(c->cb + 0x36);
	uint16_t rc = check_cpu(uv, c, id, stor, state_desc);
	struct vcpu *cpu;

	if (rc)
		return rc;
	cpu = calloc(1, sizeof(*cpu));
	if (!cpu)
		return SOFTUV_RC_RESOURCES;
	cpu->handle = suv_handle_new(uv, OBJ_CPU, cpu);
	if (!cpu->handle || !suv_donate(uv, c->host_cpu, stor, CPU_STOR_LEN)) {
		rc = cpu->handle ? SOFTUV_RC_CREATE_CPU_STOR : SOFTUV_RC_RESOURCES;
		suv_handle_drop(uv, cpu->handle);
		free(cpu);
		return rc;
	}
	cpu->conf = c->conf;
	cpu->id = id;
	cpu->state = CPU_STOPPED;
	cpu->started = uv->no_guest;
	cpu->stor = stor;
	cpu->state_desc = state_desc;
	regs_clear(&cpu->regs);
	c->conf->cpu[id] = cpu;
	c->conf->nr_cpus++;
	put64(c->cb + 0x18, cpu->handle);
	c->out_off = 0x18;
	c->out_len = 8;
	return SOFTUV_RC_EXECUTED;
}

/* Forgets a CPU without touching storage. */
void suv_cpu_free(struct softuv *uv, struct vcpu *cpu)
{
	cpu->conf->cpu[cpu->id] = NULL;
	cpu->conf->nr_cpus--;
	suv_handle_drop(uv, cpu->handle);
	suv_wipe(cpu, sizeof(*cpu));
	free(cpu);
}

uint16_t suv_uvc_destroy_cpu(struct softuv *uv, struct uvc *c)
{
	if (c->vcpu->in_sie)
		return SOFTUV_RC_CPU_IN_SIE;
	suv_give_back(uv, c->vcpu->stor, CPU_STOR_LEN);
	suv_cpu_free(uv, c->vcpu);
	return SOFTUV_RC_EXECUTED;
}

/* The three CPU resets; each leaves the CPU stopped and closes an open interception. */
uint16_t suv_uvc_cpu_reset(struct softuv *uv, struct uvc *c)
{
	struct vcpu *cpu = c->vcpu;

	if (cpu->in_sie)
		return SOFTUV_RC_CPU_IN_SIE;
	if (c->desc->cmd == 0x0311)
		regs_initial(&cpu->regs);
	else if (c->desc->cmd == 0x0321)
		regs_clear(&cpu->regs);
	if (c->desc->cmd != 0x0310)
		cpu->started = uv->no_guest;
	memset(&cpu->kept, 0, sizeof(cpu->kept));
	cpu->reset_pending = false;
	cpu->state = CPU_STOPPED;
	return SOFTUV_RC_EXECUTED;
}

/* After the reset protocol a load takes the 8-byte PSW at guest absolute 0. */
static uint16_t load_lowcore_psw(struct softuv *uv, struct vcpu *cpu)
{
	uint64_t gaddr = cpu->conf->stor_origin, psw;
	uint8_t raw[8];

	if (suv_peek(uv, cpu->conf, gaddr, raw, sizeof(raw)))
		return SOFTUV_RC_CPU_PSW;
	psw = get64(raw);
	if (!(psw & PSW_SHORT) || suv_import(uv, cpu->conf, gaddr) != SOFTUV_RC_EXECUTED)
		return SOFTUV_RC_CPU_PSW;
	cpu->regs.psw[0] = (psw & ~(PSW_SHORT | PSW_SHORT_ADDR));
	cpu->regs.psw[1] = psw & PSW_SHORT_ADDR;
	return 0;
}

static uint16_t load_psw(struct softuv *uv, struct vcpu *cpu)
{
	const struct conf *conf = cpu->conf;

	if (conf->from_lowcore)
		return load_lowcore_psw(uv, cpu);
	cpu->regs.psw[0] = get64(conf->hdr.psw);
	cpu->regs.psw[1] = get64(conf->hdr.psw + 8);
	return 0;
}

/* One CPU is loaded after VERIFY, and one after each reset; its guest starts the others. */
static uint16_t load(struct softuv *uv, struct vcpu *cpu)
{
	struct conf *conf = cpu->conf;
	uint16_t rc;

	if (!(conf->state & (CS_VERIFIED | CS_RESET)))
		return SOFTUV_RC_INV_STATE;
	if (conf->loaded)
		return SOFTUV_RC_CPU_LOADED;
	rc = load_psw(uv, cpu);
	if (rc)
		return rc;
	cpu->kept.left_at = 0;
	conf->state = CS_VERIFIED;
	conf->loaded = true;
	cpu->started = true;
	cpu->state = CPU_OPERATING;
	return SOFTUV_RC_EXECUTED;
}

static uint16_t operate(struct vcpu *cpu)
{
	if (cpu->conf->state != CS_VERIFIED)
		return SOFTUV_RC_INV_STATE;
	if (!cpu->started)
		return SOFTUV_RC_CPU_NOT_STARTED;
	cpu->state = CPU_OPERATING;
	return SOFTUV_RC_EXECUTED;
}

uint16_t suv_uvc_cpu_set_state(struct softuv *uv, struct uvc *c)
{
	struct vcpu *cpu = c->vcpu;
	uint8_t state = c->cb[0x27];

	if (state != CPU_OPERATING && state != CPU_STOPPED && state != CPU_CHECK_STOP &&
	    state != CPU_LOAD)
		return SOFTUV_RC_CPU_STATE;
	if (cpu->in_sie)
		return SOFTUV_RC_CPU_IN_SIE;
	if (state == CPU_LOAD)
		return load(uv, cpu);
	if (state == CPU_OPERATING)
		return operate(cpu);
	cpu->state = state;
	return SOFTUV_RC_EXECUTED;
}

/**
 * softuv_guest_restart() - the guest sent RESTART to one of its CPUs
 * @uv: the Ultravisor
 * @cpu_handle: the CPU addressed
 *
 * The host may set it operating from now on.
 *
 * Context: serialised with softuv_call().
 * Return: false for a bad handle.
 */
bool softuv_guest_restart(struct softuv *uv, uint64_t cpu_handle)
{
	struct vcpu *cpu = suv_handle_get(uv, OBJ_CPU, cpu_handle);

	if (!cpu)
		return false;
	cpu->started = true;
	cpu->kept.restart = cpu->state == CPU_STOPPED;
	return true;
}

/**
 * softuv_guest_reset() - the guest asked for its reset, by DIAGNOSE 0x308
 * @uv: the Ultravisor
 * @cpu_handle: the CPU that asked
 *
 * It is not executed any more until the host has reset it.
 *
 * Context: serialised with softuv_call().
 */
void softuv_guest_reset(struct softuv *uv, uint64_t cpu_handle)
{
	struct vcpu *cpu = suv_handle_get(uv, OBJ_CPU, cpu_handle);

	if (cpu)
		cpu->reset_pending = true;
}

/**
 * softuv_guest_sibling() - find a CPU of the same guest, for SIGNAL PROCESSOR
 * @uv: the Ultravisor
 * @cpu_handle: the CPU that executes the instruction
 * @number: of the addressed CPU
 * @stopped: receives whether that one is stopped
 * @in_sie: receives whether it executes now
 *
 * Context: serialised with softuv_call().
 * Return: its handle, or 0 when there is none.
 */
uint64_t softuv_guest_sibling(struct softuv *uv, uint64_t cpu_handle, uint16_t number,
			      bool *stopped, bool *in_sie)
{
	const struct vcpu *cpu = suv_handle_get(uv, OBJ_CPU, cpu_handle);

	cpu = cpu && number <= MAX_CPU_ID ? cpu->conf->cpu[number] : NULL;
	*stopped = cpu && cpu->state != CPU_OPERATING;
	*in_sie = cpu && cpu->in_sie;
	return cpu ? cpu->handle : 0;
}

/**
 * softuv_guest_ext_call() - the guest sent EXTERNAL CALL to one of its CPUs
 * @uv: the Ultravisor
 * @cpu_handle: the CPU addressed
 * @from: number of the CPU that sent it
 *
 * Context: serialised with softuv_call().
 * Return: false for a bad handle, or when one is pending already.
 */
bool softuv_guest_ext_call(struct softuv *uv, uint64_t cpu_handle, uint16_t from)
{
	struct vcpu *cpu = suv_handle_get(uv, OBJ_CPU, cpu_handle);

	if (!cpu || cpu->kept.ext_call)
		return false;
	cpu->kept.ext_call = (uint16_t)(from + 1);
	return true;
}

/**
 * softuv_cpu_regs() - the registers of a CPU
 * @uv: the Ultravisor
 * @cpu_handle: the CPU
 *
 * Context: serialised with softuv_call(); valid until the CPU is destroyed.
 * Return: the register file, or NULL for a bad handle.
 */
struct softuv_regs *softuv_cpu_regs(struct softuv *uv, uint64_t cpu_handle)
{
	struct vcpu *cpu = suv_handle_get(uv, OBJ_CPU, cpu_handle);

	return cpu ? &cpu->regs : NULL;
}

/**
 * softuv_cpu_emulating() - say whether an instruction interception of a CPU is open
 * @uv: the Ultravisor
 * @cpu_handle: the CPU
 * @on: it is; a dump then says that the CPU's state may be incomplete
 *
 * Context: serialised with softuv_call().
 * Return: false for a bad handle.
 */
bool softuv_cpu_emulating(struct softuv *uv, uint64_t cpu_handle, bool on)
{
	struct vcpu *cpu = suv_handle_get(uv, OBJ_CPU, cpu_handle);

	if (!cpu)
		return false;
	/* the machine has nothing to complete */
	if (!cpu->kept.open)
		cpu->kept.opcode = 0;
	cpu->kept.open = on;
	return true;
}

/**
 * softuv_sie_enter() - checks of a SIE entry with a format-4 state description
 * @uv: the Ultravisor
 * @cpu_handle: state description, offset 0x10
 * @conf_handle: state description, offset 0x18
 * @asce: the host's primary ASCE (CR1) at the entry
 * @sie: NULL, or receives what the machine needs to execute the CPU
 *
 * An entry while the configuration is being dumped is allowed, and counted: a host must not
 * make one.
 *
 * Context: serialised with softuv_call(); pair with softuv_sie_leave() when it returns 0.
 * Return: 0 to enter, else the validity reason 0x20xx.
 */
int softuv_sie_enter(struct softuv *uv, uint64_t cpu_handle, uint64_t conf_handle, uint64_t asce,
		     struct softuv_sie *sie)
{
	struct vcpu *cpu = suv_handle_get(uv, OBJ_CPU, cpu_handle);

	if (!cpu)
		return VALIDITY_CPU;
	if (cpu->conf->handle != conf_handle)
		return VALIDITY_CONF;
	if (cpu->in_sie)
		return VALIDITY_BUSY;
	if (cpu->conf->state == CS_RESET || cpu->reset_pending)
		return VALIDITY_RESET;
	if (cpu->conf->state != CS_VERIFIED || cpu->state != CPU_OPERATING)
		return VALIDITY_STATE;
	if (cpu->conf->asce != asce)
		return VALIDITY_ASCE;
	if (cpu->conf->dump.active)
		uv->dump_entries++;
	cpu->in_sie = true;
	if (sie)
		*sie = (struct softuv_sie) {
			.cpu = cpu->handle, .conf = conf_handle,
			.origin = cpu->conf->stor_origin, .len = cpu->conf->stor_len,
			.number = cpu->id, .regs = &cpu->regs, .kept = &cpu->kept,
		};
	return 0;
}

/**
 * softuv_sie_leave() - the CPU left SIE
 * @uv: the Ultravisor
 * @cpu_handle: as given to softuv_sie_enter()
 *
 * Context: serialised with softuv_call().
 */
void softuv_sie_leave(struct softuv *uv, uint64_t cpu_handle)
{
	struct vcpu *cpu = suv_handle_get(uv, OBJ_CPU, cpu_handle);

	if (cpu)
		cpu->in_sie = false;
}
