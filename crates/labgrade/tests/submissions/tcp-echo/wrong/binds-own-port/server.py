import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
server = socket.create_server(('', 12000))
print('The server is ready to receive at', host, port)
while True:
    connection, client = server.accept()
    with connection:
        while data := connection.recv(2048):
            connection.sendall(data.upper())
