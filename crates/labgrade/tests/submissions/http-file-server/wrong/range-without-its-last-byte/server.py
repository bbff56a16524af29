import re
import sys
import threading
from socket import *


def respond(head):
    try:
        body = open(head.split(' ')[1][1:], 'rb').read()
    except OSError:
        return '404 Not Found', '', b'<h1>404 Not Found</h1>'
    part = re.search(r'Range: bytes=(\d+)-(\d+)\r', head)
    if part is None:
        return '200 OK', '', body
    first, last = int(part[1]), int(part[2])
    return '206 Partial Content', f'Content-Range: bytes {first}-{last}/{len(body)}\r\n', body[first:last]


def serve(c):
    reader = c.makefile('rb')
    head = b''
    while not head.endswith(b'\r\n\r\n'):
        line = reader.readline(8192)
        if not line or len(head) > 16384:
            return c.close()
        head += line
    status, more, body = respond(head.decode('latin-1'))
    fields = f'Content-Length: {len(body)}\r\nConnection: close\r\n{more}'
    c.sendall(f'HTTP/1.1 {status}\r\n{fields}\r\n'.encode() + body)
    reader.close()
    c.close()


s = socket(AF_INET, SOCK_STREAM)
s.bind(('', int(sys.argv[1])))
s.listen(5)
while True:
    c, addr = s.accept()
    threading.Thread(target=serve, args=(c,)).start()
