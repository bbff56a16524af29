"""Compares our programs with common alternatives. Called by scripts/bench.sh; see its --help."""

import argparse
import datetime
import functools
import json
import os
import platform
import random
import socket
import subprocess
import sys
import tempfile

from echo import Bench
from round_trip import RoundTrip
from running import Failed, note, several_cores
from web import Web

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))


class Settings:
    """The settings of a run, and the built programs."""

    def __init__(self, rounds, seconds, scratch, plot):
        self.rounds, self.seconds, self.scratch, self.plot = rounds, seconds, scratch, plot
        self.machine = machine()
        self.target = None

    def build(self, *packages):
        named = [word for package in packages for word in ("-p", package)]
        subprocess.run(["cargo", "build", "--locked", "--release", "--quiet", *named], cwd=TOP, check=True)
        metadata = subprocess.run(
            ["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"],
            cwd=TOP, check=True, capture_output=True,
        )
        self.target = json.loads(metadata.stdout)["target_directory"]

    def program(self, name):
        return os.path.join(self.target, "release", name)

    def tokio_echo(self):
        folder = os.path.join(TOP, "scripts/bench/tokio-echo")
        target = os.path.join(self.target, "tokio-echo")
        command = ["cargo", "build", "--locked", "--release", "--quiet", "--target-dir", target]
        subprocess.run(command, cwd=folder, check=True)
        return os.path.join(target, "release", "tokio-echo")

    @staticmethod
    def free_port():
        """A port that is free now, outside the range of ephemeral ports."""
        for _ in range(1000):
            port = random.randrange(20000, 30000)
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    pass
        raise Failed("found no free port between 20000 and 29999")


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), "unknown processor")
    return f"{platform.system()} {platform.release()} {platform.machine()}, {model}, {os.cpu_count()} cores, {datetime.date.today()}"


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("what")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--json")
    parser.add_argument("--plot")
    arguments = parser.parse_args()
    if not several_cores():
        note("there is only one core, so the server and the load generator share it")
    print(machine())
    print(f"{arguments.rounds} rounds, {arguments.seconds} s per measurement", flush=True)
    tables = []
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(arguments.rounds, arguments.seconds, scratch, arguments.plot)
        settings.build("labbench", "udp-echo", "tcp-echo", "tcp-threaded", "rtt-client", "http-file-server")
        benches = {kind: functools.partial(Bench, kind) for kind in ("udp", "tcp", "threaded")}
        benches |= {"http": Web, "rtt": RoundTrip}
        for what in benches if arguments.what == "all" else [arguments.what]:
            tables += benches[what](settings).run()
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"version": 1, "machine": machine(), "tables": [table.as_json() for table in tables]}, file, indent=1)


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"error: {failed}")
    except subprocess.CalledProcessError as failed:
        sys.exit(f"error: `{' '.join(map(str, failed.cmd))}` failed")
    except KeyboardInterrupt:
        sys.exit(130)
