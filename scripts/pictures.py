#!/usr/bin/env python3
"""Draws the picture of the message flow in each lab's handout.

usage: pictures.py [--draw] [--programs DIR]... [LAB]...

For each LAB (default: all five) this runs the lab's programs on the hosts of topology.sh under strace, captures their
packets on the server's host, stores both in crates/labcapture/tests/flows/LAB, and draws labs/LAB/flow.svg from them.
`cargo test -p labcapture flow` fails if a picture and the stored runs differ.

  --draw          only draws, from the stored runs
  --programs DIR  takes the programs from DIR; can be given several times, the first DIR that has a program counts
                  (default: builds all programs; target/debug/examples, with the model solutions, then target/debug)

Clients always use port 51000, and they send when the servers wait, so two recordings give the same picture. Reading the
clock is not a system call on Linux, so a small library makes it one in the runs of rtt-client.

Needs Linux on x86_64 or aarch64, Rust, a C compiler, strace, and the tools that topology.sh needs to capture.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOPOLOGY = str(ROOT / "scripts/topology.sh")
RUNS = ROOT / "crates/labcapture/tests/flows"
WAIT_S = 20
CALLS = "network,read,close,openat,openat2,clone,clone3,clock_gettime"

# Every message is sent so much later that its receiver already waits for it.
SEND_DELAY_US = 50_000

# The system calls in which a program waits for the network, as /proc/PID/syscall shows them.
NUMBERS = {"x86_64": {"accept": "288", "recv": "45"}, "aarch64": {"accept": "242", "recv": "207"}}

CLOCK = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *time) { return (int)syscall(SYS_clock_gettime, clock, time); }
"""

FILE, FILE_TEXT = "hello.txt", "hello from rpi-a\n"
# It closes its connection when its input ends.
HTTP_CLIENT = f"""
import socket, sys
connection = socket.socket()
connection.connect(("10.0.3.1", 6789))
connection.sendall(b"GET /{FILE} HTTP/1.1\\r\\nHost: 10.0.3.1:6789\\r\\nConnection: close\\r\\n\\r\\n")
while connection.recv(65536):
    pass
sys.stdin.read()
connection.close()
"""


class Failure(Exception):
    """Why a run was not recorded."""


def wait_for(what, condition):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(f"{what} took more than {WAIT_S} s")
        time.sleep(0.01)


class Bench:
    """Three hosts, with a capture on the server's host."""

    def __init__(self, folder, programs):
        self.folder, self.programs, self.started = folder, programs, []
        self.name = f"pictures-{os.getpid()}"

    def __enter__(self):
        self.topology("up")
        for host in "BC":
            self.topology("exec", host, "sh", "-c", "echo 51000 51000 >/proc/sys/net/ipv4/ip_local_port_range")
        self.topology("capture", "A", str(self.folder / "capture.pcap"))
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.topology("stop", "A")
        finally:
            for program in self.started:
                program.end()
            self.topology("down")

    def topology(self, *words):
        subprocess.run([TOPOLOGY, "--name", self.name, *words], check=True, stdout=subprocess.DEVNULL)

    def start(self, host, trace, *command, library=None):
        program = Program(self, host, trace, [self.find(command[0]), *command[1:]], library)
        self.started.append(program)
        return program

    def server(self, *command):
        """Starts a server on host A, and waits until it waits for clients."""
        server = self.start("A", "server", *command)
        server.read_to("listening on")
        return server

    def find(self, name):
        found = (folder / name for folder in self.programs if (folder / name).is_file())
        return str(next(found, shutil.which(name) or name))


class Program:
    """A program that runs under strace."""

    def __init__(self, bench, host, trace, command, library):
        self.raw, self.trace = bench.folder / f"{trace}.raw", bench.folder / f"{trace}.strace"
        strace = ["strace", "-f", "-ttt", "-T", "-s", "64", "-o", str(self.raw)]
        strace += ["-e", f"trace={CALLS}", "-e", f"inject=sendto:delay_enter={SEND_DELAY_US}"]
        if library:
            strace += ["-E", f"LD_PRELOAD={library}"]
        exec_there = [TOPOLOGY, "--name", bench.name, "exec", host]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(exec_there + strace + command, stdin=pipe, stdout=pipe, text=True)

    def traced(self):
        """The process that strace started, if it has done so."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return next(iter(children.read_text(encoding="ascii").split()), None)

    def read_to(self, text):
        """Reads output up to a line with this text."""
        if any(text in line for line in self.process.stdout):
            return
        raise Failure(f"`{self.process.args[-1]}` ended without printing `{text}`")

    def waits_in(self, call, threads=1):
        """Waits until this many threads wait in a call."""
        number = NUMBERS[platform.machine()][call]

        def count():
            files = Path(f"/proc/{self.traced()}/task").glob("*/syscall")
            return sum(file.read_text(encoding="ascii").split()[0] == number for file in files)

        wait_for(f"waiting in `{call}`", lambda: count() == threads)

    def threads(self):
        return len(os.listdir(f"/proc/{self.traced()}/task"))

    def calls(self):
        """Its calls so far, as strace writes them."""
        return self.raw.read_text(encoding="utf-8")

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def close(self):
        """Ends the input, and waits for the end of the program."""
        self.process.stdin.close()
        self.process.wait(WAIT_S)

    def end(self):
        """Ends the program, and stores its calls without those of its start-up."""
        if self.process.poll() is None:
            subprocess.run(["kill", "-KILL", self.traced() or str(self.process.pid)], check=False)
            self.process.wait(WAIT_S)
        if self.raw.exists():
            self.trace.write_text(tidy(self.raw.read_text(encoding="utf-8")), encoding="utf-8")
            self.raw.unlink()


def tidy(trace):
    """Leaves out the files that a program loads, and numbers the threads."""
    kept, threads, ours, left_out = [], [], set(), {}
    for line in trace.splitlines():
        thread, _, rest = line.split(maxsplit=2)
        if thread not in threads:
            threads.append(thread)
        call = re.match(r"(?:<\.\.\. )?(\w+)", rest)
        call = call[1] if call else ""
        if "resumed>" in rest:
            if left_out.pop(thread, False):
                continue
            if call == "accept4":
                ours.update(re.findall(r"= (\d+)", rest))
        elif call in ("openat", "openat2"):
            if f'"{FILE}"' not in rest and f"/{FILE}\"" not in rest:
                left_out[thread] = "<unfinished" in rest
                continue
            ours.add(re.search(r"= (\d+)", rest)[1])
            rest = re.sub(rf'"[^"]*{FILE}"', f'"{FILE}"', rest)
            line = f"{line.split(rest[:4])[0]}{rest}"
        elif call in ("read", "close", "socket", "accept4"):
            number = re.match(r"\w+\((\d+)", rest)
            if call in ("socket", "accept4"):
                ours.update(re.findall(r"= (\d+)", rest))
            elif number and number[1] not in ours:
                left_out[thread] = "<unfinished" in rest
                continue
        kept.append(line)
    text = "\n".join([*kept, ""])
    for number, thread in enumerate(threads, 1):
        text = re.sub(rf"\b{thread}\b", str(number), text)
    return text


def udp_echo(bench):
    server = bench.server("udp-echo-server", "10.0.3.1")
    server.waits_in("recv")
    client = bench.start("B", "client-1", "udp-echo-client", "10.0.3.1")
    client.type("hello")
    client.read_to("From server: HELLO")
    server.waits_in("recv")
    client.close()


def connect(bench, server, number, text, threads):
    """Connects a client from host B or C, and sends a line as soon as the server waits for it."""
    client = bench.start("ABC"[number], f"client-{number}", "tcp-echo-client", "10.0.3.1", "--timeout", "60s")
    server.waits_in("recv", threads)
    client.type(text)
    client.read_to("From server:")
    server.waits_in("recv", threads)
    return client


def tcp_echo(bench):
    server = bench.server("tcp-echo-server", "10.0.3.1")
    server.waits_in("accept")
    first = connect(bench, server, 1, "hello", 1)
    second = bench.start("C", "client-2", "tcp-echo-client", "10.0.3.1", "--timeout", "60s")
    second.type("me too")
    second.waits_in("recv")
    first.close()
    second.read_to("From server:")
    server.waits_in("recv")
    second.close()
    server.waits_in("accept")


def tcp_threaded(bench):
    server = bench.server("tcp-threaded-server", "10.0.3.1")
    server.waits_in("accept")
    first = connect(bench, server, 1, "hello", 1)
    second = connect(bench, server, 2, "me too", 2)
    for client in (first, second):
        threads = server.threads()
        client.close()
        wait_for("the end of the client's thread", lambda: server.threads() < threads)


def rtt(bench, protocol):
    library = bench.folder / "clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, "-x", "c", "-"], input=CLOCK, text=True, check=True)
    server = bench.server(f"{protocol}-echo-server", "10.0.3.1")
    server.waits_in("recv" if protocol == "udp" else "accept")
    client = bench.start("B", "client-1", "rtt-client", protocol, "10.0.3.1", "--count", "1", library=library)
    client.type("hello")
    client.close()
    server.waits_in("recv" if protocol == "udp" else "accept")
    library.unlink()


def http_file_server(bench):
    site = bench.folder / "site"
    site.mkdir()
    (site / FILE).write_text(FILE_TEXT, encoding="ascii")
    server = bench.server("http-file-server", "10.0.3.1", "--root", str(site))
    server.waits_in("accept")
    threads = server.threads()
    client = bench.start("B", "client-1", "python3", "-c", HTTP_CLIENT)
    wait_for("the response", lambda: "SHUT_WR" in server.calls())
    server.waits_in("recv")
    client.close()
    wait_for("the end of the thread", lambda: server.threads() == threads)
    shutil.rmtree(site)


# For each lab, its runs, each with the directory that it is stored in.
LABS = {
    "udp-echo": {"": udp_echo},
    "tcp-echo": {"": tcp_echo},
    "tcp-threaded": {"": tcp_threaded},
    "rtt-client": {"udp": lambda bench: rtt(bench, "udp"), "tcp": lambda bench: rtt(bench, "tcp")},
    "http-file-server": {"": http_file_server},
}


def record(lab, programs):
    for name, run in LABS[lab].items():
        with tempfile.TemporaryDirectory() as folder:
            with Bench(Path(folder), programs) as bench:
                run(bench)
            place = RUNS / lab / name
            place.mkdir(parents=True, exist_ok=True)
            for file in sorted(Path(folder).iterdir()):
                (place / file.name).write_bytes(file.read_bytes())


def draw(lab):
    command = ["cargo", "run", "--quiet", "-p", "labcapture", "--", "flow", lab, str(RUNS / lab)]
    picture = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    (ROOT / "labs" / lab / "flow.svg").write_bytes(picture)


def main():
    parser = argparse.ArgumentParser(usage="pictures.py [--draw] [--programs DIR]... [LAB]...", description=__doc__)
    parser.format_help = lambda: __doc__.strip() + "\n"
    parser.add_argument("--draw", action="store_true")
    parser.add_argument("--programs", action="append", type=Path)
    parser.add_argument("labs", nargs="*", metavar="LAB")
    arguments = parser.parse_args()
    unknown = [lab for lab in arguments.labs if lab not in LABS]
    if unknown:
        parser.error(f"`{unknown[0]}` is not a lab; choose from {', '.join(LABS)}")
    tools = {"strace": "strace", "cc": "gcc", "dumpcap": "wireshark-common"}
    missing = [package for tool, package in tools.items() if not shutil.which(tool)]
    if missing and not arguments.draw:
        print(f"error: a tool is missing; to get it: sudo apt install {' '.join(missing)}", file=sys.stderr)
        return 1
    programs = arguments.programs or [ROOT / "target/debug/examples", ROOT / "target/debug"]
    try:
        if not (arguments.draw or arguments.programs):
            packages = [word for lab in LABS for word in ("-p", lab)]
            subprocess.run(["cargo", "build", "--quiet", *packages, "--bins", "--examples"], cwd=ROOT, check=True)
        for lab in arguments.labs or LABS:
            if not arguments.draw:
                record(lab, [folder.resolve() for folder in programs])
            draw(lab)
            print(f"labs/{lab}/flow.svg")
    except (Failure, OSError, subprocess.SubprocessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
