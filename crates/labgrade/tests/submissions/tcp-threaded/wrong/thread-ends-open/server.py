import socket
import sys
import threading

connections = []


def handle(conn):
    conn.sendall(conn.recv(1024).upper())


server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    connections.append(conn)
    threading.Thread(target=handle, args=(conn,)).start()
