import sys
import threading
from socket import *

clients = []


def serve(c):
    name = c.recv(4096).decode().split()[1]
    try:
        status, body = '200 OK', open(name[1:], 'rb').read()
    except OSError:
        status, body = '404 Not Found', b'<h1>404 Not Found</h1>'
    c.sendall(f'HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n'.encode() + body)
    clients.append(c)


s = socket(AF_INET, SOCK_STREAM)
s.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
s.bind(('', int(sys.argv[1])))
s.listen(5)
while True:
    c, addr = s.accept()
    threading.Thread(target=serve, args=(c,)).start()
