import socket
import sys

s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.sendall(input('Input lowercase sentence:').encode())
print('From Server:', s.recv(1024).decode())
