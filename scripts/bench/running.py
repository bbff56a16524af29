"""Starts servers on a core of their own, and reads the processor time and memory that they use."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

HERTZ = os.sysconf("SC_CLK_TCK")
START_SECONDS_MAX = 5.0
STOP_SECONDS_MAX = 8.0


class Failed(Exception):
    """An error that is reported to the user in one line."""


def several_cores():
    return len(os.sched_getaffinity(0)) > 1


def on_core(number, command):
    """The command, pinned to a core: servers run on core 0, the load generator on core 1."""
    return (["taskset", "-c", str(number)] if several_cores() else []) + [str(word) for word in command]


class Server:
    """A running server, with its name in the tables."""

    def __init__(self, name, command, scratch, port=None, screen=None):
        self.name = name
        self.errors = os.path.join(scratch, f"{name}.errors")
        printed = os.path.join(scratch, f"{name}.screen")
        with open(printed, "wb") as output, open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                on_core(0, command), stdin=subprocess.DEVNULL, stdout=screen or output, stderr=errors
            )
        self.port = port if port and self._accepts(port) else self._announced(printed)

    def _wait_for(self, found):
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self.process.poll() is None:
            if result := found():
                return result
            time.sleep(0.01)
        with open(self.errors, encoding="utf-8", errors="replace") as errors:
            why = errors.read().strip() or "it never listened on its port"
        self.stop()
        raise Failed(f"`{self.name}` did not start: {why}")

    def _announced(self, printed):
        def look():
            with open(printed, encoding="utf-8", errors="replace") as screen:
                return re.search(r"listening on \S+:(\d+)\n", screen.read())

        return int(self._wait_for(look)[1])

    def _accepts(self, port):
        """Waits until the kernel's table shows a listening socket. A test connection would count as a client."""

        def look():
            # 0A is a listening TCP socket, 07 a UDP socket without a peer.
            for table, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
                with open(f"/proc/net/{table}", encoding="ascii") as rows:
                    if any(row.split()[1].endswith(f":{port:04X}") and row.split()[3] == state for row in list(rows)[1:]):
                        return True
            return False

        return self._wait_for(look)

    def _tree(self):
        """The process and all its descendants."""
        found = [self.process.pid]
        for process in found:
            try:
                for thread in os.listdir(f"/proc/{process}/task"):
                    with open(f"/proc/{process}/task/{thread}/children", encoding="ascii") as children:
                        found += [int(child) for child in children.read().split()]
            except OSError:
                pass  # the process has ended
        return found

    def cpu_seconds(self):
        """Processor time so far: user and system, including children that have ended."""
        ticks = 0
        for process in self._tree():
            try:
                with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as stat:
                    # The process name in brackets may contain any characters. After it, fields 11 to 14 are utime, stime,
                    # cutime and cstime.
                    ticks += sum(int(field) for field in stat.read().rpartition(")")[2].split()[11:15])
            except OSError:
                pass
        return ticks / HERTZ

    def resident_kib(self):
        sizes = []
        for process in self._tree():
            try:
                with open(f"/proc/{process}/status", encoding="utf-8", errors="replace") as status:
                    sizes += re.findall(r"^VmRSS:\s*(\d+)", status.read(), re.MULTILINE)
            except OSError:
                pass
        return sum(int(size) for size in sizes)

    def stop(self):
        """Ends the process and all its descendants: nginx's workers survive if their master is killed."""
        tree = self._tree()
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            for process in tree:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.process.wait()


def run_load(command):
    """Runs a load generator to its end, and returns its output."""
    done = subprocess.run(on_core(1, command), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"`{' '.join(map(str, command))}` failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def tool(name):
    """The path of an installed program, or None. Debian keeps servers in /usr/sbin, which is not on every PATH."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")


def note(text):
    print(f"note: {text}", file=sys.stderr)
