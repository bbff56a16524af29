import socket
import sys
import threading


def handle(conn, addr):
    while True:
        data = conn.recv(1024)
        if data:
            conn.sendall(data.upper())


server = socket.create_server(('', int(sys.argv[1])))
while True:
    threading.Thread(target=handle, args=server.accept()).start()
