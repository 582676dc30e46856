#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# What machine/bridge does with good, long and hostile lines, and at the end of QEMU.
"""usage: bridge.py BRIDGE QEMU OBJECT PROGRAM FIRMWARE-DIRECTORY (machine/tests/run calls it)"""
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time


class Port:
    """Stands for the chardev of softuv.control: a server that the bridge connects to."""

    def __init__(self, path):
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen(1)
        self.sock = None
        self.buf = b""

    def accept(self):
        self.server.settimeout(20)
        self.sock = self.server.accept()[0]
        self.sock.settimeout(20)

    def ask(self, data):
        self.sock.sendall(data)
        return self.reply()

    def reply(self):
        while b"\n" not in self.buf:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError("bridge closed the port")
            self.buf += data
        line, _, self.buf = self.buf.partition(b"\n")
        return line.decode()


FAILED = []


def check(what, cond, got=""):
    if not cond:
        FAILED.append(what)
        print(f"{what}: got '{got[:200]}'")


def dialogue(port):
    """Every line gets exactly one reply, whatever it is."""
    cases = [
        ("sie", b"sie\n", "ok sie=null exit=null"),
        ("sie exit", b"sie exit=wait\n", "ok exit=wait"),
        ("state kept", b"sie\n", "ok sie=null exit=wait"),
        ("bad value", b"sie exit=later\n", "error: sie:"),
        ("softuv's own command", b"rule list\n", "ok rules=0"),
        ("unknown command", b"frobnicate\n", "error: "),
        ("empty line", b"\n", "error: "),
        ("carriage return", b"sie\r\n", "ok sie=null"),
        ("NUL byte", b"sie\0\n", "error: line has a character"),
        ("not ASCII", "sië\n".encode(), "error: line has a character"),
        ("quotes", b'sie "}],{\\\n', "error: "),
        ("longest line", b"x" * 4096 + b"\n", "error: "),
        ("too long", b"x" * 4097 + b"\n", "error: line longer than"),
        ("far too long", b"y" * 3000000 + b"\n", "error: line longer than"),
        ("good after bad", b"sie\n", "ok sie=null"),
    ]
    for what, line, want in cases:
        got = port.ask(line)
        check(what, got.startswith(want), got)
    got = port.ask(b"sie exit=stop\nsie\nsie exit=null\n")
    check("three lines in one piece", got == "ok exit=stop", got)
    got = port.reply()
    check("second of three", "exit=stop" in got, got)
    got = port.reply()
    check("third of three", got == "ok exit=null", got)
    port.sock.sendall(b"s")
    time.sleep(0.1)
    got = port.ask(b"ie\n")
    check("line in two pieces", got.startswith("ok sie=null"), got)


def not_qmp(bridge, where):
    """A server that is no QEMU: an error, no traceback."""
    path = os.path.join(where, "fake.sock")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(1)

    def serve():
        conn = server.accept()[0]
        conn.sendall(b"220 hello\r\n")
        conn.close()

    thread = threading.Thread(target=serve)
    thread.start()
    run = subprocess.run([bridge, path, path], capture_output=True, text=True, timeout=30, check=False)
    thread.join()
    check("not a QMP socket", run.returncode == 1 and "not a usable QMP socket" in run.stderr and
          "Traceback" not in run.stderr, run.stderr)


def main(argv):
    bridge, qemu, obj, program, firmware = argv
    with tempfile.TemporaryDirectory() as where:
        qmp = os.path.join(where, "qmp.sock")
        control = os.path.join(where, "control.sock")
        usage = subprocess.run([bridge], capture_output=True, text=True, check=False)
        check("usage", usage.returncode == 2 and "usage" in usage.stderr, usage.stderr)
        not_qmp(bridge, where)
        port = Port(control)
        machine = subprocess.Popen(
            [qemu, "-machine", "s390-ccw-virtio", "-m", "3G", "-nodefaults", "-display", "none", "-L", firmware,
             "-cpu", "max,sief2=on,uvc=on", "-object", f"{obj},sie=null", "-kernel", program, "-S",
             "-qmp", f"unix:{qmp},server=on,wait=off"],
            stderr=subprocess.DEVNULL)
        try:
            child = subprocess.Popen([bridge, qmp, control])
            port.accept()
            dialogue(port)
            machine.terminate()
            machine.wait(20)
            try:
                port.sock.sendall(b"sie\n")
            except OSError:
                pass
            check("ends with QEMU", child.wait(20) == 0, str(child.returncode))
        finally:
            machine.kill()
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
