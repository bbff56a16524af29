import socket
import sys

server = socket.create_server(('', int(sys.argv[1])))
while True:
    connection, address = server.accept()
    while True:
        buffer = bytearray(1024)
        if connection.recv_into(buffer) == 0:
            break
        connection.sendall(buffer.upper())
    connection.close()
