// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A protected guest of a tebibyte and more in a small host: created, dumped, ended; KTAP.
 */
#include "pvvm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CONTROL		"/dev/virtio-ports/softuv.control"
#define PIECE_MIB	256u
#define ENTRY		16u
#define TOUCHED_MAX	1000000ull	/* bytes that the Ultravisor may remember of the guest */

struct counts {
	uint64_t unused, encrypted, other;
};

static unsigned int nr, failed;

static bool test(const char *name, bool good, const struct fail *f)
{
	if (f && !good)
		printf("# %s\n", f->text);
	printf("%sok %u - %s\n", good ? "" : "not ", ++nr, name);
	failed += !good;
	return good;
}

/* A number behind @key in the answer to @line; UINT64_MAX when there is none. */
static uint64_t control(const char *line, const char *key)
{
	char buf[32768];
	size_t len = 0;
	ssize_t n = 0;
	char *at;
	int fd = open(CONTROL, O_RDWR);

	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		return UINT64_MAX;
	while (len < sizeof(buf) - 1 && !memchr(buf, '\n', len) &&
	       (n = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	buf[len] = 0;
	at = strstr(buf, key);
	return at ? strtoull(at + strlen(key), NULL, 0) : UINT64_MAX;
}

/* Memory of the host that is still to be had, in MiB. */
static uint64_t available(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	uint64_t kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
			break;
	}
	if (f)
		fclose(f);
	return kib / 1024;
}

/* Layout of an entry: s390-tools zdump/pv_defs.h, struct storage_state_tweak. */
static void look(const uint8_t *state, uint64_t entries, struct counts *c)
{
	uint64_t i;

	for (i = 0; i < entries; i++, state += ENTRY) {
		if (get32(state) != 0xffffffff)
			c->encrypted++;
		else if (state[ENTRY - 1] == 0x01)
			c->unused++;
		else
			c->other++;
	}
}

static int whole_state(struct pvvm *v, struct counts *c, struct fail *f)
{
	uint64_t len = PIECE_MIB * v->sizes.dump_config_mem_buffer_per_1m, gaddr, step;
	uint8_t *buf = malloc(len);
	int r = buf ? 0 : fail_set(f, "no memory for 0x%" PRIx64 " bytes", len);

	for (gaddr = 0; !r && gaddr < v->mem_size; gaddr += step) {
		step = (uint64_t)PIECE_MIB * MIB;
		if (step > v->mem_size - gaddr)
			step = v->mem_size - gaddr;
		r = pvvm_dump_state(v, gaddr, step / MIB, buf, f);
		if (!r)
			look(buf, step / PAGE_SIZE, c);
	}
	free(buf);
	return r;
}

/* What the guest's instruction would do; no instruction of a guest is executed here. */
static bool guest_shares(uint64_t gaddr)
{
	char line[80];

	snprintf(line, sizeof(line), "share vm=0 gaddr=0x%" PRIx64 "\n", gaddr);
	return control(line, "ok") != UINT64_MAX;
}

static void dump(struct pvvm *v, uint64_t image_pages)
{
	struct counts c = { 0 };
	struct fail f = { 0 };
	uint64_t before = available(), bytes;
	uint8_t *last;

	test("the guest shares a page in the middle and the last one",
	     guest_shares(v->mem_size / 2) && guest_shares(v->mem_size - PAGE_SIZE), NULL);
	if (!test("DUMP_INIT", !pvvm_dump_init(v, &f), &f) ||
	    !test("storage state of all of its memory", !whole_state(v, &c, &f), &f))
		return;
	printf("# %" PRIu64 " pages unused, %" PRIu64 " encrypted, %" PRIu64 " other\n", c.unused,
	       c.encrypted, c.other);
	test("the image's pages are encrypted, two are shared, the rest is unused",
	     c.encrypted == image_pages && c.other == 2 &&
	     c.unused == v->mem_size / PAGE_SIZE - image_pages - 2, NULL);
	bytes = control("stats\n", " record-bytes=");
	printf("# the Ultravisor has %" PRIu64 " bytes of records\n", bytes);
	test("the Ultravisor remembers the touched pages only", bytes < TOUCHED_MAX, NULL);
	printf("# MemAvailable: %" PRIu64 " MiB before, %" PRIu64 " MiB after\n", before,
	       available());
	test("the host's memory is not used up", available() + 64 > before, NULL);
	last = malloc(v->sizes.dump_config_finalize_len);
	test("DUMP_COMPLETE", last && !pvvm_dump_complete(v, last, &f), &f);
	free(last);
}

int main(int argc, char **argv)
{
	struct pvvm vm;
	struct seimg img = { 0 };
	struct fail f = { 0 };
	uint64_t size = argc == 3 ? strtoull(argv[2], NULL, 0) * MIB : 0, confs;
	bool good;

	program = "pv_huge_guest";
	if (!size)
		usage_die("IMAGE MIB");
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("KTAP version 1");
	pvvm_init(&vm);
	good = !seimg_open(&img, argv[1], &f) && !pvvm_create(&vm, size, 1, "anon", &f);
	if (test("create", good, &f) && test("start", !pvvm_start(&vm, &img, &f), &f))
		dump(&vm, img.hdr.nep);
	test("end", !pvvm_close(&vm, &f), &f);
	confs = control("stats\n", " confs=");
	test("no configuration is left", !confs, NULL);
	test("no storage but the Ultravisor's own is left donated",
	     control("stats\n", " donated=") * PAGE_SIZE <= 16 * MIB, NULL);
	printf("1..%u\n", nr);
	seimg_close(&img);
	return failed ? EXIT_FAILED : EXIT_OK;
}
