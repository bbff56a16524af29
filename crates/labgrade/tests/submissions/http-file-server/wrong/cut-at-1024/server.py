import sys
from socket import *

s = socket(AF_INET, SOCK_STREAM)
s.bind(('', int(sys.argv[1])))
s.listen(1)
while True:
    c, addr = s.accept()
    name = c.recv(1024).decode().split()[1]
    try:
        c.send(b'HTTP/1.1 200 OK\r\n\r\n' + open(name[1:], 'rb').read(1024))
    except IOError:
        c.send(b'HTTP/1.1 404 Not Found\r\n\r\n<h1>404 Not Found</h1>')
    c.close()
