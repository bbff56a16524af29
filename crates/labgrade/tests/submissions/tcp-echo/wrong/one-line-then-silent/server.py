import socket
import sys

server = socket.create_server(('', int(sys.argv[1])))
clients = []
while True:
    connection, address = server.accept()
    clients.append(connection)
    connection.sendall(connection.recv(2048).upper())
