import socket
import sys

server = socket.create_server(('', int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    connection, client = server.accept()
    with connection:
        while data := connection.recv(1024):
            connection.sendall(data.upper())
