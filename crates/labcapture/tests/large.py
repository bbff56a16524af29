#!/usr/bin/env python3
"""Writes a large capture for measurements: large.py bulk|small FILE [MIB].

`bulk` is one download in segments of 1448 bytes, with an ACK for every second segment. `small` is lines of text over
UDP, in frames of 60 bytes.
"""

import importlib.util
import struct
import sys
from pathlib import Path

spec = importlib.util.spec_from_file_location("make", Path(__file__).parent / "captures" / "make.py")
make = importlib.util.module_from_spec(spec)
make.__dict__["__name__"] = "make"
source = Path(spec.origin).read_text().split("\nfor write in (")[0]  # only its functions: the small captures are not written
exec(compile(source, spec.origin, "exec"), make.__dict__)


def sealed_fast(frame, at):
    """Returns the frame with the right TCP checksum, if its payload is all zeros."""
    head = frame[34 : at + 52]
    length = len(frame) - 34
    value = make.total(frame[26:34] + struct.pack("!HH", 6, length) + head[:16] + b"\0\0" + head[18:]) ^ 0xFFFF
    return frame[:50] + struct.pack("!H", value) + frame[52:]


def bulk(size):
    one = make.Connection().open()
    yield from one.packets
    text = bytes(1448)
    data = make.ethernet(one.send("s", make.ACK, text, keep=False))
    ack = make.ethernet(one.send("c", make.ACK, keep=False))
    first, sent = 90001 + 1448, 1448
    yield data
    while sent < size:
        seq = struct.pack("!I", (90001 + sent) % 2**32)
        yield sealed_fast(data[:38] + seq + data[42:], 34)
        sent += 1448
        if sent % 2896 == 0:
            number = struct.pack("!I", (90001 + sent) % 2**32)
            yield sealed_fast(ack[:42] + number + ack[46:], 34)


def main():
    kind, path, size = sys.argv[1], sys.argv[2], int((sys.argv[3:] or ["1024"])[0]) << 20
    with open(path, "wb") as file:
        file.write(make.pcap([], 1))
        written, number, rows = 0, 0, []
        if kind == "small":
            rows = [make.ethernet(p) for n in range(2000) for p in make.udp_echo(b"line %4d" % n, cport=40000 + n % 50)]
            chunk = b"".join(make.pcap([(make.START + n * 10**4, row)], 1)[24:] for n, row in enumerate(rows))
            while written < size:
                written += file.write(chunk)
            return
        for frame in bulk(size):
            if len(frame) and frame[0] >> 4 == 4:
                frame = make.ethernet(frame)
            time = make.START + number * 10_000
            head = struct.pack("<IIII", time // 10**9, time % 10**9 // 1000, len(frame), len(frame))
            written += file.write(head + frame)
            number += 1
            if written >= size:
                return


main()
