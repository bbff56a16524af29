#!/usr/bin/env python3
"""Writes the small captures in this folder, byte by byte, so that each holds exactly what its name says.

Needs only Python 3. The output is reproducible: after a change, run the script again, and commit it with the captures.

Four captures are not written here. `case-duplicate.pcap` was built by hand: the reply to `two` comes twice, and nothing
answers `one`. The project's own programs made the others, on hosts in network namespaces:
`case-no-host.pcapng`: a client asks an address that no host has; only ARP requests, which nobody answers.
`case-wrong-port.pcapng`: a server on port 25000, and a client that asks port 25001 first, and then 25000.
`case-loss.pcapng`: `rtt-client` through `udp-relay` with loss and duplication; the text has the number of the request.
"""

import struct
from ipaddress import ip_address
from pathlib import Path

HERE = Path(__file__).parent
CLIENT, SERVER, OTHER = "10.0.3.2", "10.0.3.1", "10.0.3.3"
START = 1_700_000_000_000_000_000  # nanoseconds since 1970
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MSS = lambda size: struct.pack("!BBH", 2, 4, size)
SYN_OPTIONS = lambda mss: MSS(mss) + bytes([4, 2, 8, 10]) + bytes(8) + bytes([1, 3, 3, 7])
STAMP = bytes([1, 1, 8, 10]) + bytes(8)


def total(data):
    data += b"\0" * (len(data) % 2)
    value = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while value > 0xFFFF:
        value = (value >> 16) + (value & 0xFFFF)
    return value


def addresses(source, destination):
    return ip_address(source).packed + ip_address(destination).packed


def pseudo(source, destination, protocol, segment):
    return addresses(source, destination) + struct.pack("!II", protocol, len(segment))


def sealed(source, destination, protocol, segment, at, mode):
    """Returns the segment with a checksum that is `right`, `wrong`, `partial` or `absent`."""
    head = total(pseudo(source, destination, protocol, segment))
    whole = total(pseudo(source, destination, protocol, segment) + segment) ^ 0xFFFF
    if protocol == 17 and whole == 0:
        whole = 0xFFFF
    value = {"right": whole, "wrong": whole ^ 0x0101, "partial": head, "absent": 0}[mode]
    return segment[:at] + struct.pack("!H", value) + segment[at + 2 :]


def ip(source, destination, protocol, payload, options=b"", extensions=(), identification=1, fragment=0, length=None):
    if ip_address(source).version == 4:
        header = 20 + len(options)
        size = header + len(payload) if length is None else length
        fields = (0x40 | header // 4, 0, size, identification, fragment, 64, protocol, 0)
        bare = struct.pack("!BBHHHBBH", *fields) + addresses(source, destination) + options
        return bare[:10] + struct.pack("!H", total(bare) ^ 0xFFFF) + bare[12:] + payload
    first, rest = protocol, payload
    for kind, body in reversed(extensions):
        first, rest = kind, bytes([first]) + body + rest
    size = len(rest) if length is None else length
    return struct.pack("!IHBB", 0x6 << 28, size, first, 64) + addresses(source, destination) + rest


def udp(source, destination, sport, dport, text, mode="right", **more):
    segment = struct.pack("!HHHH", sport, dport, 8 + len(text), 0) + text
    return ip(source, destination, 17, sealed(source, destination, 17, segment, 6, mode), **more)


def tcp(source, destination, sport, dport, seq, ack, flags, text=b"", options=STAMP, mode="right", **more):
    offset = 5 + len(options) // 4
    segment = struct.pack("!HHIIHHHH", sport, dport, seq, ack, offset << 12 | flags, 502, 0, 0) + options + text
    return ip(source, destination, 6, sealed(source, destination, 6, segment, 16, mode), **more)


def refusal(packet, source, destination):
    """Returns an ICMP error about a packet: port unreachable."""
    four = ip_address(source).version == 4
    message = struct.pack("!BBHI", *((3, 3, 0, 0) if four else (1, 4, 0, 0))) + packet[:548]
    if four:
        message = message[:2] + struct.pack("!H", total(message) ^ 0xFFFF) + message[4:]
        return ip(source, destination, 1, message)
    return ip(source, destination, 58, sealed(source, destination, 58, message, 2, "right"))


def arp(operation, sender, target):
    """Returns an ARP request (1) or reply (2)."""
    asked = bytes(6) if operation == 1 else MACS[:6]
    fields = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    return fields + MACS[6:] + ip_address(sender).packed + asked + ip_address(target).packed


def neighbour(kind, sender, receiver, target):
    """Returns a solicitation (135) or an advertisement (136) of neighbour discovery, the ARP of IPv6."""
    message = struct.pack("!BBHI", kind, 0, 0, 0) + ip_address(target).packed
    return ip(sender, receiver, 58, sealed(sender, receiver, 58, message, 2, "right"))


class Connection:
    """Two endpoints with their sequence numbers. What they send is appended to `packets`."""

    def __init__(self, cport=42170, sport=25000, client=CLIENT, server=SERVER, isn=(1000, 90000), mss=1460, **more):
        self.ends = {"c": (client, cport), "s": (server, sport)}
        self.next = {"c": isn[0], "s": isn[1]}
        self.mss, self.more, self.packets = mss, more, []

    def send(self, end, flags, text=b"", seq=None, keep=True, **more):
        other = "s" if end == "c" else "c"
        (source, sport), (destination, dport) = self.ends[end], self.ends[other]
        number = self.next[end] if seq is None else seq
        ack = self.next[other] if flags & ACK else 0
        options = SYN_OPTIONS(self.mss) if flags & SYN else STAMP
        more = {"options": options, **self.more, **more}
        packet = tcp_packet(source, destination, sport, dport, number, ack, flags, text, more)
        if seq is None:
            self.next[end] = (number + len(text) + bool(flags & SYN) + bool(flags & FIN)) % 2**32
        if keep:
            self.packets.append(packet)
        return packet

    def open(self):
        self.send("c", SYN), self.send("s", SYN | ACK), self.send("c", ACK)
        return self

    def echo(self, text=b"hello\n"):
        self.send("c", PSH | ACK, text), self.send("s", ACK)
        self.send("s", PSH | ACK, text.upper()), self.send("c", ACK)
        return self

    def close(self, segments=3, began="c"):
        other = "s" if began == "c" else "c"
        self.send(began, FIN | ACK)
        if segments == 4:
            self.send(other, ACK)
        self.send(other, FIN | ACK), self.send(began, ACK)
        return self.packets


def tcp_packet(source, destination, sport, dport, number, ack, flags, text, more):
    more = dict(more)
    tcp_options = more.pop("options")
    ip_options = more.pop("ip_options", b"")
    mode, window = more.pop("mode", "right"), more.pop("window", 502)
    offset = 5 + len(tcp_options) // 4
    segment = struct.pack("!HHIIHHHH", sport, dport, number, ack, offset << 12 | flags, window, 0, 0) + tcp_options + text
    return ip(source, destination, 6, sealed(source, destination, 6, segment, 16, mode), options=ip_options, **more)


# Link layers

MACS = bytes.fromhex("020000000001020000000002")


def kind(packet):
    if packet[0] >> 4 == 0:
        return 0x0806  # ARP
    return 0x0800 if packet[0] >> 4 == 4 else 0x86DD


def ethernet(packet, macs=MACS, tags=b""):
    frame = macs + tags + struct.pack("!H", kind(packet)) + packet
    return frame + bytes(max(0, 60 - len(frame)))  # short frames are padded


def sll(packet):
    return struct.pack("!HHH8sH", 0, 1, 6, MACS[6:] + b"\0\0", kind(packet)) + packet


def sll2(packet):
    return struct.pack("!HHIHBB8s", kind(packet), 0, 2, 1, 0, 6, MACS[6:] + b"\0\0") + packet


def null(packet, order="<"):
    return struct.pack(order + "I", 2 if packet[0] >> 4 == 4 else 30) + packet


LINKS = {
    "ethernet": (1, ethernet),
    "vlan": (1, lambda packet: ethernet(packet, tags=struct.pack("!HH", 0x8100, 7))),
    "vlan-stacked": (1, lambda packet: ethernet(packet, tags=struct.pack("!HHHH", 0x88A8, 3, 0x8100, 7))),
    "loopback-ethernet": (1, lambda packet: ethernet(packet, macs=bytes(12))),
    "null": (0, null),
    "null-swapped": (0, lambda packet: null(packet, ">")),
    "loop": (108, lambda packet: null(packet, ">")),
    "raw": (101, lambda packet: packet),
    "sll": (113, sll),
    "sll2": (276, sll2),
}


# File formats


def pcap(frames, link, order="<", nano=False, snap=262144):
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    file = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap, link)
    for time, frame in frames:
        fraction = time % 10**9 // (1 if nano else 1000)
        file += struct.pack(order + "IIII", time // 10**9, fraction, min(len(frame), snap), len(frame)) + frame[:snap]
    return file


def block(order, number, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", number, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def pcapng(frames, link, order="<", resolution=None, offset=0, simple=False):
    file = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    options = b"" if resolution is None else option(order, 9, bytes([resolution]))
    options += option(order, 14, struct.pack(order + "q", offset)) if offset else b""
    options += option(order, 0, b"") if options else b""
    file += block(order, 1, struct.pack(order + "HHI", link, 0, 0) + options)
    units = 10**6 if resolution is None else 2 ** (resolution & 127) if resolution & 128 else 10**resolution
    for time, frame in frames:
        if simple:
            file += block(order, 3, struct.pack(order + "I", len(frame)) + frame)
            continue
        ticks = (time - offset * 10**9) * units // 10**9
        head = struct.pack(order + "IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
        file += block(order, 6, head + frame)
    return file


def timed(packets, wrap=ethernet, step=153_217):
    """Returns frames, each `step` nanoseconds after the previous one."""
    return [(START + number * step, wrap(packet)) for number, packet in enumerate(packets)]


def save(name, content):
    (HERE / name).write_bytes(content)


def udp_echo(text=b"hello", client=CLIENT, server=SERVER, cport=51465, sport=25000, **more):
    return [
        udp(client, server, cport, sport, text, **more),
        udp(server, client, sport, cport, text.upper(), **more),
    ]


def mixed(v6=False):
    """Returns a line over UDP, a line over TCP, and a refused one over each."""
    ends = {"client": "fd00::2", "server": "fd00::1"} if v6 else {"client": CLIENT, "server": SERVER}
    packets = udp_echo(**ends) + Connection(**ends).open().echo().close()
    lost = udp(ends["client"], ends["server"], 51466, 25001, b"anybody")
    packets += [lost, refusal(lost, ends["server"], ends["client"])]
    refused = Connection(cport=42171, sport=25001, isn=(7, 0), **ends)
    refused.send("c", SYN)
    refused.send("s", RST | ACK)
    return packets + refused.packets


def links():
    packets = mixed() + mixed(v6=True)
    for name, (number, wrap) in LINKS.items():
        save(f"link-{name}.pcap", pcap(timed(packets, wrap), number))


def formats():
    frames = timed(mixed())
    save("pcap-big-endian.pcap", pcap(frames, 1, order=">"))
    save("pcap-nanoseconds.pcap", pcap(frames, 1, nano=True))
    save("pcap-nanoseconds-big-endian.pcap", pcap(frames, 1, order=">", nano=True))
    save("pcapng-microseconds.pcapng", pcapng(frames, 1))
    save("pcapng-nanoseconds.pcapng", pcapng(frames, 1, resolution=9))
    save("pcapng-big-endian.pcapng", pcapng(frames, 1, order=">", resolution=9))
    save("pcapng-offset-big-endian.pcapng", pcapng(frames, 1, order=">", offset=1_600_000_000))
    save("pcapng-power-of-two.pcapng", pcapng(frames, 1, resolution=128 + 20))
    save("pcapng-simple.pcapng", pcapng(frames, 1, simple=True))
    other = pcapng(timed(mixed(v6=True), sll), 113, order=">", resolution=9)
    save("pcapng-two-sections.pcapng", pcapng(frames, 1) + other)
    save("cut-off.pcap", pcap(frames, 1)[:-20])
    save("snapped.pcap", pcap(timed(udp_echo(b"x" * 100) + Connection().open().echo(b"y" * 100).close()), 1, snap=90))


def headers():
    packets = [udp(CLIENT, SERVER, 51465, 25000, b"options", options=bytes([1] * 7 + [0]))]
    packets += Connection(ip_options=bytes([1] * 3 + [0])).open().echo().close()
    whole = udp(CLIENT, SERVER, 51466, 25000, bytes(range(256)) * 12)[20:]
    for at in (1480, 0, 2960):  # out of order
        part = whole[at : at + 1480]
        more = 0x2000 if at + 1480 < len(whole) else 0
        packets.append(ip(CLIENT, SERVER, 17, part, identification=77, fragment=more | at // 8))
    packets.append(ip(CLIENT, SERVER, 17, whole[:1480], identification=78, fragment=0x2000))  # the rest is lost
    save("ipv4-options-and-fragments.pcap", pcap(timed(packets), 1))

    six = {"source": "fd00::2", "destination": "fd00::1"}
    hop, routing = (0, bytes([0, 1, 4, 0, 0, 0, 0])), (60, bytes([0, 1, 4, 0, 0, 0, 0]))
    packets = [udp(*six.values(), 51465, 25000, b"extended", extensions=[hop, routing])]
    packets += Connection(client="fd00::2", server="fd00::1", extensions=[hop]).open().echo().close()
    whole = udp(*six.values(), 51466, 25000, b"fragment" * 300)[40:]
    for at in (0, 1232):
        part = whole[at : at + 1232]
        header = struct.pack("!BHI", 0, at | (at + 1232 < len(whole)), 99)
        packets.append(ip(*six.values(), 17, part, extensions=[(44, header)]))
    save("ipv6-extensions-and-fragments.pcap", pcap(timed(packets), 1))


def connections():
    """Everything that connections usually do, each from its own port."""
    packets, port = [], iter(range(43000, 44000))
    new = lambda **more: Connection(cport=next(port), **more)
    packets += new().open().echo().close(3)
    packets += new().open().echo().close(4)
    packets += new().open().echo().close(4, began="s")
    one = new().open().echo()  # reset by the client
    one.send("c", RST | ACK)
    packets += one.packets
    one = new()  # refused
    one.send("c", SYN), one.send("s", RST | ACK)
    packets += one.packets
    one = new()  # two lost SYNs, a lost line, a lost FIN
    one.send("c", SYN), one.send("c", SYN, seq=1000), one.send("c", SYN, seq=1000)
    one.send("s", SYN | ACK), one.send("c", ACK)
    one.send("c", PSH | ACK, b"lost\n"), one.send("c", PSH | ACK, b"lost\n", seq=1001)
    one.send("s", PSH | ACK, b"LOST\n")
    one.send("c", FIN | ACK), one.send("c", FIN | ACK, seq=1006)
    one.send("s", FIN | ACK), one.send("c", ACK)
    packets += one.packets
    one = new().open()  # segments overtake each other
    one.send("c", PSH | ACK, b"b", seq=1002), one.send("c", PSH | ACK, b"a", seq=1001)
    one.next["c"] = 1003
    one.send("s", PSH | ACK, b"AB")
    packets += one.close()
    one = new().open().echo()  # half-closed: the server continues
    one.send("c", FIN | ACK), one.send("s", ACK)
    one.send("s", PSH | ACK, b"more\n"), one.send("c", ACK)
    one.send("s", FIN | ACK), one.send("c", ACK)
    packets += one.packets
    one = new().open()  # both endpoints send and close at the same time
    client = one.send("c", PSH | ACK, b"ping")
    before = one.next["c"]
    one.next["c"] = 1001
    one.send("s", PSH | ACK, b"pong")
    one.next["c"] = before
    one.send("c", ACK), one.send("s", ACK)
    one.send("c", FIN | ACK)
    one.next["c"] -= 1
    one.send("s", FIN | ACK)
    one.next["c"] += 1
    one.send("c", ACK), one.send("s", ACK)
    packets += one.packets
    packets += new(isn=(2**32 - 3, 2**32 - 1)).open().echo(b"across the wrap\n").close()
    one = new().open().echo()  # a keep-alive
    one.send("c", ACK, seq=one.next["c"] - 1), one.send("s", ACK)
    packets += one.close()
    again = Connection(cport=43000, isn=(555_555, 666_666))  # reuses the first port
    packets += again.open().echo().close(4)
    save("connections.pcap", pcap(timed(packets), 1))


def odd():
    """What connections rarely do, each from its own port."""
    packets, port = [], iter(range(44000, 45000))
    new = lambda **more: Connection(cport=next(port), **more)
    one = new().open().echo(b"x")  # 1: a keep-alive with one byte, as Windows sends it, and a retransmission of one byte
    one.send("c", ACK, b"\0", seq=1001), one.send("s", ACK)
    one.send("c", PSH | ACK, b"y"), one.send("c", PSH | ACK, b"y", seq=1002), one.send("s", ACK)
    packets += one.close()
    one = new().open()  # 2: the server's window is 0, and the client probes it
    one.send("c", PSH | ACK, b"much"), one.send("s", ACK, window=0)
    one.send("c", ACK, seq=1004), one.send("s", ACK, window=0), one.send("c", ACK, seq=1004), one.send("s", ACK)
    packets += one.close()
    one = new()  # 3: the server's SYN is not in the capture; the server resets the connection in the end
    one.send("c", SYN), one.send("s", SYN | ACK, keep=False), one.send("c", ACK)
    packets += one.echo().packets
    packets.append(one.send("s", RST | ACK, keep=False))
    one = new().open()  # 4: a lost line is retransmitted together with the next one
    one.send("c", PSH | ACK, b"lost\n"), one.send("c", PSH | ACK, b"lost\nmore\n", seq=1001)
    one.next["c"] = 1011
    one.send("s", ACK)
    packets += one.close()
    one = new().open().echo()  # 5: a reset with payload that gives the reason
    one.send("s", RST | ACK, b"no")
    packets += one.packets
    one = new(isn=(7, 0))  # 6: refused, and repeated with the same sequence number, as Windows does
    for _ in range(3):
        one.send("c", SYN, seq=7)
        one.next["c"] = 8
        one.send("s", RST | ACK, seq=0)
    packets += one.packets
    one = new(isn=(70, 0))  # 7: no answer
    one.send("c", SYN), one.send("c", SYN, seq=70)
    packets += one.packets
    save("odd.pcap", pcap(timed(packets), 1))
    # Frames that are truncated within the TCP options, and fragments of which one is truncated.
    whole = udp(CLIENT, SERVER, 51466, 25000, b"fragment" * 24)[20:]
    save("snapped-short.pcap", pcap(timed(Connection().open().echo().close()), 1, snap=58))
    last = ip(CLIENT, SERVER, 17, whole[128:], identification=78, fragment=16)
    first = ip(CLIENT, SERVER, 17, whole[:64], identification=78, fragment=0x2000)
    second = ip(CLIENT, SERVER, 17, whole[64:128], identification=78, fragment=0x2000 | 8)
    save("snapped-fragment.pcap", pcap(timed([first, second, last]), 1, snap=98))


def resets():
    """Connections that one side closes with FIN, and that are reset afterwards."""
    packets, port = [], iter(range(45000, 46000))

    def new():
        cport = next(port)
        return Connection(cport=cport, isn=(cport + 100_000, cport + 200_000)).open().echo()

    one = new()  # 1: the server resets
    one.send("c", FIN | ACK), one.send("s", RST | ACK)
    packets += one.packets
    one = new()  # 2: the client sends the RST itself, as the server goes on sending
    one.send("c", FIN | ACK), one.send("s", ACK)
    one.send("s", PSH | ACK, b"more\n"), one.send("c", RST)
    packets += one.packets
    one = new()  # 3: both have sent FIN
    one.send("s", FIN | ACK), one.send("c", ACK), one.send("c", FIN | ACK), one.send("s", RST)
    packets += one.packets
    one = new()  # 4: reset without FIN
    one.send("s", RST | ACK)
    packets += one.packets
    one = new()  # 5: several RSTs
    one.send("c", FIN | ACK), one.send("s", RST | ACK), one.send("s", RST)
    packets += one.packets
    save("resets.pcap", pcap(timed(packets), 1))


def http():
    page = b"Hello from a file.\n"
    head = lambda status, size: f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\nContent-Type: text/plain\r\n\r\n".encode()
    one = Connection(sport=6789).open()
    for target, answer in (("/file.txt", head("200 OK", 19) + page), ("/nothing", head("404 Not Found", 4) + b"none")):
        one.send("c", PSH | ACK, f"GET {target} HTTP/1.1\r\nHost: 10.0.3.1:6789\r\n\r\n".encode()), one.send("s", ACK)
        one.send("s", PSH | ACK, answer), one.send("c", ACK)
    save("http.pcap", pcap(timed(one.close()), 1))

    # A browser opens connections that it does not use. One response has no header fields.
    used, without, idle, left = [Connection(cport=port, sport=6789) for port in (50001, 50002, 50003, 50004)]
    for connection, answer in ((used, head("200 OK", 19) + page), (without, b"HTTP/1.0 200 OK\r\n\r\n" + page)):
        connection.open().send("c", PSH | ACK, b"GET /file.txt HTTP/1.1\r\nHost: 10.0.3.1:6789\r\n\r\n")
        connection.send("s", PSH | ACK, answer), connection.send("c", ACK), connection.close(began="s")
    idle.open().close(), left.open()
    other = Connection(cport=50005, sport=5001).open().echo().close()
    save("http-unused.pcap", pcap(timed([*used.packets, *idle.packets, *without.packets, *left.packets, *other]), 1))


def missing():
    """Hosts, servers and requests that are missing."""
    asked = [arp(1, CLIENT, "10.0.3.9")] * 3
    save("no-host.pcap", pcap(timed(asked), 1))

    # Beside it, everything that answers, and what looks like a host that does not.
    packets = [arp(1, CLIENT, SERVER), arp(2, SERVER, CLIENT)] + udp_echo()
    packets += [arp(1, CLIENT, CLIENT), arp(1, "0.0.0.0", "10.0.3.7"), arp(1, "0.0.0.0", "10.0.3.7")]
    packets += [arp(1, OTHER, "10.0.3.8")]  # the reply goes to OTHER alone, so this capture lacks it
    packets += [arp(1, OTHER, CLIENT)] * 2 + Connection().open().echo().close() + asked
    one, nobody, group = "fd00::2", "fd00::9", "ff02::1:ff00:9"
    packets += [neighbour(135, one, "ff02::1:ff00:1", "fd00::1"), neighbour(136, "fd00::1", one, "fd00::1")]
    packets += [neighbour(135, "::", group, nobody)] + [neighbour(135, one, group, nobody)] * 2
    save("no-host-mixed.pcap", pcap(timed(packets), 1))

    lost = udp(CLIENT, SERVER, 51470, 25000, b"anybody")
    packets = [lost, refusal(lost, SERVER, CLIENT)]
    for port in (42190, 42191):
        refused = Connection(cport=port, isn=(9, 0))
        refused.send("c", SYN), refused.send("s", RST | ACK)
        packets += refused.packets
    save("refused-only.pcap", pcap(timed(packets), 1))


def pitfalls():
    save("clean.pcap", pcap(timed(udp_echo() + Connection().open().echo().close()), 1))
    packets = udp_echo(mode="partial") + Connection(mode="partial").open().echo().close()
    save("pitfall-partial-checksum.pcap", pcap(timed(packets), 1))
    save("wrong-checksum.pcap", pcap(timed(udp_echo(mode="wrong") + Connection(mode="wrong").open().echo().close()), 1))
    save("absent-checksum.pcap", pcap(timed(udp_echo(mode="absent")), 1))
    packets = [packet for port in (12000, 12004) for packet in udp_echo(sport=port)]
    save("pitfall-misread-port.pcap", pcap(timed(packets), 1))
    # Wireshark has dissectors for some of these ports, but they decline text; an empty datagram has nothing to misread.
    packets = [packet for port in (11999, 12005, 8000, 5000) for packet in udp_echo(sport=port)]
    packets += udp_echo(b"", sport=12001)
    for port in (12000, 8000, 5000):
        packets += Connection(sport=port).open().echo().close()
    save("other-ports.pcap", pcap(timed(packets), 1))
    local = {"client": "127.0.0.1", "server": "127.0.0.1"}
    packets = udp_echo(**local) + Connection(mss=65495, **local).open().echo().close()
    save("pitfall-loopback.pcap", pcap(timed(packets, lambda packet: ethernet(packet, macs=bytes(12))), 1))
    save("pitfall-any.pcap", pcap(timed(Connection().open().echo().close(), sll), 113))
    save("pitfall-began-late.pcap", pcap(timed(Connection().open().echo().echo().close()[4:]), 1))
    save("pitfall-ended-early.pcap", pcap(timed(Connection().open().echo().packets), 1))
    big = Connection().open()
    big.send("c", PSH | ACK, b"x" * 4000), big.send("s", ACK)
    save("pitfall-larger-than-mss.pcap", pcap(timed(big.close()), 1))
    slow = Connection(sport=6789).open()
    slow.send("c", PSH | ACK, b"GET /file.txt HTTP/1.1\r\n\r\n")
    for byte in b"HTTP/1.1 200 OK\r\n\r\nHello":
        slow.send("s", PSH | ACK, bytes([byte])), slow.send("c", ACK)
    save("pitfall-one-byte-segments.pcap", pcap(timed(slow.close(began="s")), 1))


def labs():
    """What the steps of the handouts leave in a capture on host B."""
    packets = udp_echo(cport=51465)
    packets += udp_echo(b"moin", client=OTHER, cport=40001)
    packets += udp_echo(b"again", cport=51465)
    lost = udp(CLIENT, SERVER, 51470, 25001, b"anybody")
    save("lab-udp-echo.pcap", pcap(timed(packets + [lost, refusal(lost, SERVER, CLIENT)]), 1))

    b, c = Connection(cport=42170, isn=(111_111, 222_222)), Connection(cport=42180, client=OTHER, isn=(333_333, 444_444))
    packets = []
    for one in (b, c):
        one.packets = packets
    b.open().echo().echo(b"line two\n")
    c.open().send("c", PSH | ACK, b"waiting\n")
    c.send("s", ACK)
    b.close()
    c.send("s", PSH | ACK, b"WAITING\n"), c.send("c", ACK)
    c.close(4)
    refused = Connection(cport=42190, isn=(9, 0))
    refused.packets = packets
    refused.send("c", SYN), refused.send("s", RST | ACK)
    save("lab-tcp-echo.pcap", pcap(timed(packets), 1))

    b, c = Connection(cport=42170, isn=(111_111, 222_222)), Connection(cport=42180, client=OTHER, isn=(333_333, 444_444))
    packets = []
    for one in (b, c):
        one.packets = packets
    b.open(), c.open(), b.echo(), c.echo(b"moin\n"), b.echo(b"again\n"), c.close(), b.close()
    save("lab-tcp-threaded.pcap", pcap(timed(packets), 1))

    packets = [packet for number in range(3) for packet in udp_echo(b"request %d" % number)]
    frames = timed(packets)
    split = Connection(sport=25002).open()
    split.send("c", PSH | ACK, b"request 1"), split.send("s", ACK)
    split.send("c", PSH | ACK, b"\n")
    split.send("s", PSH | ACK, b"I received 9 chars: request 1\n"), split.send("c", ACK)
    times = [0, 1, 2, 3, 43, 44, 45, 46, 47, 48, 49, 50]
    frames += [(START + 10**9 + time * 10**6, ethernet(packet)) for time, packet in zip(times, split.close())]
    save("lab-rtt-client.pcap", pcap(frames, 1))


for write in (links, formats, headers, connections, odd, resets, http, missing, pitfalls, labs):
    write()
