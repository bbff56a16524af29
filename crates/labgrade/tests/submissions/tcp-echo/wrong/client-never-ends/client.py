import socket
import sys

with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as sock:
    while True:
        line = sys.stdin.readline()
        sock.sendall(line.encode())
        print('From Server:', sock.recv(2048).decode(errors='replace'))
