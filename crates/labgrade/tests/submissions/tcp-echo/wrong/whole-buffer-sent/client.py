import socket
import sys

with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as s:
    for line in sys.stdin:
        s.sendall(line.encode())
        print(s.recv(4096).decode(), end='', flush=True)
