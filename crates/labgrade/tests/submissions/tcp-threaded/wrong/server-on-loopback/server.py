import socket
import sys
import threading


def serve(connection):
    while data := connection.recv(1024):
        connection.sendall(data.upper())
    connection.close()


listener = socket.create_server(('127.0.0.1', int(sys.argv[2])))
while True:
    connection, client = listener.accept()
    threading.Thread(target=serve, args=(connection,)).start()
