import socket, sys

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    while data := connection.recv(1000):
        connection.sendall(data.upper())
    connection.close()
