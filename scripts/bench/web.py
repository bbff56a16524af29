"""Compares the web server with nginx, lighttpd, busybox and Python by processor time per request.

The load generator is wrk. On a busy machine, processor time is more reliable than requests per second, which depend on
the load generator as much as on the server.
"""

import os
import re

from running import Failed, Server, note, run_load, tool
from table import Table

CONNECTIONS = 64
SIZES = {"4 KiB": 4096, "100 KiB": 102_400, "10 MiB": 10_485_760}

NGINX = """
{user}
worker_processes auto;
daemon off;
pid {scratch}/nginx-{port}.pid;
error_log {scratch}/nginx-{port}.log;
events {{ worker_connections 768; }}
http {{
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    default_type application/octet-stream;
    access_log {log};
    gzip on;
    client_body_temp_path {scratch}; proxy_temp_path {scratch}; fastcgi_temp_path {scratch};
    uwsgi_temp_path {scratch}; scgi_temp_path {scratch};
    server {{ listen 127.0.0.1:{port}; root {site}; }}
}}
"""

LIGHTTPD = """
server.modules = ("mod_indexfile", "mod_access", "mod_alias", "mod_redirect", "mod_staticfile")
server.document-root = "{site}"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{scratch}/lighttpd.log"
"""


def ours_for(server):
    """Peers with an access log are compared with ours, peers without one with ours under --quiet."""
    return "ours,no-log" if server.endswith("no-log") else "ours"


class Web:
    """Our web server, and the peers that are installed."""

    def __init__(self, settings):
        self.settings, self.scratch = settings, settings.scratch
        self.site = os.path.join(self.scratch, "site")
        os.mkdir(self.site)
        os.chmod(self.scratch, 0o755)  # nginx's workers run as another user
        for name, size in SIZES.items():
            with open(os.path.join(self.site, name.replace(" ", "")), "wb") as file:
                file.write(os.urandom(size))

    def _configured(self, name, text, **places):
        path = os.path.join(self.scratch, f"{name}.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.format(scratch=self.scratch, site=self.site, **places))
        return path

    def commands(self):
        """Name, port and command line of each server, ours first."""
        ours = self.settings.program("http-file-server")
        yield "ours", None, [ours, "127.0.0.1:0", "--root", self.site]
        yield "ours,no-log", None, [ours, "127.0.0.1:0", "--root", self.site, "--quiet"]
        if nginx := tool("nginx"):  # Debian's defaults log every access; measured with and without that
            user = "user www-data;" if os.geteuid() == 0 else ""
            for name, log in {"nginx": f"{self.scratch}/access.log", "nginx,no-log": "off"}.items():
                port = self.settings.free_port()
                yield name, port, [nginx, "-c", self._configured(name, NGINX, user=user, port=port, log=log)]
        if lighttpd := tool("lighttpd"):  # Debian's defaults log no access
            port = self.settings.free_port()
            configuration = self._configured("lighttpd", LIGHTTPD, port=port)
            yield "lighttpd,no-log", port, [lighttpd, "-D", "-f", configuration]
        if busybox := tool("busybox"):
            port = self.settings.free_port()
            yield "busybox,no-log", port, [busybox, "httpd", "-f", "-p", f"127.0.0.1:{port}", "-h", self.site]
        if python := tool("python3"):
            port = self.settings.free_port()
            options = ["-m", "http.server", "--bind", "127.0.0.1", "--directory", self.site, port]
            yield "Python", port, [python, *options]

    def measure(self, server, path):
        """Measures one server once."""
        before = server.cpu_seconds()
        url = f"http://127.0.0.1:{server.port}/{path}"
        load = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{self.settings.seconds}s", "--timeout", "10s", url]
        printed = run_load(load)
        used = server.cpu_seconds() - before
        requests = int(re.search(r"(\d+) requests in", printed)[1])
        if "Non-2xx" in printed:
            raise Failed(f"`{server.name}` sent wrong answers: {printed}")
        if requests == 0:
            seconds = self.settings.seconds
            raise Failed(f"`{server.name}` answered no request within {seconds} s; try --seconds {seconds * 3}")
        if errors := re.search(r"Socket errors: (.*)", printed):
            note(f"{server.name}, {path}: {errors[1]}")
        # busybox starts a process per connection and does not wait for it, so the system does not record its time.
        known = not server.name.startswith("busybox")
        return {
            "cpu_us": used / requests * 1e6 if known else None,
            "rate": float(re.search(r"Requests/sec:\s*([\d.]+)", printed)[1]),
            "rss_kib": server.resident_kib(),
        }

    def run(self):
        if not tool("wrk"):
            raise Failed("`wrk` is missing: apt-get install wrk")
        servers, tables = [], []
        try:
            for name, port, command in self.commands():
                servers.append(Server(name, command, self.scratch, port))
            if len(servers) == 2:
                note("no peer is installed; see --help")
            for name in SIZES:
                table = Table(f"http, {name}")
                path = name.replace(" ", "")
                table.in_turns(servers, self.settings.rounds, lambda server, path=path: self.measure(server, path))
                columns = [("cpu_us", "µs CPU/request", 2, True), ("rate", "requests/s", 0, False)]
                table.show([*columns, ("rss_kib", "RSS KiB", 0, False)], ours_for)
                tables.append(table)
        finally:
            for server in servers:
                server.stop()
        return tables
