import sys
from socket import *

s = socket(AF_INET, SOCK_STREAM)
s.bind(('', int(sys.argv[1])))
s.listen(1)
while True:
    c, addr = s.accept()
    name = c.recv(1024).decode().split()[1]
    page = open(name[1:]).read()
    c.send(b'HTTP/1.1 200 OK\r\n\r\n' + page.encode())
    c.close()
