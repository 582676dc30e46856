// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owns the selftest of KVM_PV_DUMP: options, probing of the host, and the tests that need
 * no protected guest. Never uses a library of a kernel tree but the kselftest harness.
 *
 * The test talks to /dev/kvm with raw ioctls and runs wherever that exists. Its tiers:
 *
 * t0	any host: numbers, layouts, capability rules, refusal without protection
 * t1	a protected-virtualization host: KVM_PV_INFO, errors, a guest that was not verified
 * t2	an image for this host (-i): the dump itself, races, memory, defects by number
 *
 * What only real firmware decides may have any answer; there the test asserts that KVM is
 * consistent with it. Exact codes are asserted on the emulated machine, which identifies
 * itself in feature_indication of KVM_PV_INFO.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <sys/wait.h>
#include "kselftest_harness.h"
#include "pv_dump_host.h"
#include "pv_dump_vm.h"
#include "pv_dump_t0.h"
#include "pv_dump_t1.h"
#include "pv_dump_table.h"
#include "pv_dump_flow.h"
#include "pv_dump_defects.h"
#include "pv_dump_inject.h"
#include "pv_dump_run.h"
#include "pv_dump_race.h"
#include "pv_dump_threads.h"
#include "pv_dump_memory.h"
#include "pv_dump_stall.h"

static const char usage[] =
	"usage: pv_dump_test [-w] [-i IMAGE] [-o DIR] [-s DEV] [-t NAME] [-T FILE] [-u]\n"
	"  -i IMAGE  Secure Execution image for this host, dumping permitted\n"
	"  -o DIR    write dumps there, in the format that zgetdump reads\n"
	"  -s DEV    block device to swap on; its content is lost (default: a loop device)\n"
	"  -t NAME   only tests whose name contains NAME; the others are skipped\n"
	"  -T FILE   append the outcome of each ioctl to FILE\n"
	"  -u        take the Ultravisor for an unknown one, also on the emulated machine\n"
	"  -w        allow tests that make an unfixed kernel warn or hang\n";

static void usage_die(const char *what, const char *why)
{
	fprintf(stderr, "pv_dump_test: %s: %s\n%s", what, why, usage);
	exit(2);
}

static void parse_options(int argc, char **argv)
{
	const char *why;
	int opt;

	while ((opt = getopt(argc, argv, "hi:o:s:t:T:uw")) != -1) {
		switch (opt) {
		case 'i':
			host.image = optarg;
			break;
		case 'o':
			host.out = optarg;
			break;
		case 's':
			host.swap = optarg;
			break;
		case 't':
			host.only = optarg;
			break;
		case 'T':
			host.transcript = open(optarg, O_WRONLY | O_CREAT | O_APPEND, 0644);
			if (host.transcript < 0)
				usage_die(optarg, strerror(errno));
			break;
		case 'u':
			host.strange = true;
			break;
		case 'w':
			host.panic_ok = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind < argc)
		usage_die(argv[optind], "unexpected argument");
	why = host.image ? pvd_image_open(host.image) : NULL;
	if (why)
		usage_die(host.image, why);
	if (host.out && access(host.out, W_OK))
		usage_die(host.out, strerror(errno));
}

static void probe_info(void)
{
	struct pvd_info info;
	struct pvd_vm vm;

	if (pvd_vm_open(&vm, 0, 0))
		ksft_exit_skip("KVM_CREATE_VM: %s\n", strerror(errno));
	memset(&info, 0, sizeof(info));
	info.header.id = PVD_INFO_VM;
	info.header.len_max = sizeof(info);
	host.info_err = pvd_ioctl(vm.fd, PVD_IOC_VM, PVD_INFO, &info).err;
	host.vm = info.vm;
	memset(&info, 0, sizeof(info));
	info.header.id = PVD_INFO_DUMP;
	info.header.len_max = sizeof(info.header) + sizeof(info.dump);
	if (!host.info_err)
		host.info_err = pvd_ioctl(vm.fd, PVD_IOC_VM, PVD_INFO, &info).err;
	host.dump = info.dump;
	pvd_vm_close(&vm);
	if (host.info_err)
		return;
	host.softuv = (host.vm.feature_indication & PVD_SOFTUV_MASK) == PVD_SOFTUV_MARK &&
		      !host.strange;
}

static void probe_control(void)
{
	char reply[200];

	if (host.strange)
		return;
	host.control = open(PVD_CONTROL_PORT, O_RDWR | O_CLOEXEC);
	if (host.control < 0)
		return;
	if (pvd_control(reply, sizeof(reply), "rule clear")) {
		ksft_print_msg("%s: no use: %s\n", PVD_CONTROL_PORT, reply);
		close(host.control);
		host.control = -1;
		return;
	}
	host.null_sie = !pvd_control(reply, sizeof(reply), "sie exit=null");
}

/* The Ultravisor's answer to the image is a reason to skip; whatever else fails is not. */
static bool image_refused(struct pvd_res res, const char *what)
{
	if (pvd_uv_refused(res))
		snprintf(host.image_why, sizeof(host.image_why),
			 "%.60s: %s (rc 0x%04x rrc 0x%04x)", host.image, what, res.rc, res.rrc);
	return res.err;
}

static void try_image(struct pvd_vm *vm)
{
	struct pvd_res res;

	if (pvd_vm_enable(vm).err)
		return;
	res = pvd_vm_set_parms(vm);
	if (image_refused(res, res.rc == 0x0108 ? "not made for this host" :
			  "its header is not accepted"))
		return;
	if (!image_refused(pvd_vm_unpack(vm), "it cannot be unpacked"))
		image_refused(pvd_vm_cmd(vm->fd, PVD_VERIFY, NULL), "it does not verify");
}

/* Tries the image once. The tests that use it say what goes wrong on KVM's side. */
static void probe_image(void)
{
	struct pvd_vm vm;

	if (!host.prot)
		return;
	if (!(image.pcf & PVD_PCF_ALLOW_DUMP)) {
		snprintf(host.image_why, sizeof(host.image_why),
			 "%.80s: its header does not permit dumping", host.image);
		return;
	}
	if (pvd_vm_open(&vm, 0, pvd_image_room())) {
		if (errno != ENOMEM)
			ksft_exit_fail_msg("virtual machine for the image: %s\n",
					   strerror(errno));
		snprintf(host.image_why, sizeof(host.image_why), "%.80s: no memory for a guest",
			 host.image);
		return;
	}
	try_image(&vm);
	pvd_vm_close(&vm);
}

static void describe_host(void)
{
	ksft_print_msg("host: protected %d dump %d info %s%s control %s null SIE %s\n",
		       host.prot, host.cap, pvd_errname(host.info_err),
		       host.softuv ? " (emulated machine)" : "",
		       host.control < 0 ? "no" : "yes", host.null_sie ? "yes" : "no");
	if (!host.info_err)
		ksft_print_msg("areas: cpu %lu, per MiB %lu, completion %lu bytes\n",
			       (unsigned long)host.dump.cpu_len,
			       (unsigned long)host.dump.stor_len,
			       (unsigned long)host.dump.compl_len);
	if (host.image_why[0])
		ksft_print_msg("image: %s\n", host.image_why);
}

/* The harness ends with 0 when every test was skipped; nothing was tested then. */
static void skip_when_nothing_ran(void)
{
	if (!ksft_test_num() || ksft_get_xskip_cnt() != (int)ksft_test_num())
		return;
	fflush(NULL);
	_exit(KSFT_SKIP);
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	host.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (host.kvm < 0)
		ksft_exit_skip("/dev/kvm: %s\n", strerror(errno));
	host.prot = ioctl(host.kvm, KVM_CHECK_EXTENSION, PVD_CAP_PROTECTED);
	host.cap = ioctl(host.kvm, KVM_CHECK_EXTENSION, PVD_CAP_DUMP);
	host.quiet = true;
	probe_info();
	probe_control();
	if (host.image)
		probe_image();
	host.quiet = false;
	describe_host();
	atexit(skip_when_nothing_ran);
	/* A newer harness would parse the options again. */
	argv[1] = NULL;
	optind = 1;
	return test_harness_run(1, argv);
}
