import sys
import threading
from socket import *


def serve(c):
    head = b''
    while b'\r\n\r\n' not in head:
        more = c.recv(4096)
        if not more:
            return c.close()
        head += more
    name = head.decode('latin-1').split(' ')[1]
    try:
        status, body = '200 OK', open(name[1:], 'rb').read()
    except OSError:
        status, body = '404 Not Found', b'<h1>404 Not Found</h1>'
    c.sendall(f'HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n'.encode() + body)
    c.close()


s = socket(AF_INET, SOCK_STREAM)
s.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
s.bind(('', int(sys.argv[1])))
s.listen(5)
while True:
    c, addr = s.accept()
    threading.Thread(target=serve, args=(c,)).start()
