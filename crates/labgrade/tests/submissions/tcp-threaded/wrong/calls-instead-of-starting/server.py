import socket
import sys
import threading


def handle(conn):
    while True:
        data = conn.recv(1024)
        if not data:
            conn.close()
            return
        conn.sendall(data.upper())


server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    t = threading.Thread(target=handle(conn))
    t.start()
