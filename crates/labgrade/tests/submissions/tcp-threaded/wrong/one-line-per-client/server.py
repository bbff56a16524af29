import socket
import sys
import threading


def handle(conn):
    conn.sendall(conn.recv(1024).upper())
    conn.close()


server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    threading.Thread(target=handle, args=(conn,)).start()
