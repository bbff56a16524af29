import socket
import sys
import threading

lines = []


def handle(conn):
    while True:
        data = conn.recv(1024)
        if not data:
            break
        lines.append(data.upper())
        conn.sendall(b''.join(lines))
    conn.close()


server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    threading.Thread(target=handle, args=(conn,)).start()
