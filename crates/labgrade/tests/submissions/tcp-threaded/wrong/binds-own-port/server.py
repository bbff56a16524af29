import socket
import sys
import threading

PORT = 5000


def serve(connection):
    with connection:
        while data := connection.recv(2048):
            connection.sendall(data.upper())


port = int(sys.argv[1])
listener = socket.create_server(('', PORT))
while True:
    connection, client = listener.accept()
    threading.Thread(target=serve, args=(connection,)).start()
