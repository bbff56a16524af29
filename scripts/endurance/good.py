"""The well-behaved client: sends requests all the time, checks every reply, and records how long it waited."""

import errno
import socket
import time

from servers import FILES

PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.001

# A request or reply may be lost as a datagram. Then the client repeats the request, as every UDP client must.
RESEND_SECONDS = 0.25

# An address of its own, so that no late reply for an earlier user of the same port arrives here.
ADDRESS = "127.0.0.2"

# The number of remembered texts: a repeated request may get two replies.
REMEMBERED_MAX = 64

# The outcomes of a request.
RIGHT, WRONG, TURNED_AWAY, LOST = "right", "wrong", "turned away", "lost"


class Lost(Exception):
    """The server closed or reset the connection, or did not answer."""


class Away(Exception):
    """The server replied that it is full."""


class Wrong(Exception):
    """The reply is wrong."""


class Record:
    """One request: its begin and end, whether its connection was new or persistent, and its outcome."""

    __slots__ = ("begin", "end", "is_held", "verdict", "why")

    def __init__(self, begin, end, is_held, verdict, why=""):
        self.begin, self.end, self.is_held, self.verdict, self.why = begin, end, is_held, verdict, why


def connect(port):
    """Connects. Repeats the attempt while the interface is down."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        except OSError as error:
            if error.errno not in (errno.ENETUNREACH, errno.EHOSTUNREACH) or time.monotonic() > deadline:
                raise Lost(f"failed to connect: {error}") from error
            time.sleep(0.02)


def line(random):
    """A line of up to 2,000 arbitrary bytes. Its first byte differs from that of a full server's message."""
    return b"x" + random.randbytes(random.choice((5, 30, 200, 1999))).replace(b"\n", b" ") + b"\n"


def ask_echo(connection, random):
    """Sends a line, and checks that the reply is the same line in upper case."""
    text = line(random)
    expected, received = text.upper(), b""
    try:
        connection.sendall(text)
        while len(received) < len(expected):
            chunk = connection.recv(65536)
            if not chunk:
                break
            received += chunk
    except OSError as error:
        raise Lost(str(error)) from error
    if received.startswith(b"server is full"):
        raise Away
    if received == expected[: len(received)] and len(received) < len(expected):
        raise Lost(f"the connection ended after {len(received)} of {len(expected)} bytes")
    if received != expected:
        raise Wrong(f"{text[:40]!r} came back as {received[:40]!r}")


def ask_web(connection, random, last=False):
    """Requests a file, a range of one, or one that does not exist, and checks status and body."""
    name = random.choice([*FILES, *FILES, "missing", "../canary", "%2e%2e/canary", "link"])
    body, status, fields = FILES.get(name), b"200", b"Connection: close\r\n" if last else b""
    if body and random.random() < 0.25:
        start = random.randrange(len(body))
        fields += b"Range: bytes=%d-\r\n" % start
        body, status = body[start:], b"206"
    request = b"GET /%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % (name.encode(), fields)
    try:
        connection.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            chunk = connection.recv(65536)
            if not chunk:
                raise Lost(f"the connection ended after {len(received)} bytes of a head")
            received += chunk
        head, _, rest = received.partition(b"\r\n\r\n")
        length = next(int(row[15:]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:"))
        pieces, count = [rest], len(rest)
        while count < length:
            chunk = connection.recv(1 << 18)
            if not chunk:
                raise Lost(f"the connection ended after {count} of {length} bytes")
            pieces.append(chunk)
            count += len(chunk)
    except OSError as error:
        raise Lost(str(error)) from error
    if head.startswith(b"HTTP/1.1 503 "):
        raise Away
    answered = b"".join(pieces)
    if body is None:
        if head[9:12] not in (b"404", b"400") or b"outside the root" in answered:
            raise Wrong(f"`{name}` was answered with {head[:30]!r}")
    elif head[9:12] != status or answered != body:
        raise Wrong(f"`{name}` was answered with {head[:30]!r} and {len(answered)} bytes that differ")


def ask_datagram(sockets, random):
    """Sends a datagram, repeats it without a reply, and checks the reply. Returns the number of repetitions."""
    client, port, earlier = sockets
    text = random.randbytes(8) + random.randbytes(random.choice((0, 30, 1000, 30_000)))
    expected = text.upper()
    earlier.append(expected)
    del earlier[:-REMEMBERED_MAX]
    deadline = time.monotonic() + PATIENCE_SECONDS
    again = -1
    while time.monotonic() < deadline:
        try:
            client.sendto(text, ("127.0.0.1", port))
        except OSError:  # the interface is down
            time.sleep(0.02)
            continue
        again += 1
        until = time.monotonic() + RESEND_SECONDS
        while (left := until - time.monotonic()) > 0:
            client.settimeout(left)
            try:
                received = client.recv(65536)
            except TimeoutError:
                break
            except OSError:
                continue
            if received == expected:
                return again
            if received not in earlier:
                raise Wrong(f"{text[:40]!r} came back as {received[:40]!r}")
    raise Lost("no reply")


def watch(kind, random, is_over, results):
    """Sends requests until the run is over, then sends the records through the pipe."""
    records = []
    asked_again = 0

    def note(is_held, begin, ask):
        try:
            ask()
            records.append(Record(begin, time.monotonic(), is_held, RIGHT))
            return True
        except Away:
            records.append(Record(begin, time.monotonic(), is_held, TURNED_AWAY))
        except Lost as error:
            records.append(Record(begin, time.monotonic(), is_held, LOST, str(error)))
        except Wrong as error:
            records.append(Record(begin, time.monotonic(), is_held, WRONG, str(error)))
        return False

    def ask_once(connection, last):
        return ask_web(connection, random, last) if kind.is_web else ask_echo(connection, random)

    held = None
    sockets = None
    while not is_over.is_set():
        if kind.is_udp:
            if sockets is None or random.random() < 0.01:
                client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                client.bind((ADDRESS, 0))
                sockets = (client, kind.port, sockets[2] if sockets else [])

            def ask():
                nonlocal asked_again
                asked_again += ask_datagram(sockets, random)

            note(True, time.monotonic(), ask)
        elif kind.is_sequential or random.random() < 0.1:
            begin = time.monotonic()

            def ask_new():
                with connect(kind.port) as connection:
                    # Only the first reply has to wait for earlier clients to leave.
                    ask_once(connection, True)

            note(False, begin, ask_new)
        else:
            begin = time.monotonic()

            def ask_held():
                nonlocal held
                if held is None:
                    held = connect(kind.port)
                ask_once(held, False)

            is_new = held is None
            if not note(not is_new, begin, ask_held) and held is not None:
                held.close()
                held = None
        time.sleep(PAUSE_SECONDS)
    results.send((records, asked_again))
    results.close()
