import socket
import sys
import threading


def handle():
    mine = conn
    while True:
        data = mine.recv(1024)
        if not data:
            break
        conn.sendall(data.upper())


server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    threading.Thread(target=handle).start()
