# Ends in the middle of its first conversation.
import socket, sys

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
connection, _ = server.accept()
raise SystemError("no idea what to do now")
