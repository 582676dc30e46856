// SPDX-License-Identifier: GPL-2.0-or-later
/* "pvdump take": options, signals, and the end of the VM whatever happens. */
#define _GNU_SOURCE
#include "outfile.h"
#include "pvdump.h"
#include "take.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define MAX_REPEAT	1000u
#define MAX_NAME	4000u

struct take_opts {
	const char *image, *out, *second, *backing, *before;
	uint64_t mem, vcpus, repeat, piece;
};

enum {
	OPT_IMAGE = 0x100, OPT_MEM, OPT_VCPUS, OPT_SECOND, OPT_REPEAT, OPT_PIECE, OPT_BACKING,
	OPT_BEFORE,
};

static const struct option options[] = {
	{ "image", required_argument, NULL, OPT_IMAGE },
	{ "mem", required_argument, NULL, OPT_MEM },
	{ "vcpus", required_argument, NULL, OPT_VCPUS },
	{ "output", required_argument, NULL, 'o' },
	{ "second-dump", required_argument, NULL, OPT_SECOND },
	{ "repeat", required_argument, NULL, OPT_REPEAT },
	{ "piece-mib", required_argument, NULL, OPT_PIECE },
	{ "mem-backing", required_argument, NULL, OPT_BACKING },
	{ "before-dump", required_argument, NULL, OPT_BEFORE },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static void limited(const char *opt, const char *s, uint64_t min, uint64_t max, uint64_t *v)
{
	if (parse_u64(s, v) || *v < min || *v > max)
		usage_die("%s: '%s': a number from %" PRIu64 " to %" PRIu64 " expected", opt, s,
			  min,
			  max);
}

static void check(const struct take_opts *o)
{
	if (!o->image || !o->out || !o->mem)
		usage_die("take: --image, --mem and -o are needed");
	if (o->mem % MIB)
		usage_die("--mem: 0x%" PRIx64 " is not a multiple of 1M", o->mem);
	if (strcmp(o->backing, "anon") && strcmp(o->backing, "shm") &&
	    (strncmp(o->backing, "file=", 5) || !o->backing[5]))
		usage_die("--mem-backing: '%s': anon, shm or file=PATH expected", o->backing);
	if (strlen(o->out) > MAX_NAME)
		usage_die("-o: file name too long");
}

static void parse(int argc, char **argv, struct take_opts *o)
{
	int c;

	memset(o, 0, sizeof(*o));
	o->vcpus = 1;
	o->repeat = 1;
	o->piece = 256;
	o->backing = "anon";
	opterr = 0;
	while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		switch (c) {
		case OPT_IMAGE:
			o->image = optarg;
			break;
		case OPT_MEM:
			limited("--mem", optarg, MIB, DUMP_MAX_MEM, &o->mem);
			break;
		case OPT_VCPUS:
			limited("--vcpus", optarg, 1, 4096, &o->vcpus);
			break;
		case OPT_SECOND:
			o->second = optarg;
			break;
		case OPT_REPEAT:
			limited("--repeat", optarg, 1, MAX_REPEAT, &o->repeat);
			break;
		case OPT_PIECE:
			limited("--piece-mib", optarg, 1, 1ull << 26, &o->piece);
			break;
		case OPT_BACKING:
			o->backing = optarg;
			break;
		case OPT_BEFORE:
			o->before = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'h':
			fputs(take_help, stdout);
			exit(EXIT_OK);
		default:
			usage_die("take: unknown option or missing argument");
		}
	}
	if (optind != argc)
		usage_die("take: unexpected argument '%s'", argv[optind]);
	check(o);
}

static void on_signal(int sig)
{
	stop_signal = sig;
}

/* Without SA_RESTART a blocked call notices. A broken pipe is an error, no signal. */
static void catch_signals(void)
{
	static const int stop[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	for (i = 0; i < ARRAY_SIZE(stop); i++)
		sigaction(stop[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int run_before(const char *cmd, struct fail *f)
{
	int status;

	fflush(stdout);
	status = system(cmd);
	if (status == -1)
		return fail_set(f, "--before-dump: cannot run a shell");
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return stop_check(f);
	return fail_set(f, "--before-dump: '%s' ended with status 0x%x", cmd, status);
}

static int one_dump(struct pvvm *v, const struct take_opts *o, const char *path, struct fail *f)
{
	if (o->before && run_before(o->before, f))
		return -1;
	return dump_write(v, path, o->piece, f);
}

/* Name of dump @i of N: OUT, OUT.2, OUT.3 ... */
static void dump_name(const struct take_opts *o, uint64_t i, char *path, size_t len)
{
	if (i == 1)
		snprintf(path, len, "%s", o->out);
	else
		snprintf(path, len, "%s.%" PRIu64, o->out, i);
}

/* No dump may replace the image, a dump of the same run or a file that it needs. */
static int check_names(const struct take_opts *o, struct fail *f)
{
	char path[MAX_NAME + 32];
	uint64_t i;

	for (i = 1; i <= o->repeat; i++) {
		dump_name(o, i, path, sizeof(path));
		if (outfile_distinct(path, o->image, f) ||
		    (o->second && outfile_distinct(o->second, path, f)))
			return -1;
	}
	return o->second ? outfile_distinct(o->second, o->image, f) : 0;
}

static int all_dumps(struct pvvm *v, const struct take_opts *o, struct fail *f)
{
	char path[MAX_NAME + 32];
	uint64_t i;

	for (i = 1; i <= o->repeat; i++) {
		dump_name(o, i, path, sizeof(path));
		if (one_dump(v, o, path, f))
			return -1;
	}
	return o->second ? one_dump(v, o, o->second, f) : 0;
}

int cmd_take(int argc, char **argv)
{
	static struct seimg img;
	struct take_opts o;
	struct fail f, closing;
	struct pvvm v;
	int ret;

	parse(argc, argv, &o);
	catch_signals();
	pvvm_init(&v);
	img.fd = -1;
	ret = check_names(&o, &f);
	if (!ret)
		ret = seimg_open(&img, o.image, &f);
	if (!ret)
		ret = pvvm_create(&v, o.mem, (uint32_t)o.vcpus, o.backing, &f);
	if (!ret)
		ret = pvvm_start(&v, &img, &f);
	if (!ret)
		ret = all_dumps(&v, &o, &f);
	if (ret)
		fail_print(&f);
	if (pvvm_close(&v, &closing)) {
		fail_print(&closing);
		ret = -1;
	}
	seimg_close(&img);
	return ret ? EXIT_FAILED : EXIT_OK;
}
