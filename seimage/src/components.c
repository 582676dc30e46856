// SPDX-License-Identifier: GPL-2.0-or-later
/* Components of an image: placed, read, encrypted, hashed and written. */
#include "outfile.h"
#include "progress.h"
#include "seimage.h"
#include "sparse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ADDR	(1ull << 46)	/* above any main storage */

static int open_component(const struct create_comp *in, struct placed *p, struct fail *f)
{
	struct stat st;

	p->fd = open(in->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (p->fd < 0 || fstat(p->fd, &st)) {
		fail_set(f, "%s: open: %s", in->path, strerror(errno));
		if (errno == ENOENT && strchr(in->path, '@'))
			fail_hint(f, "FILE@ADDR: ADDR is decimal or 0x hex, with suffix K, M or G");
		return -1;
	}
	if (!S_ISREG(st.st_mode))
		return fail_set(f, "%s: not a regular file", in->path);
	/* an empty component is one zero page; a command line gets its NUL */
	p->c.size = (uint64_t)st.st_size + in->text;
	if (!p->c.size)
		p->c.size = PAGE_SIZE;
	return 0;
}

int component_place(const struct create_comp *in, uint64_t least, const struct placed *prev,
		    struct placed *p, struct fail *f)
{
	uint8_t rnd[8];

	if (prev)
		least = prev->c.addr + seimg_comp_len(&prev->c);
	p->c.addr = in->has_addr ? in->addr : least;
	if (p->c.addr % PAGE_SIZE)
		return fail_set(f,
				"%s: address 0x%" PRIx64 " is not page aligned", in->path,
				p->c.addr);
	if (p->c.addr < least)
		return fail_set(f,
				"%s: address 0x%" PRIx64 " is below 0x%" PRIx64 ", the end of %s",
				in->path, p->c.addr, least,
				prev ? "the component before it" : "the boot code and SE header");
	if (p->c.addr >= MAX_ADDR || p->c.size >= MAX_ADDR)
		return fail_set(f, "%s: address 0x%" PRIx64 " or size 0x%" PRIx64 " is too large",
				in->path, p->c.addr, p->c.size);
	if (se_random(rnd, sizeof(rnd)))
		return fail_set(f, "%s: tweak prefix: no entropy", in->path);
	put16(rnd, in->type);
	p->c.prefix = in->has_prefix ? in->prefix : get64(rnd);
	if (prev && p->c.prefix <= prev->c.prefix)
		return fail_set(f, "%s: tweak prefix 0x%016" PRIx64 " is not above 0x%016" PRIx64
				" of the component before it", in->path, p->c.prefix,
				prev->c.prefix);
	return 0;
}

int components_open(const struct create_opts *o, uint64_t least, struct placed *p, struct fail *f)
{
	uint32_t i, files = o->ncomp - o->boot_linux;

	for (i = 0; i < o->ncomp; i++)
		p[i].fd = -1;
	for (i = 0; i < files; i++) {
		if (open_component(&o->comp[i], &p[i], f) ||
		    component_place(&o->comp[i], least, i ? &p[i - 1] : NULL, &p[i], f))
			return -1;
	}
	return 0;
}

void components_close(struct placed *p, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (p[i].fd >= 0)
			close(p[i].fd);
		p[i].fd = -1;
	}
}

/* Read up to one page at @off; what the file does not have is zero. */
static int read_page(const struct create_comp *in, int fd, uint64_t off, uint8_t *page,
		     struct fail *f)
{
	size_t have = 0;
	ssize_t n;

	while (have < PAGE_SIZE) {
		n = pread(fd, page + have, PAGE_SIZE - have, (off_t)(off + have));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_set(f, "%s: read at 0x%" PRIx64 ": %s", in->path, off + have,
					strerror(errno));
		if (!n)
			break;
		have += (size_t)n;
	}
	return 0;
}

static bool is_zero(const uint8_t *page)
{
	return !page[0] && !memcmp(page, page + 1, PAGE_SIZE - 1);
}

/* What all components of one output share. */
struct stream {
	const struct create_opts *o;
	struct outfile *out;
	struct xts_aes256_key key;
	struct se_digests d;
	struct progress progress;
	uint64_t done;
};

static int write_component(struct stream *s, const struct create_comp *in, const struct placed *p,
			   uint64_t at, struct fail *f)
{
	bool plain = s->o->pcf & SE_PCF_NO_ENCRYPTION;
	uint8_t page[PAGE_SIZE], tweak[16];
	struct sparse holes;
	uint64_t off;

	sparse_init(&holes, p->fd);
	for (off = 0; off < seimg_comp_len(&p->c); off += PAGE_SIZE) {
		memset(page, 0, PAGE_SIZE);
		if (!sparse_hole(&holes, off, PAGE_SIZE) && read_page(in, p->fd, off, page, f))
			return -1;
		page_tweak(p->c.prefix, off, tweak);
		if (!plain)
			xts_aes256_encrypt_message(&s->key, tweak, PAGE_SIZE, page, page);
		digests_page(&s->d, page, p->c.addr + off, tweak);
		/* a zero page stays a hole of the new file */
		if (s->out && !(plain && is_zero(page)) &&
		    outfile_pwrite(s->out, page, PAGE_SIZE, at + off, f))
			return -1;
		s->done += PAGE_SIZE;
		progress_update(&s->progress, s->done);
	}
	return s->out ? outfile_extend(s->out, at + off, f) : 0;
}

int components_write(const struct create_opts *o, const struct placed *p, struct outfile *out,
		     bool packed, struct se_digest_values *v, struct fail *f)
{
	struct stream s = { .o = o, .out = out };
	uint64_t total = 0;
	uint32_t i;
	int ret = 0;

	for (i = 0; i < o->ncomp; i++)
		total += seimg_comp_len(&p[i].c);
	xts_aes256_set_encrypt_key(&s.key, o->xts);
	digests_init(&s.d);
	progress_begin(&s.progress, "components", total);
	for (i = 0; i < o->ncomp && !ret; i++)
		ret = write_component(&s, &o->comp[i], &p[i], packed ? s.done : p[i].c.addr, f);
	progress_end(&s.progress);
	digests_final(&s.d, v);
	return ret;
}
