#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rates of "pvdump decrypt", as ratios of one run.

usage: decrypt.py PVDUMP MKSYNTH DUMP_PAGES [ZGETDUMP]      prints KTAP and lines "bench <name> decrypt <value> <unit>"

The dump is the worst case: no page of it is zero. Input and output are on tmpfs, whose own cost limits what can be
reached: a plain copy of the file is the roof of the rate on one CPU, and as the kernel lets one thread write to a file at
a time, writing alone is the roof on two. Both are printed; the limits are the same where a roof is below them.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time

SIZE = 512 << 20
SMALL = 32 << 20
GIB = 1 << 30
TRIES = 7
LIMIT_PAGES = 0.8       # of OpenSSL's rate: pages in memory
LIMIT_PROGRAM = 0.3     # of OpenSSL's rate: the whole program, one CPU
LIMIT_TWO = 1.7         # of the rate on one CPU: on two
LIMIT_ZGETDUMP = 50     # times less CPU time than zgetdump
IDLE = 1.8              # what two CPUs have to compute of one, or their rate says nothing


def run(command, cpus):
    """Seconds, and CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   preexec_fn=lambda: os.sched_setaffinity(0, cpus))
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def idle(pages, cpus):
    """How much two CPUs compute more than one: 2, unless others use them."""
    def seconds(used):
        start = time.monotonic()
        programs = [subprocess.Popen([pages], stdout=subprocess.DEVNULL,
                                     preexec_fn=lambda c=c: os.sched_setaffinity(0, {c})) for c in used]
        for p in programs:
            p.wait()
        return time.monotonic() - start
    alone = min(seconds(cpus[:1]) for _ in range(3))
    return 2 * alone / min(seconds(cpus[:2]) for _ in range(3))


def make_dump(mksynth, size):
    with open('memory', 'wb') as f:
        for _ in range(size >> 20):
            f.write(os.urandom(1 << 20))
    subprocess.run([mksynth, 'cck', 'memory', '2', '0', f'{size}.dump'], check=True)
    os.unlink('memory')
    return f'{size}.dump'


def decrypt(pvdump, dump, cpus):
    if os.path.exists('core'):
        os.unlink('core')
    return run([pvdump, 'decrypt', dump, '-k', 'cck', '-o', 'core', '-j', str(len(cpus))], cpus)


def copy(source, cpus):
    if os.path.exists('core'):
        os.unlink('core')
    return run(['dd', f'if={source}', 'of=core', 'bs=256k', f'count={SIZE >> 18}'], cpus)


def zgetdump(program, dump, cpus):
    if os.path.exists('core'):
        os.unlink('core')
    return run([program, '-k', 'cck', '-f', 'elf', dump, 'core'], cpus)[1]


class Report:
    def __init__(self):
        self.number = self.failed = 0

    def bench(self, name, value, unit):
        print(f'bench {name} decrypt {value} {unit}', flush=True)

    def at_least(self, name, value, limit, text):
        self.number += 1
        good = value >= limit
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}: {value:.2f}, at least {limit:.2f} ({text})", flush=True)

    def skip(self, name, reason):
        self.number += 1
        print(f'ok {self.number} - {name} # SKIP {reason}', flush=True)


def measure(tools, report):
    pvdump, mksynth, pages = tools[:3]
    cpus = sorted(os.sched_getaffinity(0))
    one, two = set(cpus[:1]), set(cpus[:2])
    raw, ours = (int(n) for n in subprocess.run([pages], check=True, stdout=subprocess.PIPE).stdout.split())
    report.bench('openssl', raw, 'MB/s')
    report.bench('pages', ours, 'MB/s')
    report.at_least('pages in memory', ours / raw, LIMIT_PAGES, "of OpenSSL's AES-256-XTS on 4 KiB blocks")
    dump = make_dump(mksynth, SIZE)
    results = {'one': [], 'two': [], 'copy': [], 'write': []}
    for _ in range(TRIES):      # in turns: others use the machine, too
        results['one'].append(decrypt(pvdump, dump, one))
        results['two'].append(decrypt(pvdump, dump, two))
        results['copy'].append(copy(dump, one))
        results['write'].append(copy('/dev/zero', one))
    wall = {k: min(w for w, _ in v) for k, v in results.items()}
    cpu = {k: min(c for _, c in v) for k, v in results.items()}
    report.bench('program', f'{SIZE / wall["one"] / 1e6:.0f}', 'MB/s')
    report.bench('program-2-cpus', f'{SIZE / wall["two"] / 1e6:.0f}', 'MB/s')
    report.bench('plain-copy', f'{SIZE / wall["copy"] / 1e6:.0f}', 'MB/s')
    report.bench('plain-write', f'{SIZE / wall["write"] / 1e6:.0f}', 'MB/s')
    report.bench('cpu-per-gib', f'{cpu["one"] * GIB / SIZE:.2f}', 's')
    roof = SIZE / cpu['copy'] / 1e6 / raw
    report.at_least('whole program on one CPU', SIZE / cpu['one'] / 1e6 / raw, LIMIT_PROGRAM,
                    f"of OpenSSL's rate, by CPU time; a plain copy has {roof:.2f}")
    computing = idle(pages, cpus) if len(two) == 2 else 0
    if len(two) == 2 and computing < IDLE:
        report.skip('two CPUs', f'others use them: computing alone has {computing:.2f} times one CPU')
    elif len(two) == 2:
        roof = wall['one'] / wall['write']
        report.at_least('two CPUs', wall['one'] / wall['two'], LIMIT_TWO,
                        f'times one CPU; writing alone has {roof:.2f}')
    else:
        report.skip('two CPUs', 'there is one')
    return cpu['one'] * GIB / SIZE, computing and computing < IDLE


def witness(tools, report, ours, busy):
    if len(tools) < 4:
        report.skip("zgetdump's CPU time", 'zgetdump cannot be had')
        return
    one = {min(os.sched_getaffinity(0))}
    small, large = make_dump(tools[1], 1 << 20), make_dump(tools[1], SMALL)
    start = min(zgetdump(tools[3], small, one) for _ in range(3))
    theirs = (zgetdump(tools[3], large, one) - start) * GIB / (SMALL - (1 << 20))
    report.bench('zgetdump-cpu-per-gib', f'{theirs:.1f}', 's')
    if busy and theirs / ours < LIMIT_ZGETDUMP:
        report.skip("zgetdump's CPU time", f"{theirs / ours:.1f} times pvdump's, but others slow the memory down")
        return
    report.at_least("zgetdump's CPU time", theirs / ours, LIMIT_ZGETDUMP, "times pvdump's")


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    tools = [os.path.abspath(a) for a in sys.argv[1:]]
    free = os.statvfs('/dev/shm')
    print('KTAP version 1\n1..4', flush=True)
    if free.f_bavail * free.f_frsize < 3 * SIZE:
        for n in range(4):
            print(f'ok {n + 1} - decrypt # SKIP less than 1.5 GiB free in /dev/shm')
        return 0
    report = Report()
    with tempfile.TemporaryDirectory(dir='/dev/shm', prefix='pvdump-bench.') as work:
        os.chdir(work)
        with open('cck', 'wb') as f:
            f.write(os.urandom(32))
        witness(tools, report, *measure(tools, report))
    return 1 if report.failed else 0


if __name__ == '__main__':
    sys.exit(main())
