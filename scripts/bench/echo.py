"""The echo servers against what people would use instead, under the load of `echo-load`."""

import json
import os
import subprocess

from running import Failed, Server, note, run_load, tool
from table import Table

HERE = os.path.dirname(os.path.abspath(__file__))
GIBIBYTE = 1 << 30


def by_ours(_):
    return "ours"


class Bench:
    """The servers of one lab, ours and the peers that can be had here."""

    def __init__(self, kind, settings):
        self.kind = kind  # udp, tcp or threaded
        self.protocol = "udp" if kind == "udp" else "tcp"
        self.settings = settings
        self.load = settings.program("echo-load")
        self.tables = []

    def commands(self):
        """Name and command line of each server, ours first."""
        package = "tcp-threaded" if self.kind == "threaded" else f"{self.kind}-echo"
        limit = ["--max-clients", "10000"] if self.kind == "threaded" else []
        yield "ours", [self.settings.program(f"{package}-server"), "127.0.0.1:0", "--quiet", *limit]
        if tool("cc"):
            program = os.path.join(self.settings.scratch, package)
            source = os.path.join(HERE, f"{package}.c")
            subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", program, source, "-pthread"], check=True)
            yield "C", [program]
        else:
            note("no C program to compare with: apt-get install gcc libc6-dev")
        if self.kind != "tcp":
            yield "tokio", [self.settings.tokio_echo(), self.protocol]
        if tool("python3"):
            yield "Python", ["python3", os.path.join(HERE, f"{package}.py")]

    def ask(self, server, *options):
        figures = os.path.join(self.settings.scratch, "figures")
        run_load([self.load, self.protocol, "127.0.0.1", server.port, "--json", figures, *options])
        with open(figures, encoding="utf-8") as file:
            return json.load(file)

    def in_turns(self, table, servers, measure):
        """Measures every server once a round; each round begins with another, so that none is always first."""
        for number in range(self.settings.rounds):
            first = number % len(servers)
            for server in servers[first:] + servers[:first]:
                table.add(server.name, **measure(server))
        self.tables.append(table)

    def cost(self, server, *options):
        """Processor time of the server per message, and the latencies of its clients."""
        before = server.cpu_seconds()
        figures = self.ask(server, "--duration", f"{self.settings.seconds}s", *options)
        used = server.cpu_seconds() - before
        latency = figures["latency_us"]
        return {
            "cpu_us": used / max(figures["answered"], 1) * 1e6,
            "median_us": latency["p50"],
            "p99_us": latency["p99"],
            "rate": figures["messages_per_s"],
            "rss_kib": server.resident_kib(),
        }

    def run(self):
        servers = []
        try:
            for name, command in self.commands():
                servers.append(Server(name, command, self.settings.scratch))
            {"udp": self.udp, "tcp": self.tcp, "threaded": self.threaded}[self.kind](servers)
            self.screens()
        finally:
            for server in servers:
                server.stop()
        return self.tables

    columns = [
        ("cpu_us", "µs CPU/message", 2, True),
        ("median_us", "median µs", 2, True),
        ("p99_us", "p99 µs", 1, False),
        ("rate", "messages/s", 0, False),
        ("rss_kib", "RSS KiB", 0, False),
    ]

    def udp(self, servers):
        table = Table("udp, 1 client, 32 bytes")
        self.in_turns(table, servers, lambda server: self.cost(server, "--warm-up", "200ms"))
        table.show(self.columns, by_ours)

    def tcp(self, servers):
        table = Table("tcp, 1 client, 32 bytes")
        self.in_turns(table, servers, lambda server: self.cost(server, "--warm-up", "200ms"))
        table.show(self.columns, by_ours)
        table = Table("tcp, 1 GiB over one connection")
        messages = GIBIBYTE // 65536

        def bulk(server):
            options = ["--size", 65536, "--outstanding", 16, "--count", messages, "--duration", "120s"]
            return {"mbytes": self.ask(server, *options)["bytes_per_s"] / 1e6}

        self.in_turns(table, servers, bulk)
        table.show([("mbytes", "MB/s", 0, True)], by_ours)

    def threaded(self, servers):
        for clients in (1, 10, 100, 1000):
            table = Table(f"threaded, {clients:,} active clients")
            self.in_turns(table, servers, lambda server: self.cost(server, "--clients", clients, "--warm-up", "200ms"))
            table.show([*self.columns[:2], ("p99_us", "p99 µs", 1, True), *self.columns[3:]], by_ours)
        table = Table("threaded, a connection per message")
        self.in_turns(
            table, servers, lambda server: self.cost(server, "--clients", 10, "--reconnect", "--warm-up", "200ms")
        )
        table.show([("cpu_us", "µs CPU/conn.", 2, True), ("rate", "connections/s", 0, True)], by_ours)
        # Each server by itself, and new: memory that was used for clients once is not given back.
        table = Table("threaded, 10,000 clients at once")
        for name, command in self.commands():
            if name == "Python":
                continue  # ten thousand of its threads take minutes
            server = Server(name, command, self.settings.scratch)
            try:
                idle = server.resident_kib()
                options = ["--clients", 10000, "--duration", "5s", "--timeout", "30s"]
                figures = self.ask(server, *options)
                if figures["connected"] < 10000:
                    raise Failed(f"only {figures['connected']} of 10,000 clients were connected to `{name}`; see ulimit -n")
                table.add(
                    name,
                    kib=(server.resident_kib() - idle) / 10000,
                    answered=figures["answered"],
                    wrong=figures["wrong"] + figures["lost"],
                    p99_us=figures["latency_us"]["p99"],
                )
            finally:
                server.stop()
        self.tables.append(table)
        columns = [("kib", "KiB a client", 1, True), ("answered", "answered", 0, False), ("wrong", "wrong or lost", 0, False)]
        table.show([*columns, ("p99_us", "p99 µs", 0, False)], by_ours)

    def screens(self):
        """What printing costs ours: the same load with a screen, and without."""
        name, command = next(self.commands())
        screen = os.path.join(self.settings.scratch, "ours,screen-to-file.screen")
        servers = [Server(name, command, self.settings.scratch)]
        loud = [word for word in command if word != "--quiet"]
        try:
            servers.append(Server("ours,screen-to-file", loud, self.settings.scratch))
            table = Table(f"{self.kind}, screen")

            def throughput(server):
                clients = ["--clients", 100] if self.kind == "threaded" else ["--outstanding", 4]
                result = self.cost(server, *clients, "--warm-up", "200ms")
                if os.path.exists(screen):
                    os.truncate(screen, 0)
                return result

            self.in_turns(table, servers, throughput)
            table.show([("rate", "messages/s", 0, True), ("cpu_us", "µs CPU/message", 2, False)], by_ours)
        finally:
            for server in servers:
                server.stop()
