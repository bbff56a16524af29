import sys
from socket import *

server = socket(AF_INET, SOCK_STREAM)
server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
server.bind(('', int(sys.argv[1])))
server.listen(1)
while True:
    print('Ready to serve...')
    connection, client = server.accept()
    # Each send becomes a segment of its own.
    connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    try:
        request = connection.recv(1024).decode()
        name = request.split()[1].lstrip('/')
        content = open(name).read()
        connection.send(b'HTTP/1.1 200 OK\r\n\r\n')
        for character in content:
            connection.send(character.encode())
    except (IOError, IndexError):
        connection.send(b'HTTP/1.1 404 Not Found\r\n\r\n')
        connection.send(b'<html><head></head><body><h1>404 Not Found</h1></body></html>\r\n')
    connection.close()
