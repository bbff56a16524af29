"""Attacks the servers while a well-behaved client is checked; see ../endurance.sh --help.

Read `round_of_trouble`, the conditions of one round; `endure`, all rounds for one server; and `Result.judge`, the limits.
"""

import argparse
import atexit
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

import trouble
from good import LOST, RIGHT, TURNED_AWAY, WRONG, watch
from servers import KINDS, Failed, Screen, Server, copy_programs, free_user, make_site

# The number of short connections in a run of this length, and of processes that make them.
SHORT_CONNECTIONS = 100_000
SHORT_CONNECTIONS_SECONDS = 60
SHORT_CONNECTION_MAKERS = 2

# If making the short connections takes longer than planned, a run is extended up to this factor.
LATE_FACTOR = 6

# For the server that serves one client at a time: periods without clients that occupy it, and with such clients.
BRISK_SECONDS, SLOW_SECONDS = 7.0, 3.0

# The time in which a server must release the resources of clients that have left. A connection that broke while the
# interface was down is only noticed by keepalive, after a minute.
QUIET_SECONDS_MAX = 120.0
# A few more pages that the allocator keeps do not count as growth.
GROWTH_MAX = 1.05
GROWTH_KIB = 512

# Warm-up rounds end when a round uses hardly more memory than the one before.
WARM_UPS_MAX = 5
WARM = 1.02
SOAK_CROWDS = 10

DESCRIPTORS_MAX = 64
THREADS_MORE_MAX = 12
MEMORY_MAX = 80 << 20
CROWD = 400
STAGE_SECONDS = 6.0

AFTERMATH_SECONDS = 2.0

STOPS = 2
STOP_SECONDS = 1.0
LINK_DOWN_SECONDS = 1.0


class Outage:
    """A period in which the script itself may delay the good client, or cause the server to reject it."""

    def __init__(self, what, begin):
        self.what, self.begin, self.end = what, begin, None

    def overlap(self, record):
        return max(0.0, min(self.end, record.end) - max(self.begin, record.begin))

    def keeps_waiting(self, record):
        # Without descriptors no new client is accepted, but connected clients are still served.
        return self.what in ("stopped", "interface down") or (self.what == "descriptors" and not record.is_held)

    def excuses(self, record, web):
        """True if the server was allowed to reject or lose this client, because the outage left no room or no thread.

        This also holds for a short time afterwards: clients that waited while the server was stopped arrive together.
        """
        if record.end < self.begin or record.begin > self.end + AFTERMATH_SECONDS:
            return False
        if record.verdict == TURNED_AWAY:
            # Without descriptors the web server cannot open files either, and answers with an error.
            return not record.is_held or (web and self.what in ("descriptors", "memory"))
        # The web server sends an error to a limited number of rejected clients, and closes the others without one.
        if record.is_held:
            return False
        return self.what in ("threads", "memory") or (web and self.what in ("crowd", "stopped"))


class Result:
    """The results for one server."""

    def __init__(self, kind):
        self.kind = kind
        self.records = []
        self.asked_again = 0
        self.outages = []
        self.counts = {}
        self.replies = self.wrong = self.crashes = 0
        self.before = self.after = None
        self.memories = []  # KiB after each round
        self.peak_kib = 0
        self.faults = []
        self.lines = self.left_out = self.control_characters = 0

    def fault(self, text):
        if text not in self.faults:
            self.faults.append(text)
            print(f"FAULT {self.kind.name}: {text}", flush=True)

    def judge(self):
        """Compares the good client's records and the measured resources with the limits."""
        waits = []
        self.turned_away = 0
        for record in self.records:
            met = [outage for outage in self.outages if outage.overlap(record) > 0]
            # After an interface comes up, TCP retransmits after at most as long again.
            wait = record.end - record.begin - sum(
                outage.overlap(record) for outage in met if outage.keeps_waiting(record)
            )
            if record.verdict == RIGHT:
                waits.append(wait)
            elif record.verdict == WRONG:
                self.wrong += 1
                self.fault(f"a wrong reply: {record.why}")
            elif any(outage.excuses(record, self.kind.is_web) for outage in self.outages):
                self.turned_away += 1
            else:
                during = ", ".join(outage.what for outage in met) or "nothing else"
                on = "held" if record.is_held else "new"
                self.fault(f"on a {on} connection: {record.verdict} {record.why} (during: {during})")
        self.replies += len(waits)
        waits.sort()
        if not waits:
            self.fault("the good client got no reply at all")
            waits = [0.0]
        self.p99_ms = waits[len(waits) * 99 // 100] * 1000
        self.longest_seconds = waits[-1]
        if self.longest_seconds > self.kind.wait_seconds_max:
            self.fault(
                f"the good client waited {self.longest_seconds:.1f} s; the limit is {self.kind.wait_seconds_max:.0f} s"
            )
        if self.peak_kib > self.kind.memory_kib_max:
            self.fault(f"peak memory was {self.peak_kib} KiB; the limit is {self.kind.memory_kib_max} KiB")
        if self.control_characters:
            self.fault(f"{self.control_characters} control characters in the event log")
        for what, before, after in zip(("descriptors", "threads", "KiB"), self.before or (), self.after or ()):
            if after > max(before * GROWTH_MAX, before + (GROWTH_KIB if what == "KiB" else 0)):
                self.fault(f"{after} {what} in use after the run, {before} before")


class Run:
    """One round against a running server: misbehaving clients, and the good client that is checked."""

    def __init__(self, kind, server, result, seed, number):
        self.kind, self.server, self.result = kind, server, result
        self.seed, self.number = seed, number
        self.is_over = multiprocessing.Event()
        self.may_stay = multiprocessing.Event()
        self.processes = []
        self.makers = []
        self.counts = {}
        self.watching, results = multiprocessing.Pipe(duplex=False)
        if not kind.is_sequential:
            self.may_stay.set()
        self._start("good", watch, kind, self._random("good"), self.is_over, results)
        results.close()

    def _random(self, name):
        return random.Random(f"{self.seed}/{self.kind.name}/{self.number}/{name}")

    def _start(self, name, function, *arguments):
        process = multiprocessing.Process(target=_alone, args=(function, *arguments), name=name, daemon=True)
        process.start()
        self.processes.append(process)
        return process

    def world(self, name, at=0):
        counts = {what: multiprocessing.Value("Q", 0, lock=False) for what in ("done", "replies", "wrong")}
        self.counts[f"{name} {at}"] = counts
        return trouble.World(self.kind, self._random(f"{name} {at}"), self.is_over, self.may_stay, counts)

    def make_trouble(self, short_connections):
        for at, function in enumerate(trouble.UDP if self.kind.is_udp else trouble.TCP):
            self._start(function.__name__, trouble.make, function, self.world(function.__name__, at))
        for at in range(0 if self.kind.is_udp else SHORT_CONNECTION_MAKERS):
            count = short_connections // SHORT_CONNECTION_MAKERS
            world = self.world("short_connections", at)
            self.makers.append(self._start("short", trouble.make, trouble.short_connections, world, count))

    def count(self, name):
        return sum(counts["done"].value for key, counts in self.counts.items() if key.rpartition(" ")[0] == name)

    def is_done(self):
        return not any(maker.is_alive() for maker in self.makers)

    @contextmanager
    def outage(self, what):
        """Records an outage around the block."""
        outage = Outage(what, time.monotonic())
        try:
            yield
        finally:
            outage.end = time.monotonic()
            self.result.outages.append(outage)

    def pass_time(self, seconds):
        """Lets the clients continue for a while. Slow clients of the sequential server run only part of the time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.kind.is_sequential:
                into = time.monotonic() % (BRISK_SECONDS + SLOW_SECONDS)
                (self.may_stay.clear if into < BRISK_SECONDS else self.may_stay.set)()
            time.sleep(min(left, 0.1))
            self.check_running()

    def check_running(self):
        if not self.server.is_running():
            self.result.crashes += 1
            status = self.server.process.returncode
            raise Failed(f"`{self.kind.name}` ended with status {status}: {self.server.complaints()}")

    def crowd(self, seconds=1.5, count=CROWD):
        trouble.crowd(self.world("crowd"), 100 if self.kind.is_sequential else count, seconds)
        self.check_running()

    def end(self):
        """Ends all clients, and collects their counts."""
        self.is_over.set()
        self.may_stay.set()
        if self.watching.poll(60):
            records, asked_again = self.watching.recv()
            self.result.records += records
            self.result.asked_again += asked_again
        else:
            self.result.fault("the good client did not finish")
        for process in self.processes:
            process.join(10)
            if process.is_alive():
                process.kill()
                process.join()
        for key, counts in self.counts.items():
            name = key.rpartition(" ")[0]
            self.result.counts[name] = self.result.counts.get(name, 0) + counts["done"].value
            self.result.replies += counts["replies"].value
            self.result.wrong += counts["wrong"].value
            if counts["wrong"].value:
                self.result.fault(f"{counts['wrong'].value} wrong replies to `{name}`")


def _alone(function, *arguments):
    """Runs a client in its process. It ignores Ctrl+C, because the script ends its clients itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    function(*arguments)


def link(state):
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


def round_of_trouble(run, screen):
    """Creates each system condition in turn, while the misbehaving clients continue."""
    server = run.server
    run.pass_time(2)
    with run.outage("crowd"):
        run.crowd()
        run.pass_time(1)
    with run.outage("descriptors"):
        server.limit("nofile", DESCRIPTORS_MAX)
        run.crowd()
        server.limit("nofile", None)
        run.pass_time(1)
    with run.outage("threads"):
        server.limit("nproc", server.threads() + THREADS_MORE_MAX)
        run.crowd()
        server.limit("nproc", None)
        run.pass_time(1)
    screen.is_read.clear()
    run.pass_time(3)
    screen.is_read.set()
    for _ in range(STOPS):
        with run.outage("stopped"):
            server.process.send_signal(signal.SIGSTOP)
            time.sleep(STOP_SECONDS)
            server.process.send_signal(signal.SIGCONT)
        run.pass_time(0.5)
    with run.outage("interface down"):
        link("down")
        time.sleep(LINK_DOWN_SECONDS)
        link("up")
        # TCP retransmits what was sent meanwhile, after at most as long again.
        run.pass_time(2 * LINK_DOWN_SECONDS)
    run.pass_time(1)


def soak(run, screen):
    """Creates peak load: crowds one after the other, while the event log is read or blocked."""
    for at in range(SOAK_CROWDS):
        if at % 2:
            screen.is_read.clear()
        with run.outage("crowd"):
            run.crowd(0.4)
        screen.is_read.set()


def become_quiet(server, expected=None):
    """Waits until a server without clients uses as little as before, and returns its resource use."""
    deadline = time.monotonic() + QUIET_SECONDS_MAX
    while time.monotonic() < deadline and server.is_running():
        use = server.use()
        if expected is None or use[:2] == expected[:2]:
            return use
        time.sleep(0.1)
    return server.use()


def endure(kind, programs, scratch, user, seconds, seed):
    """Runs all rounds against one server."""
    result = Result(kind)
    screen = Screen()
    server = None
    run = None
    short_connections = SHORT_CONNECTIONS * seconds // SHORT_CONNECTIONS_SECONDS
    try:
        server = Server(kind, programs, scratch, user, screen.writing)
        fresh = server.use()
        # Warm-up: the allocator keeps most of the memory that many threads once used, so that is not growth.
        for number in range(WARM_UPS_MAX):
            run = Run(kind, server, result, seed, -number)
            run.make_trouble(short_connections // 10)
            soak(run, screen)
            round_of_trouble(run, screen)
            run.end()
            earlier, result.before = result.before, become_quiet(server, fresh)
            if earlier and result.before[2] <= earlier[2] * WARM:
                break

        begun = time.monotonic()
        number = 0
        while True:
            number += 1
            run = Run(kind, server, result, seed, number)
            run.make_trouble(short_connections)
            round_of_trouble(run, screen)
            while not run.is_done() and time.monotonic() - begun < seconds * LATE_FACTOR:
                run.pass_time(0.2)
            run.end()
            short_connections -= run.count("short_connections")
            result.after = become_quiet(server, fresh)
            result.memories.append(result.after[2])
            if time.monotonic() - begun >= seconds:
                break
        result.peak_kib = server.memory_kib("VmHWM")
        if short_connections > 0 and not kind.is_udp:
            result.fault(f"{short_connections} short connections could not be made in time")
    except Failed as error:
        result.fault(str(error))
        if run:
            run.end()
    finally:
        if server:
            server.stop()
            if server.complaints():
                result.fault(f"standard error: {server.complaints()[:500]}")
        screen.close()
    result.lines, result.left_out = screen.lines, screen.left_out
    result.control_characters = screen.control_characters
    return result


def stage(result, what, number, programs, scratch, user, seed, output, wrapper=(), meanwhile=None):
    """Runs a fresh server in a special environment for a short time."""
    kind = result.kind
    server = run = None
    try:
        server = Server(kind, programs, scratch, user, output, wrapper)
        fresh = server.use()
        run = Run(kind, server, result, seed, number)
        run.make_trouble(SHORT_CONNECTIONS)
        until = time.monotonic() + STAGE_SECONDS
        while time.monotonic() < until:
            if meanwhile:
                meanwhile(run)
            run.pass_time(0.2)
        run.end()
        run = None
        use = become_quiet(server, fresh)
        if use[:2] != fresh[:2]:
            result.fault(f"{what}: {use[:2]} descriptors and threads in use after the run, {fresh[:2]} before")
    except Failed as error:
        result.fault(f"{what}: {error}")
        if run:
            run.end()
    finally:
        if server:
            server.stop()
            if server.complaints():
                result.fault(f"{what}: standard error: {server.complaints()[:500]}")


def find_faketime():
    for folder in ("/usr/lib", "/usr/lib64", "/usr/local/lib"):
        for path, _, files in os.walk(folder):
            if path.endswith("faketime") and "libfaketime.so.1" in files:
                return os.path.join(path, "libfaketime.so.1")
    return None


def other_places(result, programs, scratch, user, seed):
    """Runs fresh servers with little memory, a full disk, a closed pipe, and a clock that jumps."""

    def crowd(run):
        with run.outage("memory"):
            run.crowd(1.0)

    with open(os.devnull, "wb") as nowhere:
        limit = ["prlimit", f"--data={MEMORY_MAX}"]
        stage(result, "little memory", 103, programs, scratch, user, seed, nowhere, limit, crowd)
    with open("/dev/full", "wb") as full:
        stage(result, "full disk", 100, programs, scratch, user, seed, full)
    reading, writing = os.pipe()
    os.close(reading)
    stage(result, "closed pipe", 101, programs, scratch, user, seed, writing)
    os.close(writing)
    library = find_faketime()
    if library is None:
        return
    clock = os.path.join(scratch, "clock")
    offsets = random.Random(f"{seed}/clock")

    def set_clock(_run=None):
        with open(clock + ".new", "w", encoding="ascii") as file:
            file.write(f"{offsets.choice('+-')}{offsets.randrange(1, 3000)}d\n")
        os.replace(clock + ".new", clock)

    set_clock()
    environment = [
        "env",
        f"LD_PRELOAD={library}",
        f"FAKETIME_TIMESTAMP_FILE={clock}",
        "FAKETIME_NO_CACHE=1",
        # Setting a computer's clock does not change its monotonic clock.
        "FAKETIME_DONT_FAKE_MONOTONIC=1",
    ]
    with open(os.devnull, "wb") as nowhere:
        stage(result, "clock", 102, programs, scratch, user, seed, nowhere, environment, set_clock)


def show(results):
    print(
        f"\n{'server':22}{'replies':>10}{'wrong':>7}{'crashes':>9}{'descriptors':>13}{'threads':>9}{'KiB':>15}"
        f"{'peak KiB':>10}{'p99':>10}{'longest':>10}{'limit':>10}"
    )
    for result in results:
        before, after = result.before or ("?",) * 3, result.after or ("?",) * 3
        pairs = [f"{old}→{new}" for old, new in zip(before, after)]
        print(
            f"{result.kind.name:22}{result.replies:>10,}{result.wrong:>7}{result.crashes:>9}{pairs[0]:>13}{pairs[1]:>9}"
            f"{pairs[2]:>15}{result.peak_kib:>10}{f'{result.p99_ms:.1f} ms':>10}{f'{result.longest_seconds:.2f} s':>10}"
            f"{f'{result.kind.wait_seconds_max:.0f} s':>10}"
        )
    print()
    for result in results:
        counts = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in result.counts.items() if count)
        print(f"{result.kind.name}: {counts}")
        print(
            f"    event log: {result.lines:,} lines, {result.left_out:,} left out, {result.control_characters} control"
            f" characters; the good client: {len(result.records):,} requests, {result.turned_away} rejected,"
            f" {result.asked_again} repeated; KiB after each round: {' '.join(map(str, result.memories))}"
        )


def main():
    parser = argparse.ArgumentParser(prog="scripts/endurance.sh")
    parser.add_argument("release")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--servers", nargs="*", default=[])
    arguments = parser.parse_args()

    multiprocessing.set_start_method("fork")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    scratch = tempfile.mkdtemp(prefix="endurance-")
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    results = []
    try:
        link("up")
        make_site(scratch)
        programs = copy_programs(arguments.release, scratch)
        user = free_user()
        for kind in KINDS:
            if arguments.servers and kind.name not in arguments.servers:
                continue
            print(f"-- {kind.name}, at least {arguments.seconds} s, seed {arguments.seed}", flush=True)
            result = endure(kind, programs, scratch, user, arguments.seconds, arguments.seed)
            other_places(result, programs, scratch, user, arguments.seed)
            result.judge()
            results.append(result)
    except KeyboardInterrupt:
        sys.exit(130)
    except Failed as error:
        sys.exit(f"error: {error}")
    show(results)
    if find_faketime() is None:
        print("\nnote: the clock was not changed, because libfaketime is missing (apt-get install libfaketime)")
    faults = sum(len(result.faults) for result in results)
    if faults:
        sys.exit(f"\nerror: {faults} faults; see the lines that start with FAULT")
    print("\nNo server exceeded a limit.")


if __name__ == "__main__":
    main()
