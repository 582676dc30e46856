/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages: the state of each host page, what is known of each touched guest page.
 */
#ifndef SOFTUV_PAGE_H
#define SOFTUV_PAGE_H

#include "bytes.h"

struct conf;

#define ADDR_BITS	47			/* host and guest absolute addresses */
#define MAX_GUEST_ADDR	(1ull << ADDR_BITS)
#define LOWCORE_LEN	0x2000ull

/* State of one host page, low bits of its byte in softuv.state. */
enum page_state { PS_PLAIN, PS_DONATED, PS_SECURE, PS_SHARED, PS_PINNED, PS_NR };
#define PS_MASK		0x07
#define PS_ASCE		0x80			/* a live configuration's ASCE starts here */

/* What the Ultravisor knows about one touched page of one configuration; see pagemap.c. */
enum gpage_kind { GP_UNUSED, GP_SECURE, GP_EXPORTED, GP_SHARED, GP_SHARED_AWAY };

struct gpage {
	uint64_t gfn : 35;			/* frame in the configuration's address space */
	uint64_t slot : 24;			/* of the configuration's handle */
	uint64_t kind : 3;			/* enum gpage_kind */
	uint64_t unshare : 1;			/* the guest unshared it while it was pinned */
	uint64_t head : 1;			/* the first touched page of its MiB */
	uint64_t ctr;				/* tweak counter of the last or next export */
	uint32_t next, next_in_mib;		/* numbers of records, 0 = none */
	union {
		uint8_t mac[16];		/* while GP_EXPORTED: over the ciphertext */
		struct {			/* while GP_SECURE or GP_SHARED */
			uint64_t hfn;		/* host frame */
			uint32_t next_host;
		};
	};
};

#define CHUNK_PAGES	32u

struct pagechunk {
	uint32_t nr, next;			/* records in use; the configuration's next chunk */
	struct gpage page[CHUNK_PAGES];
};

union chunkref {
	struct pagechunk *used;
	uintptr_t next_free;
};

struct pagetable {
	uint32_t *first;			/* numbers of records */
	uint32_t size, nr;			/* buckets, a power of 2; entries */
};

struct pagemap {
	struct pagetable guest, host;
	union chunkref *chunk;
	uint32_t nr, size, free, nr_used;	/* free = number of the first free chunk */
};

/* store.c */
bool suv_is_storage(const struct softuv *uv, uint64_t abs, uint64_t len);
bool suv_is_plain(const struct softuv *uv, uint64_t abs, uint64_t len);
enum page_state suv_state(const struct softuv *uv, uint64_t hfn);
void suv_set_state(struct softuv *uv, uint64_t hfn, enum page_state st);
bool suv_holds_uvcb(const struct softuv *uv, uint64_t abs, uint64_t len);
bool suv_in_lowcore(struct softuv *uv, void *host_cpu, uint64_t abs, uint64_t len);
bool suv_donate(struct softuv *uv, void *host_cpu, uint64_t abs, uint64_t len);
void suv_give_back(struct softuv *uv, uint64_t abs, uint64_t len);
void suv_clear(struct softuv *uv, uint64_t abs, uint64_t len);
uint16_t suv_read_logical(struct softuv *uv, void *host_cpu, uint64_t va, void *buf,
			  uint32_t len);
uint16_t suv_write_logical(struct softuv *uv, void *host_cpu, uint64_t va, const void *buf,
			   uint32_t len);

/* dat.c */
enum dat_result { DAT_OK, DAT_NOT_MAPPED, DAT_PROTECTED, DAT_LARGE, DAT_BAD_TABLE };
enum dat_result suv_dat_walk(struct softuv *uv, uint64_t asce, uint64_t gaddr, uint64_t *abs);

/* pagemap.c */
struct gpage *suv_page(const struct softuv *uv, const struct conf *conf, uint64_t gaddr);
struct gpage *suv_page_make(struct softuv *uv, struct conf *conf, uint64_t gaddr);
struct gpage *suv_page_in(const struct softuv *uv, uint64_t hfn);
struct gpage *suv_mib_first(const struct softuv *uv, const struct conf *conf, uint64_t gaddr);
struct gpage *suv_mib_next(const struct softuv *uv, const struct gpage *gp);
struct conf *suv_page_owner(const struct softuv *uv, const struct gpage *gp);
uint64_t suv_page_gaddr(const struct gpage *gp);
bool suv_in_storage(const struct gpage *gp);
void suv_link_host(struct softuv *uv, struct gpage *gp, uint64_t hfn);
void suv_unlink_host(struct softuv *uv, struct gpage *gp);
void suv_each_page(struct softuv *uv, struct conf *conf,
		   void (*fn)(struct softuv *uv, struct conf *conf, struct gpage *gp));
void suv_pages_drop(struct softuv *uv, struct conf *conf);
void suv_pages_free(struct softuv *uv);
uint64_t suv_pages_memory(const struct softuv *uv);

/* page.c */
bool suv_in_guest(const struct conf *conf, uint64_t gaddr);
uint16_t suv_find_page(struct softuv *uv, struct conf *conf, uint64_t gaddr, uint64_t *abs);
uint16_t suv_import(struct softuv *uv, struct conf *conf, uint64_t gaddr);
uint16_t suv_peek(struct softuv *uv, struct conf *conf, uint64_t gaddr, void *buf, uint32_t len);
void suv_occupy(struct softuv *uv, struct conf *conf, struct gpage *gp, uint64_t hfn,
		enum page_state st);
void suv_end_share(struct softuv *uv, struct conf *conf, struct gpage *gp);
void suv_release(struct softuv *uv, struct conf *conf, struct gpage *gp);
void suv_component(const struct gpage *gp, uint64_t ctr, uint8_t out[16]);

/* share.c */
void suv_unshare_all(struct softuv *uv, struct conf *conf);

#endif /* SOFTUV_PAGE_H */
