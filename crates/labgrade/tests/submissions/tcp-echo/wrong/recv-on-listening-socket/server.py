import socket
import sys

server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    data = server.recv(4096)
    conn.sendall(data.upper())
    conn.close()
