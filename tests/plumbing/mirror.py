#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A small HTTP server that plays a Debian mirror with its faults, and a proxy.

usage: mirror.py DIRECTORY
Serves DIRECTORY/www on a free port of 127.0.0.1, which it writes to DIRECTORY/port. Each request is a line in
DIRECTORY/requests. What DIRECTORY/rules says about a path, as lines "PATH RULE", counts from the next request on:
  cut N     sends N bytes, and then closes, once for each line
  short N   the same each time
  stall     sends the first half and nothing more
  slow MS   waits before the answer
  auth U:P  wants these credentials
A request with a whole URI, as a proxy gets it, is answered for any host.
"""

import base64
import functools
import http.server
import os
import sys
import threading
import time
import urllib.parse


class Mirror:
    def __init__(self, directory):
        self.directory = directory
        self.lock = threading.Lock()
        self.cut = {}
        self.busy = 0

    def rules(self, path):
        found = {}
        try:
            with open(os.path.join(self.directory, "rules"), encoding="utf-8") as lines:
                for line in lines:
                    word = line.split()
                    if word and word[0] == path:
                        found[word[1]] = word[2] if len(word) > 2 else ""
        except FileNotFoundError:
            pass
        return found

    def note(self, text):
        with self.lock, open(os.path.join(self.directory, "requests"), "a", encoding="utf-8") as log:
            log.write(text + "\n")

    def enter(self):
        with self.lock:
            self.busy += 1
            return self.busy

    def leave(self):
        with self.lock:
            self.busy -= 1

    def cut_now(self, path):
        with self.lock:
            self.cut[path] = self.cut.get(path, 0) + 1
            return self.cut[path] == 1


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, mirror, *args):
        self.mirror = mirror
        super().__init__(*args)

    def log_message(self, *args):
        pass

    def do_GET(self):
        busy = self.mirror.enter()
        try:
            self.answer(busy)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            self.mirror.leave()

    def refuse(self, status, *header):
        self.send_response(status)
        for name, value in header:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, busy):
        uri = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(uri.path)
        start = int(self.headers.get("Range", "bytes=0-").split("=")[1].split("-")[0])
        self.mirror.note(f"{path} from={start} busy={busy} proxy={uri.netloc or '-'}")
        rules = self.mirror.rules(path)
        if "slow" in rules:
            time.sleep(int(rules["slow"]) / 1000)
        if "auth" in rules:
            want = "Basic " + base64.b64encode(rules["auth"].encode()).decode()
            if self.headers.get("Authorization") != want:
                self.refuse(401, ("WWW-Authenticate", "Basic"))
                return
        try:
            with open(self.mirror.directory + "/www" + os.path.normpath(path), "rb") as file:
                data = file.read()
        except (FileNotFoundError, IsADirectoryError):
            self.refuse(404)
            return
        if start >= len(data) > 0:
            self.refuse(416, ("Content-Range", f"bytes */{len(data)}"))
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.end_headers()
        if "stall" in rules:
            self.wfile.write(data[start : len(data) // 2])
            self.wfile.flush()
            time.sleep(15)
            self.close_connection = True
        elif "short" in rules or ("cut" in rules and self.mirror.cut_now(path)):
            self.wfile.write(data[start : int(rules.get("short") or rules["cut"])])
            self.close_connection = True
        else:
            self.wfile.write(data[start:])


def main():
    mirror = Mirror(sys.argv[1])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, mirror))
    server.daemon_threads = True
    with open(mirror.directory + "/port.new", "w", encoding="utf-8") as port:
        port.write(f"{server.server_address[1]}\n")
    os.rename(mirror.directory + "/port.new", mirror.directory + "/port")
    server.serve_forever()


main()
