import sys
from socket import *

s = socket(AF_INET, SOCK_STREAM)
s.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
s.bind(('', 6789))
s.listen(5)
print('serving at', sys.argv[1:])
while True:
    c, addr = s.accept()
    name = c.recv(1024).decode().split()[1]
    try:
        c.sendall(b'HTTP/1.1 200 OK\r\n\r\n' + open(name[1:], 'rb').read())
    except OSError:
        c.sendall(b'HTTP/1.1 404 Not Found\r\n\r\n<h1>404 Not Found</h1>')
    c.close()
