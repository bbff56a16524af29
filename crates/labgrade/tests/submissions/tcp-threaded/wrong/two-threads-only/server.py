import socket
import sys
import threading


def worker(server):
    while True:
        conn, addr = server.accept()
        while data := conn.recv(1024):
            conn.sendall(data.upper())
        conn.close()


server = socket.create_server(('', int(sys.argv[1])))
for i in range(2):
    threading.Thread(target=worker, args=(server,)).start()
