import socket
import sys

s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
reply = 'nothing yet'
for line in sys.stdin:
    s.sendall(line.encode())
    print('From Server:', reply)
    reply = s.recv(1024).decode()
