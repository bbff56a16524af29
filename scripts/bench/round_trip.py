"""Measures the time that rtt-client adds to a round trip, by comparison with a minimal ping-pong program in C."""

import csv
import os
import statistics
import subprocess
import time

from running import Failed, Server, run_load, tool
from table import Table

HERE = os.path.dirname(os.path.abspath(__file__))
EXCHANGES = 4_000
# Many short measurements, because the machine's speed changes within seconds and must be the same for both.
PER_ROUND = 3
PAUSE_SECONDS = 0.2


class RoundTrip:
    """rtt-client and the C program, each with the same servers."""

    def __init__(self, settings):
        self.settings = settings
        self.ping_pong = os.path.join(settings.scratch, "ping-pong")

    def ours(self, protocol, port):
        table = os.path.join(self.settings.scratch, "exchanges.csv")
        options = ["--count", EXCHANGES, "--interval", "0s", "--quiet", "--csv", table]
        run_load([self.settings.program("rtt-client"), protocol, "127.0.0.1", port, *options])
        with open(table, encoding="utf-8", newline="") as rows:
            times = [int(row["rtt_ns"]) for row in csv.DictReader(rows) if row["rtt_ns"]]
        return statistics.median(times) / 1e3

    def peer(self, protocol, port):
        return float(run_load([self.ping_pong, protocol, port, EXCHANGES])) / 1e3

    def run(self):
        if not tool("cc"):
            raise Failed("`cc` is missing: apt-get install gcc libc6-dev")
        source = os.path.join(HERE, "ping-pong.c")
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", self.ping_pong, source], check=True)
        tables = []
        for protocol in ("udp", "tcp"):
            command = [self.settings.program(f"{protocol}-echo-server"), "127.0.0.1:0", "--quiet"]
            server = Server(f"{protocol}-echo-server", command, self.settings.scratch)
            try:
                self.peer(protocol, server.port)  # wakes the processor
                table = Table(f"{protocol}, round trip as seen by")
                for number in range(self.settings.rounds * PER_ROUND):
                    in_turns = [("rtt-client", self.ours), ("C", self.peer)]
                    for name, measure in in_turns[:: -1 if number % 2 else 1]:
                        time.sleep(PAUSE_SECONDS)
                        table.add(name, median_us=measure(protocol, server.port))
                table.show([("median_us", "median µs", 2, True)], lambda _: "rtt-client")
                tables.append(table)
            finally:
                server.stop()
        return tables
