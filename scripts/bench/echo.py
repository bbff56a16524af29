"""Compares the echo servers with common alternatives. The load generator is `echo-load`."""

import json
import os
import subprocess

import plot
from running import Failed, Server, note, run_load, tool
from table import Table

HERE = os.path.dirname(os.path.abspath(__file__))
GIBIBYTE = 1 << 30
CLIENTS = (1, 10, 100, 1_000, 10_000)
OFFERED = (1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 40_000, 60_000, 80_000, 120_000)
OFFERED_CLIENTS = 100

# Programs that echo without changing letters.
ECHOES_ONLY = ("socat", "ncat")


def by_ours(_):
    return "ours"


class Bench:
    """The servers of one lab: ours, and the peers that are installed."""

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
            note("no C compiler for the C server: apt-get install gcc libc6-dev")
        if self.kind != "tcp":
            yield "tokio", [self.settings.tokio_echo(), self.protocol]
        if tool("python3"):
            yield "Python", ["python3", os.path.join(HERE, f"{package}.py")]

    def echoes(self):
        """Name, port and command line of common tools that can echo. They start a process for each client."""
        if program := tool("socat"):
            port = self.settings.free_port()
            yield "socat", port, [program, f"{self.protocol}-listen:{port},bind=127.0.0.1,fork", "pipe"]
        if program := tool("ncat"):
            port = self.settings.free_port()
            options = ["--udp"] if self.protocol == "udp" else []
            yield "ncat", port, [program, *options, "--listen", "--keep-open", "--exec", "/bin/cat", "127.0.0.1", port]

    def ask(self, server, *options):
        figures = os.path.join(self.settings.scratch, "figures")
        capitals = ["--capitals"] if server.name in ECHOES_ONLY else []
        run_load([self.load, self.protocol, "127.0.0.1", server.port, "--json", figures, *capitals, *options])
        with open(figures, encoding="utf-8") as file:
            return json.load(file)

    def in_turns(self, table, servers, measure):
        table.in_turns(servers, self.settings.rounds, measure)
        self.tables.append(table)

    def cost(self, server, *options):
        """Processor time of the server per message, and the latencies that its clients measure."""
        before = server.cpu_seconds()
        figures = self.ask(server, "--duration", f"{self.settings.seconds}s", "--warm-up", "200ms", *options)
        used = server.cpu_seconds() - before
        latency = figures["latency_us"]
        return {
            "cpu_us": used / max(figures["answered"], 1) * 1e6,
            "median_us": latency["p50"],
            "p99_us": latency["p99"],
            "rate": figures["messages_per_s"],
            "rss_kib": server.resident_kib(),
            "connected": figures["connected"],
            "answered": figures["answered"],
            "wrong": figures["wrong"] + figures["lost"],
        }

    def start(self, name, command, port=None):
        return Server(name, command, self.settings.scratch, port)

    def run(self):
        servers = []
        try:
            for name, command in self.commands():
                servers.append(self.start(name, command))
            {"udp": self.udp, "tcp": self.tcp, "threaded": self.threaded}[self.kind](servers)
            self.screens()
        finally:
            for server in servers:
                server.stop()
        return self.tables

    def one_client(self, servers):
        table = Table(f"{self.kind}, 1 client, 32 bytes")
        echoes = []
        try:
            echoes += [self.start(name, command, port) for name, port, command in self.echoes()]
            self.in_turns(table, servers + echoes, self.cost)
        finally:
            for server in echoes:
                server.stop()
        table.show(self.columns, by_ours)

    columns = [
        ("cpu_us", "µs CPU/message", 2, True),
        ("median_us", "median µs", 2, True),
        ("p99_us", "p99 µs", 1, False),
        ("rate", "messages/s", 0, False),
        ("rss_kib", "RSS KiB", 0, False),
    ]

    def udp(self, servers):
        self.one_client(servers)

    def tcp(self, servers):
        self.one_client(servers)
        table = Table("tcp, 1 GiB over one connection")
        messages = GIBIBYTE // 65536

        def bulk(server):
            options = ["--size", 65536, "--outstanding", 16, "--count", messages, "--duration", "120s"]
            return {"mbytes": self.ask(server, *options)["bytes_per_s"] / 1e6}

        self.in_turns(table, servers, bulk)
        table.show([("mbytes", "MB/s", 0, True)], by_ours)

    def threaded(self, servers):
        costs = {}
        columns = [*self.columns[:2], ("p99_us", "p99 µs", 1, True), *self.columns[3:]]
        for clients in CLIENTS[:-1]:
            table = Table(f"threaded, {clients:,} active clients")
            self.in_turns(table, servers, lambda server: self.cost(server, "--clients", clients))
            table.show(columns, by_ours)
            for server in table.values:
                costs.setdefault(server, []).append((clients, table.median(server, "cpu_us")))
        table = Table("threaded, a connection per message")
        self.in_turns(table, servers, lambda server: self.cost(server, "--clients", 10, "--reconnect"))
        table.show([("cpu_us", "µs CPU/conn.", 2, True), ("rate", "connections/s", 0, True)], by_ours)
        for server, median in self.crowd().items():
            costs[server].append((CLIENTS[-1], median))
        if self.settings.plot:
            self.draw(servers, costs)

    def crowd(self):
        """Measures a new process of each server, one at a time: a server does not return memory of earlier clients."""
        clients = CLIENTS[-1]
        table = Table(f"threaded, {clients:,} clients at once")
        for _ in range(self.settings.rounds):
            for name, command in self.commands():
                if name == "Python":
                    continue  # ten thousand Python threads take minutes
                server = self.start(name, command)
                try:
                    idle = server.resident_kib()
                    figures = self.cost(server, "--clients", clients, "--timeout", "30s")
                    if figures["connected"] < clients:
                        raise Failed(f"only {figures['connected']} of {clients:,} clients connected to `{name}`; see ulimit -n")
                    table.add(name, **figures, kib=(figures["rss_kib"] - idle) / clients)
                finally:
                    server.stop()
        self.tables.append(table)
        columns = [("kib", "KiB a client", 1, True), ("cpu_us", "µs CPU/message", 2, True)]
        columns += [("answered", "answered", 0, False), ("wrong", "wrong or lost", 0, False)]
        table.show([*columns, ("p99_us", "p99 µs", 0, False)], by_ours)
        return {server: table.median(server, "cpu_us") for server in table.values}

    def draw(self, servers, costs):
        """Also measures latency over offered load, and draws both charts."""
        table = Table(f"threaded, {OFFERED_CLIENTS} clients, p99 in µs by messages/s")

        def latencies(server):
            found = {}
            for rate in OFFERED:
                figures = self.cost(server, "--clients", OFFERED_CLIENTS, "--rate", rate)
                if figures["rate"] < 0.9 * rate:
                    break  # the server is saturated, so latency would grow without limit
                found |= {f"median_us_{rate}": figures["median_us"], f"p99_us_{rate}": figures["p99_us"]}
            return found

        self.in_turns(table, servers, latencies)
        table.show([(f"p99_us_{rate}", f"{rate:,}", 0, False) for rate in OFFERED], by_ours)
        lines = {}
        for server in table.values:
            for quantile in ("median", "p99"):
                found = [(rate, table.median(server, f"{quantile}_us_{rate}")) for rate in OFFERED]
                lines.setdefault(server, {})[quantile] = [point for point in found if point[1]]
        with open(self.settings.plot, "w", encoding="utf-8") as file:
            file.write(plot.draw(lines, costs, self.settings.machine))

    def screens(self):
        """The cost of the event log: the same load with it, and with --quiet."""
        _, command = next(self.commands())
        screen = os.path.join(self.settings.scratch, "ours.screen")
        servers = [Server("ours,quiet", command, self.settings.scratch)]
        loud = [word for word in command if word != "--quiet"]
        try:
            servers.insert(0, Server("ours", loud, self.settings.scratch))
            table = Table(f"{self.kind}, event log to a file")

            def throughput(server):
                clients = ["--clients", 100] if self.kind == "threaded" else ["--outstanding", 4]
                result = self.cost(server, *clients)
                if os.path.exists(screen):
                    os.truncate(screen, 0)
                return result

            self.in_turns(table, servers, throughput)
            table.show([("rate", "messages/s", 0, True), ("cpu_us", "µs CPU/message", 2, False)], by_ours)
        finally:
            for server in servers:
                server.stop()
