import sys
from socket import *

s = socket(AF_INET, SOCK_STREAM)
s.bind(('', int(sys.argv[1])))
s.listen(5)
while True:
    c, addr = s.accept()
    name = c.recv(4096).decode().split()[1]
    try:
        c.sendall(open(name[1:], 'rb').read())
    except OSError:
        c.sendall(b'HTTP/1.1 404 Not Found\r\n\r\n<h1>404 Not Found</h1>')
    c.close()
