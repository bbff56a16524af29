import sys
import threading
from socket import *


def answer(c, reader):
    head = b''
    while not head.endswith(b'\r\n\r\n'):
        line = reader.readline(8192)
        if not line or len(head) > 16384:
            return False
        head += line
    name = head.decode('latin-1').split(' ')[1]
    try:
        status, body = '200 OK', open(name[1:], 'rb').read()
    except OSError:
        status, body = '404 Not Found', b'<h1>404 Not Found</h1>'
    close = b'connection: close' in head.lower()
    connection = 'close' if close else 'keep-alive'
    fields = f'Content-Length: {len(body)}\r\nConnection: {connection}'
    c.sendall(f'HTTP/1.1 {status}\r\n{fields}\r\n\r\n'.encode() + body)
    return not close


def serve(c):
    reader = c.makefile('rb')
    while answer(c, reader):
        pass
    reader.close()
    c.close()


s = socket(AF_INET, SOCK_STREAM)
s.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
s.bind(('', int(sys.argv[1])))
s.listen(5)
while True:
    c, addr = s.accept()
    threading.Thread(target=serve, args=(c,)).start()
