import socket
import sys
import threading


def handle(conn):
    while data := conn.recv(1024):
        conn.sendall(data.upper())
    conn.close()


server = socket.create_server(('', int(sys.argv[1])))
conn, addr = server.accept()
server.close()
t = threading.Thread(target=handle, args=(conn,))
t.start()
