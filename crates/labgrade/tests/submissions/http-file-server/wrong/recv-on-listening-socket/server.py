import sys
from socket import *

server = socket(AF_INET, SOCK_STREAM)
server.bind(('', int(sys.argv[1])))
server.listen(1)
while True:
    print('Ready to serve...')
    connection, address = server.accept()
    name = server.recv(1024).decode().split()[1][1:]
    try:
        with open(name) as file:
            connection.send(('HTTP/1.1 200 OK\r\n\r\n' + file.read()).encode())
    except OSError:
        connection.send(b'HTTP/1.1 404 Not Found\r\n\r\n<h1>404 Not Found</h1>')
    connection.close()
