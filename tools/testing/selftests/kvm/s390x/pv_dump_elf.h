/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns the file for zgetdump: what the kernel handed out for one guest, as ELF.
 * Never reads such a file, and never decrypts.
 */
#ifndef PV_DUMP_ELF_H
#define PV_DUMP_ELF_H

#include <linux/elf.h>
#include "pv_dump_vm.h"

#ifndef NT_S390_PV_CPU_DATA
#define NT_S390_PV_CPU_DATA	0x30e
#endif

/**
 * struct pvd_dumped - all that the kernel handed out for one dump
 * @cpu: one area per virtual CPU
 * @stor: storage state of the whole memory
 * @compl: completion data
 */
struct pvd_dumped {
	struct pvd_buf cpu[PVD_MAX_VCPUS];
	struct pvd_buf stor;
	struct pvd_buf compl;
};

/*
 * The layout is QEMU's (dump/dump.c): ELF header, section headers, program headers, notes,
 * memory, the two sections, section names. Of the notes only two are written.
 */
struct pvd_elf {
	struct elf64_hdr eh;
	struct elf64_shdr sh[4];
	struct elf64_phdr ph[2];
};

static const char pvd_elf_names[] = "\0pv_mem_meta\0pv_compl\0\0\0\0.shstrtab";

/* The hypervisor's view of a protected vCPU is empty; the note begins the next CPU. */
struct pvd_elf_cpu {
	struct elf64_note regs;
	char regs_name[8];
	__u8 regs_data[336];
	struct elf64_note pv;
	char pv_name[8];
};

static void pvd_elf_layout(struct pvd_elf *elf, const struct pvd_vm *vm)
{
	size_t notes = vm->nr * (sizeof(struct pvd_elf_cpu) + host.dump.cpu_len);
	size_t at = sizeof(*elf);

	memset(elf, 0, sizeof(*elf));
	memcpy(elf->eh.e_ident, ELFMAG, SELFMAG);
	elf->eh.e_ident[EI_CLASS] = ELFCLASS64;
	elf->eh.e_ident[EI_DATA] = ELFDATA2MSB;
	elf->eh.e_ident[EI_VERSION] = EV_CURRENT;
	elf->eh.e_type = ET_CORE;
	elf->eh.e_machine = EM_S390;
	elf->eh.e_version = EV_CURRENT;
	elf->eh.e_ehsize = sizeof(elf->eh);
	elf->eh.e_shoff = offsetof(struct pvd_elf, sh);
	elf->eh.e_shentsize = sizeof(elf->sh[0]);
	elf->eh.e_shnum = ARRAY_SIZE(elf->sh);
	elf->eh.e_shstrndx = 3;
	elf->eh.e_phoff = offsetof(struct pvd_elf, ph);
	elf->eh.e_phentsize = sizeof(elf->ph[0]);
	elf->eh.e_phnum = ARRAY_SIZE(elf->ph);
	elf->ph[0].p_type = PT_NOTE;
	elf->ph[0].p_offset = at;
	elf->ph[0].p_filesz = notes;
	at += notes;
	elf->ph[1].p_type = PT_LOAD;
	elf->ph[1].p_offset = at;
	elf->ph[1].p_filesz = vm->size;
	elf->ph[1].p_memsz = vm->size;
	at += vm->size;
	elf->sh[1].sh_name = 1;
	elf->sh[1].sh_type = SHT_PROGBITS;
	elf->sh[1].sh_offset = at;
	elf->sh[1].sh_size = pvd_stor_bytes(vm);
	at += pvd_stor_bytes(vm);
	elf->sh[2].sh_name = 13;
	elf->sh[2].sh_type = SHT_PROGBITS;
	elf->sh[2].sh_offset = at;
	elf->sh[2].sh_size = host.dump.compl_len;
	at += host.dump.compl_len;
	elf->sh[3].sh_name = 25;
	elf->sh[3].sh_type = SHT_STRTAB;
	elf->sh[3].sh_offset = at;
	elf->sh[3].sh_size = sizeof(pvd_elf_names);
}

static int pvd_put(int fd, const void *p, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n <= 0)
			return -1;
		p = (const char *)p + n;
		len -= n;
	}
	return 0;
}

/**
 * pvd_write_elf() - write a dump to "<out>/<name>-<MiB>m-<vCPUs>c.pvdump"
 *
 * The memory is read here, which exports the pages of a protected guest.
 *
 * Return: 0, or -1 with errno.
 */
static int pvd_write_elf(const char *name, const struct pvd_vm *vm, const struct pvd_dumped *d)
{
	struct pvd_elf_cpu note = {
		.regs = { .n_namesz = 5, .n_descsz = sizeof(note.regs_data),
			  .n_type = NT_PRSTATUS },
		.regs_name = "CORE",
		.pv = { .n_namesz = 6, .n_descsz = host.dump.cpu_len,
			.n_type = NT_S390_PV_CPU_DATA },
		.pv_name = "LINUX",
	};
	struct pvd_elf elf;
	char path[256];
	int fd, i, err;

	snprintf(path, sizeof(path), "%s/%s-%lum-%dc.pvdump", host.out, name,
		 vm->size / PVD_MIB, vm->nr);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return -1;
	pvd_elf_layout(&elf, vm);
	err = pvd_put(fd, &elf, sizeof(elf));
	for (i = 0; i < vm->nr; i++) {
		err |= pvd_put(fd, &note, sizeof(note));
		err |= pvd_put(fd, d->cpu[i].p, d->cpu[i].len);
	}
	err |= pvd_put(fd, vm->mem, vm->size);
	err |= pvd_put(fd, d->stor.p, d->stor.len);
	err |= pvd_put(fd, d->compl.p, d->compl.len);
	err |= pvd_put(fd, pvd_elf_names, sizeof(pvd_elf_names));
	return err | close(fd);
}

#endif /* PV_DUMP_ELF_H */
