import socket
import sys
import threading

lock = threading.Lock()


def handle(conn):
    with lock:
        while data := conn.recv(1024):
            conn.sendall(data.upper())
        conn.close()


server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    threading.Thread(target=handle, args=(conn,)).start()
