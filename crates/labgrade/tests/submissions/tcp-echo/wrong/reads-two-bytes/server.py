import socket
import sys

server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    conn.send(conn.recv(2).upper())
    conn.close()
