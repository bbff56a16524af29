import socket
import sys

server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    with conn:
        while data := conn.recv(4096):
            conn.sendall(data.upper())
