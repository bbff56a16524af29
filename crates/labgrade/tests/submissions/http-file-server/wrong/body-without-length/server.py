import sys
import threading
from socket import *


def serve(c):
    while True:
        request = c.recv(1024).decode()
        if not request:
            break
        try:
            page = open(request.split()[1][1:]).read()
            c.send(('HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n' + page).encode())
        except IOError:
            c.send(b'HTTP/1.1 404 Not Found\r\n\r\n<h1>404 Not Found</h1>')


s = socket(AF_INET, SOCK_STREAM)
s.bind(('', int(sys.argv[1])))
s.listen(5)
while True:
    threading.Thread(target=serve, args=(s.accept()[0],)).start()
