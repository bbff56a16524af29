import socket
import sys
import threading


def serve(connection):
    with connection:
        while data := connection.recv(2048):
            connection.sendall(data.upper())


host, port = sys.argv[1].split(':')
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((host, int(port)))
listener.listen(100)
while True:
    connection, client = listener.accept()
    threading.Thread(target=serve, args=(connection,)).start()
