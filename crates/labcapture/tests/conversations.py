#!/usr/bin/env python3
"""Generates conversations of every kind for conversations.sh: a server on one host, clients on another.

usage: conversations.py server ADDRESS… | client COUNT ADDRESS… | lose TOPOLOGY FOLDER COUNT ADDRESS…
"""

import socket
import struct
import subprocess
import sys
import threading
import time

ECHO, SERVER_CLOSES, RESETS, GOES_ON, SPEAKS_FIRST, NOBODY, WEB = 25000, 25002, 25003, 25004, 25005, 25009, 6789
LINGER_ZERO = struct.pack("ii", 1, 0)


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve_one(port, peer):
    try:
        with peer:
            talk(port, peer)
    except OSError:
        pass  # reset on purpose


def talk(port, peer):
    peer.settimeout(10)
    if port == SPEAKS_FIRST:
        peer.sendall(b"welcome\n")
    if port == GOES_ON:
        while peer.recv(2048):
            pass
        for _ in range(3):
            time.sleep(0.01)
            peer.sendall(b"still here\n")
        return
    while text := peer.recv(2048):
        if port == WEB:
            body = b"Hello from a file.\n" * 200
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            continue
        peer.sendall(text.upper())
        if port == RESETS:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
            return
        if port == SERVER_CLOSES:
            return
    if port == ECHO:
        time.sleep(0.002)  # the acknowledgment of the FIN is often faster than the program's own close


def serve(address, port):
    with socket.create_server((address, port), family=family(address), backlog=64) as listener:
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=serve_one, args=(port, peer), daemon=True).start()


def serve_datagrams(address):
    with socket.socket(family(address), socket.SOCK_DGRAM) as one:
        one.bind((address, ECHO))
        while True:
            text, client = one.recvfrom(65535)
            one.sendto(text.upper(), client)


def server(addresses):
    for address in addresses:
        for port in (ECHO, SERVER_CLOSES, RESETS, GOES_ON, SPEAKS_FIRST, WEB):
            threading.Thread(target=serve, args=(address, port), daemon=True).start()
        threading.Thread(target=serve_datagrams, args=(address,), daemon=True).start()
    time.sleep(0.2)
    print("listening", flush=True)
    sys.stdin.read()


def client(count, addresses):
    ports = [ECHO, SERVER_CLOSES, RESETS, GOES_ON, SPEAKS_FIRST, WEB, NOBODY, "datagrams", "large", "impatient", "nobody there"]
    for number in range(count):
        address, port = addresses[number % len(addresses)], ports[number // len(addresses) % len(ports)]
        try:
            if port in ("datagrams", "large", "nobody there"):
                with socket.socket(family(address), socket.SOCK_DGRAM) as one:
                    one.settimeout(2)
                    one.connect((address, NOBODY if port == "nobody there" else ECHO))
                    for line in (b"hello", b"", b"x" * (6000 if port == "large" else 60)):
                        one.send(line)
                        one.recv(65535)
                continue
            with socket.create_connection((address, ECHO if port == "impatient" else port), timeout=5) as one:
                if port == WEB:
                    one.sendall(b"GET /file.txt HTTP/1.1\r\nHost: a\r\n\r\n")
                    while len(one.recv(65536)) == 65536:
                        pass
                elif port == GOES_ON:
                    one.sendall(b"hello\n")
                    one.shutdown(socket.SHUT_WR)
                    while one.recv(2048):
                        pass
                elif port == "impatient":  # closes with unread bytes, which resets the connection
                    one.sendall(b"hello\n")
                    time.sleep(0.02)
                else:
                    for line in (b"hello\n", b"again\n"):
                        one.sendall(line)
                        if not one.recv(2048):
                            break
                if port == ECHO and number % 2:
                    one.shutdown(socket.SHUT_WR)
                    one.recv(2048)
        except OSError:
            pass  # refused and reset on purpose


def lose(topology, folder, count, addresses):
    """Loses lines, SYNs and FINs. One capture begins before the handshakes, and another one after them."""

    def bench(*words):
        subprocess.run([topology, *words], check=True, stdout=subprocess.DEVNULL)

    def ask(one, line):
        one.sendall(line)
        return one.recv(2048)

    bench("capture", "B", f"{folder}/lost.pcapng")
    address = lambda number: (addresses[number % len(addresses)], ECHO)
    opened = [socket.create_connection(address(number), timeout=30) for number in range(count)]
    for one in opened[::2]:
        ask(one, b"first\n")
    bench("capture", "B", f"{folder}/late.pcapng")
    for one in opened[:count // 3]:
        ask(one, b"in time\n")
    bench("exec", "switch", "ip", "link", "set", "A", "down")
    waiting, ending = [], []
    for number, one in enumerate(opened):
        if number % 4 == 3:
            one.shutdown(socket.SHUT_WR)
            ending.append(one)
        else:
            one.sendall(b"lost\n" * (number % 4 + 1))
            waiting.append(one)
    def knock(to):
        with socket.create_connection(to, timeout=30) as one:
            ask(one, b"late\n")

    knocking = [threading.Thread(target=knock, args=[address(number)]) for number in range(count // 4)]
    for one in knocking:
        one.start()
    time.sleep(0.7)  # lines and FINs are retransmitted after 0.2 s and 0.4 s, and lost again; SYNs after 1 s
    bench("exec", "switch", "ip", "link", "set", "A", "up")
    for one in knocking:
        one.join()
    for one in waiting + ending:
        one.recv(2048)
    for one in opened:
        one.close()
    time.sleep(0.3)  # until the connections are closed


if sys.argv[1] == "server":
    server(sys.argv[2:])
elif sys.argv[1] == "lose":
    lose(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5:])
else:
    client(int(sys.argv[2]), sys.argv[3:])
