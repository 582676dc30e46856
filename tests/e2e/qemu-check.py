#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does a decrypted dump have what qemu-guest.S had in registers and storage?"""
import struct
import sys

USAGE = "usage: tests/e2e/qemu-check.py VMCORE [CPUS]   of a dump that tests/e2e/qemu had taken"
NT_PRSTATUS, NT_FPREGSET, NT_S390_CTRS, NT_S390_PREFIX = 1, 2, 0x304, 0x305
PATTERNS, SHARED, PREFIX, COUNTER, NEVER, MEMORY = 0x110000, 0x140000, 0x150000, 0x160000, 0x180000, 64 << 20


def words(text, offset, count=1):
    return struct.unpack_from(f">{count}Q", text, offset)


def segments(core):
    offset, = words(core, 32)
    for i in range(struct.unpack_from(">H", core, 56)[0]):
        kind, _, start, _, address, size = struct.unpack_from(">IIQQQQ", core, offset + i * 56)
        yield kind, start, address, size


def notes(text):
    """(type, content), in their order: a CPU begins with NT_PRSTATUS, behind what is about all of them."""
    while len(text) >= 12:
        name, size, kind = struct.unpack_from(">III", text)
        begin = 12 + (name + 3 & ~3)
        yield kind, text[begin:begin + size]
        text = text[begin + (size + 3 & ~3):]


class Check:
    bad = 0

    def same(self, what, got, expected):
        if got != expected:
            self.bad += 1
            print(f"{what}: {got!r}, not {expected!r}")


def memory_of(core):
    memory = bytearray(MEMORY)
    for kind, start, address, size in segments(core):
        if kind == 1:
            memory[address:address + size] = core[start:start + size]
    return memory


def cpus_of(core):
    cpus = []
    for kind, start, _, size in segments(core):
        for note, content in notes(core[start:start + size]) if kind == 4 else ():
            if note == NT_PRSTATUS:
                cpus.append({})
            if cpus:
                cpus[-1][note] = content
    return cpus


def check_memory(check, memory):
    for page in range(PATTERNS, PATTERNS + 0x10000, 4096):
        check.same(f"page 0x{page:x}", words(memory, page, 512), (page,) * 512)
    check.same("shared page", bytes(memory[SHARED:SHARED + 16]), b"shared with host")
    check.same("page never used", any(memory[NEVER:NEVER + 4096]), False)


def check_cpu(check, cpu, memory):
    """Behind its header, NT_PRSTATUS has the PSW at 112, the general registers and the access registers."""
    status = cpu[NT_PRSTATUS]
    mask, address = words(status, 112, 2)
    gprs = words(status, 128, 16)
    counter, = words(memory, COUNTER)
    check.same("PSW mask without its condition code", mask & ~(3 << 44), 0x180000000)
    check.same("PSW address is in the code", 0x100000 < address < 0x101000, True)
    check.same("general registers 8 to 15", gprs[8:], tuple(0x0101010101010101 * i for i in range(8, 16)))
    check.same("counter in storage and in register 4", gprs[4] - counter in (0, 1) and counter > 0, True)
    check.same("access register 3", status[256 + 12:256 + 16], bytes([0xa3] * 4))
    check.same("floating-point register 4", words(cpu[NT_FPREGSET], 8 + 32), (0xf4f4f4f4f4f4f4f4,))
    check.same("control register 3", words(cpu[NT_S390_CTRS], 24), (0x0303030303030303,))
    check.same("prefix", struct.unpack(">I", cpu[NT_S390_PREFIX][:4]), (PREFIX,))


def main():
    if len(sys.argv) not in (2, 3):
        print(USAGE, file=sys.stderr)
        return 2
    with open(sys.argv[1], "rb") as file:
        core = file.read()
    check, memory, cpus = Check(), memory_of(core), cpus_of(core)
    check.same("CPUs", len(cpus), int((sys.argv + ["1"])[2]))
    check_memory(check, memory)
    check_cpu(check, cpus[0], memory)
    return check.bad != 0


if __name__ == "__main__":
    sys.exit(main())
