# Takes a client and never answers.
import socket, sys

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
connection, _ = server.accept()
while True:
    pass
