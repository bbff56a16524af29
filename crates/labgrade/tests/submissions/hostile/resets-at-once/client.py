# Resets its connection before anybody can accept it.
import socket, struct, sys

client = socket.create_connection((sys.argv[1], int(sys.argv[2])))
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
client.close()
