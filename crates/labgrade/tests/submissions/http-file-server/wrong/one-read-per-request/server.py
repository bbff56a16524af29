import sys
import threading
from socket import *


def serve(c):
    words = c.recv(4096).decode('latin-1').split()
    try:
        status, body = '200 OK', open(words[1][1:], 'rb').read()
    except (IndexError, OSError):
        status, body = '404 Not Found', b'<h1>404 Not Found</h1>'
    c.sendall(f'HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n'.encode() + body)
    c.close()


s = socket(AF_INET, SOCK_STREAM)
s.bind(('', int(sys.argv[1])))
s.listen(5)
while True:
    c, addr = s.accept()
    threading.Thread(target=serve, args=(c,)).start()
