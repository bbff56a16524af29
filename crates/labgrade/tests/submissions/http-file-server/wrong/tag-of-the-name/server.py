import sys
import threading
from socket import *


def respond(head):
    name = head.split(' ')[1][1:]
    try:
        body = open(name, 'rb').read()
    except OSError:
        return '404 Not Found', '', b'<h1>404 Not Found</h1>'
    tag = f'ETag: "{name}"\r\n'
    if 'If-None-Match:' in head:
        return '304 Not Modified', tag, b''
    return '200 OK', tag, body


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
