import socket
import sys

s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
screen = open(1, 'w', buffering=8192)
for line in sys.stdin:
    s.sendall(line.encode())
    screen.write('From Server: ' + s.recv(1024).decode())
