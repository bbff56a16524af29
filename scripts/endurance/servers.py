"""The servers under test: how each is started, its limits, and the resources it uses."""

import os
import re
import resource
import shutil
import signal
import subprocess
import threading
import time

START_SECONDS_MAX = 10.0
STOP_SECONDS_MAX = 8.0

# How much of the event log is kept for error messages, and how much is read at once.
SCREEN_BYTES_KEPT = 4000
SCREEN_BYTES_AT_ONCE = 1 << 16

# The contents of a file beside the root, which no client may ever receive.
CANARY = b"this lies outside the root"

# Control characters in UTF-8, except the newlines that end the server's lines.
CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")


class Failed(Exception):
    """An error that is reported to the user in one line."""


class Kind:
    """One of the servers, and its limits."""

    def __init__(self, name, arguments, port, wait_seconds_max, memory_kib_max, clients_max=None):
        self.name = name
        self.arguments = arguments
        self.port = port  # always free: the network namespace contains nothing else
        self.wait_seconds_max = wait_seconds_max
        self.memory_kib_max = memory_kib_max
        self.clients_max = clients_max

    @property
    def is_udp(self):
        return self.name == "udp-echo-server" or self.is_relay

    @property
    def is_relay(self):
        return self.name == "udp-relay"

    @property
    def is_web(self):
        return self.name == "http-file-server"

    @property
    def is_sequential(self):
        return self.name == "tcp-echo-server"

    @property
    def has_threads(self):
        return self.clients_max is not None


# The port of the echo server that the relay sends to.
BEHIND_RELAY_PORT = 25006

# Limits of waiting. For a server with a thread per client, 5 s is far more than a busy machine needs. In a flood many
# datagrams are lost, and the client notices each loss only after a timeout. The server that serves one client at a time
# makes the others wait while earlier clients stay: see `STAYS` in trouble.py.
KINDS = [
    Kind("udp-echo-server", [], 25001, 20.0, 12 * 1024),
    Kind("tcp-echo-server", [], 25002, 20.0, 12 * 1024),
    Kind("tcp-threaded-server", ["--max-clients", "300"], 25003, 5.0, 40 * 1024, 300),
    Kind(
        "http-file-server",
        # Short timeouts, so that each expires several times during a run.
        ["--max-connections", "300", "--request-timeout", "3s", "--idle-timeout", "3s", "--write-timeout", "3s"],
        25004,
        5.0,
        60 * 1024,
        300,
    ),
    # It forgets silent clients quickly, because most of them send a few datagrams from a new port and vanish.
    Kind(
        "udp-relay",
        ["--to", f"127.0.0.1:{BEHIND_RELAY_PORT}", "--forget-after", "2s", "--drop", "2%", "--delay", "2ms"]
        + ["--jitter", "2ms", "--duplicate", "5%", "--reorder", "2%"],
        25005,
        20.0,
        96 * 1024,
    ),
]

FILES = {
    "hello.txt": b"Hello from a file.\n",
    "page.html": b"<!DOCTYPE html>\n<title>Page</title>\n" + b"<p>a line of text\n" * 400,
    "large.bin": bytes(range(256)) * 4096,
}


def make_site(folder):
    """Creates a root with files of several sizes, one larger than any buffer, and the canary beside the root."""
    root = os.path.join(folder, "site")
    os.mkdir(root)
    for name, contents in FILES.items():
        with open(os.path.join(root, name), "wb") as file:
            file.write(contents)
    with open(os.path.join(root, "huge.bin"), "wb") as file:
        file.truncate(256 << 20)
    with open(os.path.join(folder, "canary"), "wb") as file:
        file.write(CANARY)
    os.symlink("../canary", os.path.join(root, "link"))
    return root


def free_user():
    """A user without other processes, because the system counts threads per user."""
    if os.geteuid() != 0 or not _is_real_root():
        return None
    taken = set()
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            taken.add(os.stat(f"/proc/{process}").st_uid)
        except OSError:
            pass  # the process has ended
    return next(user for user in range(61_000, 65_000) if user not in taken)


def _is_real_root():
    with open("/proc/self/uid_map", encoding="ascii") as rows:
        return rows.read().split()[2] != "1"


class Screen:
    """The reading end of a server's event log, which can also be left unread. Checks every byte."""

    def __init__(self):
        self.reading, self.writing = os.pipe()
        self.kept = b""
        self.lines = 0
        self.left_out = 0
        self.control_characters = 0
        self.is_read = threading.Event()
        self.is_read.set()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while chunk := os.read(self.reading, SCREEN_BYTES_AT_ONCE):
            self.lines += chunk.count(b"\n")
            self.control_characters += len(CONTROL.findall(chunk))
            for count in re.findall(rb"\((\d+) lines left out", chunk):
                self.left_out += int(count)
            self.kept = (self.kept + chunk)[-SCREEN_BYTES_KEPT:]
            self.is_read.wait()

    def close(self):
        self.is_read.set()
        os.close(self.writing)
        self._reader.join(1.0)


class Server:
    """A running server."""

    def __init__(self, kind, programs, scratch, user, output, wrapper=()):
        self.kind = kind
        self.user = user
        self.errors = os.path.join(scratch, f"{kind.name}.errors")
        command = ["setpriv", "--pdeathsig", "KILL"]
        if user is not None:
            command += [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        command += [*wrapper, os.path.join(programs, kind.name), "127.0.0.1", str(kind.port), *kind.arguments]
        if kind.is_web:
            command += ["--root", os.path.join(scratch, "site")]
        self.behind = None
        if kind.is_relay:
            behind = [os.path.join(programs, "udp-echo-server"), "127.0.0.1", str(BEHIND_RELAY_PORT), "--quiet"]
            self.behind = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *behind],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env={**os.environ, "RUST_BACKTRACE": "0"},
                preexec_fn=_raise_descriptors,
                start_new_session=True,  # Ctrl+C reaches only the script, which ends the server
            )
        self._await_socket()

    def _await_socket(self):
        """Waits for the socket in the kernel's table: with a full disk, the server cannot print `listening on`."""
        table, state = ("/proc/net/udp", "07") if self.kind.is_udp else ("/proc/net/tcp", "0A")
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self.is_running():
            with open(table, encoding="ascii") as rows:
                for row in list(rows)[1:]:
                    if row.split()[1].endswith(f":{self.kind.port:04X}") and row.split()[3] == state:
                        return
            time.sleep(0.01)
        raise Failed(f"`{self.kind.name}` did not start: {self.complaints() or 'it never listened'}")

    def is_running(self):
        return self.process.poll() is None

    def complaints(self):
        """Standard error without notes. A panic appears here even if it ended only one thread."""
        with open(self.errors, encoding="utf-8", errors="replace") as errors:
            return "".join(line for line in errors if not line.startswith("note: ")).strip()

    def limit(self, what, soft):
        """Sets a resource limit of the running process; `None` restores it. Runs as the process's user or as root."""
        if soft is None:
            soft = _usual(what)
        command = ["prlimit", "--pid", str(self.process.pid), f"--{what}={soft}:"]
        if self.user is not None:
            command = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", *command]
        if self.is_running():
            subprocess.run(command, check=True)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def memory_kib(self, field="VmRSS"):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8", errors="replace") as status:
            return int(re.search(rf"^{field}:\s*(\d+)", status.read(), re.MULTILINE)[1])

    def use(self):
        """Descriptors, threads and resident KiB in use."""
        return self.descriptors(), self.threads(), self.memory_kib()

    def stop(self):
        if self.is_running():
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.behind:
            self.behind.kill()
            self.behind.wait()


def _raise_descriptors():
    """Allows the most descriptors, so that only the server's own limit rejects clients."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _usual(what):
    """The limit with which the server was started."""
    soft, hard = resource.getrlimit(getattr(resource, f"RLIMIT_{what.upper()}"))
    limit = hard if what == "nofile" else soft
    return "unlimited" if limit == resource.RLIM_INFINITY else limit


def copy_programs(release, scratch):
    """Copies the programs to a folder that the server's user can read."""
    programs = os.path.join(scratch, "programs")
    os.mkdir(programs)
    for kind in KINDS:
        shutil.copy(os.path.join(release, kind.name), programs)
    os.chmod(scratch, 0o755)
    return programs
