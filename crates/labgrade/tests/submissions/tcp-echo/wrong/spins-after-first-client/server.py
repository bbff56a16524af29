import socket
import sys

server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    try:
        while True:
            conn.sendall(conn.recv(1024).upper())
    except KeyboardInterrupt:
        break
