import socket
import sys

with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as sock:
    sock.sendall((input('Input lowercase sentence:') + '\n').encode())
    print('From Server:', sock.makefile().read())
