// SPDX-License-Identifier: GPL-2.0-or-later
/* "pvdump decrypt": verifies a dump with the owner's key and writes its plaintext as a vmcore. */
#define _GNU_SOURCE
#include "pvdump.h"
#include "corefile.h"
#include "decrypt_mem.h"
#include "dumpmem.h"
#include "osinfo.h"

#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_KEYS	64u
#define CCK_SIZE	32u

/* a key file and what is in it */
struct key {
	const char *path;
	uint8_t cck[CCK_SIZE];
};

struct opts {
	const char *file, *output;
	struct key key[MAX_KEYS];
	uint32_t nkeys;
	unsigned int jobs;
	bool check;
};

static unsigned int cpus(void)
{
	cpu_set_t set;
	int n = 1;

	if (!sched_getaffinity(0, sizeof(set), &set))
		n = CPU_COUNT(&set);
	if (n < 1)
		return 1;
	return n < (int)DECRYPT_MAX_THREADS ? (unsigned int)n : DECRYPT_MAX_THREADS;
}

static void set_jobs(struct opts *o, const char *s)
{
	uint64_t n;

	if (parse_u64(s, &n) || !n || n > DECRYPT_MAX_THREADS)
		usage_die("decrypt: --jobs: '%s' is not a number from 1 to %u", s,
			  DECRYPT_MAX_THREADS);
	o->jobs = (unsigned int)n;
}

static void one_option(int c, struct opts *o)
{
	switch (c) {
	case 'k':
		if (o->nkeys == MAX_KEYS)
			usage_die("decrypt: at most %u keys", MAX_KEYS);
		o->key[o->nkeys++].path = optarg;
		break;
	case 'o':
		if (o->output)
			usage_die("decrypt: --output was given twice");
		o->output = optarg;
		break;
	case 'j':
		set_jobs(o, optarg);
		break;
	case 'c':
		o->check = true;
		break;
	case 'h':
		fputs(decrypt_help, stdout);
		exit(EXIT_OK);
	default:
		usage_die("decrypt: unknown option or missing argument");
	}
}

static void parse(struct opts *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "key", required_argument, NULL, 'k' },
		{ "output", required_argument, NULL, 'o' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "check", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "k:o:j:h", options, NULL)) != -1)
		one_option(c, o);
	if (optind != argc - 1)
		usage_die("decrypt: exactly one FILE expected");
	o->file = argv[optind];
	if (!o->nkeys)
		usage_die("decrypt: -k CCK is needed");
	if (!o->output == !o->check)
		usage_die("decrypt: either -o VMCORE or --check expected");
	if (!o->jobs)
		o->jobs = cpus();
}

static int check_output(const struct opts *o, struct fail *f)
{
	uint32_t i;

	if (!o->output)
		return 0;
	for (i = 0; i < o->nkeys; i++) {
		if (outfile_distinct(o->output, o->key[i].path, f))
			return -1;
	}
	return outfile_distinct(o->output, o->file, f);
}

static int read_keys(struct opts *o, struct fail *f)
{
	uint32_t i;

	for (i = 0; i < o->nkeys; i++) {
		if (read_exact_file(o->key[i].path, o->key[i].cck, CCK_SIZE, f))
			return fail_hint(f, "a customer communication key has exactly %u bytes",
					 CCK_SIZE);
	}
	return 0;
}

static void add_text(char *buf, size_t size, const char *sep, const char *s)
{
	size_t n = strlen(buf);

	snprintf(buf + n, size - n, "%s%s", n ? sep : "", s);
}

/* The key that opens the completion data, or NULL. */
static const struct key *authenticate(const struct opts *o, const struct dumpread *d,
				      struct dump_keys *keys, struct fail *f)
{
	char tried[256] = "";
	uint32_t i;
	int ret;

	for (i = 0; i < o->nkeys; i++) {
		ret = dumpcrypt_completion(d, o->key[i].cck, keys, f);
		if (ret <= 0)
			return ret ? NULL : &o->key[i];
		add_text(tried, sizeof(tried), ", ", o->key[i].path);
	}
	fail_set(f, "%s: completion data: tag mismatch: no key fits (tried %s), or modified data",
		 d->src.name, tried);
	fail_hint(f, "-k names the image's CCK; a tenant may have replaced it while the VM ran");
	return NULL;
}

/* Open the data of every vCPU. */
static int add_vcpus(const struct dumpread *d, const struct dump_keys *keys, struct corefile *c,
		     struct fail *f)
{
	uint8_t area[CPU_AREA_SIZE];
	uint32_t i;
	int ret = 0;

	for (i = 0; i < d->nvcpu && !ret; i++) {
		ret = dumpcrypt_vcpu(d, keys, i, area, f);
		if (ret)
			break;
		corefile_vcpu(c, area);
		if (get16(area + CPU_AREA_FLAGS) & CPU_AREA_IN_FLIGHT)
			fprintf(stderr,
				"%s: vCPU %u: an instruction was in flight: registers may be stale\n",
				program, i);
	}
	dumpcrypt_forget(area, sizeof(area));
	return ret;
}

struct guest {
	const struct dumpread *d;
	struct pagecrypt *crypt;
};

static int read_guest(void *ctx, uint64_t addr, void *buf, size_t len)
{
	const struct guest *g = ctx;
	struct fail f;

	return dumpmem_read(g->d, g->crypt, addr, buf, len, &f);
}

/* Whatever the guest has there: only a lack of memory is a failure. */
static int add_vmcoreinfo(const struct dumpread *d, const struct dump_keys *keys,
			  struct corefile *c, struct fail *f)
{
	struct guest g = { d, pagecrypt_new(keys) };
	char *text = malloc(CORE_VMCOREINFO_MAX);
	struct fail why;
	uint64_t from;
	size_t len;
	int ret = 0;

	if (!g.crypt || !text) {
		ret = fail_set(f, "%s: no memory", d->src.name);
	} else if (!osinfo_vmcoreinfo(read_guest, &g, text, CORE_VMCOREINFO_MAX, &len, &from,
				      &why)) {
		corefile_vmcoreinfo(c, text, len);
		printf("VMCOREINFO: %zu bytes from 0x%" PRIx64 "\n", len, from);
	} else {
		printf("VMCOREINFO: none: %s\n", why.text);
	}
	pagecrypt_free(g.crypt);
	free(text);
	return ret;
}

static int write_core(const struct opts *o, const struct dumpread *d, const struct dump_keys *keys,
		      const struct corefile *c, struct fail *f)
{
	struct outfile out = { .fd = -1 };

	umask(077);
	decrypt_catch_signals();
	if (outfile_open(&out, o->output, f))
		return -1;
	if (!outfile_extend(&out, c->size + d->mem_size, f) &&
	    !outfile_pwrite(&out, c->head, c->size, 0, f) &&
	    !decrypt_memory(d, keys, &out, c->size, o->jobs, f) && !decrypt_stopped(f) &&
	    !outfile_commit(&out, f))
		return 0;
	outfile_discard(&out);
	return -1;
}

static void print_pages(const char *name, const struct dumpread *d)
{
	printf("%s: %" PRIu64 " MiB: %" PRIu64 " pages decrypted, %" PRIu64 " shared, %" PRIu64
	       " zero\n", name, d->mem_size / MIB, d->states[PAGE_ENCRYPTED],
	       d->states[PAGE_SHARED], d->states[PAGE_ZERO]);
}

static int convert(const struct opts *o, const struct dumpread *d, struct dump_keys *keys,
		   const struct key *key, struct fail *f)
{
	struct corefile c;
	int ret;

	ret = corefile_begin(&c, d->nparts, d->nvcpu, f) || add_vcpus(d, keys, &c, f);
	if (!ret)
		printf("%s: authentic with key %s: completion data and %u vCPUs\n", d->src.name,
		       key->path, d->nvcpu);
	if (!ret && !o->check) {
		ret = add_vmcoreinfo(d, keys, &c, f);
		if (!ret) {
			corefile_end(&c, d->part);
			ret = write_core(o, d, keys, &c, f);
		}
		if (!ret)
			print_pages(o->output, d);
	}
	corefile_free(&c);
	return ret ? -1 : 0;
}

static int decrypt(struct opts *o, struct dumpread *d, struct fail *f)
{
	struct dump_keys keys;
	const struct key *key;
	int ret = -1;

	if (check_output(o, f) || read_keys(o, f))
		return -1;
	key = authenticate(o, d, &keys, f);
	if (key && !dumpread_states(d, f))
		ret = convert(o, d, &keys, key, f);
	dumpcrypt_forget(&keys, sizeof(keys));
	dumpcrypt_forget(o->key, sizeof(o->key));
	return ret;
}

int cmd_decrypt(int argc, char **argv)
{
	struct dump_source src = { .fd = -1 };
	static struct dumpread d;
	static struct opts o;
	struct fail f;
	int ret;

	parse(&o, argc, argv);
	ret = dump_source_open(&src, o.file, &f) || dumpread_open(&d, &src, &f) ||
	      decrypt(&o, &d, &f);
	dumpread_close(&d);
	dump_source_close(&src);
	return ret ? fail_print(&f) : EXIT_OK;
}
