import socket
import sys

with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as sock:
    sock.sendall((input('Input lowercase sentence:') + '\n').encode())
    reply = b''
    while data := sock.recv(1024):
        reply += data
    print('From Server:', reply.decode())
