import sys
from socket import *

s = socket(AF_INET, SOCK_STREAM)
s.bind(('', int(sys.argv[1])))
s.listen(1)
while True:
    c, addr = s.accept()
    name = c.recv(1024).decode().split()[1]
    try:
        status, page = '200 OK', open(name[1:]).read()
    except IOError:
        status, page = '404 Not Found', '<h1>404 Not Found</h1>'
    head = f'HTTP/1.1 {status}\r\nContent-Type: text/html\r\n'
    c.send(f'{head}Content-Length: {len(page) - 1}\r\n\r\n{page}'.encode())
    c.close()
