import socket
import sys
import threading


def serve(connection):
    with connection:
        while data := connection.recv(1024):
            connection.sendall(data.upper().ljust(1024, b'\0'))


listener = socket.create_server(('', int(sys.argv[1])))
while True:
    connection, client = listener.accept()
    threading.Thread(target=serve, args=(connection,)).start()
