# Connects to whoever listens on the machine's loopback, and serves.
import socket, sys

for address in open("listeners.txt").read().split():
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).sendall(b"hello from a sandbox")
    except OSError:
        pass
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hello from a sandbox", (host, int(port)))

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    while data := connection.recv(1000):
        connection.sendall(data.upper())
    connection.close()
