// SPDX-License-Identifier: GPL-2.0-or-later
/* mksynth: writes a synthetic dump of a memory image, to try readers without a machine. */
#define _GNU_SOURCE
#include "outfile.h"
#include "synth.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
"Usage: mksynth [--parts N] [--regs] CCK MEMORY VCPUS PSWADDR OUT\n"
"MEMORY is the plaintext, a multiple of 1 MiB. Its holes are zero pages and become holes of OUT;\n"
"for other zero pages OUT has garbage that a reader must ignore.\n"
"      --parts N   spread the memory over N program headers\n"
"      --regs      every register has a value of its own\n";

/* Is everything from @off to the end of its MiB a hole? */
static bool hole(int fd, uint64_t off)
{
	off_t data = lseek(fd, (off_t)off, SEEK_DATA);

	return data < 0 ? errno == ENXIO : (uint64_t)data >= off + MIB;
}

static int write_mib(const struct synth *s, int mem, uint64_t off, struct outfile *out,
		     struct fail *f)
{
	static uint8_t plain[MIB], cipher[MIB], state[STATE_PER_MIB];
	uint64_t page = off / PAGE_SIZE;
	bool none = hole(mem, off);
	size_t i;

	if (!none && pread_full(mem, "memory", plain, MIB, off, f))
		return -1;
	for (i = 0; i < MIB / PAGE_SIZE; i++) {
		if (none)
			synth_zero_entry(state + i * STATE_ENTRY);
		else
			synth_page(s, page + i, plain + i * PAGE_SIZE, cipher + i * PAGE_SIZE,
				   state + i * STATE_ENTRY);
	}
	if (!none && outfile_pwrite(out, cipher, MIB, s->layout.mem_off + off, f))
		return -1;
	return outfile_pwrite(out, state, sizeof(state), s->layout.meta_off + page * STATE_ENTRY,
			      f);
}

static int write_dump(const struct synth *s, int mem, struct outfile *out, struct fail *f)
{
	uint64_t tail_size = s->size - s->layout.compl_off, off;
	uint8_t *head = calloc(1, s->layout.mem_off), *tail = calloc(1, tail_size);
	int ret = 0;

	if (!head || !tail)
		return fail_set(f, "no memory");
	synth_head(s, head);
	synth_tail(s, tail);
	for (off = 0; off < s->mem_size && !ret; off += MIB)
		ret = write_mib(s, mem, off, out, f);
	if (!ret)
		ret = outfile_pwrite(out, head, s->layout.mem_off, 0, f) ||
		      outfile_pwrite(out, tail, tail_size, s->layout.compl_off, f);
	free(head);
	free(tail);
	return ret;
}

static int run(struct synth *s, char **arg, struct fail *f)
{
	struct outfile out = { .fd = -1 };
	uint8_t cck[32];
	uint64_t vcpus;
	struct stat st;
	int mem;

	if (parse_u64(arg[2], &vcpus) || parse_u64(arg[3], &s->psw_addr))
		usage_die("VCPUS and PSWADDR are numbers");
	if (read_exact_file(arg[0], cck, sizeof(cck), f))
		return -1;
	mem = open(arg[1], O_RDONLY | O_CLOEXEC);
	if (mem < 0 || fstat(mem, &st))
		return fail_set(f, "%s: open: %s", arg[1], strerror(errno));
	s->cck = cck;
	s->vcpus = (uint32_t)vcpus;
	s->mem_size = (uint64_t)st.st_size;
	if (synth_begin(s))
		return fail_set(f, "%s: not a multiple of 1 MiB, or too many parts", arg[1]);
	if (!outfile_open(&out, arg[4], f) && !write_dump(s, mem, &out, f) &&
	    !outfile_commit(&out, f))
		return 0;
	outfile_discard(&out);
	return -1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "parts", required_argument, NULL, 'p' },
		{ "regs", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 }
	};
	static struct synth s;
	uint64_t parts = 1;
	struct fail f;
	int c;

	program = "mksynth";
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'r')
			s.regs = true;
		else if (c != 'p' || parse_u64(optarg, &parts))
			usage_die("%s", help);
	}
	if (argc - optind != 5)
		usage_die("%s", help);
	s.parts = (uint32_t)parts;
	return run(&s, argv + optind, &f) ? fail_print(&f) : EXIT_OK;
}
