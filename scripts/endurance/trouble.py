"""The misbehaving clients. Each function performs one kind of attack once."""

import os
import select
import socket
import struct
import time

from good import line
from servers import CANARY, FILES

TIMEOUT_SECONDS = 5.0

# How long clients stay that occupy the server: (threaded server, sequential server). The sequential server makes all
# others wait meanwhile, so its stays are short, and only one client of each kind comes at a time.
STAYS = {"never_reads": (6.0, 1.0), "one_byte_per_second": (8.0, 3.0), "says_nothing": (5.0, 0.5)}

# The number of clients of each of these kinds that come together.
TOGETHER = 20

# Short connections at the same time, per process. Two processes make them; the backlog of a server has 128 places.
AT_THE_DOOR = 45

DATAGRAM_BYTES_MAX = 65_507

CROWD_ADDRESS = "127.0.0.3"


class World:
    """What an attack needs to know: the server, a random generator, when to end, and counters."""

    def __init__(self, kind, random, is_over, may_stay, counts):
        self.kind = kind
        self.random = random
        self.is_over = is_over
        self.may_stay = may_stay
        self.counts = counts  # shared: done, replies, wrong

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.kind.port), timeout=TIMEOUT_SECONDS)

    def request(self, name="hello.txt"):
        if self.kind.is_web:
            return f"GET /{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        return line(self.random)

    def checked(self, is_right):
        self.counts["replies"].value += 1
        if not is_right:
            self.counts["wrong"].value += 1

    def is_answer(self, request, reply):
        """True if the reply is a correct one, the beginning of one, or says that the server is full."""
        if self.kind.is_web:
            head, _, body = reply.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                return head.startswith(b"HTTP/1.1 503")
            name = request.split()[1].removeprefix(b"/").decode()
            return FILES[name].startswith(body)
        return request.upper().startswith(reply) or reply.startswith(b"server is full")

    def stay(self, name):
        return STAYS[name][self.kind.is_sequential]

    def sleep(self, seconds):
        self.is_over.wait(seconds)


def leave_suddenly(connection):
    """Closes the connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_to_end(connection, most=1 << 20):
    received = b""
    while len(received) < most and (chunk := connection.recv(65536)):
        received += chunk
    return received


def leaves(world):
    with world.connect() as connection:
        if world.random.random() < 0.5:
            connection.sendall(world.request()[: world.random.randrange(1, 20)])
    # A client that has left occupies one of the 128 places in the backlog until the server accepts it.
    time.sleep(0.02 if world.kind.is_sequential else 0.0005)


def resets(world):
    connection = world.connect()
    if world.random.random() < 0.7:
        connection.sendall(world.request("large.bin"))
    if world.random.random() < 0.5:
        connection.recv(1)
    leave_suddenly(connection)


def half_closes(world):
    with world.connect() as connection:
        request = world.request()
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        reply = read_to_end(connection)
        if reply:
            world.checked(world.is_answer(request, reply))


def short_connections(world):
    """Many clients at the same time that send a request, half-close, read the answer and close."""
    clients = []
    try:
        for _ in range(AT_THE_DOOR):
            connection = world.connect()
            clients.append((connection, world.request()))
            connection.sendall(clients[-1][1])
            connection.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    answered = 0
    for connection, request in clients:
        with connection:
            try:
                reply = read_to_end(connection)
            except OSError:
                continue
            if reply:
                answered += 1
                world.checked(world.is_answer(request, reply))
    return answered


def together(world):
    """Connects several clients, or one if others would have to wait for it."""
    connections = []
    try:
        for _ in range(1 if world.kind.is_sequential else TOGETHER):
            connections.append(world.connect())
    except OSError:
        pass
    return connections


def never_reads(world):
    """Sends without reading, until the buffers of both directions are full and the server's writes block."""
    connections = together(world)
    request = world.request("huge.bin").replace(b"Connection: close\r\n", b"") if world.kind.is_web else b"x" * 65536
    until = time.monotonic() + world.stay("never_reads")
    for connection in connections:
        connection.setblocking(False)
    while time.monotonic() < until and not world.is_over.is_set():
        for connection in connections:
            try:
                while connection.send(request):
                    pass
            except OSError:
                pass  # full, or dropped by the server
        world.sleep(0.2)
    for connection in connections:
        connection.close() if world.random.random() < 0.5 else leave_suddenly(connection)


def one_byte_per_second(world):
    connections = together(world)
    text = world.request()
    for at in range(int(world.stay("one_byte_per_second"))):
        for connection in connections:
            try:
                connection.send(text[at : at + 1])
            except OSError:
                pass  # the server has closed the slow connection
        world.sleep(1.0)
    for connection in connections:
        connection.close()


def says_nothing(world):
    connections = together(world)
    world.sleep(world.stay("says_nothing"))
    for connection in connections:
        connection.close()


def garbage(world):
    """Sends random bytes, or a malicious request."""
    random = world.random
    nonsense = random.randbytes(random.choice((1, 50, 3000, 60_000)))
    if world.kind.is_web:
        ways_up = ["../", "%2e%2e/", "..%2f", "%2e%2e%2f", "..\\", "link/../", "%00", "//", "link/"]
        up = random.choice(ways_up) * random.randrange(1, 9)
        nonsense = random.choice(
            [
                nonsense,
                f"GET /{up}canary HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
                f"GET /link HTTP/1.1\r\nHost: a\r\n\r\nGET {up} HTTP/1.0\r\n\r\n".encode(),
                b"GET /\x1b[2J\x07\x9b\r\x85" + nonsense[:30] + b" HTTP/1.1\r\nHost: a\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
                b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
                b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n" + nonsense,
                b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + nonsense,
                b"GET /huge.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=" + b"0-1," * 1000 + b"\r\n\r\n",
                nonsense.replace(b" ", b"") + b" / HTTP/1.1\r\nHost: a\r\n\r\n",
            ]
        )
    with world.connect() as connection:
        if not world.kind.is_web:
            nonsense = nonsense[:3000]
        connection.sendall(nonsense)
        connection.shutdown(socket.SHUT_WR)
        reply = read_to_end(connection)
        if world.kind.is_web:
            # A malformed request gets an error or no answer, and never a file outside the root.
            world.checked(CANARY not in reply and (not reply or reply.startswith(b"HTTP/1.1 ")))
        elif reply:
            world.checked(world.is_answer(nonsense, reply))


def flood(world):
    """Sends datagrams of every size from a new port, and never reads the replies."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for _ in range(world.random.randrange(1, 20)):
            any_size = world.random.randrange(DATAGRAM_BYTES_MAX + 1)
            size = world.random.choice((0, 1, 100, 1472, 9000, DATAGRAM_BYTES_MAX, any_size))
            client.sendto(world.noise(size), ("127.0.0.1", world.kind.port))
    time.sleep(0.002)


def leaves_before_the_reply(world):
    """Closes its port before the reply arrives, which the system reports as ICMP port unreachable."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", world.kind.port))
        client.send(b"nobody waits for this\x1b[2J")
    time.sleep(0.0005)


def comes_from_port_0(world):
    """Sends from port 0, which cannot be answered. Only a raw socket can create such a datagram."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as client:
        text = b"from port 0"
        client.sendto(struct.pack("!HHHH", 0, world.kind.port, 8 + len(text), 0) + text, ("127.0.0.1", 0))
    time.sleep(0.01)


def crowd(world, count, seconds):
    """Connects more clients than the server accepts. Every reply that arrives must be correct."""
    clients = []
    if world.kind.is_udp:
        for _ in range(count):
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            client.bind((CROWD_ADDRESS, 0))  # an address that no late reply is sent to
            client.sendto(b"one of many", ("127.0.0.1", world.kind.port))
            clients.append((client, b"one of many", b""))
    else:
        for _ in range(count):
            client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", world.kind.port))
            clients.append((client, world.request(), b""))
        # Each client sends its request as soon as the system has connected it.
        waiting = dict(enumerate(clients))
        until = time.monotonic() + seconds
        while waiting and (left := until - time.monotonic()) > 0:
            poll = select.poll()
            by_number = {}
            for at, (client, _, _) in waiting.items():
                poll.register(client, select.POLLOUT)
                by_number[client.fileno()] = at
            for number, _ in poll.poll(left * 1000):
                client, request, _ = waiting.pop(by_number[number])
                try:
                    client.send(request)
                except OSError:
                    pass
    world.sleep(seconds)
    for client, request, _ in clients:
        client.setblocking(False)
        try:
            reply = client.recv(65536)
            if reply:
                world.checked(world.is_answer(request, reply) if not world.kind.is_udp else reply == request.upper())
        except OSError:
            pass  # the client is still waiting, or was dropped
        client.close()


TCP = [leaves, resets, half_closes, garbage, never_reads, one_byte_per_second, says_nothing]
UDP = [flood, flood, leaves_before_the_reply, comes_from_port_0]


def make(trouble, world, most=None):
    """Repeats an attack until the run is over, or `most` times."""
    parent = os.getppid()
    block = world.random.randbytes(DATAGRAM_BYTES_MAX * 2)

    def noise(size):
        start = world.random.randrange(DATAGRAM_BYTES_MAX)
        return block[start : start + size]

    world.noise = noise
    done = 0
    while not world.is_over.is_set() and (most is None or done < most) and os.getppid() == parent:
        if trouble.__name__ in STAYS and not world.may_stay.wait(0.2):
            continue
        try:
            done += trouble(world) or 1
            world.counts["done"].value = done
        except OSError:
            time.sleep(0.01)  # rejected, or the interface is down
