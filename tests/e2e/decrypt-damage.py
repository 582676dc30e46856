#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What pvdump decrypt says about damaged dumps, compared with what zgetdump says.

usage: decrypt-damage.py PVDUMP MKSYNTH ZGETDUMP      prints KTAP

Each row of the table changes a good dump and names the verdict:
  same      both programs accept it and write the same bytes
  refused   both refuse it
  stricter  pvdump refuses what zgetdump accepts, for the reason in the row
  differs   both accept it and write different bytes, for the reason in the row
A refusal leaves no output file and exit status 1.
"""

import concurrent.futures
import os
import re
import struct
import subprocess
import sys
import tempfile

PAGE = 4096
MEM = 1 << 20
VCPUS = 2
NOTES = 5356            # bytes of all notes of a vCPU
PV_NOTE = NOTES - 4096  # offset of the PV data in them


OS_INFO, TEXT, NOTE = 0x80000, 0x81ff8, 0x90000     # where the guest keeps its VMCOREINFO


class Dump:
    """The good dump, and where its parts are."""

    def __init__(self, data):
        self.data = data
        self.phoff, self.shoff = struct.unpack_from('>QQ', data, 32)
        self.notes = struct.unpack_from('>Q', data, self.phoff + 8)[0]
        self.mem = struct.unpack_from('>Q', data, self.phoff + 56 + 8)[0]
        self.meta = struct.unpack_from('>Q', data, self.shoff + 64 + 24)[0]
        self.compl = struct.unpack_from('>Q', data, self.shoff + 128 + 24)[0]
        self.names = struct.unpack_from('>Q', data, self.shoff + 192 + 24)[0]

    def pv(self, cpu):
        return self.notes + cpu * NOTES + PV_NOTE


def put(size, off, value):
    """Store a big-endian number."""
    def change(b):
        b[off:off + size] = (value % (1 << 8 * size)).to_bytes(size, 'big')
        return b
    return change


def flip(off, bit=1):
    def change(b):
        b[off] ^= bit
        return b
    return change


def cut(size):
    def change(b):
        return b[:size]
    return change


def both(*changes):
    def change(b):
        for c in changes:
            b = c(b)
        return b
    return change


def header_rows(d):
    end = len(d.data)
    for i in range(4):
        yield f'magic byte {i}', flip(i), 'refused', ''
    yield 'class 32 bit', put(1, 4, 1), 'refused', ''
    yield 'little endian', put(1, 5, 1), 'refused', ''
    yield 'no byte order', put(1, 5, 0), 'refused', ''
    yield 'version in the identification', put(1, 6, 2), 'stricter', 'not an ELF version that exists'
    yield 'OS ABI', put(1, 7, 3), 'same', ''
    yield 'type', put(2, 16, 2), 'refused', ''
    yield 'machine', put(2, 18, 62), 'refused', ''
    yield 'version', put(4, 20, 2), 'refused', ''
    yield 'entry point', put(8, 24, 1), 'same', ''
    yield 'flags', put(4, 48, 1), 'same', ''
    yield 'header size', put(2, 52, 64), 'same', ''
    yield 'program headers at the end', put(8, 32, end - 8), 'refused', ''
    yield 'program headers at 2^64', put(8, 32, -8), 'refused', ''
    yield 'program headers at 2^63', put(8, 32, 1 << 63), 'refused', ''
    yield 'section headers at the end', put(8, 40, end - 8), 'refused', ''
    yield 'section headers at 2^64', put(8, 40, -8), 'refused', ''
    yield 'section headers at 0', put(8, 40, 0), 'stricter', 'zgetdump copies the ciphertext without an error'
    yield 'size of a program header', put(2, 54, 64), 'stricter', 'zgetdump does not look at it'
    yield 'no program headers', put(2, 56, 0), 'stricter', 'no memory and no registers'
    yield 'one program header', put(2, 56, 1), 'stricter', 'no memory'
    yield 'many program headers', put(2, 56, 65535), 'refused', ''
    yield 'size of a section header', put(2, 58, 40), 'stricter', 'zgetdump does not look at it'
    yield 'no sections', put(2, 60, 0), 'stricter', 'zgetdump copies the ciphertext without an error'
    yield 'many sections', put(2, 60, 65535), 'refused', ''
    yield 'name section 0', put(2, 62, 0), 'stricter', 'zgetdump copies the ciphertext without an error'
    yield 'name section 4', put(2, 62, 4), 'stricter', 'zgetdump copies the ciphertext without an error'


def section_rows(d):
    meta, compl, names = (d.shoff + 64 * i for i in (1, 2, 3))
    yield 'name of pv_compl', flip(d.names + 13), 'stricter', 'zgetdump copies the ciphertext without an error'
    yield 'name of pv_mem_meta', flip(d.names + 1), 'refused', ''
    yield 'name offset of pv_mem_meta', put(4, meta, 2), 'refused', ''
    yield 'name offset of pv_compl', put(4, compl, 14), 'stricter', 'zgetdump copies the ciphertext without an error'
    yield 'name offset outside', put(4, meta, 35), 'stricter', 'zgetdump copies the ciphertext without an error'
    yield 'name not terminated', both(put(4, meta, 34), flip(d.names + 34)), 'refused', ''
    yield 'type of pv_mem_meta', put(4, meta + 4, 8), 'same', ''
    yield 'pv_mem_meta at the end', put(8, meta + 24, len(d.data) - 16), 'refused', ''
    yield 'pv_mem_meta at 2^64', put(8, meta + 24, -16), 'refused', ''
    yield 'pv_mem_meta empty', put(8, meta + 32, 0), 'refused', ''
    yield 'pv_mem_meta half', put(8, meta + 32, 2048), 'refused', ''
    yield 'pv_mem_meta not of entries', put(8, meta + 32, 4095), 'refused', ''
    yield 'pv_mem_meta larger than the memory', put(8, meta + 32, 8192), 'stricter', 'it covers pv_compl'
    yield 'pv_mem_meta of 2^64 bytes', put(8, meta + 32, -16), 'stricter', 'zgetdump maps what there is'
    yield 'pv_mem_meta over the memory', put(8, meta + 24, d.mem), 'stricter', 'two parts of the file overlap'
    yield 'pv_compl at the end', put(8, compl + 24, len(d.data) - 16), 'refused', ''
    yield 'pv_compl at 2^64', put(8, compl + 24, -16), 'refused', ''
    yield 'pv_compl empty', put(8, compl + 32, 0), 'refused', ''
    yield 'pv_compl of 3 bytes', put(8, compl + 32, 3), 'refused', ''
    yield 'pv_compl of 287 bytes', put(8, compl + 32, 287), 'refused', ''
    yield 'pv_compl of 288 bytes', put(8, compl + 32, 288), 'same', ''
    yield 'pv_compl of 4097 bytes', put(8, compl + 32, 4097), 'refused', ''
    yield 'pv_compl of 2^64 bytes', put(8, compl + 32, -1), 'refused', ''
    yield 'pv_compl is pv_mem_meta', put(8, compl + 24, d.meta), 'refused', ''
    yield 'names at 2^64', put(8, names + 24, -35), 'refused', ''
    yield 'names empty', put(8, names + 32, 0), 'refused', ''
    yield 'names of 4097 bytes', put(8, names + 32, 4097), 'refused', ''


def program_rows(d):
    note, load = d.phoff, d.phoff + 56
    yield 'notes not a PT_NOTE', put(4, note, 7), 'stricter', 'no registers'
    yield 'notes a second PT_LOAD', put(4, note, 1), 'refused', ''
    yield 'notes at 2^64', put(8, note + 8, -16), 'refused', ''
    yield 'notes at 2^63', put(8, note + 8, 1 << 63), 'refused', ''
    yield 'notes at the end', put(8, note + 8, len(d.data) - 8), 'refused', ''
    yield 'notes empty', put(8, note + 32, 0), 'stricter', 'no registers'
    yield 'notes of 5 bytes', put(8, note + 32, 5), 'stricter', 'the first note is cut off'
    yield 'notes of one vCPU', put(8, note + 32, NOTES), 'same', ''
    yield 'notes of 2^64 bytes', put(8, note + 32, -1), 'refused', ''
    yield 'memory not a PT_LOAD', put(4, load, 7), 'stricter', 'no memory'
    yield 'memory a second PT_NOTE', put(4, load, 4), 'stricter', 'no memory'
    yield 'memory at 2^64', put(8, load + 8, -PAGE), 'refused', ''
    yield 'memory at the end', put(8, load + 8, len(d.data) - PAGE), 'refused', ''
    yield 'memory over pv_mem_meta', put(8, load + 8, d.mem + PAGE), 'stricter', 'two parts of the file overlap'
    yield 'memory empty', both(put(8, load + 32, 0), put(8, load + 40, 0)), 'refused', ''
    yield 'memory half in the file', put(8, load + 32, MEM // 2), 'stricter', 'pages without a storage state'
    yield 'memory larger in the file', put(8, load + 32, 2 * MEM), 'refused', ''
    yield 'memory smaller', both(put(8, load + 32, MEM // 2), put(8, load + 40, MEM // 2)), 'stricter', \
        'states of pages that are not there'
    yield 'memory not of pages', both(put(8, load + 32, MEM - 1), put(8, load + 40, MEM - 1)), 'stricter', \
        'half a page'
    yield 'memory of 2^64 bytes', both(put(8, load + 32, -PAGE), put(8, load + 40, -PAGE)), 'refused', ''
    yield 'memory at another address', both(put(8, load + 16, MEM), put(8, load + 24, MEM)), 'same', ''
    yield 'virtual address', put(8, load + 16, MEM), 'same', ''
    yield 'address around 2^64', put(8, load + 24, -PAGE), 'refused', ''
    yield 'address not of a page', put(8, load + 24, 1), 'stricter', 'half a page'
    yield 'flags and alignment', both(put(4, load + 4, 1), put(8, load + 48, 3)), 'same', ''


def note_rows(d):
    first = d.notes
    yield 'note without a name', put(4, first, 0), 'stricter', 'zgetdump loses the notes behind it'
    yield 'note with a long name', put(4, first, -1), 'stricter', 'zgetdump loses the notes behind it'
    yield 'note with much data', put(4, first + 4, -1), 'stricter', 'zgetdump loses the notes behind it'
    yield 'name of a note', flip(first + 12), 'same', ''
    yield 'registers of the host', flip(first + 20 + 128), 'same', ''
    yield 'no NT_PRSTATUS', put(4, first + 8, 2), 'stricter', 'no note begins the vCPU'
    yield 'unknown note', put(4, first + 356 + 8, 0x777), 'same', ''
    yield 'no PV note', put(4, d.pv(1) - 12, 0x777), 'stricter', 'a vCPU without registers'
    for cpu in range(VCPUS):
        pv, who = d.pv(cpu), f'vCPU {cpu}: '
        yield who + 'version 0', put(4, pv, 0), 'refused', ''
        yield who + 'version 2', put(4, pv, 2), 'refused', ''
        yield who + 'length', put(4, pv + 4, 1567), 'refused', ''
        yield who + 'IV', flip(pv + 8), 'refused', ''
        yield who + 'reserved field', flip(pv + 20), 'refused', ''
        yield who + 'first encrypted byte', flip(pv + 32), 'refused', ''
        yield who + 'last encrypted byte', flip(pv + 1551), 'refused', ''
        yield who + 'first byte of the tag', flip(pv + 1552), 'refused', ''
        yield who + 'last byte of the tag', flip(pv + 1567, 128), 'refused', ''
        yield who + 'behind the tag', flip(pv + 1568), 'same', ''
        yield who + 'size 1564', put(4, pv - 16, 1564), 'refused', ''
        yield who + 'size 4097', put(4, pv - 16, 4097), 'refused', ''


def completion_rows(d):
    c = d.compl
    yield 'completion version 0', put(4, c, 0), 'refused', ''
    yield 'completion version 2', put(4, c, 2), 'refused', ''
    yield 'completion length 287', put(4, c + 4, 287), 'refused', ''
    yield 'completion length 4096', put(4, c + 4, 4096), 'refused', ''
    for name, off in (('reserved', 8), ('first byte of the seed', 16), ('last byte of the seed', 79), ('IV', 80),
                      ('second reserved', 92), ('nonce', 96), ('memory key', 112), ('tweak key', 144),
                      ('reserved encrypted', 176), ('tag', 272), ('last byte of the tag', 287)):
        yield 'completion: ' + name, flip(c + off), 'refused', ''
    yield 'completion: behind the tag', flip(c + 288), 'same', ''


def page_rows(d):
    enc, zero, shared = 4, 130, 63      # pages of these kinds
    e, z, s = (d.meta + 16 * p for p in (enc, zero, shared))
    yield 'tweak: first byte', flip(e + 4), 'same', ''
    yield 'tweak: last byte', flip(e + 15), 'same', ''
    yield 'encrypted page: one bit', flip(d.mem + PAGE * enc + 100), 'same', ''
    yield 'zero page: its bytes', flip(d.mem + PAGE * zero + 100), 'same', ''
    yield 'shared page: one bit', flip(d.mem + PAGE * shared + 100), 'same', ''
    yield 'state: ignored bytes', flip(z + 5), 'same', ''
    for flags in range(16):
        good = flags in (1, 2, 5, 6)
        yield f'state: flags {flags:#x}', put(1, z + 15, flags), 'same' if good else 'refused', ''
    yield 'state: flags 0x81', put(1, z + 15, 0x81), 'refused', ''
    yield 'state: byte 14', put(1, z + 14, 1), 'refused', ''
    yield 'state: shared page is zero', put(1, s + 15, 1), 'same', ''
    yield 'state: zero page is encrypted', put(4, z, 0), 'same', ''
    yield 'state: first page', both(put(4, d.meta, 0xffffffff), put(2, d.meta + 14, 0)), 'refused', ''
    yield 'state: last page', put(1, d.meta + 16 * (MEM // PAGE - 1) + 15, 0), 'refused', ''


def size_rows(d):
    end = len(d.data)
    for size in (0, 1, 63, 64, 100, d.shoff + 255, d.phoff + 60, d.notes + 10, d.pv(0) + 1000, d.mem,
                 d.mem + PAGE, d.mem + MEM - 1, d.meta, d.meta + 4095, d.compl + 287, d.compl + 4095, end - 1):
        yield f'cut to {size} bytes', cut(size), 'refused', ''
    yield 'bytes behind the end', lambda b: b + b'behind', 'same', ''


def checksum(data):
    """The CHECKSUM instruction."""
    total = 0
    for word, in struct.iter_unpack('>I', bytes(data) + bytes(-len(data) % 4)):
        total += word
        total = (total & 0xffffffff) + (total >> 32)
    return total


def guest(synth, length=100, os_info=True, note=False, more=b'', patch=(), reseal=False):
    """A dump of a Linux guest that has published its VMCOREINFO; patch: (address, bytes) of its memory."""
    def change(_):
        text = b'OSRELEASE=5.10.262\nPAGESIZE=4096\n' + b'x' * length + more
        mem = bytearray(MEM)
        if os_info:
            mem[TEXT:TEXT + len(text)] = text
            mem[0xe18:0xe20] = OS_INFO.to_bytes(8, 'big')
            body = struct.pack('>HHQQQQI', 1, 1, 0, 0, TEXT, len(text), checksum(text))
            mem[OS_INFO:OS_INFO + 12 + len(body)] = b'OSINFOSZ' + bytes(4) + body
        if note:
            mem[0xe0c:0xe14] = NOTE.to_bytes(8, 'big')
            header = struct.pack('>III', 11, len(text), 0) + b'VMCOREINFO\0\0'
            mem[NOTE:NOTE + len(header) + len(text)] = header + text
        if not reseal:
            mem[OS_INFO + 8:OS_INFO + 12] = checksum(mem[OS_INFO + 12:OS_INFO + PAGE]).to_bytes(4, 'big')
        for addr, data in patch:
            mem[addr:addr + len(data)] = data
        if reseal:
            mem[OS_INFO + 8:OS_INFO + 12] = checksum(mem[OS_INFO + 12:OS_INFO + PAGE]).to_bytes(4, 'big')
        return synth(mem)
    return change


def guest_rows(synth):
    """What zgetdump does with VMCOREINFO, which is in the guest's hands."""
    sums = 'zgetdump does not check the checksum of the text'
    for n in range(4):
        yield f'os_info, text of length 4n+{n}', guest(synth, 100 + n), 'same', ''
        yield f'note, text of length 4n+{n}', guest(synth, 100 + n, False, True), 'same', ''
    yield 'os_info, a page of text', guest(synth, 4000), 'same', ''
    yield 'os_info and note', guest(synth, note=True), 'same', ''
    yield 'os_info, text with a zero in it', guest(synth, more=b'\0behind'), 'same', ''
    yield 'os_info without magic', guest(synth, patch=[(OS_INFO, b'x')]), 'same', ''
    yield 'os_info without magic, note', guest(synth, note=True, patch=[(OS_INFO, b'x')]), 'same', ''
    yield 'os_info, wrong checksum', guest(synth, patch=[(OS_INFO + 8, b'abcd')]), 'same', ''
    yield 'os_info, one bit in its last byte', guest(synth, patch=[(OS_INFO + 4095, b'\1')]), 'same', ''
    yield 'os_info, other version', guest(synth, patch=[(OS_INFO + 12, b'\0\2')], reseal=True), 'same', ''
    yield 'os_info not at a page', guest(synth, patch=[(0xe18, bytes(6) + b'\1\1')]), 'same', ''
    yield 'os_info outside', guest(synth, patch=[(0xe18, b'\x7f' * 6 + bytes(2))]), 'same', ''
    yield 'text outside', guest(synth, patch=[(OS_INFO + 32, b'\x7f' * 8)], reseal=True), 'same', ''
    yield 'text of no bytes', guest(synth, patch=[(OS_INFO + 40, bytes(8))], reseal=True), 'same', ''
    yield 'text changed', guest(synth, patch=[(TEXT, b'o')]), 'differs', sums
    yield 'text changed, note', guest(synth, note=True, patch=[(TEXT, b'o')]), 'differs', sums
    yield 'note outside', guest(synth, os_info=False, patch=[(0xe0c, b'\x7f' * 8)]), 'same', ''
    yield 'note odd', guest(synth, os_info=False, note=True, patch=[(0xe13, b'\1')]), 'same', ''
    yield 'note of another name', guest(synth, os_info=False, note=True, patch=[(NOTE + 12, b'v')]), 'same', ''
    yield 'note of a long name', guest(synth, os_info=False, note=True, patch=[(NOTE, b'\xff' * 4)]), 'same', ''
    yield 'note ends outside', guest(synth, os_info=False, note=True, patch=[(NOTE + 4, b'\0\x10\0\0')]), 'same', ''


def rows(d):
    for part in (header_rows, section_rows, program_rows, note_rows, completion_rows, page_rows, size_rows):
        yield from part(d)


def run(command, output):
    """Does the program accept it? Its output, and what it says."""
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
    text = p.stdout.decode(errors='replace')
    data = None
    if os.path.exists(output):
        with open(output, 'rb') as f:
            data = f.read()
        os.unlink(output)
    return p.returncode, data, text


def judge(tools, work, good, number, row):
    """The problem with one row, or None."""
    name, change, verdict, reason = row
    dump, ours, theirs = (os.path.join(work, f'{number}.{n}') for n in ('dump', 'ours', 'theirs'))
    with open(dump, 'wb') as f:
        f.write(change(bytearray(good.data)))
    rc, mine, text = run([tools[0], 'decrypt', dump, '-k', 'cck', '-o', ours], ours)
    zrc, its, ztext = run([tools[2], '-k', 'cck', '-f', 'elf', dump, theirs], theirs)
    os.unlink(dump)
    if rc not in (0, 1) or (rc == 0) != (mine is not None):
        return f'exit status {rc}, output {mine is not None}: {text}'
    if rc and not re.search(r'^pvdump: .*: .*: ', text, re.M):
        return f'message without object, part and reason: {text}'
    if [n for n in os.listdir(work) if n.startswith(f'{number}.')]:
        return 'a file is left: ' + ' '.join(os.listdir(work))
    seen = {(True, True): 'same' if mine == its else 'differs', (False, False): 'refused',
            (False, True): 'stricter', (True, False): 'wider'}[rc == 0, zrc == 0]
    if seen != verdict:
        return f'{verdict} expected, found {seen}\npvdump: {text}zgetdump: {ztext}'
    return None if (seen in ('stricter', 'differs')) == bool(reason) else 'a reason is missing'


def synth(tools, memory):
    """A good dump of this memory."""
    with tempfile.NamedTemporaryFile(dir='.') as m, tempfile.NamedTemporaryFile(dir='.') as out:
        m.write(memory)
        m.flush()
        subprocess.run([tools[1], '--regs', 'cck', m.name, str(VCPUS), '0', out.name], check=True)
        with open(out.name, 'rb') as f:
            return f.read()


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    tools = [os.path.abspath(a) for a in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        with open('cck', 'wb') as f:
            f.write(bytes(range(32)))
        good = Dump(synth(tools, bytes(i * 31 % 251 + 1 for i in range(MEM // 2)) + bytes(MEM // 2)))
        table = [('no damage', lambda b: b, 'same', '')] + list(rows(good))
        table += guest_rows(lambda memory: synth(tools, memory))
        print(f'KTAP version 1\n1..{len(table)}', flush=True)
        failed = 0
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = pool.map(lambda a: judge(tools, work, good, *a), enumerate(table))
            for number, (row, problem) in enumerate(zip(table, results), 1):
                note = f' ({row[2]}: {row[3]})' if row[3] else ''
                print(f"{'not ok' if problem else 'ok'} {number} - {row[0]}{note}", flush=True)
                if problem:
                    failed += 1
                    print('\n'.join('# ' + line for line in problem.splitlines()), flush=True)
        return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
